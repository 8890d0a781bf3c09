/* The daemon as a whole: start, inputs good and bad, what is asked of it, and a store that stays what it was through
 * SIGTERM and SIGKILL. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/http_client.h"
#include "tests/lib/node.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define CONFIG                       \
    "timezone = \"Asia/Shanghai\"\n" \
    "policy \"national\" { }\n"      \
    "channel \"face\" { }\n"         \
    "channel \"counter\" { }\n"
#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define ENROL(id) "{'op':'enrol','id':'" id "','policy':'national','approved_on':'2020-02-01'}"
#define CERTIFY(id, ref) "{'op':'certify','id':'" id "','channel':'face','certified_on':'2026-03-01','ref':'" ref "'}"

static struct node *n;
static struct reply r;

static int get(const char *target)
{
    request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
    see_json(&r.body);
    return r.status;
}

static int send_json(const char *method, const char *target, const char *type, struct str body)
{
    struct buf sent = BUF_INIT;
    buf_room(&sent, 1); /* an empty body is a body */
    add_json(&sent, body);
    request_once(n->socket, method, target, type, buf_str(&sent), &r);
    see_json(&r.body);
    buf_done(&sent);
    return r.status;
}

static int post(const char *type, struct str body)
{
    return send_json("POST", "/v1/inputs", type, body);
}

static bool answer_has(const char *text)
{
    if (r.body.p && strstr(r.body.p, text))
        return true;
    diag("got %d: %.300s", r.status, r.body.p ? r.body.p : "nothing");
    return false;
}

/* --- first days --- */

static void beginning(void)
{
    int code = 0;
    ok(!node_start(n, &code) && code == 1, "without a store it does not start");
    ok(node_logged(n, "lifecertctl init"), "and says how to make one");
    node_init(n);
    node_must_start(n);
    is_int(get("/healthz"), 200, "with one it lives");
    is_int(get("/readyz"), 200, "and is ready");
    struct stat st;
    ok(stat(n->socket, &st) == 0 && (st.st_mode & 0777) == 0660, "its socket is for its owner and group");
}

static void one_by_one(void)
{
    is_int(post(JSON, STR_LIT(ENROL("330902-0000001"))), 200, "one is enrolled");
    ok(answer_has("{'id':'330902-0000001','op':'enrol','result':'applied','reason':null,'seq':["), "and answered so");
    is_int(post(JSON, STR_LIT(ENROL("330902-0000001"))), 200, "once more");
    ok(answer_has("'result':'unchanged','reason':null,'seq':[]}"), "changes nothing");
    is_int(post(JSON, STR_LIT(CERTIFY("330902-0000001", "f-1"))), 200, "it is certified");
    is_int(post(JSON,
                STR_LIT(
                    "{'op':'certify','id':'330902-0000001','channel':'face','certified_on':'2019-01-01','ref':'f-2'}")),
           422, "a certification from before the approval is rejected");
    ok(answer_has("'reason':'before-approval'"), "with its reason");
    is_int(post(JSON, STR_LIT(CERTIFY("330902-9", "f-1"))), 422, "so is one of a stranger");
    ok(answer_has("'reason':'not-enrolled','seq':[]"), "without an event");
    is_int(
        post(JSON,
             STR_LIT("{'op':'certify','id':'330902-0000001','channel':'fax','certified_on':'2026-03-01','ref':'f-3'}")),
        400, "a channel that is not configured is an error");
    ok(answer_has("'member':'channel'"), "of that member");
    is_int(get("/v1/beneficiaries/330902%2D0000001"), 200, "the one can be looked at");
    ok(answer_has("'base_on':'2026-03-01'") && answer_has("'due_on':'2027-03-31'"), "with its dates");
    is_int(get("/v1/beneficiaries/330902-9"), 404, "the stranger cannot");
    is_int(get("/v1/beneficiaries/330902-0000001/events"), 200, "the events are there");
    ok(strstr(reply_line(&r, 0), "'type':'beneficiary.enrolled'"), "the enrolment first");
    ok(strstr(r.body.p, "'type':'certification.accepted'") && strstr(r.body.p, "'type':'certification.rejected'"),
       "then what came of the certifications");
    is_int(get("/v1/beneficiaries/330902-9/events"), 404, "a stranger has none");
    is_int(get("/v1/due?by=month"), 200, "what falls due is counted");
    is_int(get("/v1/status"), 200, "and there is a status");
    ok(answer_has("'enrolled':1"), "that counts the enrolled");
}

