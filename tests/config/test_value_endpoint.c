/* The forms of values of endpoints and messages, at their bounds. */
#include <string.h>

#include "config/value.h"
#include "tests/lib/tap.h"

enum { ENDPOINT = SECTION_ENDPOINT, MESSAGE = SECTION_MESSAGE };

static struct config *a_config(void)
{
    struct config *c = mem_zalloc(1, sizeof *c);
    c->endpoints = endpoints_new();
    c->endpoints->n = c->endpoints->n_texts = 1;
    strcpy(c->policies[0].name, "national");
    c->n_policies = 1;
    return c;
}

static void *target(struct config *c, int section)
{
    return section == MESSAGE ? (void *)&c->endpoints->texts[0] : (void *)&c->endpoints->v[0];
}

/* A key takes these texts and refuses those; both lists end in NULL. */
static void check_key(int section, const char *name, const char *const *good, const char *const *bad)
{
    const struct key *k = schema_key(&config_schema[section], name);
    for (int pass = 0; k && pass < 2; pass++)
        for (const char *const *text = pass ? bad : good; *text; text++) {
            struct config *c = a_config();
            struct errmsg why;
            bool got = k->parse(k, c, target(c, section), *text, &why);
            is_int(got, pass == 0, "%s %s \"%.100s\"", name, pass ? "refuses" : "takes", *text);
            config_free(c);
        }
    ok(k != NULL, "%s is a key", name);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_events(void)
{
    check_key(ENDPOINT, "events", LIST("*", "benefit.*", "benefit.resumed", "*.re*", "[a-z]*.due"),
              LIST("", "benefit", "benefits.*", "BENEFIT.*", "benefit.resumed ", "benefit.*.*"));
    check_key(ENDPOINT, "policies", LIST("national"), LIST("", "nationa", "*"));
    check_key(ENDPOINT, "from", LIST("1", "900000000000000000"),
              LIST("", "0", "-1", "1.5", "900000000000000001", "99999999999999999999", "end"));
    check_key(MESSAGE, "on", LIST("reminder.due"), LIST("", "reminder.*", "reminder.du", "reminder.due2"));
    check_key(MESSAGE, "policies", LIST("national"), LIST("beijing"));
}

static void test_numbers(void)
{
    check_key(ENDPOINT, "max_in_flight", LIST("1", "1024"), LIST("0", "1025", "-1", ""));
    check_key(ENDPOINT, "max_parked", LIST("1", "1000000"), LIST("0", "1000001"));
    check_key(ENDPOINT, "max_unnoted", LIST("16", "65536"), LIST("15", "65537"));
    check_key(ENDPOINT, "max_length", LIST("0", "1000000000000"), LIST("1000000000001", "~1000"));
    check_key(ENDPOINT, "max_segments", LIST("1", "10"), LIST("0", "11"));
    check_key(ENDPOINT, "rate", LIST("1/s", "100/s", "600/min", "5/h", "1000000/h"),
              LIST("", "0/s", "1000001/s", "100", "100/m", "/s", "100 /s", "-1/s", "1.5/s", "100/s "));
    check_key(ENDPOINT, "timeout", LIST("1s", "20s", "120s", "2m"), LIST("", "20", "0s", "121s", "3m", "1h"));
    check_key(ENDPOINT, "receipt_within", LIST("60s", "1m", "30d", "720h"), LIST("59s", "31d", "721h"));
    check_key(ENDPOINT, "retry", LIST("1s", "5m", "24h", "7d"), LIST("", "5", "0s", "-5s", "5s,"));
    check_key(ENDPOINT, "quiet_hours", LIST("none", "22:00-08:00", "00:00-23:59", "12:30-14:00"),
              LIST("", "22:00", "22:00-", "22-8", "24:00-08:00", "22:00-08:60", "22:00-22:00", "22:00-08:00 ", "None",
                   "22:00 - 08:00"));
}

static void test_words(void)
{
    check_key(
        ENDPOINT, "adapter",
        LIST("standard-webhooks", "cloudevents", "kannel", "aliyun-sms", "tencent-sms", "redis-stream", "template"),
        LIST("", "webhook", "Kannel", "kannel "));
    check_key(ENDPOINT, "mode", LIST("structured", "binary", "batch"), LIST("", "Batch"));
    check_key(ENDPOINT, "method", LIST("GET", "POST", "PUT", "PATCH", "DELETE"), LIST("", "post", "HEAD", "GET "));
    check_key(ENDPOINT, "kind", LIST("events", "messages"), LIST("", "event"));
    check_key(ENDPOINT, "allow_private", LIST("true", "false"), LIST("", "yes", "1", "True", "on"));
    check_key(MESSAGE, "allow_links", LIST("true"), LIST("0"));
    check_key(ENDPOINT, "language", LIST("zh", "en", "zh-Hant", "abcdefghijklmnop"),
              LIST("", "zh_CN", "z h", "abcdefghijklmnopq", "中文"));
}

static void test_texts(void)
{
    char longest[64 + 1], longer[65 + 1];
    memset(longest, 'a', sizeof longest);
    memset(longer, 'a', sizeof longer);
    longest[64] = longer[65] = '\0';
    check_key(ENDPOINT, "signature", LIST("定海区社保", "Agency No. 1", longest),
              LIST("", "【定海区社保】", "a】", "a\nb", "\xff", longer));
    check_key(ENDPOINT, "username", LIST("lifecertd", "用户"), LIST("", "a\tb", "a\x7f", "a\xc2\x85", "\xc0\xaf"));
    check_key(ENDPOINT, "categories", LIST("urban", "城乡居民"), LIST("", "a\nb"));
    check_key(MESSAGE, "text", LIST("a\nb", "{{name}}\t"), LIST("", "a\x01", "a\xed\xa0\x80", "a\x1b[0m"));
    check_key(ENDPOINT, "body", LIST("{\"to\":\"{{phone}}\"}\r\n"), LIST("", "a\x08"));
    check_key(ENDPOINT, "headers", LIST("X-Key: {{secret}}", "Accept:", "a:b"),
              LIST("", "X-Key", ": x", "X Key: x", "X-Key: a\r\nX-Other: b", "X-K\xc3\xa9y: x"));
    check_key(ENDPOINT, "secret_file", LIST("/etc/lifecertd/x.secret", "payroll"),
              LIST("", "a/b", "../x", "./x", "a\nb"));
    check_key(ENDPOINT, "ca_file", LIST("/etc/ssl/ca.pem", "ca"), LIST("", "etc/ca.pem"));
}

static void test_urls(void)
{
    check_key(ENDPOINT, "url",
              LIST("http://h", "https://h/x?a=b", "redis://h:1/0", "redis://user@h:1", "http://h/{{id}}"),
              LIST("", "ftp://h", "http://user@h", "http://user:pw@h", "redis://user:pw@h", "h", "/x"));
    check_key(ENDPOINT, "receipt_url", LIST("http://10.0.0.5:8600", "https://h/at"),
              LIST("redis://h", "http://h/?a", "http://h/{{id}}", "http://u@h"));
    check_key(ENDPOINT, "proxy", LIST("http://proxy:3128", "https://p", "socks5://p:1080", "socks5h://p:1080"),
              LIST("proxy:3128", "socks4://p", "http://u:p@proxy:3128", "redis://p"));
}

/* One value of each form, as it is kept. */
static void test_kept(void)
{
    static const struct {
        const char *key, *value;
    } rows[] = {
        {"rate", "600/min"},       {"quiet_hours", "22:30-07:05"},
        {"timeout", "2m"},         {"retry", "5s"},
        {"retry", "1d"},           {"from", "7"},
        {"kind", "messages"},      {"mode", "batch"},
        {"method", "PUT"},         {"max_length", "5000000000"},
        {"allow_private", "true"},
    };
    struct config *c = a_config();
    struct endpoint *e = &c->endpoints->v[0];
    struct errmsg why;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct key *k = schema_key(&config_schema[ENDPOINT], rows[i].key);
        ok(k->parse(k, c, e, rows[i].value, &why), "%s = %s is taken", rows[i].key, rows[i].value);
    }
    ok(e->rate.n == 600 && e->rate.seconds == 60, "a rate is a number and seconds");
    ok(e->quiet.from == 81000 && e->quiet.to == 25500, "quiet hours are seconds of the day");
    is_int(e->timeout, 120, "a time-out is in seconds");
    ok(e->n_retry == 2 && e->retry[0] == 5 && e->retry[1] == 86400, "so are the waits, in order");
    ok(e->from == 7 && e->from_given, "from is known to be given");
    ok(e->messages && e->mode == CLOUDEVENTS_BATCH && e->allow_private, "words are what they say");
    is_str(e->method, "PUT", "a method is a text");
    is_int(e->max_length, 5000000000, "max_length has 64 bits");
    config_free(c);
}

int main(void)
{
    plan(0);
    test_events();
    test_numbers();
    test_words();
    test_texts();
    test_urls();
    test_kept();
    return tap_end();
}
