/* Delivery over HTTP before a fake of it: operators' orders, lists, receipts, and what is said of them in the log. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listen.h"
#include "tests/http/fake_deliver.h"
#include "tests/http/fake_engine.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define WHO "{'by':'Li','why':'new network'}"
#define AGAIN "/v1/endpoints/payroll/redeliver"
#define RECEIPTS "/v1/receipts/gateway/s%2Fcret"

static struct server s;
static struct client *c;
static struct reply r;

static void ask(const char *method, const char *target, const char *body)
{
    struct buf sent = BUF_INIT;
    if (body) {
        buf_room(&sent, 1); /* an empty body is a body */
        add_json(&sent, str_of(body));
    }
    client_request(c, method, target, "Content-Type: application/json\r\n", buf_str(&sent), &r);
    see_json(&r.body);
    buf_done(&sent);
}

static bool header_is(const char *name, const char *value)
{
    const char *got = reply_header(&r, name);
    return got && strcmp(got, value) == 0;
}

/* --- what is answered to what: one row a request, all on one connection --- */

static const struct {
    const char *method, *target, *body;
    int status;
    const char *says; /* stands in the body */
} rows[] = {
    {"GET", "/v1/endpoints", NULL, 200, "{'endpoints':[]}\n"},
    {"POST", "/v1/endpoints", WHO, 405, "GET, HEAD only"},
    {"GET", "/v1/endpoints/payroll", NULL, 404, "there is nothing at this path"},
    /* an endpoint */
    {"POST", "/v1/endpoints/payroll/pause", WHO, 200,
     "{'verb':'pause','endpoint':'payroll','by':'Li','why':'new network','phone':null,'seq':0}\n"},
    {"POST", "/v1/endpoints/a%2Fb/resume", WHO, 200, "{'verb':'resume','endpoint':'a/b','by':'Li','why':'new network'"},
    {"POST", "/v1/endpoints/payroll/pause", "{'by':'Li'}", 400, "'member':'why'"},
    {"POST", "/v1/endpoints/payroll/resume", "{'why':'w'}", 400, "'member':'by'"},
    {"POST", "/v1/endpoints/payroll/pause", "{'by':'','why':'w'}", 400, "'member':'by'"},
    {"POST", "/v1/endpoints/payroll/pause", "{'by':'Li','why':'w','until':'2026-09-30'}", 400, "'member':'until'"},
    {"POST", "/v1/endpoints/payroll/pause", NULL, 400, "'status':400"},
    {"POST", "/v1/endpoints/absent/pause", WHO, 404, "'detail':'no such endpoint'"},
    {"POST", "/v1/endpoints/invalid/resume", WHO, 422, "'detail':'it cannot be done'"},
    {"POST", "/v1/endpoints/busy/resume", WHO, 409, "'detail':'it is being sent just now'"},
    {"GET", "/v1/endpoints/payroll/pause", NULL, 405, "POST only"},
    /* a trial */
    {"POST", "/v1/endpoints/payroll/test", NULL, 200,
     "{'verb':'test','endpoint':'payroll','by':null,'why':null,'phone':null,'seq':0}"},
    {"POST", "/v1/endpoints/payroll/test", "{}", 200, "'phone':null"},
    {"POST", "/v1/endpoints/sms/test", "{'phone':'0138 0000-0000'}", 200, "'phone':'+8613800000000'"},
    {"POST", "/v1/endpoints/sms/test", "{'phone':'+44 20 7946 0000'}", 200, "'phone':'+442079460000'"},
    {"POST", "/v1/endpoints/sms/test", "{'phone':'12345x'}", 400, "'detail':'member \\'phone\\' is no phone number'"},
    {"POST", "/v1/endpoints/sms/test", "{'phone':null}", 400, "'member':'phone'"},
    {"POST", "/v1/endpoints/absent/test", NULL, 404, "no such endpoint"},
    /* once more */
    {"POST", AGAIN, "{'after':17,'by':'Li','why':'w'}", 202,
     "{'verb':'redeliver','from':'number 17','until':'none 0','type':null,'subject':null,'endpoint':'payroll','by':'Li',"
     "'why':'w','phone':null,'seq':0}\n"},
    {"POST", AGAIN, "{'after':'0','until':9223372036854775807,'by':'Li','why':'w'}", 202,
     "'from':'number 0','until':'number 9223372036854775807'"},
    {"POST", AGAIN,
     "{'since':'2026-06-16','until':'2026-06-16T09:00:00+08:00','type':'benefit.*','subject':'p1','by':'Li','why':'w'}", 202,
     "'from':'date 46188','until':'instant 1781571600','type':'benefit.*','subject':'p1'"},
    {"POST", AGAIN, "{'since':'2026-06-16T09:00:00Z','until':'9','by':'Li','why':'w'}", 202,
     "'from':'instant 1781600400','until':'number 9'"},
    {"POST", AGAIN, "{'after':17,'by':'Li'}", 400, "'member':'why'"},
    {"POST", AGAIN, "{'after':17,'why':'w'}", 400, "'member':'by'"},
    {"POST", AGAIN, WHO, 400, "'member':'after','detail':'one of \\'after\\' and \\'since\\' says where to begin'"},
    {"POST", AGAIN, "{'after':1,'since':'2026-06-16','by':'Li','why':'w'}", 400, "'member':'since'"},
    {"POST", AGAIN, "{'after':-1,'by':'Li','why':'w'}", 400, "'member':'after'"},
    {"POST", AGAIN, "{'after':1.5,'by':'Li','why':'w'}", 400, "'member':'after'"},
    {"POST", AGAIN, "{'after':1e3,'by':'Li','why':'w'}", 400, "'member':'after'"},
    {"POST", AGAIN, "{'after':18446744073709551616,'by':'Li','why':'w'}", 400, "'member':'after'"},
    {"POST", AGAIN, "{'since':20260616,'by':'Li','why':'w'}", 400, "'member':'since'"},
    {"POST", AGAIN, "{'since':'yesterday','by':'Li','why':'w'}", 400, "'member':'since'"},
    {"POST", AGAIN, "{'after':1,'until':'2026-02-30','by':'Li','why':'w'}", 400, "'member':'until'"},
    {"POST", AGAIN, "{'after':1,'state':'x','by':'Li','why':'w'}", 400, "'member':'state'"},
    {"POST", "/v1/endpoints/absent/redeliver", "{'after':1,'by':'Li','why':'w'}", 404, "no such endpoint"},
    {"POST", "/v1/endpoints/busy/redeliver", "{'after':1,'by':'Li','why':'w'}", 409, "it is being sent just now"},
    {"POST", "/v1/endpoints/invalid/redeliver", "{'after':1,'by':'Li','why':'w'}", 422, "it cannot be done"},
    {"DELETE", AGAIN, WHO, 200, "{'verb':'cancel','endpoint':'payroll','by':'Li','why':'new network'"},
    {"DELETE", AGAIN, "{'by':'Li'}", 400, "'member':'why'"},
    {"DELETE", "/v1/endpoints/absent/redeliver", WHO, 404, "no such endpoint"},
    {"GET", AGAIN, NULL, 405, "POST, DELETE only"},
    /* the list */
    {"GET", "/v1/deliveries", NULL, 200, "{'of':null,'states':' retry unknown dead','after':0,'limit':100}\n"},
    {"GET", "/v1/deliveries?endpoint=a%2Fb&state=dead,sent&after=17&limit=1000", NULL, 200,
     "{'of':'a/b','states':' dead sent','after':17,'limit':1000}"},
    {"GET", "/v1/deliveries?state=dead%2Cwait&limit=1", NULL, 200, "'states':' wait dead','after':0,'limit':1}"},
    {"GET", "/v1/deliveries?endpoint=absent", NULL, 404, "'detail':'no such endpoint'"},
    {"GET", "/v1/deliveries?limit=0", NULL, 400, "'member':'limit'"},
    {"GET", "/v1/deliveries?limit=1001", NULL, 400, "'member':'limit'"},
    {"GET", "/v1/deliveries?limit=", NULL, 400, "'member':'limit'"},
    {"GET", "/v1/deliveries?limit=18446744073709551617", NULL, 400, "'member':'limit'"},
    {"GET", "/v1/deliveries?limit=-1", NULL, 400, "'member':'limit'"},
    {"GET", "/v1/deliveries?endpoint=a&after=1x", NULL, 400, "'member':'after'"},
    {"GET", "/v1/deliveries?after=1", NULL, 400, "'member':'after','detail':'argument \\'after\\' needs an"},
    {"GET", "/v1/deliveries?state=", NULL, 400, "'member':'state'"},
    {"GET", "/v1/deliveries?state=dead,", NULL, 400, "retry, wait, sending, unknown, dead, sent, skipped"},
    {"GET", "/v1/deliveries?state=buried", NULL, 400, "'member':'state'"},
    {"GET", "/v1/deliveries?endpoint=%2", NULL, 400, "'member':'endpoint'"},
    /* a delivery */
    {"POST", "/v1/deliveries/payroll%3A4711/retry", WHO, 200,
     "{'verb':'retry','endpoint':'payroll','by':'Li','why':'new network','phone':null,'seq':4711}"},
    {"POST", "/v1/deliveries/a:b:18446744073709551615/drop", WHO, 200,
     "{'verb':'drop','endpoint':'a:b','by':'Li','why':'new network','phone':null,'seq':18446744073709551615}"},
    {"POST", "/v1/deliveries/busy:7/retry", WHO, 409, "it is being sent just now"},
    {"POST", "/v1/deliveries/invalid:7/drop", WHO, 422, "it cannot be done"},
    {"POST", "/v1/deliveries/absent:7/drop", WHO, 404, "no such endpoint"},
    {"POST", "/v1/deliveries/payroll:7/retry", "{'by':'Li'}", 400, "'member':'why'"},
    {"POST", "/v1/deliveries/payroll/retry", WHO, 404, "no such delivery"},
    {"POST", "/v1/deliveries/payroll:/retry", WHO, 404, "no such delivery"},
    {"POST", "/v1/deliveries/:7/retry", WHO, 404, "no such delivery"},
    {"POST", "/v1/deliveries/payroll:7x/retry", WHO, 404, "no such delivery"},
    {"POST", "/v1/deliveries/payroll:18446744073709551616/retry", WHO, 404, "no such delivery"},
    /* of several shards */
    {"POST", "/v1/deliveries/payroll:3_7/retry", WHO, 200, "'shard':3,'seq':7}"},
    {"POST", "/v1/deliveries/payroll:4096_7/retry", WHO, 404, "no such delivery"},
    {"POST", "/v1/deliveries/payroll:_7/retry", WHO, 404, "no such delivery"},
    {"POST", "/v1/deliveries/payroll:3_/retry", WHO, 404, "no such delivery"},
    {"GET", "/v1/deliveries?endpoint=payroll&after=3_7", NULL, 200, "'after':7,"},
    {"GET", "/v1/deliveries?endpoint=payroll&after=3_", NULL, 400, "'member':'after'"},
    {"GET", "/v1/deliveries?after=3_0", NULL, 400, "needs an \\'endpoint\\'"},
    {"POST", AGAIN, "{'after':'sAgEB','by':'Li','why':'w'}", 202, "'from':'position "},
    {"POST", AGAIN, "{'after':'x17','by':'Li','why':'w'}", 400, "'member':'after'"},
    /* receipts */
    {"GET", RECEIPTS "?id=m_0_7&type=1", NULL, 200, "{'query':'id=m_0_7&type=1','bytes':0}"},
    {"POST", RECEIPTS, "[{}]", 200, "{'query':'','bytes':4}"},
    {"POST", RECEIPTS "?a=1", "", 200, "{'query':'a=1','bytes':0}"},
    {"GET", RECEIPTS "?id=a%26b&id=%2B+1&flag&empty=&%3D=%zz", NULL, 200,
     "{'query':'id=a%26b&id=%2B+1&flag&empty=&%3D=%zz','bytes':0}"},
    {"GET", RECEIPTS "?quiet", NULL, 200, "ok\n"},
    {"GET", RECEIPTS "?wrong", NULL, 400, "'detail':'not a receipt'"},
    {"GET", RECEIPTS "?full", NULL, 503, "'detail':'too many at once'"},
    {"GET", "/v1/receipts/gateway/s", NULL, 404, "'detail':'there is nothing at this path'"},
    {"GET", "/v1/receipts/payroll/s%2Fcret", NULL, 404, "'detail':'there is nothing at this path'"},
    {"GET", "/v1/receipts/gateway", NULL, 404, "'detail':'there is nothing at this path'"},
    {"PUT", RECEIPTS, "[]", 405, "GET, HEAD, POST only"},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static void table(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        ask(rows[i].method, rows[i].target, rows[i].body);
        const char *type = r.status >= 400                ? "application/problem+json"
                           : strcmp(r.body.p, "ok\n") == 0 ? "text/plain"
                                                           : "application/json";
        bool good = r.status == rows[i].status && strstr(r.body.p, rows[i].says) && header_is("Content-Type", type);
        if (!ok(good, "%s %s %.60s: %d", rows[i].method, rows[i].target, rows[i].body ? rows[i].body : "",
                rows[i].status))
            diag("got %d: %s", r.status, r.body.p ? r.body.p : "nothing");
    }
    ask("GET", RECEIPTS "?full", NULL);
    ok(header_is("Retry-After", "1"), "a receipt too many is to come again");
}