/* --- many at once, the bad among the good --- */

static const struct {
    struct str line;
    const char *result; /* stands in its answer */
} lines[] = {
    {STR_LIT(ENROL("p-1")), "{'id':'p-1','op':'enrol','result':'applied'"},
    {STR_LIT("not JSON at all"), "'line':2,"},
    {STR_LIT("{'op':'enrol','id':'p-2','policy':'national','approved_on':'2020-02-01','shoe_size':44}"),
     "'member':'shoe_size'"},
    {STR_LIT("{'op':'resurrect','id':'p-2'}"), "'member':'op'"},
    {STR_LIT("{'op':'enrol','id':'p-2','policy':'lunar','approved_on':'2020-02-01'}"), "'reason':'unknown-policy'"},
    {STR_LIT("{'op':'certify','id':'p-1','channel':'fax','certified_on':'2026-03-01','ref':'1'}"),
     "'member':'channel'"},
    {STR_LIT("{'op':'certify','id':'p-1','channel':'face','certified_on':'2026-02-30','ref':'1'}"),
     "'member':'certified_on'"},
    {STR_LIT("{'op':'erase','id':'12345678901234567890123456789012345678901234567890123456789012345'}"),
     "'member':'id'"},
    {STR_LIT("{'op':'erase','id':'a\\u0007b'}"), "'member':'id'"},
    {STR_LIT("{'op':'erase','id':'\xc3\x28'}"), "'line':10,"},
    {STR_LIT("{'op':'enrol','id':'p-2','policy':'national','approved_on':'2020-02-01','amount':-1}"),
     "'member':'amount'"},
    {STR_LIT("{'op':'enrol','id':'p-2','policy':'national','approved_on':'2020-02-01','amount':99999999999999999999}"),
     "'member':'amount'"},
    {STR_LIT("{'op':'erase','id':'p\0'}"), "'line':13,"},
    {STR_LIT("{'op':'erase','id':'p-1','id':'p-1'}"), "'member':'id'"},
    {STR_LIT("{'op':'certify','id':'p-1'}"), "'member':'channel'"},
    {STR_LIT(CERTIFY("p-1", "f-9")), "{'id':'p-1','op':'certify','result':'applied'"},
    {STR_LIT("{'op':'unit','unit':'u-1','name':'Xiaosha office'}"),
     "{'id':null,'unit':'u-1','op':'unit','result':'applied'"},
    {STR_LIT("{'op':'certify','id':'p-1','chan"), "'line':18,"}, /* a file cut short */
};
#define N_LINES (sizeof lines / sizeof *lines)

static void many(void)
{
    struct buf body = BUF_INIT;
    for (size_t i = 0; i < N_LINES; i++) {
        buf_addstr(&body, lines[i].line);
        buf_adds(&body, i + 1 < N_LINES ? "\n" : "");
    }
    is_int(post(NDJSON, buf_str(&body)), 200, "a body of good lines and bad");
    for (size_t i = 0; i < N_LINES; i++) {
        const char *got = reply_line(&r, (unsigned)i);
        if (!ok(got && strstr(got, lines[i].result), "%.70s", lines[i].line.p))
            diag("got %s", got ? got : "nothing");
    }
    ok(answer_has("{'lines':18}\n"), "every line has its answer");
    is_int(get("/v1/beneficiaries/p-2"), 404, "nothing was half applied");
    buf_done(&body);
}

