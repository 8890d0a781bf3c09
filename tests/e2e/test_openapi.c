/* The descriptions of the API and of the webhooks hold: linters find nothing in them, and what a real daemon answers,
 * takes and sends is as they say, answer for answer and event for event. */
#include <stdio.h>
#include <stdlib.h>

#include "adapter/table.h"
#include "codec/event_json.h"
#include "http/openapi/openapi_events.h"
#include "tests/e2e/peers.h"
#include "tests/e2e/process.h"
#include "tests/lib/node.h"
#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define JSON "application/json"
#define NDJSON "application/x-ndjson"
#define PATH_BYTES 512
#define WHO "{\"by\":\"Li\",\"why\":\"a trial\"}"

static struct node *n;
static struct web_receiver receiver;
static struct reply r;
static struct buf records; /* what api.mjs is to look at, a line each */

static const char *source_path(const char *name, char out[PATH_BYTES])
{
    const char *top = getenv("top_srcdir");
    snprintf(out, PATH_BYTES, "%s/%s", top ? top : ".", name);
    return out;
}

/* --- records --- */

static void member(const char *name, struct str value)
{
    buf_printf(&records, "%s\"%s\":", records.p[records.n - 1] == '{' ? "" : ",", name);
    buf_add_json(&records, value);
}

static void record_documents(void)
{
    char path[PATH_BYTES];
    buf_addc(&records, '{');
    member("openapi", str_of(source_path("docs/openapi.json", path)));
    member("asyncapi", str_of(source_path("docs/asyncapi.json", path)));
    BUF_LIT(&records, "}\n");
}

/* kind: "schema" or "message"; body: JSON. */
static void record_value(const char *kind, const char *name, struct str body)
{
    buf_addc(&records, '{');
    member(kind, str_of(name));
    BUF_LIT(&records, ",\"body\":");
    buf_addstr(&records, body);
    BUF_LIT(&records, "}\n");
}

/* --- what is asked, and answered --- */

struct step {
    const char *method, *path; /* as in the document */
    const char *target;        /* NULL: the path */
    const char *type;          /* of the body */
    const char *body;
    int status;
};

#define ENROL(id) "{\"op\":\"enrol\",\"id\":\"" id "\",\"policy\":\"national\",\"approved_on\":\"2025-12-01\""
#define P "/v1/beneficiaries/{id}"
#define E "/v1/endpoints/{name}"
#define D "/v1/deliveries/{id}"

