/* Names and phone numbers are in contacts.db, and on their way to a gateway; nowhere else. They are brought in by every
 * way there is, and then looked for, in every form, in whatever the daemon and lifecertctl have written or answered. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/canary/gossip.h"
#include "tests/canary/ways_in.h"
#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define PEOPLE 300
#define ERASED_FIRST 900 /* people who die and are erased */
#define ERASED 40
#define FORMS 9 /* as many gateways as there are kinds of answers */
#define HEARD (FORMS + 3)

static struct rig rig;
static struct gossip *gossip;
static char outside[160]; /* a folder for what was given to lifecertctl */
static struct buf said;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))

/* --- where they may be --- */

static const char *const contacts[] = {"contacts.db", "contacts.db-wal", "contacts.db-shm", NULL};

/* Everything that the daemon and lifecertctl wrote: the store, backups, archives, the journal, the delivery log. */
static void nowhere_in_files(const char *when)
{
    const char *found = canary_find_in_folder(rig.node->dir, contacts);
    check(!found, "%s: no file but the contacts holds a name or a number%s%s", when, found ? ": " : "",
          found ? found : "");
}

struct answers {
    unsigned n, leaks, refused;
};

static void look_at_answer(void *arg, const char *what, const struct reply *r)
{
    struct answers *a = arg;
    const char *form = "", *in_head = canary_find(r->head.p, r->head.n, &form);
    const char *in_body = canary_find(r->body.p, r->body.n, &form);
    a->n++;
    a->refused += r->status >= 400;
    if (!in_head && !in_body)
        return;
    if (a->leaks++ < 10)
        diag("%s: answered %d, with %s: %.200s", what, r->status, form, in_body ? r->body.p : r->head.p);
}

/* --- ways in --- */

static void add_person(struct buf *out, const char *op, unsigned i, const char *more)
{
    char name[CANARY_TEXT], phone[CANARY_TEXT];
    buf_printf(out, "{\"op\":\"%s\",\"id\":\"P-%06u\",\"name\":\"%s\",\"phone\":\"%s\"%s}\n", op, i,
               canary_name(i, name), canary_phone(i, phone), more);
}

static void post(struct buf *lines)
{
    request_once(rig.node->socket, "POST", "/v1/inputs", NDJSON, buf_str(lines), &rig.reply);
    if (rig.reply.status != 200)
        bail_out("inputs are answered %d", rig.reply.status);
    struct answers a = {.n = 0};
    look_at_answer(&a, "good inputs", &rig.reply);
    check(a.leaks == 0 && strstr(rig.reply.body.p, "\"result\":\"applied\""), "good inputs are answered without them");
    buf_clear(lines);
}

/* They are reminded at once. */
static void enrol(unsigned first, unsigned n)
{
    struct buf b = BUF_INIT;
    for (unsigned i = first; i < first + n; i++)
        add_person(&b, "enrol", i,
                   ",\"policy\":\"a\",\"approved_on\":\"2010-01-01\",\"last_certified_on\":\"2020-01-01\"");
    for (unsigned i = first; i < first + n; i += 7)
        buf_printf(&b,
                   "{\"op\":\"certify\",\"id\":\"P-%06u\",\"channel\":\"face\",\"certified_on\":\"2026-01-01\",\"ref\":"
                   "\"%u\",\"by\":\"" CANARY_NAME "%u\",\"phone\":\"+86 139 7390 1%03u\"}\n",
                   i, i, i, i % 1000);
    buf_adds(&b, "{\"op\":\"unit\",\"unit\":\"U-1\",\"name\":\"" CANARY_NAME "社保所\",\"phone\":\"13973900009\"}\n");
    post(&b);
    buf_done(&b);
}

static void test_http(void)
{
    struct answers a = {.n = 0};
    enrol(0, PEOPLE);
    unsigned n = ways_in(rig.node->socket, look_at_answer, &a);
    check(a.n == n && a.refused > n / 2, "%u requests, %u of them refused", n, a.refused);
    check(a.leaks == 0, "no answer repeats a name or a number: %u do", a.leaks);
}

