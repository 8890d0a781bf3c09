/* What the daemon sends to programs, as the official libraries of receivers see it: Standard Webhooks and Svix check
 * its signatures, CloudEvents reads its events in all three modes. What arrives is the log, event for event. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/delivery_view.h"
#include "tests/e2e/peers.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"

/* Secrets: two of the first kind, and a pair of the second. */
#define OLD "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define NEW "whsec_b2xkIGFuZCBuZXcgc2lkZSBieSBzaWRlLCBmb3Igbm93"
#define PRIVATE "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
#define PUBLIC "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="

static struct node *n;
static struct web_receiver receiver;
static struct reply r, answer;

/* --- the daemon --- */

static void save_secret(const char *name, const char *secret)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", n->dir, name);
    write_private(path, str_of(secret));
}

/* Each endpoint posts to its own name. secrets: file names in this node's folder, "" for none. */
static void add_endpoint(struct buf *b, const char *name, const char *adapter, const char *first, const char *second,
                         const char *more)
{
    buf_printf(b, "endpoint \"%s\" {\n    adapter = \"%s\"\n    url = \"http://127.0.0.1:%d/%s\"\n", name, adapter,
               receiver.port, name);
    buf_printf(b, "    secret_file = { \"%s/%s\"", n->dir, first);
    if (second[0])
        buf_printf(b, ", \"%s/%s\"", n->dir, second);
    buf_printf(b, " }\n    allow_private = true\n    from = 1\n%s}\n", more);
}

/* rotating: the secrets of the endpoint of that name. */
static void configure(const char *first, const char *second)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "timezone = \"Asia/Shanghai\"\nclock = \"2026-03-01T10:00:00+08:00 x1\"\n"
                 "channel \"face\" { }\npolicy \"national\" { }\n");
    add_endpoint(&b, "rotating", "standard-webhooks", first, second, "");
    add_endpoint(&b, "both-kinds", "standard-webhooks", "private", "old", "");
    add_endpoint(&b, "some", "standard-webhooks", "old", "", "    events = { \"benefit.*\", \"*.revoked\" }\n");
    add_endpoint(&b, "structured", "cloudevents", "old", "", "    source = \"https://agency.example/lifecertd\"\n");
    add_endpoint(&b, "binary", "cloudevents", "old", "", "    mode = \"binary\"\n");
    add_endpoint(&b, "batch", "cloudevents", "old", "", "    mode = \"batch\"\n");
    buf_addc(&b, '\0');
    node_configure(n, b.p);
    buf_done(&b);
}

static void start_daemon(void)
{
    n = node_new("");
    save_secret("old", OLD);
    save_secret("new", NEW "\n");
    save_secret("private", PRIVATE);
    configure("old", "");
    node_init(n);
    node_must_start(n);
}

static void reconfigure(const char *first, const char *second)
{
    configure(first, second);
    node_signal(n, SIGHUP);
    if (!node_await(n, "READY=1"))
        bail_out("the daemon does not take up its configuration");
}

/* --- what happens to people --- */

static void post(const char *json)
{
    request_once(n->socket, "POST", "/v1/inputs", JSON, str_of(json), &r);
    if (r.status != 200)
        bail_out("%s is answered %d: %s", json, r.status, r.body.p);
}

/* The id has characters that no header can have as they are. */
static void a_life(const char *id)
{
    static const char *const inputs[] = {
        "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2025-05-01\",\"category\":\"城乡居民\"}",
        "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"r-1\",\"certified_on\":\"2026-02-27\"}",
        "{\"op\":\"revoke\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"r-1\",\"reason\":\"人脸“冒用”, \\\"50%%\\\" 𠮷\"}",
        "{\"op\":\"defer\",\"id\":\"%s\",\"until\":\"2026-06-20\",\"reason\":\"行动不便，预约上门\"}",
        "{\"op\":\"report-death\",\"id\":\"%s\",\"died_on\":\"2026-02-20\"}",
        "{\"op\":\"retract-death\",\"id\":\"%s\",\"reason\":\"同名误报 \\\\ / \\u2028\"}",
        "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"r-2\",\"certified_on\":\"2020-01-01\"}",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct buf json = BUF_INIT;
        buf_printf(&json, inputs[i], id);
        buf_addc(&json, '\0');
        request_once(n->socket, "POST", "/v1/inputs", JSON, str_of(json.p), &r);
        if (r.status != 200 && r.status != 422)
            bail_out("%s is answered %d: %s", json.p, r.status, r.body.p);
        buf_done(&json);
    }
}