/* --- sizes --- */

static void pause_for(size_t bytes)
{
    struct buf body = BUF_INIT;
    buf_adds(&body, "{'by':'Li','why':'");
    for (size_t i = 0; i < bytes; i++)
        buf_addc(&body, 'w');
    buf_adds(&body, "'}");
    buf_addc(&body, '\0');
    ask("POST", "/v1/endpoints/payroll/pause", body.p);
    buf_done(&body);
}

static void sizes(void)
{
    struct buf big = BUF_INIT;
    pause_for(159);
    is_int(r.status, 200, "a reason of 159 bytes is taken");
    pause_for(160);
    ok(r.status == 400 && strstr(r.body.p, "'member':'why'"), "a longer one, which nobody would keep whole, is not");
    memset(buf_room(&big, 1024 * 1024 + 1), ' ', 1024 * 1024 + 1);
    struct client *own = client_new(s.path);
    client_request(own, "POST", RECEIPTS, NULL, (struct str){big.p, 1024 * 1024}, &r);
    ok(r.status == 200 && strstr(r.body.p, "\"bytes\":1048576}"), "a megabyte of receipts is taken");
    client_request(own, "POST", RECEIPTS, NULL, (struct str){big.p, 1024 * 1024 + 1}, &r);
    is_int(r.status, 413, "a byte more is not");
    client_free(own);
    buf_done(&big);
}

