/* What adapters share for writing a request: headers, the address, Redis arguments, percent-encoding, the webhook's
 * body byte for byte. */
#include "adapter/adapter.h"
#include "tests/lib/tap.h"

static struct call c;
static struct errmsg msg;

static const struct notice full = {
    .id = STR_LIT("abc_0_40"),
    .seq = 40,
    .prev = 39,
    .type = STR_LIT("benefit.suspended"),
    .time = STR_LIT("2026-07-01T09:00:00+08:00"),
    .subject = STR_LIT("330902-0000001"),
    .data = STR_LIT("{\"on\":\"2026-07-01\", \"note\":\"\\u4e00\"}"), /* not as we would write it: it must not matter */
};

static const char *text_of(struct buf *b)
{
    buf_addc(b, '\0');
    b->n--;
    return b->p;
}

/* --- headers --- */

static void headers(void)
{
    static const struct str wrong[] = {STR_LIT("hush\r"), STR_LIT("\nX-Evil: 1"), STR_LIT("hush\0b")};
    is_int(call_header(&c, "Content-Type", STR_LIT("application/json"), &msg), ERR_OK, "a header is added");
    is_int(call_header(&c, "X-Empty", STR_LIT(""), &msg), ERR_OK, "and an empty one");
    static const char both[] = "Content-Type: application/json\0X-Empty: ";
    ok(c.n_headers == 2 && c.headers.n == sizeof both && memcmp(c.headers.p, both, sizeof both) == 0,
       "each is terminated");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_int(call_header(&c, "X-Secret", wrong[i], &msg), ERR_INVALID, "CR, LF and NUL are refused, %zu", i);
    ok(c.n_headers == 2 && c.headers.n == sizeof both, "of a refused one nothing stays");
    ok(strstr(msg.text, "X-Secret") && !strstr(msg.text, "hush"), "the header is named and its value is not: %s",
       msg.text);
}

/* --- address and arguments --- */

static void address(void)
{
    call_url(&c, STR_LIT("http://example.org/a"));
    call_url(&c, STR_LIT("http://example.org/"));
    is_str(c.url.p, "http://example.org/", "an address takes the former one's place, and is terminated");
}

static struct str argument(size_t *at)
{
    uint32_t n;
    memcpy(&n, c.args.p + *at, sizeof n);
    struct str s = {c.args.p + *at + sizeof n, n};
    *at += sizeof n + n;
    return s;
}

static void arguments(void)
{
    static const struct str given[] = {STR_LIT("XADD"), STR_LIT(""), STR_LIT("a\0\r\nb"), STR_LIT("\xe4\xb8\x80")};
    size_t n = sizeof given / sizeof *given, at = 0, same = 0;
    for (size_t i = 0; i < n; i++)
        call_arg(&c, given[i]);
    for (size_t i = 0; i < n; i++)
        same += str_eq(argument(&at), given[i]);
    ok(same == n && at == c.args.n && c.n_args == n, "arguments are taken as they are, whatever their bytes");
}

/* --- percent-encoding --- */

static void percent(void)
{
    struct buf b = BUF_INIT;
    char all[256];
    add_percent(&b, STR_LIT("AZaz09-._~"));
    is_str(text_of(&b), "AZaz09-._~", "unreserved characters stand for themselves");
    add_percent(&b, STR_LIT(" +%/\xe2\x82\xac\xff"));
    is_str(text_of(&b), "AZaz09-._~%20%2B%25%2F%E2%82%AC%FF",
           "all others are encoded, in upper case, behind what was there");
    buf_clear(&b);
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    add_percent(&b, (struct str){all, sizeof all});
    is_int(b.n, 66 + 3 * (256 - 66), "66 characters of 256 are unreserved");
    ok(strncmp(b.p, "%00%01%02", 9) == 0 && strncmp(b.p + b.n - 9, "%FD%FE%FF", 9) == 0, "from the first to the last");
    buf_clear(&b);
    add_percent(&b, STR_NONE);
    is_int(b.n, 0, "nothing is nothing");
    buf_done(&b);
}

/* --- the webhook's body --- */

#define DATA_OF(flags)                                              \
    "{\"subject\":\"330902-0000001\",\"seq\":40,\"prev\":39," flags \
    "\"event\":{\"on\":\"2026-07-01\", \"note\":\"\\u4e00\"}}"

static struct buf body;

static const char *body_of(const struct notice *v)
{
    buf_clear(&body);
    write_webhook(&body, v);
    return text_of(&body);
}

static const char *data_of(const struct notice *v)
{
    buf_clear(&body);
    write_webhook_data(&body, v);
    return text_of(&body);
}

static void bodies(void)
{
    struct notice v = full;
    is_str(body_of(&v),
           "{\"type\":\"benefit.suspended\",\"timestamp\":\"2026-07-01T09:00:00+08:00\",\"data\":" DATA_OF("") "}",
           "a body has its members in their order, and the event's data untouched");
    is_str(data_of(&v), DATA_OF(""), "the inner member alone is the same");
    v.replay = true;
    is_str(data_of(&v), DATA_OF("\"replay\":true,"), "a replay says so");
    v.simulated = v.gap = true;
    is_str(data_of(&v), DATA_OF("\"simulated\":true,\"replay\":true,\"gap\":true,"), "and so do the other marks");
    v = full;
    v.subject = STR_LIT("a\"\\\x01");
    v.seq = UINT64_MAX;
    v.prev = 0;
    v.data = STR_LIT("{}");
    is_str(data_of(&v), "{\"subject\":\"a\\\"\\\\\\u0001\",\"seq\":18446744073709551615,\"prev\":0,\"event\":{}}",
           "a subject is escaped, numbers have all of their digits");
    v.subject = STR_NONE;
    is_str(data_of(&v), "{\"subject\":null,\"seq\":18446744073709551615,\"prev\":0,\"event\":{}}",
           "a system event has null for its subject");
}

/* A long subject of the worst kind and a long event, into a buffer that holds something already. */
static void long_ones(void)
{
    static char subject[300], data[20000];
    struct buf b = BUF_INIT, want = BUF_INIT;
    struct notice v = full;
    memset(subject, '\x01', sizeof subject); /* six bytes each */
    memset(data, 'x', sizeof data);
    v.subject = (struct str){subject, sizeof subject};
    v.data = (struct str){data, sizeof data};
    buf_adds(&want, "before{\"subject\":\"");
    for (size_t i = 0; i < sizeof subject; i++)
        buf_adds(&want, "\\u0001");
    buf_adds(&want, "\",\"seq\":40,\"prev\":39,\"event\":");
    buf_addstr(&want, v.data);
    buf_addc(&want, '}');
    buf_adds(&b, "before");
    write_webhook_data(&b, &v);
    ok(str_eq(buf_str(&b), buf_str(&want)), "long subjects and events are whole, behind what was there");
    buf_done(&b);
    buf_done(&want);
}

int main(void)
{
    plan(8 + 1 + 1 + 5 + 6 + 1);
    headers();
    address();
    arguments();
    percent();
    bodies();
    long_ones();
    buf_done(&body);
    call_done(&c);
    return tap_end();
}