/* --- what the receiver is asked --- */

#define ask(...) web_receiver_ask(&receiver, STR_NONE, &answer, __VA_ARGS__)

struct counting {
    const char *question;
    long wanted;
};

static bool enough(void *arg)
{
    const struct counting *c = arg;
    return strtol(ask("%s", c->question), NULL, 10) >= c->wanted;
}

/* Waits until so many events have come to that path. */
static bool arrived(const char *path, const char *as, long wanted)
{
    char question[96];
    snprintf(question, sizeof question, "/event-count?path=/%s&as=%s", path, as);
    struct counting c = {question, wanted};
    return await(enough, &c) && strtol(answer.body.p, NULL, 10) == wanted;
}

static const char *verdict(const char *path, const char *with, const char *secret, const char *alter)
{
    struct buf encoded = BUF_INIT;
    for (const char *p = secret; *p; p++)
        buf_printf(&encoded, strchr("+/=", *p) ? "%%%02X" : "%c", *p);
    buf_addc(&encoded, '\0');
    const char *text = ask("/verify?path=/%s&with=%s&secret=%s&alter=%s", path, with, encoded.p, alter);
    buf_done(&encoded);
    return text;
}

static const char *counts(long accepted, long refused)
{
    static char text[64];
    snprintf(text, sizeof text, "accepted %ld, refused %ld\n", accepted, refused);
    return text;
}

/* --- the log --- */

/* Its lines as the receiver puts events, and how many there are. */
static long read_log(const char *type, struct buf *out)
{
    const char *const argv[] = {"lifecertctl", "-c", n->config, "events", "--type", type, NULL};
    struct buf lines = BUF_INIT;
    long count = 0;
    if (run_program(argv, &lines) != 0)
        bail_out("%s", lines.p);
    buf_clear(out);
    buf_adds(out, web_receiver_ask(&receiver, buf_str(&lines), &answer, "/log"));
    for (size_t i = 0; i < out->n; i++)
        count += out->p[i] == '\n';
    buf_addc(out, '\0');
    buf_done(&lines);
    return count;
}

/* --- the tests --- */

static const struct {
    const char *path, *as;
} all_events[] = {
    {"rotating", "webhooks"},  {"both-kinds", "webhooks"}, {"structured", "cloudevents"},
    {"binary", "cloudevents"}, {"batch", "cloudevents"},
};
#define N_ALL (sizeof all_events / sizeof *all_events)

static void test_content(long *count)
{
    struct buf log = BUF_INIT, ids = BUF_INIT;
    *count = read_log("*", &log);
    ok(*count > 12, "the log has %ld events", *count);
    ok(strstr(log.p, "冒用") && strstr(log.p, "\"simulated\":true"),
       "with Chinese text, under a clock that is not real");
    for (size_t i = 0; i < N_ALL; i++) {
        const char *path = all_events[i].path, *as = all_events[i].as;
        ok(arrived(path, as, *count), "%s: as many events arrive as the log has", path);
        is_str(ask("/events?path=/%s&as=%s", path, as), log.p, "%s: each is what the log says", path);
        is_str(ask("/ordered?path=/%s&as=%s", path, as), "yes\n", "%s: each person's in the log's order", path);
        ask("/ids?path=/%s&as=%s", path, as);
        if (i == 0)
            buf_add(&ids, answer.body.p, answer.body.n + 1);
        else
            is_str(answer.body.p, ids.p, "%s: with the same ids as everywhere", path);
    }
    long some = read_log("benefit.*", &log) + read_log("*.revoked", &log);
    ok(arrived("some", "webhooks", some), "who wants some types gets those alone");
    buf_done(&log);
    buf_done(&ids);
}