/* --- what the log says --- */

static int real_stderr;

static void capture(void)
{
    char path[160];
    snprintf(path, sizeof path, "%s/log", tap_tmpdir());
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    real_stderr = dup(STDERR_FILENO);
    if (fd < 0 || real_stderr < 0 || dup2(fd, STDERR_FILENO) < 0)
        bail_out("cannot catch the log");
    close(fd);
}

/* What the log said since capture(); ends in a NUL. */
static struct buf captured(void)
{
    struct buf text = BUF_INIT;
    ssize_t n = pread(STDERR_FILENO, buf_room(&text, 65536), 65535, 0);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    text.p[n < 0 ? 0 : n] = '\0';
    return text;
}

static void test_notes(void)
{
    capture();
    ask("POST", "/v1/endpoints/payroll/pause", WHO);
    ask("POST", "/v1/endpoints/payroll/resume", "{'by':'Li Q','why':'it=done'}");
    ask("POST", "/v1/endpoints/sms/test", "{'phone':'13800000000'}");
    ask("POST", "/v1/deliveries/payroll:7/retry", WHO);
    ask("POST", "/v1/deliveries/payroll:8/drop", WHO);
    ask("POST", AGAIN, "{'after':1,'by':'Li','why':'w'}");
    ask("DELETE", AGAIN, WHO);
    ask("POST", "/v1/holds", "{'hold':'moratorium','until':'2026-09-30','why':'flood','by':'Li'}");
    ask("POST", "/v1/holds",
        "{'hold':'moratorium','scope':{'unit':'u-1'},'until':'2026-09-30','why':'flood','by':'Li'}");
    ask("DELETE", "/v1/holds/moratorium:unit:u-1", "{'by':'Li','why':'over'}");
    ask("POST", "/v1/endpoints/absent/pause", WHO);
    ask("POST", "/v1/deliveries/busy:7/drop", WHO);
    ask("POST", "/v1/endpoints/payroll/pause", "{'by':'Li'}");
    struct buf log = captured();
    char want[2048];
    snprintf(want, sizeof want,
             "event=operator-action action=pause endpoint=payroll by=Li why=\"new network\" caller=uid:%1$u\n"
             "event=operator-action action=resume endpoint=payroll by=\"Li Q\" why=\"it=done\" caller=uid:%1$u\n"
             "event=operator-action action=test endpoint=sms caller=uid:%1$u\n"
             "event=operator-action action=retry delivery=payroll:7 by=Li why=\"new network\" caller=uid:%1$u\n"
             "event=operator-action action=drop delivery=payroll:8 by=Li why=\"new network\" caller=uid:%1$u\n"
             "event=operator-action action=redeliver endpoint=payroll by=Li why=w caller=uid:%1$u\n"
             "event=operator-action action=cancel-redelivery endpoint=payroll by=Li why=\"new network\" caller=uid:%1$u\n"
             "event=operator-action action=place hold=moratorium by=Li why=flood caller=uid:%1$u\n"
             "event=operator-action action=place hold=moratorium:unit:u-1 by=Li why=flood caller=uid:%1$u\n"
             "event=operator-action action=lift hold=moratorium:unit:u-1 by=Li why=over caller=uid:%1$u\n",
             (unsigned)getuid());
    is_str(log.p, want, "what operators did stands in the log, without the phone, and what was refused does not");
    buf_done(&log);
}

