/* Sections endpoint and message: what they yield, their defaults, and how their faults are told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/config/files.h"
#include "tests/lib/tap.h"

#define WEBHOOK "adapter = \"standard-webhooks\" url = \"https://h/\""
#define KANNEL "adapter = \"kannel\" url = \"http://h/\" signature = \"A\""

/* ---- what is not set ---- */

static const struct {
    const char *adapter, *more; /* what must be given */
    const char *url;
    bool messages, night, cloudevents, redis, template;
} kinds[ADAPTER_KIND_N] = {
    [ADAPTER_STANDARD_WEBHOOKS] = {"standard-webhooks", "url = \"http://h/\"", "http://h/", 0, 0, 0, 0, 0},
    [ADAPTER_CLOUDEVENTS] = {"cloudevents", "url = \"https://h\"", "https://h", 0, 0, 1, 0, 0},
    [ADAPTER_KANNEL] = {"kannel", "url = \"http://h/\" signature = A", "http://h/", 1, 1, 0, 0, 0},
    [ADAPTER_ALIYUN_SMS] = {"aliyun-sms", "signature = A", "https://dysmsapi.aliyuncs.com/", 1, 1, 0, 0, 0},
    [ADAPTER_TENCENT_SMS] = {"tencent-sms", "signature = A", "https://sms.tencentcloudapi.com/", 1, 1, 0, 0, 0},
    [ADAPTER_REDIS_STREAM] = {"redis-stream", "url = \"redis://h:1\"", "redis://h:1", 0, 0, 0, 1, 0},
    [ADAPTER_TEMPLATE] = {"template", "url = \"http://h/\" signature = A", "http://h/", 1, 1, 0, 0, 1},
};

