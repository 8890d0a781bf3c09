/* CloudEvents over HTTP in its three modes, byte for byte, signed and unsigned, and within its sizes. */
#include <stdio.h>

#include "adapter/table.h"
#include "tests/adapter/calls.h"
#include "tests/adapter/webhook_verify.h"
#include "tests/lib/tap.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OLD_SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define NOW 1769907600
#define SIZE_MAX_EVENT 65536

static const struct adapter *const a = &adapter_cloudevents;
static const unsigned char nonce[16];

static char url[] = "https://payroll.example/events", source[] = "https://pensions.example/lifecertd";
static char secret[] = SECRET, old_secret[] = OLD_SECRET;

static struct endpoint in_mode(enum cloudevents_mode mode)
{
    return (struct endpoint){.url = url, .source = source, .mode = mode};
}

static struct endpoint in_mode_signed(enum cloudevents_mode mode)
{
    struct endpoint e = in_mode(mode);
    e.secrets[0] = (struct secret){secret, sizeof secret - 1};
    e.secrets[1] = (struct secret){old_secret, sizeof old_secret - 1};
    e.n_secrets = 2;
    return e;
}

static struct notice suspended(void)
{
    return (struct notice){
        .id = STR_LIT("8f3a_0_41"),
        .seq = 41,
        .prev = 38,
        .type = STR_LIT("benefit.suspended"),
        .time = STR_LIT("2026-02-01T09:00:00+08:00"),
        .subject = STR_LIT("330902-0000002"),
        .data = STR_LIT("{\"reason\":\"overdue\"}"),
    };
}

static struct notice of_the_system(void)
{
    return (struct notice){
        .id = STR_LIT("8f3a_0_42"),
        .seq = 42,
        .prev = 0,
        .type = STR_LIT("hold.placed"),
        .time = STR_LIT("2026-02-01T09:00:01+08:00"),
        .subject = STR_NONE,
        .data = STR_LIT("{}"),
    };
}

#define SUSPENDED_DATA \
    "{\"subject\":\"330902-0000002\",\"seq\":41,\"prev\":38,\"event\":{\"reason\":\"overdue\"}}"
#define SUSPENDED_EVENT \
    "{\"specversion\":\"1.0\",\"id\":\"8f3a_0_41\",\"source\":\"https://pensions.example/lifecertd\"," \
    "\"type\":\"benefit.suspended\",\"time\":\"2026-02-01T09:00:00+08:00\",\"subject\":\"330902-0000002\"," \
    "\"partitionkey\":\"330902-0000002\",\"datacontenttype\":\"application/json\"," \
    "\"sequence\":\"00000000000000000041\",\"data\":" SUSPENDED_DATA "}"
#define SYSTEM_EVENT \
    "{\"specversion\":\"1.0\",\"id\":\"8f3a_0_42\",\"source\":\"https://pensions.example/lifecertd\"," \
    "\"type\":\"hold.placed\",\"time\":\"2026-02-01T09:00:01+08:00\",\"datacontenttype\":\"application/json\"," \
    "\"sequence\":\"00000000000000000042\",\"data\":{\"subject\":null,\"seq\":42,\"prev\":0,\"event\":{}}}"

static struct errmsg said;

/* Opens, renders, closes; c is cleared first. */
static enum err render(const struct endpoint *e, const struct notice *v, unsigned n, int64_t now, struct call *c)
{
    struct adapter_state *s;
    if (a->open(e, &s, &said) != ERR_OK)
        bail_out("%s", said.text);
    call_clear(c);
    said.text[0] = '\0';
    enum err err = a->render(s, v, n, NULL, now, nonce, c, &said);
    a->close(s);
    return err;
}

static void is_body(const struct call *c, const char *want, const char *what)
{
    ok(str_is(buf_str(&c->body), want), "%s", what);
    if (!str_is(buf_str(&c->body), want))
        diag("got %.*s", (int)c->body.n, c->body.p);
}