static void test_secret(void)
{
    static const char *const cut[] = {
        "GET " RECEIPTS " HTTP/1.1\r\n\r\n",
        "GET " RECEIPTS " HTTP/9.9\r\nHost: t\r\n\r\n",
        "POST " RECEIPTS " HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",
        "POST " RECEIPTS " HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1",
        "GET " RECEIPTS "?%zz=%zz HTTP/1.1\r\nHost: t\r\nExpect: nothing\r\n\r\n",
    };
    bool told = false;
    capture();
    log_set_level(LOG_LEVEL_DEBUG);
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        struct client *own = client_new(s.path);
        client_send(own, cut[i], strlen(cut[i]));
        client_read(own, &r);
        told = told || (r.body.p && strstr(r.body.p, "cret"));
        client_free(own);
    }
    ask("GET", RECEIPTS "?wrong", NULL);
    told = told || strstr(r.body.p, "cret");
    ask("GET", "/v1/receipts/payroll/s%2Fcret", NULL);
    told = told || strstr(r.body.p, "cret");
    log_line(LOG_LEVEL_DEBUG, "seen", "%s", ""); /* the level is the lowest, and the log is being caught */
    log_set_level(LOG_LEVEL_INFO);
    struct buf log = captured();
    ok(strstr(log.p, "event=seen") && !strstr(log.p, "cret"), "a receipt's secret stands in no line of the log");
    ok(!told, "nor in an answer");
    buf_done(&log);
}

