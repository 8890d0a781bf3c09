/* URLs: what is one, and why another is not. */
#include "config/url.h"
#include "tests/lib/tap.h"

static const char *const schemes[] = {"http", "https", NULL};

static void test_good(void)
{
    static const char *const good[] = {
        "http://h",
        "https://payroll.example/hooks",
        "http://127.0.0.1:8080/",
        "http://[::1]:65535/x",
        "http://[2001:db8::1]",
        "https://a_b-c.example.:1?x=y",
        "http://h/path;v=1?a=b&c=%20@x:y",
        "http://h/{{phone}}?text={{text}}",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct errmsg why = {""};
        ok(url_check(good[i], schemes, false, &why) == ERR_OK, "%s is good%s", good[i], why.text);
    }
}

#define BYTE "a byte in it must be percent-encoded"
#define USER "a user or a password in it: that is for username and secret_file"
#define HOST "no host in it"
#define PORT "no such host or port"

static void test_bad(void)
{
    static const struct {
        const char *url, *why;
    } rows[] = {
        {"", "another scheme"},
        {"http:/h", "another scheme"},
        {"http//h", "another scheme"},
        {"HTTP://h", "another scheme"},
        {"httpx://h", "another scheme"},
        {" http://h", BYTE},
        {"http://h/a b", BYTE},
        {"http://h/a\nb", BYTE},
        {"http://h/\x7f", BYTE},
        {"http://h/\xe4\xb8\xad", BYTE},
        {"http://h\\@evil.example/", BYTE},
        {"http://h/\"", BYTE},
        {"http://user@h/", USER},
        {"http://user:pw@h/", USER},
        {"http://@h/", USER},
        {"http://h@h@h/", USER},
        {"http://", HOST},
        {"http:///x", HOST},
        {"http://:80/", HOST},
        {"http://?x", HOST},
        {"http://[]/", HOST},
        {"http://[::1/", HOST},
        {"http://{{host}}/", HOST},
        {"http://h{{x}}/", PORT},
        {"http://h:/", PORT},
        {"http://h:0/", PORT},
        {"http://h:65536/", PORT},
        {"http://h:99999999999999999999/", PORT},
        {"http://h:8a/", PORT},
        {"http://::1/", HOST},
        {"http://[::1]x/", PORT},
        {"http://h:1:2/", PORT},
        {"http://h%2e/", PORT},
        {"http://h#x", "a fragment in it"},
        {"http://h/x?y#", "a fragment in it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct errmsg why = {"nothing"};
        enum err e = url_check(rows[i].url, schemes, false, &why);
        ok(e == ERR_INVALID, "\"%s\" is refused", rows[i].url);
        is_str(why.text, rows[i].why, "and it is said why");
    }
}

static void test_user(void)
{
    static const char *const redis[] = {"redis", NULL};
    static const char *const bad[] = {"redis://user:@h:1", "redis://user:pw@h:1", "redis://@h:1", "redis://user@",
                                      "redis://a@b@h:1"};
    ok(url_check("redis://user@h:1/0", redis, true, NULL) == ERR_OK, "a user alone may stand where it is allowed");
    ok(url_check("redis://h:1/0", redis, true, NULL) == ERR_OK, "and need not");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(url_check(bad[i], redis, true, NULL) == ERR_INVALID, "\"%s\" is refused even so", bad[i]);
    ok(url_has_scheme("redis://h", "redis") && !url_has_scheme("rediss://h", "redis") &&
           !url_has_scheme("redis", "redis"),
       "a scheme is known by all of it");
}

int main(void)
{
    plan(0);
    test_good();
    test_bad();
    test_user();
    return tap_end();
}