static void check_common(const struct endpoint *e)
{
    static const int64_t waits[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    ok(e->max_in_flight == 16 && e->rate.n == 0 && e->timeout == 20, "its limits have their defaults");
    ok(e->max_parked == 10000 && e->max_unnoted == 4096, "so have its bounds");
    ok(e->n_retry == 9 && memcmp(e->retry, waits, sizeof waits) == 0, "and its waits");
    ok(!e->events.n && !e->policies.n && !e->categories.n && !e->units.n && !e->from_given,
       "it takes all, from now on");
    ok(!e->proxy && !e->ca_file && !e->client_cert && !e->allow_private && !e->secret_files.n && !e->n_secrets,
       "nothing is there that was not given");
}

static void is_or_none(const char *got, bool there, const char *want, const char *what)
{
    is_str(got, there ? want : NULL, "%s is %s", what, there ? want : "not there");
}

static void test_defaults(void)
{
    for (int k = 0; k < ADAPTER_KIND_N; k++) {
        char text[256];
        snprintf(text, sizeof text, A_POLICY "endpoint \"e\" { adapter = %s %s }\n", kinds[k].adapter, kinds[k].more);
        struct config *c = load_text(text);
        const struct endpoint *e = endpoints_find(c->endpoints, STR_LIT("e"));
        is_int(e->adapter, k, "%s is read", kinds[k].adapter);
        is_str(e->url, kinds[k].url, "its URL");
        check_common(e);
        is_int(e->messages, kinds[k].messages, "whether it sends messages");
        ok(e->quiet.from == (kinds[k].night ? 79200 : 0) && e->quiet.to == (kinds[k].night ? 28800 : 0),
           "its quiet hours");
        is_int(e->handshake, kinds[k].cloudevents, "its handshake");
        is_or_none(e->source, kinds[k].cloudevents, "/lifecertd", "source");
        is_or_none(e->stream, kinds[k].redis, "lifecertd", "stream");
        is_or_none(e->method, kinds[k].template, "POST", "method");
        is_or_none(e->language, kinds[k].messages, "zh", "language");
        is_int(e->max_segments, kinds[k].messages ? 4 : 0, "max_segments");
        is_int(e->receipt_within, kinds[k].messages ? 86400 : 0, "receipt_within");
        config_free(c);
    }
}

static void test_template_events(void)
{
    struct config *c = load_text(A_POLICY "endpoint \"t\" { adapter = template kind = events url = \"http://h\" }\n");
    const struct endpoint *e = &c->endpoints->v[0];
    ok(!e->messages && e->quiet.from == e->quiet.to && !e->language, "a template for events is none for messages");
    config_free(c);
}

/* ---- what is set ---- */

static bool list_is(const struct text_list *l, const char *a, const char *b)
{
    return l->n == (b ? 2 : 1) && !strcmp(l->v[0], a) && (!b || !strcmp(l->v[1], b));
}

static void test_events_keys(void)
{
    char path[256], place[300];
    struct config *c = load_text(
        A_POLICY
        "policy \"q\" { }\n\nendpoint \"payroll\" {\n adapter = \"cloudevents\"\n url = \"https://h/x\"\n"
        "secret_file = \"/etc/a.secret\"\n events = { \"benefit.*\", \"grace.started\" }\n policies = { p, q }\n"
        "categories = { \"城乡\" }\n units = \"unit-7\"\n from = 12\n max_in_flight = 64\n rate = \"100/s\"\n"
        "timeout = 30s\n retry = { 1s, 2m }\n quiet_hours = \"12:00-13:30\"\n proxy = \"http://proxy:3128\"\n"
        "ca_file = \"/etc/ca.pem\"\n client_cert = payroll.pem\n allow_private = true\n max_parked = 7\n"
        "max_unnoted = 16\n mode = batch\n source = \"https://agency.example/\"\n handshake = \"false\"\n}\n"
        "endpoint \"queue\" { adapter = redis-stream url = \"redis://u@h:6379/2\" stream = events max_length = 5000\n"
        " retry = { } secret_file = { a, b, c, d } }\n");
    const struct endpoint *e = &c->endpoints->v[0], *q = &c->endpoints->v[1];
    is_int(c->endpoints->n, 2, "two endpoints");
    snprintf(place, sizeof place, "%s:4", in_tmpdir("good.conf", path));
    is_str(e->place, place, "an endpoint knows where it stands");
    ok(!strcmp(e->url, "https://h/x") && list_is(&e->secret_files, "/etc/a.secret", NULL), "its URL and secret");
    ok(list_is(&e->events, "benefit.*", "grace.started") && list_is(&e->policies, "p", "q"), "its events and policies");
    ok(list_is(&e->categories, "城乡", NULL) && list_is(&e->units, "unit-7", NULL), "its categories and units");
    ok(e->from == 12 && e->from_given, "its beginning");
    ok(e->max_in_flight == 64 && e->rate.n == 100 && e->rate.seconds == 1 && e->timeout == 30, "its limits");
    ok(e->n_retry == 2 && e->retry[0] == 1 && e->retry[1] == 120, "its waits");
    ok(e->quiet.from == 43200 && e->quiet.to == 48600, "its quiet hours");
    is_str(e->proxy, "http://proxy:3128", "its proxy");
    ok(!strcmp(e->ca_file, "/etc/ca.pem") && !strcmp(e->client_cert, "payroll.pem"), "its certificates");
    ok(e->allow_private && e->max_parked == 7 && e->max_unnoted == 16, "its network and bounds");
    ok(e->mode == CLOUDEVENTS_BATCH && !strcmp(e->source, "https://agency.example/") && !e->handshake, "its mode");
    ok(!strcmp(q->stream, "events") && q->max_length == 5000, "a stream and its length");
    ok(q->n_retry == 0 && q->secret_files.n == 4, "no retry at all, and four secrets");
    config_free(c);
}

static void test_messages_keys(void)
{
    struct config *c = load_text(
        A_POLICY "endpoint \"k\" { " KANNEL "\n language = en max_segments = 2 receipt_url = \"http://10.0.0.5:8600\"\n"
                 "receipt_secret_file = receipts receipt_within = 2h username = u sender = \"10086\" smsc = \"FAKE\"\n"
                 "quiet_hours = none }\n"
                 "endpoint \"t\" { adapter = tencent-sms signature = \"定海区社保\" app_id = \"1400006666\"\n"
                 "region = \"ap-guangzhou\" url = \"https://sms.ap-guangzhou.tencentcloudapi.com/\" username = id }\n"
                 "endpoint \"h\" { adapter = template url = \"http://h/{{phone}}\" signature = A method = PUT\n"
                 "headers = { \"Content-Type: text/plain\", \"X-Key: {{secret}}\" } body = \"a\\n\\\"{{text}}\\\"\"\n"
                 "sent_when = { \"status 200\" } retry_when = \"status 503\" failed_when = { a, b } }\n");
    const struct endpoint *k = &c->endpoints->v[0], *t = &c->endpoints->v[1], *h = &c->endpoints->v[2];
    ok(k->messages && !strcmp(k->signature, "A") && !strcmp(k->language, "en") && k->max_segments == 2, "a gateway");
    ok(!strcmp(k->receipt_url, "http://10.0.0.5:8600") && !strcmp(k->receipt_secret_file, "receipts"), "its receipts");
    ok(k->receipt_within == 7200 && !strcmp(k->username, "u"), "its user");
    ok(!strcmp(k->sender, "10086") && !strcmp(k->smsc, "FAKE"), "its number and connection");
    ok(k->quiet.from == 0 && k->quiet.to == 0, "quiet hours may be none for messages too");
    ok(!strcmp(t->signature, "定海区社保") && !strcmp(t->app_id, "1400006666") && !strcmp(t->region, "ap-guangzhou"),
       "a cloud gateway's keys");
    is_str(t->url, "https://sms.ap-guangzhou.tencentcloudapi.com/", "a URL takes the place of the default");
    ok(!strcmp(h->method, "PUT") && list_is(&h->headers, "Content-Type: text/plain", "X-Key: {{secret}}"),
       "a template");
    is_str(h->body, "a\n\"{{text}}\"", "its body, with escapes");
    ok(list_is(&h->sent_when, "status 200", NULL) && list_is(&h->retry_when, "status 503", NULL) &&
           list_is(&h->failed_when, "a", "b"),
       "its conditions");
    config_free(c);
}

static void test_texts(void)
{
    char path[256], place[300];
    struct config *c = load_text(
        A_POLICY
        "message \"plain\" { on = \"reminder.due\" text = \"{{name}}:\\n请办理\" }\n"
        "message \"cloud\" {\n on = \"benefit.suspended\" template_id = \"SMS_1\" variables = { name, \"d=due_on\" }\n"
        "policies = { p } language = en allow_links = true text = 'see http://x \"a\\n\"' }\n");
    const struct message_text *a = &c->endpoints->texts[0], *b = &c->endpoints->texts[1];
    is_int(c->endpoints->n_texts, 2, "two messages");
    snprintf(place, sizeof place, "%s:3", in_tmpdir("good.conf", path));
    is_str(b->place, place, "a message knows where it stands");
    is_str(a->text, "{{name}}:\n请办理", "a text has its escapes in double quotes");
    is_str(b->text, "see http://x \"a\\n\"", "and none in single ones");
    ok(!strcmp(a->name, "plain") && !strcmp(a->on, "reminder.due") && !strcmp(a->language, "zh") && !a->allow_links &&
           !a->template_id && !a->policies.n && !a->variables.n,
       "what is not set has its default");
    ok(!strcmp(b->on, "benefit.suspended") && !strcmp(b->template_id, "SMS_1") && !strcmp(b->language, "en") &&
           b->allow_links && list_is(&b->variables, "name", "d=due_on") && list_is(&b->policies, "p", NULL),
       "what is set is there");
    config_free(c);
}

/* ---- faults ---- */

#define EVENTS \
    "(there are beneficiary.enrolled, beneficiary.amended, beneficiary.erased, certification.accepted, " \
    "certification.rejected, input.rejected, certification.revoked, certification.lapsed, reminder.due, " \
    "grace.started, suspension.deferred, benefit.suspended, benefit.resumed, benefit.terminated, " \
    "benefit.reinstated, policy.adopted, config.adopted, unit.recorded, hold.placed, hold.lifted, unit.digest)\n"
#define ADAPTERS \
    "expected \"standard-webhooks\", \"cloudevents\", \"kannel\", \"aliyun-sms\", \"tencent-sms\", " \
    "\"redis-stream\" or \"template\"\n"
#define E "endpoint \"e\": "
#define URL "expected \"http://HOST/PATH\", \"https://HOST/PATH\" or \"redis://HOST:PORT\" "
#define SECRET "a user or a password in it: that is for username and secret_file"

static const struct {
    const char *what, *text, *faults;
} rows[] = {
    {"an endpoint without an adapter", A_POLICY "endpoint \"e\" {\n url = \"http://h\" }\n",
     "main.conf:2: " E "no adapter: " ADAPTERS},
    {"an unknown adapter", A_POLICY "endpoint \"e\" {\n adapter = smtp\n stream = x }\n",
     "main.conf:3: " E "adapter = \"smtp\": " ADAPTERS},
    {"no URL", A_POLICY "endpoint \"e\" { adapter = cloudevents }\n",
     "main.conf:2: " E "no url: expected http:// or https:// for the adapter cloudevents\n"},
    {"no URL of Redis", A_POLICY "endpoint \"e\" { adapter = redis-stream }\n",
     "main.conf:2: " E "no url: expected redis:// for the adapter redis-stream\n"},
    {"a scheme of another adapter",
     A_POLICY "endpoint \"e\" {\n url = \"redis://h:1\"\n adapter = kannel signature = A }\n"
              "endpoint \"f\" { adapter = redis-stream\n url = \"https://h\" }\n",
     "main.conf:3: " E "url begins with \"redis\": expected http:// or https:// for the adapter kannel\n"
     "main.conf:6: endpoint \"f\": url begins with \"https\": expected redis:// for the adapter redis-stream\n"},
    {"a bad URL", A_POLICY "endpoint \"e\" { adapter = cloudevents\n url = \"http://h/a b\" }\n",
     "main.conf:3: " E "url = \"http://h/a b\": " URL "(a byte in it must be percent-encoded)\n"},
    {"a password in a URL, which is not shown",
     A_POLICY "endpoint \"e\" { adapter = cloudevents\n url = \"http://me:pw@h/\" proxy = \"http://me:pw@h/\" }\n",
     "main.conf:3: " E "url = \"...\": " URL "(" SECRET ")\n"
     "main.conf:3: " E "proxy = \"...\": expected \"http://HOST:PORT\", https, socks5 or socks5h (" SECRET ")\n"},
    {"a key that the adapter does not use", A_POLICY "endpoint \"e\" { " WEBHOOK "\n stream = x\n}\n",
     "main.conf:3: " E "stream: the adapter standard-webhooks does not use it: expected it with redis-stream\n"},
    {"keys of messages with an adapter for events",
     A_POLICY "endpoint \"e\" { " WEBHOOK "\n signature = A\n sender = x\n method = GET }\n",
     "main.conf:3: " E "signature: the adapter standard-webhooks does not use it: expected it with kannel, aliyun-sms, "
     "tencent-sms or template for messages\n"
     "main.conf:4: " E "sender: the adapter standard-webhooks does not use it: expected it with kannel\n"
     "main.conf:5: " E "method: the adapter standard-webhooks does not use it: expected it with template\n"},
    {"HTTP's keys with Redis",
     A_POLICY "endpoint \"e\" { adapter = redis-stream url = \"redis://h:1\"\n ca_file = \"/x\" }\n",
     "main.conf:3: " E "ca_file: the adapter redis-stream does not use it: expected it with standard-webhooks, "
     "cloudevents, kannel, aliyun-sms, tencent-sms or template\n"},
    {"keys of messages in a template for events",
     A_POLICY "endpoint \"e\" { adapter = template url = \"http://h\"\n language = en\n kind = events }\n",
     "main.conf:3: " E "language: the adapter template does not use it for events: expected it with kannel, "
     "aliyun-sms, tencent-sms or template for messages\n"},
    {"kind with another adapter", A_POLICY "endpoint \"e\" { " KANNEL "\n kind = events }\n",
     "main.conf:3: " E "kind: the adapter kannel does not use it: expected it with template\n"},
    {"messages without a signature",
     A_POLICY "endpoint \"e\" { adapter = aliyun-sms }\nendpoint \"f\" { adapter = template url = \"http://h\" }\n",
     "main.conf:2: " E "no signature: expected the agency's name, which stands in brackets before every message\n"
     "main.conf:3: endpoint \"f\": no signature: expected the agency's name, which stands in brackets before every "
     "message\n"},
    {"a signature with its brackets", A_POLICY "endpoint \"e\" { adapter = aliyun-sms\n signature = \"【A】\" }\n",
     "main.conf:3: " E "signature = \"【A】\": expected the agency's name, 1 to 64 bytes (the brackets are put around "
     "it)\n"},
    {"receipts without a secret", A_POLICY "endpoint \"e\" { " KANNEL "\n receipt_url = \"http://h:1\" }\n",
     "main.conf:3: " E "receipt_url without receipt_secret_file: expected both: receipts are known by the secret in "
     "their path\n"},
    {"a pattern that fits no event", A_POLICY "endpoint \"e\" { " WEBHOOK "\n events = { \"benefit.*\", \"x.*\" } }\n",
     "main.conf:3: " E
     "events = \"x.*\": expected patterns that each fit a type of event, such as \"benefit.*\" " EVENTS},
    {"a policy that is not there", A_POLICY "endpoint \"e\" { " WEBHOOK "\n policies = { p, q } }\n",
     "main.conf:3: " E "policies = \"q\": expected policies that have a section (there is no section policy \"q\")\n"},
    {"five secrets", A_POLICY "endpoint \"e\" { " WEBHOOK "\n secret_file = { a, b, c, d, e } }\n",
     "main.conf:3: " E "secret_file has 5 values: expected 1 to 4 of \"/PATH\", or a credential's name\n"},
    {"no secret in a list", A_POLICY "endpoint \"e\" { " WEBHOOK "\n secret_file = { } }\n",
     "main.conf:3: " E "secret_file has 0 values: expected 1 to 4 of \"/PATH\", or a credential's name\n"},
    {"a secret in a folder of a relative name", A_POLICY "endpoint \"e\" { " WEBHOOK "\n secret_file = \"a/b\" }\n",
     "main.conf:3: " E "secret_file = \"a/b\": expected \"/PATH\", or a credential's name\n"},
    {"too many retries",
     A_POLICY "endpoint \"e\" { " WEBHOOK
              "\n retry = { 1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s } }\n",
     "main.conf:3: " E "retry has 21 values: expected 0 to 20 of a number with s, m, h or d, such as \"36h\", up to "
     "\"3660d\"\n"},
    {"an escape that brings a line end into a header",
     A_POLICY "endpoint \"e\" { adapter = template kind = events url = \"http://h\"\n headers = \"A: b\\r\\nC: d\" }\n",
     "main.conf:3: " E "headers = \"A: b??C: d\": expected \"Name: value\"\n"},
    {"bad values",
     A_POLICY "endpoint \"e\" { " WEBHOOK "\n max_in_flight = 1025\n rate = \"100\"\n timeout = 121s\n retry = 5\n"
              "quiet_hours = \"22-8\"\n allow_private = yes\n max_parked = 0\n max_unnoted = 15\n from = 0 }\n",
     "main.conf:3: " E "max_in_flight = 1025: expected 1 to 1024\n"
     "main.conf:4: " E "rate = 100: expected a number from 1 to 1000000 with /s, /min or /h, such as \"100/s\"\n"
     "main.conf:5: " E "timeout = \"121s\": expected \"1s\" to \"120s\"\n"
     "main.conf:6: " E "retry = 5: expected a number with s, m, h or d, such as \"36h\", up to \"3660d\"\n"
     "main.conf:7: " E "quiet_hours = 22-8: expected \"HH:MM-HH:MM\" or \"none\"\n"
     "main.conf:8: " E "allow_private = \"yes\": expected true or false\n"
     "main.conf:9: " E "max_parked = 0: expected 1 to 1000000\n"
     "main.conf:10: " E "max_unnoted = 15: expected 16 to 65536\n"
     "main.conf:11: " E "from = 0: expected an event's number\n"},
    {"an endpoint set again", A_POLICY "endpoint \"e\" { " WEBHOOK " }\nendpoint \"e\" { " WEBHOOK " }\n",
     "main.conf:3: " E "stands again: expected one section of that name (the first is at main.conf:2)\n"},
    {"an endpoint's name with a space", A_POLICY "endpoint \"a b\" { " WEBHOOK " }\n",
     "main.conf:2: endpoint \"a b\": the name is not valid: expected 1 to 64 printable ASCII characters, no space, "
     "quote or backslash\n"},
    {"a message without an event and a text", A_POLICY "message \"m\" {\n}\n",
     "main.conf:2: message \"m\": no event: expected on = TYPE, such as \"reminder.due\"\n"
     "main.conf:2: message \"m\": neither text nor template_id: expected one of them or both\n"},
    {"a message on no event", A_POLICY "message \"m\" {\n on = \"reminder.*\" text = A }\n",
     "main.conf:3: message \"m\": on = \"reminder.*\": expected a type of event, such as \"reminder.due\" " EVENTS},
    {"a message for no policy", A_POLICY "message \"m\" {\n on = \"reminder.due\" text = A policies = q }\n",
     "main.conf:3: message \"m\": policies = \"q\": expected policies that have a section (there is no section policy "
     "\"q\")\n"},
    {"an unknown key in a message", A_POLICY "message \"m\" { on = \"reminder.due\" text = A\n to = x }\n",
     "main.conf:3: message \"m\": unknown key \"to\": expected on, text, policies, language, template_id, variables, "
     "allow_links\n"},
    {"an unknown key in an endpoint", A_POLICY "endpoint \"e\" { " WEBHOOK "\n uri = x }\n",
     "main.conf:3: " E "unknown key \"uri\": expected adapter, url, secret_file, events, policies, categories, units, "
     "from, max_in_flight, rate, timeout, retry, quiet_hours, max_parked, max_unnoted, proxy, ca_file, client_cert, "
     "allow_private, mode, source, handshake, stream, max_length, kind, signature, language, max_segments, "
     "receipt_url, receipt_secret_file, receipt_within, username, sender, smsc, app_id, region, method, headers, body, "
     "sent_when, retry_when, failed_when\n"},
    {"a policy that may stand in a file that cannot be read",
     A_POLICY "include(\"none.conf\")\nendpoint \"e\" { " WEBHOOK "\n policies = q }\n",
     "main.conf:2: include(\"none.conf\"): No such file or directory: expected a file that can be read\n"},
};

static void test_faults(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_fault(rows[i].text, strlen(rows[i].text), rows[i].faults, rows[i].what);
}

static void test_many(void)
{
    struct buf text = BUF_INIT;
    buf_adds(&text, A_POLICY);
    for (int i = 0; i < 65; i++)
        buf_printf(&text, "endpoint \"e%d\" { " WEBHOOK " }\n", i);
    is_fault(text.p, text.n, "main.conf:66: endpoint \"e64\": too many: expected at most 64 sections endpoint\n",
             "an endpoint too many");
    buf_clear(&text);
    buf_adds(&text, A_POLICY);
    for (int i = 0; i < 257; i++)
        buf_printf(&text, "message \"m%d\" { on = \"reminder.due\" text = A }\n", i);
    is_fault(text.p, text.n, "main.conf:258: message \"m256\": too many: expected at most 256 sections message\n",
             "a message too many");
    buf_clear(&text);
    buf_adds(&text, A_POLICY "endpoint \"e\" { " WEBHOOK "\n units = { a0");
    for (int i = 1; i < 65; i++)
        buf_printf(&text, ", a%d", i);
    buf_adds(&text, " } }\n");
    is_fault(text.p, text.n,
             "main.conf:3: endpoint \"e\": units has 65 values: expected 0 to 64 of text without control "
             "characters\n",
             "a unit too many");
    buf_done(&text);
}

/* ---- the examples that are shipped ---- */

/* "#    key = value" and "#section {", but not "# prose". */
static bool is_code(const char *line)
{
    return line[0] == '#' && line[1] != '\n' && (line[1] != ' ' || line[2] == ' ');
}

/* The examples, as they are or with the '#' taken off what is code. */
static struct config *load_examples(bool uncommented)
{
    const char *top = getenv("top_srcdir");
    struct buf text = BUF_INIT;
    char path[512], line[1024];
    snprintf(path, sizeof path, "%s/etc/endpoints.conf", top ? top : ".");
    FILE *f = fopen(path, "r");
    if (!f)
        bail_out("cannot read %s", path);
    while (fgets(line, sizeof line, f))
        buf_adds(&text, uncommented && is_code(line) ? line + 1 : line);
    fclose(f);
    write_file("endpoints.conf", text.p, text.n);
    buf_done(&text);
    return load_text("policy \"national\" { }\npolicy \"zhoushan\" { }\ninclude(\"endpoints.conf\")\n");
}

static void test_examples(void)
{
    unsigned seen = 0;
    struct config *c = load_examples(true);
    for (unsigned i = 0; i < c->endpoints->n; i++)
        seen |= 1u << c->endpoints->v[i].adapter;
    is_int(seen, (1u << ADAPTER_KIND_N) - 1, "the examples that are shipped have every adapter, and no fault");
    ok(c->endpoints->n_texts > 0, "and messages");
    config_free(c);
    c = load_examples(false);
    is_int(c->endpoints->n + c->endpoints->n_texts, 0, "as they are shipped, all are comments");
    config_free(c);
}

int main(void)
{
    plan(0);
    test_defaults();
    test_template_events();
    test_events_keys();
    test_messages_keys();
    test_texts();
    test_faults();
    test_many();
    test_examples();
    return tap_end();
}