/* --- lifecertctl --- */

static void says_none(int code, const char *what)
{
    const char *form = "";
    bool leaks = canary_find(rig.text.p, rig.text.n, &form) != NULL;
    check(!leaks && code >= 0 && code <= 1, "lifecertctl %.70s ends with %d and prints none", what, code);
    if (leaks || code > 1 || code < 0)
        diag("%s: %.400s", form, rig.text.p);
}

static void ctl(const char *words)
{
    says_none(rig_ctl(&rig, "%s", words), words);
}

static const char *write_outside(const char *name, const struct buf *content)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", outside, name);
    unlink(path);
    write_private(path, buf_str(content));
    return path;
}

static void import(const char *name, struct buf *content)
{
    char words[400];
    snprintf(words, sizeof words, "import %s --results %s/results", write_outside(name, content), rig.node->dir);
    ctl(words);
    buf_clear(content);
}

static void test_imports(void)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 400; i < 450; i++)
        add_person(&b, "enrol", i, ",\"policy\":\"a\",\"approved_on\":\"2025-12-01\"");
    import("good.ndjson", &b);
    for (unsigned i = 450; i < 460; i++) {
        add_person(&b, "enrol", i, ",\"policy\":\"none\",\"approved_on\":\"2025-12-01\"");
        add_person(&b, "enrol", i, "");
        add_person(&b, "amend", i, ",\"amount\":\"" CANARY_NAME "\"");
        add_person(&b, CANARY_NAME, i, "");
        buf_printf(&b, "{\"op\":\"enrol\",\"name\":\"" CANARY_NAME "%u\n" CANARY_NAME " 13973900001\n", i);
    }
    import("bad.ndjson", &b);
    buf_adds(&b, "id,policy,approved_on,name,phone\n");
    for (unsigned i = 500; i < 550; i++)
        buf_printf(&b, "P-%06u,a,2025-12-01," CANARY_NAME "%u,139 7390 %04u\n", i, i, i);
    buf_adds(&b, "P-1," CANARY_NAME ",13973900001,\"" CANARY_NAME "\n13973900001\",x,y,z\n\"" CANARY_NAME);
    import("some.csv", &b);
    buf_adds(&b, "id," CANARY_NAME ",13973900001\nP-1,2,3\n");
    import("head.csv", &b);
    buf_adds(&b, CANARY_NAME);
    import("none.ndjson", &b);
    buf_done(&b);
}

static void test_commands(void)
{
    struct buf b = BUF_INIT;
    char words[500];
    static const char *const commands[] = {
        "show P-000001",
        "show P-000001 --json",
        "people",
        "people --json",
        "period 2026-01",
        "due",
        "due --json",
        "events",
        "status",
        "holds",
        "endpoints",
        "endpoints --json",
        "deliveries",
        "deliveries --json",
        "completion endpoints",
        "completion deliveries",
        "verify",
        "verify --json",
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        ctl(commands[i]);
    for (unsigned i = 0; i < 20; i++)
        add_person(&b, "enrol", i,
                   ",\"at\":\"2026-01-02T00:00:00+08:00\",\"policy\":\"a\",\"approved_on\":\"2025-12-01\"");
    add_person(&b, "enrol", 1, "");
    snprintf(words, sizeof words, "simulate --until 2026-12-01 %s", write_outside("simulated.ndjson", &b));
    ctl(words);
    snprintf(words, sizeof words, "replay --what-if %s", rig.node->config);
    ctl(words);
    snprintf(words, sizeof words, "backup %s/backup", rig.node->dir);
    ctl(words);
    snprintf(words, sizeof words, "verify --store dir:%s/backup", rig.node->dir);
    ctl(words);
    snprintf(words, sizeof words, "archive --before 2099-01-01 --to %s/archived", rig.node->dir);
    ctl(words);
    snprintf(words, sizeof words, "redeliver form0 --after 0 --by Li --why trial");
    ctl(words);
    buf_done(&b);
}

/* --- gateways --- */

static bool has_heard_all(void *arg)
{
    (void)arg;
    return gossip_heard(gossip) >= HEARD;
}

static bool has_given_up(void *arg)
{
    (void)arg;
    return delivery_count(rig.node, "form1", "dead") > 0 && delivery_count(rig.node, "form0", "retry") > 0;
}

static void test_gateways(void)
{
    static const char *const targets[] = {"/v1/endpoints",
                                          "/v1/deliveries?limit=1000",
                                          "/metrics",
                                          "/v1/status",
                                          "/v1/events?limit=10000",
                                          "/v1/beneficiaries/P-000001",
                                          "/v1/beneficiaries/P-000001/events",
                                          "/v1/beneficiaries",
                                          "/v1/holds",
                                          "/v1/periods/2026-01",
                                          "/openapi.json"};
    struct answers a = {.n = 0};
    check(await(has_heard_all, NULL), "gateways heard names and numbers, and repeated them: %u times",
          gossip_heard(gossip));
    check(await(has_given_up, NULL), "so that messages were given up, or wait");
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        request_once(rig.node->socket, "GET", targets[i], NULL, STR_NONE, &rig.reply);
        look_at_answer(&a, targets[i], &rig.reply);
    }
    check(a.leaks == 0 && a.refused == 0, "nothing that can be asked for holds what they repeated");
}