static const struct step steps[] = {
    /* every op, every result */
    {"POST", "/v1/inputs", NULL, JSON, ENROL("p1") ",\"amount\":350000,\"unit\":\"U-1\",\"category\":\"worker\"}", 200},
    {"POST", "/v1/inputs", NULL, JSON,
     "{\"op\":\"enrol\",\"id\":\"p1\",\"policy\":\"national\",\"approved_on\":\"2025-11-01\"}", 422},
    {"POST", "/v1/inputs", NULL, JSON, ENROL("p1") "}", 200},
    {"POST", "/v1/inputs", NULL, JSON, "{\"op\":\"enrol\",\"id\":\"p9\"}", 400},
    {"POST", "/v1/inputs", NULL, "text/csv", "p9", 415},
    {"POST", "/v1/inputs", NULL, NDJSON,
     ENROL("p2") ",\"name\":\"" CANARY_NAME "1\",\"phone\":\"" CANARY_PHONE "00001\",\"category\":null}\n" ENROL(
         "p3") "}\n"
               "{\"op\":\"unit\",\"unit\":\"U-1\",\"name\":\"街道办\"}\n"
               "{\"op\":\"amend\",\"id\":\"p1\",\"amount\":360000,\"amount_from\":\"2026-02\",\"unit\":null}\n"
               ""
               ""
               ""
               ""
               ""
               ""
               ""
               ""
               "{\"op\":\"certify\",\"id\":\"p1\",\"channel\":\"face\",\"certified_on\":\"2026-02-10\",\"ref\":\"F-1\",\"by\":\"女儿\"}\n"
               "{\"op\":\"revoke\",\"id\":\"p1\",\"channel\":\"face\",\"ref\":\"F-1\",\"reason\":\"another face\"}\n"
               "{\"op\":\"defer\",\"id\":\"p1\",\"until\":\"2027-01-10\",\"reason\":\"a visit\"}\n"
               "{\"op\":\"report-death\",\"id\":\"p2\",\"died_on\":\"2026-01-20\"}\n"
               "{\"op\":\"retract-death\",\"id\":\"p2\",\"reason\":\"an error\"}\n"
               "{\"op\":\"report-death\",\"id\":\"p3\",\"died_on\":\"2026-01-20\"}\n"
               "{\"op\":\"erase\",\"id\":\"p3\"}\n"
               "{\"op\":\"certify\",\"id\":\"p2\",\"channel\":\"face\",\"certified_on\":\"2030-01-01\",\"ref\":\"F-2\"}\n",
     200},
    {"POST", "/v1/inputs", NULL, NDJSON, "{\"op\":\"erase\"}\nnot JSON\n{\"op\":\"unit\",\"unit\":\"\"}\n", 200},
    /* people, and the whole */
    {"GET", P, "/v1/beneficiaries/p1", NULL, NULL, 200},
    {"GET", P, "/v1/beneficiaries/p3", NULL, NULL, 200},
    {"GET", P, "/v1/beneficiaries/nobody", NULL, NULL, 404},
    {"GET", P, "/v1/beneficiaries/p1?as_of=2026-01-01T00:00:00+08:00", NULL, NULL, 404},
    {"GET", P, "/v1/beneficiaries/p1?as_of=2199-12-31", NULL, NULL, 400},
    {"GET", P, "/v1/beneficiaries/p1?as_of=yesterday", NULL, NULL, 400},
    {"GET", "/v1/beneficiaries", NULL, NULL, NULL, 200},
    {"GET", "/v1/beneficiaries", "/v1/beneficiaries?status=active&limit=1", NULL, NULL, 200},
    {"GET", "/v1/beneficiaries", "/v1/beneficiaries?status=dead", NULL, NULL, 400},
    {"GET", "/v1/periods/{month}", "/v1/periods/2026-01", NULL, NULL, 200},
    {"GET", "/v1/periods/{month}", "/v1/periods/2026-13", NULL, NULL, 400},
    {"GET", "/v1/events", "/v1/events?after=3&type=benefit.*,beneficiary.*", NULL, NULL, 200},
    {"GET", "/v1/events", "/v1/events?type=no.such", NULL, NULL, 400},
    {"GET", P "/events", "/v1/beneficiaries/p1/events", NULL, NULL, 200},
    {"GET", P "/events", "/v1/beneficiaries/p1/events?as_of=2199-12-31", NULL, NULL, 400},
    {"GET", "/v1/due", NULL, NULL, NULL, 200},
    {"GET", "/v1/due", "/v1/due?by=month&from=2026-04-01", NULL, NULL, 200},
    {"GET", "/v1/due", "/v1/due?by=week", NULL, NULL, 400},
    /* holds */
    {"POST", "/v1/holds", NULL, JSON,
     "{\"hold\":\"moratorium\",\"until\":\"2026-06-30\",\"scope\":{\"unit\":\"U-1\"},\"by\":\"Li\",\"why\":\"a "
     "flood\"}",
     200},
    {"POST", "/v1/holds", NULL, JSON,
     "{\"hold\":\"moratorium\",\"until\":\"2026-06-30\",\"scope\":null,\"by\":\"Li\",\"why\":\"a flood\"}", 200},
    {"GET", "/v1/holds", NULL, NULL, NULL, 200},
    {"GET", "/v1/status", NULL, NULL, NULL, 200},
    {"GET", "/v1/whoami", NULL, NULL, NULL, 200},
    {"DELETE", "/v1/holds/{name}", "/v1/holds/moratorium", JSON, WHO, 200},
    {"DELETE", "/v1/holds/{name}", "/v1/holds/moratorium", JSON, WHO, 404},
    /* delivery */
    {"POST", E "/test", "/v1/endpoints/payroll/test", NULL, NULL, 200},
    {"POST", E "/test", "/v1/endpoints/sms/test", JSON, "{\"phone\":\"" CANARY_PHONE "00002\"}", 200},
    {"POST", E "/test", "/v1/endpoints/sms/test", NULL, NULL, 422},
    {"POST", E "/pause", "/v1/endpoints/payroll/pause", JSON, WHO, 200},
    {"POST", E "/redeliver", "/v1/endpoints/payroll/redeliver", JSON,
     "{\"after\":1,\"until\":\"2026-04-01\",\"type\":\"benefit.*\",\"by\":\"Li\",\"why\":\"a trial\"}", 202},
    {"GET", "/v1/endpoints", NULL, NULL, NULL, 200},
    {"DELETE", E "/redeliver", "/v1/endpoints/payroll/redeliver", JSON, WHO, 200},
    {"POST", E "/resume", "/v1/endpoints/payroll/resume", JSON, WHO, 200},
    {"POST", E "/resume", "/v1/endpoints/nobody/resume", JSON, WHO, 404},
    {"POST", E "/resume", "/v1/endpoints/payroll/resume", JSON, "{\"by\":\"Li\"}", 400},
    {"GET", "/v1/deliveries", "/v1/deliveries?endpoint=down&state=retry,wait", NULL, NULL, 200},
    {"POST", D "/retry", "/v1/deliveries/down:999/retry", JSON, WHO, 404},
    /* receipts */
    {"GET", "/v1/receipts/{endpoint}/{secret}", "/v1/receipts/sms/s3cret?id=m_0_7&type=1", NULL, NULL, 200},
    {"GET", "/v1/receipts/{endpoint}/{secret}", "/v1/receipts/sms/wrong?id=m_0_7&type=1", NULL, NULL, 404},
    {"POST", "/v1/receipts/{endpoint}/{secret}", "/v1/receipts/aliyun/s3cret", JSON, "[]", 200},
    {"POST", "/v1/receipts/{endpoint}/{secret}", "/v1/receipts/sms/s3cret?id=m_0_7&type=1", NULL, NULL, 200},
    /* probes */
    {"GET", "/healthz", NULL, NULL, NULL, 200},
    {"GET", "/readyz", NULL, NULL, NULL, 200},
    {"GET", "/metrics", NULL, NULL, NULL, 200},
    {"GET", "/openapi.json", NULL, NULL, NULL, 200},
};

