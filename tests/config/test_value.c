/* The forms of values, at their bounds. */
#include <string.h>

#include "config/value.h"
#include "tests/lib/tap.h"

static void test_durations(void)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: refused */
    } rows[] = {
        {"1s", 1},      {"90s", 90},          {"15m", 900},
        {"36h", 129600}, {"7d", 604800},      {"3660d", 316224000},
        {"3661d", 0},   {"87841h", 0},        {"0s", 0},
        {"", 0},        {"h", 0},             {"36", 0},
        {"36 h", 0},    {"-1h", 0},           {"1.5h", 0},
        {"1h30m", 0},   {"316224000s", 316224000}, {"316224001s", 0},
        {"1w", 0},      {"99999999999999999999d", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t got = 42;
        bool good = duration_parse(rows[i].text, &got);
        ok(good == (rows[i].seconds > 0) && got == (good ? rows[i].seconds : 42), "\"%s\" is %s", rows[i].text,
           rows[i].seconds ? "a duration" : "none");
    }
}

enum { ROOT = SECTION_ROOT, POLICY = SECTION_POLICY };

/* A key takes these texts and refuses those; both lists end in NULL. */
static void check_key(int section, const char *name, const char *const *good, const char *const *bad)
{
    const struct key *k = schema_key(&config_schema[section], name);
    for (int pass = 0; k && pass < 2; pass++)
        for (const char *const *text = pass ? bad : good; *text; text++) {
            struct config *c = mem_zalloc(1, sizeof *c);
            struct errmsg why;
            bool got = k->parse(k, c, section == POLICY ? (void *)&c->policies[0] : (void *)c, *text, &why);
            is_int(got, pass == 0, "%s %s \"%s\"", name, pass ? "refuses" : "takes", *text);
            config_free(c);
        }
    ok(k != NULL, "%s is a key", name);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_keys(void)
{
    check_key(POLICY, "cycle", LIST("1 months", "1 month", "120 months", "1 day", "3660 days"),
              LIST("", "12", "months", "121 months", "0 months", "2 month", "3661 days", "12  months", "12 months "));
    check_key(POLICY, "remind_at", LIST("00:00", "23:59", "09:05"),
              LIST("", "9:00", "24:00", "23:60", "09:0", "09:000", "0900", "09-00", "+9:00"));
    check_key(POLICY, "grace", LIST("0", "365", "007"), LIST("", "366", "-1", "+1", "1 ", "0x1", "1.0"));
    check_key(POLICY, "payday", LIST("1", "31"), LIST("0", "32"));
    check_key(POLICY, "evidence_after", LIST("0", "600"), LIST("601"));
    check_key(ROOT, "listen",
              LIST("unix:/a", "127.0.0.1:1", "[::1]:65535", "localhost:0", "my-host.example:80", "tls:[::]:8443",
                   "tls:0.0.0.0:0"),
              LIST("", "unix:", "unix:/", "unix:a", ":80", "host", "host:", "host:65536", "host:-1", "[::1]", "[]:1",
                   "::1:80", "ho st:1", "http://host:1", "tls:", "tls:/a", "tls:unix:/a", "tls:tls:a:1", "TLS:a:1"));
    check_key(ROOT, "clock", LIST("system", "2026-02-01T00:00:00+08:00 x86400", "2026-02-01T00:00:00Z x1000000000"),
              LIST("", "System", "x2", "2026-02-01 x2", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z x",
                   "2026-02-01T00:00:00Z x0", "2026-02-01T00:00:00Z x1000000001", "2026-02-01T00:00:00Z  x2",
                   "2026-02-01T00:00:00Z x2 "));
    check_key(ROOT, "store", LIST("memory:", "dir:/x", "dir:x", "redis://h:1/p", "redis-cluster://a:1,b:2/p"),
              LIST("", "memory", "memory:x", "dir:", "/var/lib", "redis://", "DIR:/x", "redis://h:1/a b", "redis://h:1/p#2",
                   "redis://a:1,b:2/p", "redis-cluster://a:1", "redis-sentinel://a:1/p"));
    check_key(ROOT, "country_code", LIST("+86", "+1", "+852"), LIST("", "+", "86", "+0", "+1234", "+8a", "++8"));
    check_key(ROOT, "brake_limit", LIST("500", "1%", "0.5%", "off", "100%"), LIST("", "%", "101%", "-1", "on"));
    check_key(ROOT, "max_lines", LIST("1", "10000000"), LIST("0", "10000001"));
    check_key(ROOT, "timezone", LIST("UTC", "Europe/Berlin"), LIST("", "../x", "Asia", "Asia/Atlantis"));
}

/* A socket's path has 107 bytes at most. */
static void test_socket_path(void)
{
    char longest[5 + 107 + 1], longer[5 + 108 + 1];
    memset(longest, 'a', sizeof longest);
    memset(longer, 'a', sizeof longer);
    memcpy(longest, "unix:/", 6);
    memcpy(longer, "unix:/", 6);
    longest[sizeof longest - 1] = longer[sizeof longer - 1] = '\0';
    check_key(ROOT, "listen", LIST(longest), LIST(longer));
}

int main(void)
{
    plan(0);
    test_socket_path();
    test_durations();
    test_keys();
    return tap_end();
}