/* --- erasure --- */

static bool contacts_hold(const char *text)
{
    char path[256];
    struct buf b = BUF_INIT;
    bool held = false;
    for (unsigned i = 0; contacts[i]; i++) {
        snprintf(path, sizeof path, "%s/store/%s", rig.node->dir, contacts[i]);
        read_text(path, &b);
        held |= b.n && memmem(b.p, b.n, text, strlen(text));
    }
    buf_done(&b);
    return held;
}

static unsigned count_erased_held(void)
{
    unsigned n = 0;
    for (unsigned i = ERASED_FIRST; i < ERASED_FIRST + ERASED; i++) {
        char name[CANARY_TEXT + 4], phone[CANARY_TEXT];
        canary_name(i, name);
        n += contacts_hold(name) || contacts_hold(canary_phone(i, phone));
    }
    return n;
}

static void test_erasure(void)
{
    struct buf b = BUF_INIT;
    enrol(ERASED_FIRST, ERASED);
    check(count_erased_held() == ERASED, "control: the contacts hold them before");
    for (unsigned i = ERASED_FIRST; i < ERASED_FIRST + ERASED; i++)
        buf_printf(
            &b,
            "{\"op\":\"report-death\",\"id\":\"P-%06u\",\"died_on\":\"2026-01-02\"}\n{\"op\":\"erase\",\"id\":\"P-"
            "%06u\"}\n",
            i, i);
    post(&b);
    check(count_erased_held() == 0, "whoever is erased is in no page of the contacts, nor in what was written ahead");
    char words[200];
    snprintf(words, sizeof words, "backup %s/later", rig.node->dir);
    ctl(words);
    buf_done(&b);
}

/* --- ends and starts --- */

static void test_ends(void)
{
    struct buf b = BUF_INIT;
    rig_reload(&rig);
    rig_say(&rig, "nonsense = 1\n");
    rig_write(&rig);
    node_signal(rig.node, SIGHUP);
    check(node_await(rig.node, "READY=1"), "a faulty configuration is refused");
    rig.config.n -= strlen("nonsense = 1\n");
    rig_write(&rig);
    for (unsigned i = 600; i < 640; i++)
        add_person(&b, "enrol", i, ",\"policy\":\"a\",\"approved_on\":\"2025-12-01\"");
    post(&b);
    node_kill(rig.node);
    node_must_start(rig.node);
    nowhere_in_files("after a kill and a recovery");
    node_signal(rig.node, SIGABRT);
    check(node_wait(rig.node) == -SIGABRT && node_logged(rig.node, "event=crash signal=SIGABRT"), "a crash is told");
    node_must_start(rig.node);
    ctl("verify");
    check(node_stop(rig.node) == 0, "the daemon stops in peace");
    buf_done(&b);
}