static void test_cloudevents(void)
{
    is_str(ask("/sources?path=/structured&as=cloudevents"), "https://agency.example/lifecertd\n", "the source is set");
    is_str(ask("/sources?path=/binary&as=cloudevents"), "/lifecertd\n", "or the default one");
    is_str(ask("/count?path=OPTIONS%%20/structured"), "1\n", "the receiver is asked for its consent, once");
    ok(strtol(ask("/count?path=/batch"), NULL, 10) > 0, "batches arrive");
    is_str(ask("/count?path=OPTIONS%%20/rotating"), "0\n", "a webhook's receiver is not asked");
}

static void test_signatures(long count)
{
    static const char *const libraries[] = {"standardwebhooks", "svix"};
    long batches = strtol(ask("/count?path=/batch"), NULL, 10);
    for (size_t i = 0; i < 2; i++) {
        const char *library = libraries[i];
        is_str(verdict("rotating", library, OLD, "none"), counts(count, 0), "%s accepts every webhook", library);
        is_str(verdict("structured", library, OLD, "none"), counts(count, 0), "%s: structured events too", library);
        is_str(verdict("binary", library, OLD, "none"), counts(count, 0), "%s: binary ones", library);
        is_str(verdict("batch", library, OLD, "none"), counts(batches, 0), "%s: and batches", library);
        is_str(verdict("rotating", library, NEW, "none"), counts(0, count), "%s: none with another secret", library);
        is_str(verdict("rotating", library, OLD, "body"), counts(0, count), "%s: none with a byte changed", library);
        is_str(verdict("rotating", library, OLD, "id"), counts(0, count), "%s: none under another id", library);
        is_str(verdict("rotating", library, OLD, "timestamp"), counts(0, count), "%s: nor of another time", library);
    }
    is_str(verdict("both-kinds", "ed25519", PUBLIC, "none"), counts(count, 0), "v1a fits the public key");
    is_str(verdict("both-kinds", "ed25519", PUBLIC, "body"), counts(0, count), "but no changed body");
    is_str(verdict("both-kinds", "standardwebhooks", OLD, "none"), counts(count, 0), "v1 stands beside it");
}

/* From one secret to another while events go on. */
static void test_rotation(void)
{
    ask("/forget?path=/rotating");
    reconfigure("new", "old");
    post("{\"op\":\"unit\",\"unit\":\"U-1\",\"name\":\"白泉镇社保所\"}");
    ok(arrived("rotating", "webhooks", 1), "an event during the rotation");
    is_str(verdict("rotating", "standardwebhooks", OLD, "none"), counts(1, 0), "fits for who knows the old secret");
    is_str(verdict("rotating", "standardwebhooks", NEW, "none"), counts(1, 0), "and for who knows the new one");
    is_str(verdict("rotating", "svix", NEW, "body"), counts(0, 1), "but not with a byte changed");
    ask("/forget?path=/rotating");
    reconfigure("new", "");
    post("{\"op\":\"unit\",\"unit\":\"U-2\",\"name\":\"昌国街道\"}");
    ok(arrived("rotating", "webhooks", 1), "an event after it");
    is_str(verdict("rotating", "standardwebhooks", OLD, "none"), counts(0, 1), "does not fit with the old one only");
    is_str(verdict("rotating", "standardwebhooks", NEW, "none"), counts(1, 0), "but with the new one");
}

static void test_everything(void)
{
    long count;
    web_receiver_start(&receiver, true, NULL, NULL);
    start_daemon();
    a_life("330902-0000001");
    a_life("\\\"50%\\\"/p+1");
    test_content(&count);
    test_cloudevents();
    test_signatures(count);
    test_rotation();
    is_int(node_stop(n), 0, "the daemon stops");
    web_receiver_stop(&receiver);
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
    reply_done(&answer);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