static void test_structured(void)
{
    struct endpoint e = in_mode(CLOUDEVENTS_STRUCTURED);
    struct notice v = suspended(), of_system = of_the_system();
    struct call c = {0};
    ok(render(&e, &v, 1, NOW, &c) == ERR_OK && headers_well_formed(&c), "an event is rendered in structured mode");
    is_str(c.method, "POST", "as a POST");
    is_str(c.url.p, url, "to the endpoint's url");
    is_int(c.n_headers, 1, "unsigned, with one header");
    is_str(header_of(&c, "Content-Type"), "application/cloudevents+json", "the content type");
    is_body(&c, SUSPENDED_EVENT, "the body");
    ok(render(&e, &of_system, 1, NOW, &c) == ERR_OK, "an event of the system");
    is_body(&c, SYSTEM_EVENT, "has neither subject nor partitionkey");
    e.source = NULL;
    ok(render(&e, &v, 1, NOW, &c) == ERR_OK && memmem(c.body.p, c.body.n, "\"source\":\"/lifecertd\"", 21),
       "without a source it is /lifecertd");
    v.seq = UINT64_MAX;
    ok(render(&e, &v, 1, NOW, &c) == ERR_OK && memmem(c.body.p, c.body.n, "\"sequence\":\"18446744073709551615\"", 33),
       "the largest number has 20 digits too");
    call_done(&c);
}

static void test_binary(void)
{
    struct endpoint e = in_mode(CLOUDEVENTS_BINARY);
    struct notice v = suspended(), of_system = of_the_system();
    struct call c = {0};
    ok(render(&e, &v, 1, NOW, &c) == ERR_OK && headers_well_formed(&c), "an event is rendered in binary mode");
    static const char *const want[][2] = {
        {"Content-Type", "application/json"},
        {"ce-specversion", "1.0"},
        {"ce-id", "8f3a_0_41"},
        {"ce-source", source},
        {"ce-type", "benefit.suspended"},
        {"ce-time", "2026-02-01T09:00:00+08:00"},
        {"ce-subject", "330902-0000002"},
        {"ce-partitionkey", "330902-0000002"},
        {"ce-sequence", "00000000000000000041"},
        {"ce-datacontenttype", NULL},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        is_str(header_of(&c, want[i][0]), want[i][1], "%s", want[i][0]);
    is_int(c.n_headers, 9, "and no other header");
    is_body(&c, SUSPENDED_DATA, "the body is the data");
    ok(render(&e, &of_system, 1, NOW, &c) == ERR_OK && c.n_headers == 7, "an event of the system has two headers less");
    ok(!header_of(&c, "ce-subject") && !header_of(&c, "ce-partitionkey"), "subject and partitionkey");
    call_done(&c);
}

static void test_percent(void)
{
    static const char *const rows[][2] = {
        {"Euro \xe2\x82\xac \xf0\x9f\x98\x80", "Euro%20%E2%82%AC%20%F0%9F%98%80"},
        {"100% \"x\"", "100%25%20%22x%22"},
        {"!#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", "!#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"},
        {"a\r\nx-evil: 1", "a%0D%0Ax-evil:%201"},
        {"\x7f", "%7F"},
    };
    struct endpoint e = in_mode(CLOUDEVENTS_BINARY);
    struct call c = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct notice v = suspended();
        v.subject = str_of(rows[i][0]);
        ok(render(&e, &v, 1, NOW, &c) == ERR_OK && headers_well_formed(&c), "a header takes any text");
        is_str(header_of(&c, "ce-subject"), rows[i][1], "percent-encoded as %s", rows[i][1]);
    }
    struct notice v = suspended();
    v.subject = (struct str){"a\0b", 3};
    ok(render(&e, &v, 1, NOW, &c) == ERR_OK && headers_well_formed(&c), "even a NUL");
    is_str(header_of(&c, "ce-subject"), "a%00b", "as %%00");
    call_done(&c);
}

static void test_batch(void)
{
    struct endpoint e = in_mode(CLOUDEVENTS_BATCH);
    struct notice v[3] = {suspended(), of_the_system(), suspended()};
    struct call c = {0};
    ok(render(&e, v, 3, NOW, &c) == ERR_OK && headers_well_formed(&c), "events are rendered as a batch");
    is_str(header_of(&c, "Content-Type"), "application/cloudevents-batch+json", "the content type");
    is_body(&c, "[" SUSPENDED_EVENT "," SYSTEM_EVENT "," SUSPENDED_EVENT "]", "the body is an array of them, in order");
    ok(render(&e, v, 1, NOW, &c) == ERR_OK, "one event");
    is_body(&c, "[" SUSPENDED_EVENT "]", "is an array of one");
    is_int(a->batch(&e), 64, "a request takes 64");
    e.mode = CLOUDEVENTS_BINARY;
    is_int(a->batch(&e), 1, "but one in binary mode");
    e.mode = CLOUDEVENTS_STRUCTURED;
    is_int(a->batch(&e), 1, "and in structured mode");
    call_done(&c);
}