/* --- set up --- */

static void add_gateways(void)
{
    const char *to = gossip_address(gossip);
    const char *common =
        "  retry = { \"1s\", \"1s\" }\n  timeout = \"2s\"\n  receipt_within = \"1m\"\n"
        "  quiet_hours = \"none\"\n  signature = \"社保\"\n  allow_private = true\n  max_in_flight = 4\n";
    char secret[160], receipts[160];
    snprintf(secret, sizeof secret, "%s", rig_path(&rig, SECRET_ONE));
    snprintf(receipts, sizeof receipts, "%s", rig_path(&rig, "receipts.secret"));
    rig_say(
        &rig,
        "endpoint \"kannel\" {\n  adapter = \"kannel\"\n  url = \"http://%s/cgi-bin/sendsms\"\n  secret_file = \"%s\"\n"
        "  username = \"u\"\n  receipt_url = \"http://127.0.0.1:1\"\n  receipt_secret_file = \"%s\"\n%s}\n",
        to, secret, receipts, common);
    rig_say(&rig,
            "endpoint \"aliyun\" {\n  adapter = \"aliyun-sms\"\n  url = \"http://%s\"\n  secret_file = \"%s\"\n"
            "  username = \"u\"\n  receipt_secret_file = \"%s\"\n%s}\n",
            to, secret, receipts, common);
    rig_say(&rig,
            "endpoint \"tencent\" {\n  adapter = \"tencent-sms\"\n  url = \"http://%s\"\n  secret_file = \"%s\"\n"
            "  username = \"u\"\n  app_id = \"1\"\n  region = \"r\"\n  receipt_secret_file = \"%s\"\n%s}\n",
            to, secret, receipts, common);
    for (unsigned i = 0; i < FORMS; i++)
        rig_say(&rig,
                "endpoint \"form%u\" {\n  adapter = \"template\"\n  url = \"http://%s/kind/%u?to={{phone}}\"\n"
                "  headers = { \"Content-Type: application/json\", \"X-Text: {{var.name}}\" }\n"
                "  body = '{\"to\":\"{{phone}}\",\"text\":\"{{signed_text}}\",\"with\":{{variables}}}'\n"
                "  sent_when = { \"json code = 0\" }\n%s}\n",
                i, to, i, common);
}

static void set_up(void)
{
    rig_init(&rig);
    write_private(rig_path(&rig, "receipts.secret"), STR_LIT("of-the-gateway\n"));
    gossip = gossip_start();
    rig_say(&rig,
            "brake_limit = \"off\"\nsms_daily_cap = 1000\ndelivery_log = \"%s\"\n"
            "message \"reminder\" {\n  on = \"reminder.due\"\n  text = \"{{name}}\"\n  template_id = \"T\"\n"
            "  variables = { \"name\" }\n}\n",
            rig_path(&rig, "deliveries"));
    rig_say(
        &rig,
        "endpoint \"hooks\" {\n  adapter = \"standard-webhooks\"\n  url = \"http://%s/hooks\"\n  secret_file = \"%s\"\n"
        "  retry = { \"1s\" }\n  allow_private = true\n}\n",
        gossip_address(gossip), rig_path(&rig, SECRET_ONE));
    add_gateways();
    rig_start(&rig);
    snprintf(outside, sizeof outside, "%s/given", tap_tmpdir());
    if (mkdir(outside, 0700) != 0)
        bail_out("cannot make %s", outside);
}

int main(void)
{
    plan(0);
    set_up();
    test_http();
    test_imports();
    test_gateways();
    test_commands();
    test_erasure();
    nowhere_in_files("while it runs");
    test_ends();
    nowhere_in_files("at the end");
    check(contacts_hold(CANARY_NAME "1"), "control: the contacts hold them");
    gossip_stop(gossip);
    buf_done(&said);
    rig_done(&rig, failed);
    return tap_end();
}