static void record_answer(const struct step *s)
{
    const char *type = reply_header(&r, "Content-Type");
    buf_addc(&records, '{');
    member("method", str_of(s->method));
    member("path", str_of(s->path));
    buf_printf(&records, ",\"status\":%d", r.status);
    member("type", str_of(type ? type : ""));
    member("body", (struct str){r.body.p, r.body.n});
    BUF_LIT(&records, "}\n");
    if (r.status / 100 != 2 || !s->type || strstr(r.body.p, "malformed"))
        return;
    buf_addc(&records, '{');
    member("method", str_of(s->method));
    member("path", str_of(s->path));
    member("brought", str_of(s->type));
    member("body", str_of(s->body));
    BUF_LIT(&records, "}\n");
}

static void take(const struct step *s)
{
    char header[64];
    snprintf(header, sizeof header, "Content-Type: %s\r\n", s->type ? s->type : JSON);
    request_once(n->socket, s->method, s->target ? s->target : s->path, s->type ? header : NULL, str_of(s->body), &r);
    if (!ok(r.status == s->status, "%s %s: %d", s->method, s->target ? s->target : s->path, s->status))
        diag("got %d: %.300s", r.status, r.status ? r.body.p : "nothing");
    record_answer(s);
}

/* --- deliveries that can be decided about --- */

static bool two_wait(void *arg)
{
    (void)arg;
    request_once(n->socket, "GET", "/v1/deliveries?endpoint=down&state=retry&limit=2", NULL, STR_NONE, &r);
    const char *first = strstr(r.body.p, "\"id\":\"down:");
    return first && strstr(first + 1, "\"id\":\"down:");
}