static void test_signed(void)
{
    static const enum cloudevents_mode modes[] = {CLOUDEVENTS_STRUCTURED, CLOUDEVENTS_BINARY, CLOUDEVENTS_BATCH};
    struct notice v = suspended();
    struct call c = {0};
    for (size_t i = 0; i < 3; i++) {
        struct endpoint e = in_mode_signed(modes[i]);
        ok(render(&e, &v, 1, NOW, &c) == ERR_OK && headers_well_formed(&c), "a signed event, mode %zu", i + 1);
        is_str(header_of(&c, "webhook-timestamp"), "1769907600", "has the time of the attempt");
        ok(webhook_signatures(&c) == 2 && webhook_verifies(&c, SECRET, 0) && webhook_verifies(&c, OLD_SECRET, 1),
           "and a signature of each secret over the body as sent");
        if (modes[i] != CLOUDEVENTS_BATCH)
            is_str(header_of(&c, "webhook-id"), "8f3a_0_41", "its webhook-id is the event's");
    }
    call_done(&c);
}

/* Keeps a batch's id. */
static void id_of_batch(const struct notice *v, unsigned n, int64_t now, char out[64])
{
    struct endpoint e = in_mode_signed(CLOUDEVENTS_BATCH);
    struct call c = {0};
    if (render(&e, v, n, now, &c) != ERR_OK)
        bail_out("%s", said.text);
    const char *id = header_of(&c, "webhook-id");
    snprintf(out, 64, "%s", id ? id : "none");
    call_done(&c);
}

static void test_batch_id(void)
{
    struct notice v[3] = {suspended(), of_the_system(), suspended()}, w[3];
    v[2].id = STR_LIT("8f3a_0_43");
    memcpy(w, v, sizeof v);
    char first[64], other[64];
    id_of_batch(v, 3, NOW, first);
    ok(strncmp(first, "batch_", 6) == 0 && strlen(first) == 38 && strspn(first + 6, "0123456789abcdef") == 32,
       "a batch's webhook-id is of its own");
    id_of_batch(v, 3, NOW + 300, other);
    is_str(other, first, "the same on every attempt");
    w[1].id = STR_LIT("8f3a_0_44");
    id_of_batch(w, 3, NOW, other);
    ok(strcmp(other, first) != 0, "another when an event inside is another");
    id_of_batch(v, 2, NOW, other);
    ok(strcmp(other, first) != 0, "or one less");
    w[0].id = STR_LIT("8f3a_0_4"), w[1].id = STR_LIT("18f3a_0_42");
    id_of_batch(w, 3, NOW, other);
    ok(strcmp(other, first) != 0, "and ids do not run into each other");
}

/* An event whose data is longer by so many bytes. */
static void pad(struct notice *v, struct buf *data, size_t n)
{
    buf_clear(data);
    BUF_LIT(data, "{\"reason\":\"overdue\"");
    for (size_t i = 0; i < n; i++)
        buf_addc(data, ' ');
    buf_addc(data, '}');
    v->data = buf_str(data);
}

static void test_sizes(void)
{
    static const enum cloudevents_mode modes[] = {CLOUDEVENTS_STRUCTURED, CLOUDEVENTS_BINARY, CLOUDEVENTS_BATCH};
    struct call c = {0};
    struct buf data = BUF_INIT;
    for (size_t i = 0; i < 3; i++) {
        struct endpoint e = in_mode(modes[i]);
        struct notice v[2] = {suspended(), suspended()};
        v[1].id = STR_LIT("8f3a_0_42"), v[1].seq = 42;
        enum err err = render(&e, v, 1, NOW, &c);
        size_t size = modes[i] == CLOUDEVENTS_BINARY ? c.headers.n + c.body.n
                      : modes[i] == CLOUDEVENTS_BATCH ? c.body.n - 2 : c.body.n;
        pad(&v[1], &data, SIZE_MAX_EVENT - size);
        ok(!err && render(&e, &v[1], 1, NOW, &c) == ERR_OK, "64 KiB are sent, mode %zu", i + 1);
        pad(&v[1], &data, SIZE_MAX_EVENT - size + 1);
        ok(render(&e, &v[1], 1, NOW, &c) == ERR_INVALID && strstr(said.text, "event 42 has 65537 bytes"),
           "a byte more is refused, and told of");
        if (modes[i] != CLOUDEVENTS_BATCH)
            continue;
        ok(render(&e, v, 2, NOW, &c) == ERR_INVALID && strstr(said.text, "event 42 "), "in a batch too, by its number");
        pad(&v[1], &data, SIZE_MAX_EVENT - size);
        v[0].data = v[1].data;
        ok(render(&e, v, 2, NOW, &c) == ERR_OK && c.body.n > SIZE_MAX_EVENT, "the limit is each event's");
    }
    buf_done(&data);
    call_done(&c);
}