/* --- an order takes its time --- */

static void hold(void *arg)
{
    (void)arg;
    fake_deliver_hold(s.deliver);
}

static void release(void *arg)
{
    (void)arg;
    fake_deliver_release(s.deliver);
}

static void stop_http(void *arg)
{
    (void)arg;
    http_stop(s.http);
}

static void send_order(struct client *own, const char *method, const char *target)
{
    struct buf bytes = BUF_INIT;
    buf_printf(&bytes, "%s %s HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", method, target, strlen(WHO));
    add_json(&bytes, STR_LIT(WHO));
    client_send(own, bytes.p, bytes.n);
    buf_done(&bytes);
}

static void test_waiting(void)
{
    struct client *own = client_new(s.path);
    server_do(&s, hold, NULL);
    send_order(own, "POST", "/v1/endpoints/payroll/pause");
    fake_deliver_await(s.deliver);
    ask("GET", "/v1/endpoints", NULL);
    is_int(r.status, 200, "while one order waits others are served");
    server_do(&s, release, NULL);
    client_read(own, &r);
    ok(r.status == 200 && strstr(r.body.p, "\"pause\""), "an order is answered when it is done");

    server_do(&s, hold, NULL);
    send_order(own, "POST", "/v1/deliveries/payroll:7/drop");
    fake_deliver_await(s.deliver);
    client_free(own);
    ask("GET", "/v1/endpoints", NULL);
    capture();
    server_do(&s, release, NULL);
    struct buf log = captured();
    ok(strstr(log.p, "action=drop delivery=payroll:7 "), "one whose client has gone away is done");
    buf_done(&log);
    ask("GET", "/v1/endpoints", NULL);
    is_int(r.status, 200, "and the next one is served");
}

/* --- a reload --- */

static void reconfigure(void *arg)
{
    struct http_options o = {.country_code = "+1", .max_lines = 10};
    (void)arg;
    http_reconfigure(s.http, &o);
}