/* --- holds --- */

static void holds(void)
{
    const char *name = "/v1/holds/moratorium%3Apolicy%3Anational";
    struct str lift = STR_LIT("{'by':'Li','why':'dry'}");
    struct str place = STR_LIT("{'hold':'moratorium','scope':{'policy':'national'},'until':'2190-01-01','why':'flood',"
                               "'by':'Li'}");
    is_int(send_json("POST", "/v1/holds", JSON, place), 200, "a moratorium is placed");
    is_int(get("/v1/holds"), 200, "the holds are listed");
    ok(answer_has("'why':'flood'") && answer_has("'scope':{'policy':'national'}"), "with this one among them");
    is_int(send_json("DELETE", name, JSON, lift), 200, "it is lifted");
    is_int(send_json("DELETE", name, JSON, lift), 404, "once");
}

/* --- ends and beginnings --- */

/* Enrols `from` to `to`; are all applied? */
static bool enrol_many(int from, int to)
{
    struct buf body = BUF_INIT;
    char last[64];
    for (int i = from; i < to; i++)
        buf_printf(&body, "{'op':'enrol','id':'m-%06d','policy':'national','approved_on':'2020-02-01','name':'Wang'}\n",
                   i);
    snprintf(last, sizeof last, "{'lines':%d}", to - from);
    post(NDJSON, buf_str(&body));
    buf_done(&body);
    return r.status == 200 && strstr(r.body.p, last) && !strstr(r.body.p, "rejected") && !strstr(r.body.p, "error");
}

static void enrolled_are(int count, const char *what)
{
    char want[32];
    get("/v1/status");
    snprintf(want, sizeof want, "'enrolled':%d,", count);
    ok(answer_has(want), "%s", what);
}

static void survives(void)
{
    ok(enrol_many(0, 3000), "three thousand are enrolled");
    is_int(node_stop(n), 0, "SIGTERM ends it well");
    struct stat st;
    ok(stat(n->socket, &st) != 0, "and removes its socket");
    node_must_start(n);
    enrolled_are(3002, "started again it has all of them");
    ok(enrol_many(3000, 6000), "and takes more");
    node_kill(n);
    node_must_start(n);
    enrolled_are(6002, "SIGKILL loses none that was acknowledged");
    is_int(get("/v1/beneficiaries/m-005999"), 200, "to the last one");
    ok(post(JSON, STR_LIT(ENROL("m-005999"))) == 200 && answer_has("unchanged"), "none is applied twice");
}

/* SIGTERM in the midst of an upload: it is let finish. */
static void terminated_midway(void)
{
    struct client *c = client_new(n->socket);
    struct buf body = BUF_INIT;
    char head[200];
    add_json(&body, STR_LIT(ENROL("t-1") "\n" ENROL("t-2") "\n"));
    snprintf(head, sizeof head, "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" NDJSON "Content-Length: %zu\r\n\r\n", body.n);
    client_send(c, head, strlen(head));
    client_send(c, body.p, body.n / 2);
    /* A second request on another connection, sent later, is answered: the first one has begun. */
    is_int(get("/healthz"), 200, "while an upload is half done");
    node_signal(n, SIGTERM);
    ok(node_await(n, "STOPPING=1"), "SIGTERM begins the end");
    client_send(c, body.p + body.n / 2, body.n - body.n / 2);
    client_read(c, &r);
    see_json(&r.body);
    ok(r.status == 200 && answer_has("{'lines':2}"), "the upload comes to its own");
    is_int(node_wait(n), 0, "and then the daemon ends");
    client_free(c);
    buf_done(&body);
}

int main(void)
{
    plan(5 + 20 + 1 + N_LINES + 2 + 5 + 8 + 1 + 4);
    n = node_new(CONFIG);
    beginning();
    one_by_one();
    many();
    holds();
    survives();
    terminated_midway();
    reply_done(&r);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