static void test_injection(void)
{
    static const char *const ids[] = {"8f3a\r\nx-evil: 1", "8f3a.0.41", "8f3a\"", ""};
    static const enum cloudevents_mode modes[] = {CLOUDEVENTS_STRUCTURED, CLOUDEVENTS_BINARY, CLOUDEVENTS_BATCH};
    struct call c = {0};
    for (size_t i = 0; i < 3; i++) {
        struct endpoint e = in_mode_signed(modes[i]);
        unsigned taken = 0;
        for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
            struct notice v[2] = {suspended(), suspended()};
            unsigned n = modes[i] == CLOUDEVENTS_BATCH ? 2 : 1;
            v[n - 1].id = str_of(ids[k]);
            taken += render(&e, v, n, NOW, &c) != ERR_INVALID || !said.text[0];
        }
        is_int(taken, 0, "ids that could end a header or a string are refused, mode %zu", i + 1);
    }
    call_done(&c);
}

static void test_settings(void)
{
    static const struct {
        const char *source;
        bool good;
    } rows[] = {
        {NULL, true},    {"/lifecertd", true}, {"urn:example:pensions", true}, {"https://a.example/%20", true},
        {"", false},     {"a b", false},       {"a\"b", false},                {"a\\b", false},
        {"<a>", false},  {"a\r\nb", false},    {"\xe7\xa4\xbe", false},
    };
    struct endpoint e = in_mode(CLOUDEVENTS_STRUCTURED);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        e.source = (char *)(uintptr_t)rows[i].source;
        said.text[0] = '\0';
        enum err err = a->check(&e, &said);
        ok(rows[i].good ? err == ERR_OK : err == ERR_INVALID && strstr(said.text, "source"),
           "a source of form %zu is %s", i + 1, rows[i].good ? "taken" : "refused");
    }
    e = in_mode(CLOUDEVENTS_STRUCTURED);
    char redis[] = "redis://a:6379";
    e.url = redis;
    ok(a->check(&e, &said) == ERR_INVALID && strstr(said.text, "url"), "another kind of url is refused");
    e = in_mode_signed(CLOUDEVENTS_BATCH);
    e.secrets[1].p[6] = '!';
    struct adapter_state *s = NULL;
    ok(a->open(&e, &s, &said) == ERR_INVALID && !s, "a bad secret is refused");
    e.secrets[1].p[6] = 'A';
    a->close(NULL);
}

static void test_handshake(void)
{
    struct endpoint e = in_mode(CLOUDEVENTS_STRUCTURED);
    e.handshake = true;
    e.rate = (struct rate){10, 1};
    struct adapter_state *s;
    struct call c = {0};
    if (a->open(&e, &s, &said) != ERR_OK)
        bail_out("%s", said.text);
    ok(a->hello(s, &c, &said) == ERR_OK && headers_well_formed(&c), "it asks before it sends");
    is_str(c.method, "OPTIONS", "with OPTIONS");
    is_str(header_of(&c, "WebHook-Request-Origin"), "pensions.example", "under its source's name");
    is_str(header_of(&c, "WebHook-Request-Rate"), "600", "for its rate");
    struct answer answer = {
        .carried = CARRIED,
        .status = 200,
        .allowed_origin = STR_LIT("pensions.example"),
        .allowed_rate = STR_LIT("90"),
    };
    struct rate granted = {0, 0};
    ok(a->consent(s, &answer, &granted, &said) == ERR_OK && granted.n == 90 && granted.seconds == 60,
       "consent comes with a rate");
    answer.allowed_origin = STR_LIT("lifecertd");
    ok(a->consent(s, &answer, &granted, &said) == ERR_INVALID, "and only for that name");
    struct verdict v;
    answer.status = 410;
    a->judge(s, &answer, &v);
    is_int(v.outcome, OUTCOME_GONE, "answers to events are judged as HTTP has it");
    call_done(&c);
    a->close(s);
}

int main(void)
{
    plan(0);
    test_structured();
    test_binary();
    test_percent();
    test_batch();
    test_signed();
    test_batch_id();
    test_sizes();
    test_injection();
    test_settings();
    test_handshake();
    return tap_end();
}