static void decide(void)
{
    char target[128];
    unsigned long long ids[2] = {0, 0};
    ok(await(two_wait, NULL), "an endpoint that is down has deliveries that wait");
    const char *first = strstr(r.body.p, "\"id\":\"down:"),
               *second = first ? strstr(first + 1, "\"id\":\"down:") : NULL;
    if (!second)
        return;
    sscanf(first, "\"id\":\"down:%llu", &ids[0]);
    sscanf(second, "\"id\":\"down:%llu", &ids[1]);
    for (int i = 0; i < 2; i++) {
        snprintf(target, sizeof target, "/v1/deliveries/down:%llu/%s", ids[i], i ? "drop" : "retry");
        const struct step s = {"POST", i ? D "/drop" : D "/retry", target, JSON, WHO, 200};
        take(&s);
    }
}

/* --- events --- */

static void record_notice(const struct notice *v, const char *name)
{
    static char url[] = "https://payroll.example/events";
    const struct endpoint e = {.url = url, .mode = CLOUDEVENTS_STRUCTURED};
    const unsigned char nonce[16] = {0};
    char message[128];
    struct buf body = BUF_INIT;
    struct adapter_state *state;
    struct call call = {0};
    struct errmsg msg;
    write_webhook(&body, v);
    snprintf(message, sizeof message, "%sWebhook", name);
    record_value("message", message, buf_str(&body));
    buf_done(&body);
    if (adapter_cloudevents.open(&e, &state, &msg) != ERR_OK ||
        adapter_cloudevents.render(state, v, 1, NULL, 1772330400, nonce, &call, &msg) != ERR_OK)
        bail_out("no CloudEvent: %s", msg.text);
    snprintf(message, sizeof message, "%sCloudEvent", name);
    record_value("message", message, buf_str(&call.body));
    adapter_cloudevents.close(state);
    call_done(&call);
}

static void record_event(const char *line, struct event_arena *arena)
{
    struct event e;
    size_t where;
    char time[25], name[API_EVENT_NAME];
    struct buf data = BUF_INIT;
    if (event_read(str_of(line), &e, arena, &where) != ERR_OK)
        bail_out("no event: %s", line);
    instant_format(e.time, e.offset, time);
    event_write_data(&data, &e);
    const struct notice v = {.id = STR_LIT("8f3a_0_41"),
                             .seq = e.seq,
                             .prev = e.prev,
                             .type = str_of(event_type_text(e.type)),
                             .time = {time, sizeof time},
                             .subject = e.subject,
                             .data = buf_str(&data),
                             .simulated = e.simulated,
                             .replay = e.seq % 2 == 0,
                             .gap = e.seq % 3 == 0};
    api_event_name(e.type, name);
    record_value("schema", "Event", str_of(line));
    record_notice(&v, name);
    buf_done(&data);
}

/* The year that the manual's examples come from has every type. */
static void record_year(void)
{
    char config[PATH_BYTES], inputs[PATH_BYTES];
    const char *const argv[] = {
        "lifecertctl", "-c",         source_path("docs/example/year.conf", config),   "simulate",
        "--until",     "2028-09-30", source_path("docs/example/year.ndjson", inputs), NULL};
    const struct notice trial = {.id = STR_LIT("8f3a_0_T1"),
                                 .type = STR_LIT("endpoint.test"),
                                 .time = STR_LIT("2026-02-01T09:00:00+08:00"),
                                 .data = STR_LIT("{}")};
    struct buf output = BUF_INIT;
    struct event_arena arena = {0};
    unsigned events = 0;
    run_program(argv, &output); /* 1: some of its inputs are rejected */
    for (char *save = NULL, *line = strtok_r(output.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "{\"seq\"", 6) != 0)
            continue;
        record_event(line, &arena);
        events++;
    }
    record_notice(&trial, "EndpointTest");
    ok(events > EV_N, "a year's events are told");
    event_arena_done(&arena);
    buf_done(&output);
}

/* --- the judges --- */