static void test_reload(void)
{
    server_do(&s, reconfigure, NULL);
    ask("POST", "/v1/endpoints/sms/test", "{'phone':'(415) 555-0123'}");
    ok(r.status == 200 && strstr(r.body.p, "'phone':'+14155550123'"),
       "after a reload there is the other country code, and delivery still");
    ask("GET", "/v1/status", NULL);
    is_int(r.status, 200, "and the engine");
}

/* --- anybody --- */

static int tcp = -1;

static void listen_there(void *arg)
{
    struct errmsg msg;
    (void)arg;
    if (http_listen(s.http, tcp, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static const struct {
    const char *method, *target;
    int status;
} strangers[] = {
    {"GET", RECEIPTS "?id=1", 200},
    {"POST", RECEIPTS, 200},
    {"GET", "/v1/receipts/gateway/guess", 404},
    {"GET", "/v1/receipts/nobody/s%2Fcret", 404},
    {"GET", "/v1/endpoints", 401},
    {"POST", "/v1/endpoints/payroll/pause", 401},
    {"POST", "/v1/endpoints/payroll/resume", 401},
    {"POST", "/v1/endpoints/payroll/test", 401},
    {"GET", "/v1/deliveries", 401},
    {"POST", "/v1/deliveries/payroll:7/retry", 401},
    {"POST", "/v1/deliveries/payroll:7/drop", 401},
};
#define N_STRANGERS (sizeof strangers / sizeof *strangers)

static void test_strangers(void)
{
    char address[LISTEN_TEXT];
    struct errmsg msg;
    if (listen_open("127.0.0.1:0", &tcp, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    listen_text(tcp, address);
    server_do(&s, listen_there, NULL);
    for (size_t i = 0; i < N_STRANGERS; i++) {
        bool post = strangers[i].method[0] == 'P';
        request_once(address, strangers[i].method, strangers[i].target, NULL, post ? STR_LIT("{}") : STR_NONE, &r);
        is_int(r.status, strangers[i].status, "over TCP, %s %s: %d", strangers[i].method, strangers[i].target,
               strangers[i].status);
    }
}

/* --- the end comes first --- */

static void test_stop(void)
{
    struct server own = server_new(1000, false);
    struct client *order = client_new(own.path), *lift = client_new(own.path);
    struct server before = s;
    s = own;
    server_do(&s, hold, NULL);
    fake_engine_hold(s.engine, true);
    send_order(order, "POST", "/v1/endpoints/payroll/pause");
    send_order(lift, "DELETE", "/v1/holds/brake");
    fake_deliver_await(s.deliver);
    while (fake_engine_counts(s.engine).requests[REQUEST_HOLD_LIFT] == 0)
        usleep(1000);
    server_do(&s, stop_http, NULL);
    fake_engine_hold(s.engine, false);
    capture();
    server_do(&s, release, NULL);
    struct buf log = captured();
    ok(strstr(log.p, "action=pause endpoint=payroll by=Li "), "what delivery has outlives a stop, with its strings");
    client_read(order, &r);
    is_int(r.status, 0, "though nobody is answered");
    server_free(&s);
    buf_done(&log);
    client_free(order);
    client_free(lift);
    s = before;
}

/* --- no delivery at all --- */

static void test_without(void)
{
    static const struct {
        const char *method, *target;
    } all[] = {
        {"GET", "/v1/endpoints"},
        {"GET", "/v1/deliveries"},
        {"POST", "/v1/endpoints/payroll/pause"},
        {"POST", "/v1/endpoints/payroll/test"},
        {"POST", "/v1/deliveries/payroll:7/drop"},
        {"POST", RECEIPTS},
        {"GET", RECEIPTS},
    };
    struct server bare = server_new_without_delivery();
    unsigned refused = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool post = all[i].method[0] == 'P';
        request_once(bare.path, all[i].method, all[i].target, NULL, post ? STR_LIT("{}") : STR_NONE, &r);
        refused += r.status == 503;
    }
    is_int(refused, sizeof all / sizeof *all, "without delivery its routes answer 503");
    server_free(&bare);
}

int main(void)
{
    plan(N_ROWS + 1 + 4 + 1 + 2 + 4 + 2 + N_STRANGERS + 2 + 1);
    s = server_new(1000, false);
    c = client_new(s.path);
    table();
    sizes();
    test_notes();
    test_secret();
    test_waiting();
    test_reload();
    test_strangers();
    test_stop();
    test_without();
    client_free(c);
    reply_done(&r);
    server_free(&s);
    listen_close("127.0.0.1:0", tcp);
    return tap_end();
}