static const char *run_on(const char *script, struct str input, struct buf *out)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.in", tap_tmpdir(), script);
    write_private(path, input);
    peers_run(script, path, out);
    return out->p;
}

/* Every line but the last is something found. */
static void nothing_found(const char *script, struct str input, const char *last, const char *what)
{
    struct buf out = BUF_INIT;
    char *text = mem_strdup(run_on(script, input, &out));
    if (!ok(strcmp(text, last) == 0, "%s", what))
        for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
            diag("%s", line);
    free(text);
    buf_done(&out);
}

static void lint(void)
{
    char openapi[PATH_BYTES], asyncapi[PATH_BYTES];
    struct buf files = BUF_INIT;
    buf_printf(&files, "%s\n%s\n", source_path("docs/openapi.json", openapi),
               source_path("docs/asyncapi.json", asyncapi));
    nothing_found("lint.mjs", buf_str(&files), "2 documents\n", "a linter finds nothing in the descriptions");
    buf_done(&files);
}

static void judge(void)
{
    char last[64];
    unsigned lines = 0;
    for (size_t i = 0; i < records.n; i++)
        lines += records.p[i] == '\n';
    snprintf(last, sizeof last, "%u looked at\n", lines - 1);
    nothing_found("api.mjs", buf_str(&records), last, "what is answered, taken and sent is as it is described");
}

/* --- the daemon --- */

static void save_secret(const char *name, const char *secret)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", n->dir, name);
    write_private(path, str_of(secret));
}

static void start_daemon(void)
{
    struct buf b = BUF_INIT;
    n = node_new("");
    save_secret("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    save_secret("receipts", "s3cret");
    buf_printf(&b,
               "timezone = \"Asia/Shanghai\"\nclock = \"2026-03-01T10:00:00+08:00 x1\"\n"
               "channel \"face\" { expect_every = \"36h\" }\npolicy \"national\" { }\n"
               "message \"reminder\" { on = \"reminder.due\" template_id = \"SMS_1\" }\n"
               "endpoint \"payroll\" {\n  adapter = \"standard-webhooks\"\n  url = \"http://127.0.0.1:%d/payroll\"\n"
               "  secret_file = \"%s/secret\"\n  allow_private = true\n}\n"
               "endpoint \"down\" {\n  adapter = \"standard-webhooks\"\n  url = \"http://127.0.0.1:1/down\"\n"
               "  secret_file = \"%s/secret\"\n  allow_private = true\n  from = 1\n  retry = { \"1h\" }\n}\n"
               "endpoint \"sms\" {\n  adapter = \"kannel\"\n  url = \"http://127.0.0.1:1/sms\"\n"
               "  username = \"u\"\n  secret_file = \"%s/secret\"\n  signature = \"舟山社保\"\n  allow_private = true\n"
               "  receipt_url = \"http://127.0.0.1:2\"\n  receipt_secret_file = \"%s/receipts\"\n}\n"
               "endpoint \"aliyun\" {\n  adapter = \"aliyun-sms\"\n  url = \"http://127.0.0.1:1\"\n"
               "  username = \"u\"\n  secret_file = \"%s/secret\"\n  signature = \"舟山社保\"\n  allow_private = true\n"
               "  receipt_secret_file = \"%s/receipts\"\n}\n",
               receiver.port, n->dir, n->dir, n->dir, n->dir, n->dir, n->dir);
    buf_addc(&b, '\0');
    node_configure(n, b.p);
    buf_done(&b);
    node_init(n);
    node_must_start(n);
}

static void test_everything(void)
{
    lint();
    record_documents();
    record_year();
    web_receiver_start(&receiver, true, NULL, NULL);
    start_daemon();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        take(&steps[i]);
    decide();
    judge();
    is_int(node_stop(n), 0, "the daemon ends");
    web_receiver_stop(&receiver);
    buf_done(&records);
}

int main(void)
{
    char why[200];
    bool installed = peers_install(why);
    plan(installed ? 0 : 1);
    if (installed)
        test_everything();
    else
        skip(1, "%s", why);
    reply_done(&r);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
