/* Lists of everybody over HTTP, before a fake engine that gives them in slices: whole, cut off, slowly read, and
 * left. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "tests/http/fake_engine.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

static struct server s;
static struct reply r;

static int get(const char *target)
{
    request_once(s.path, "GET", target, NULL, STR_NONE, &r);
    return r.status;
}

static bool says(const char *part)
{
    return strstr(r.body.p, part) != NULL;
}

static unsigned lines(void)
{
    unsigned n = 0;
    for (size_t i = 0; i < r.body.n; i++)
        n += r.body.p[i] == '\n';
    return n;
}

/* The engine's count of lists comes to that, soon. */
static bool lists_become(uint64_t n)
{
    for (int i = 0; i < 5000; i++) {
        if (fake_engine_counts(s.engine).scans_open == n)
            return true;
        get("/healthz"); /* the loop goes round */
    }
    return false;
}

static void test_whole(void)
{
    is_int(get("/v1/beneficiaries"), 200, "the list of people is answered");
    is_int(lines(), FAKE_SLICES + 1, "with all slices, and the last line");
    is_str(reply_line(&r, 0), "{\"kind\":0,\"status\":-1,\"limit\":0,\"period\":0}",
           "everybody, when nothing is asked for");
    is_str(reply_line(&r, 1), "{\"slice\":2}", "in order");
    is_str(reply_line(&r, FAKE_SLICES), "{\"last\":true}", "to the end");
    is_str(reply_header(&r, "Lifecertd-Position"), "4711", "the header says as of which position");
    is_str(reply_header(&r, "Content-Type"), "application/x-ndjson", "and what it is");
    get("/v1/beneficiaries?policy=sharded");
    is_str(reply_header(&r, "Lifecertd-Position"), FAKE_POSITIONS, "of several shards a text that covers all of them");
    is_int(get("/v1/beneficiaries?policy=sparse"), 200, "slices without a line");
    is_int(lines(), 2, "leave no trace");
    is_int(get("/v1/beneficiaries?policy=big"), 200, "large ones");
    is_int(r.body.n,
           (FAKE_SLICES - 1) * FAKE_SLICE_BYTES +
               (int)strlen("{\"kind\":0,\"status\":-1,\"policy\":\"big\",\"limit\":0,\"period\":0}\n{\"last\":true}\n"),
           "come whole");
    ok(lists_become(0), "and nothing stays open");
}

static void test_arguments(void)
{
    get("/v1/beneficiaries?status=suspended&policy=a%20b&after=x%26y&limit=7");
    is_str(reply_line(&r, 0), "{\"kind\":0,\"status\":2,\"policy\":\"a b\",\"after\":\"x&y\",\"limit\":7,\"period\":0}",
           "arguments arrive, decoded");
    get("/v1/beneficiaries?limit=1000000");
    ok(says("\"limit\":1000000"), "a limit may be large");
    lc_month m;
    char want[128];
    month_parse("2026-07", 7, &m);
    snprintf(want, sizeof want, "{\"kind\":1,\"status\":-1,\"policy\":\"p\",\"limit\":0,\"period\":%d}", (int)m);
    is_int(get("/v1/periods/2026-07?policy=p&status=active"), 200, "a period is answered");
    is_str(reply_line(&r, 0), want, "with its month and its policy");
    static const struct {
        const char *target, *member;
    } bad[] = {
        {"/v1/beneficiaries?status=dead", "\"member\":\"status\""},
        {"/v1/beneficiaries?status=", "\"member\":\"status\""},
        {"/v1/beneficiaries?limit=0", "\"member\":\"limit\""},
        {"/v1/beneficiaries?limit=1000001", "\"member\":\"limit\""},
        {"/v1/beneficiaries?limit=-1", "\"member\":\"limit\""},
        {"/v1/beneficiaries?limit=ten", "\"member\":\"limit\""},
        {"/v1/beneficiaries?after=%zz", "\"member\":\"after\""},
        {"/v1/beneficiaries?policy=unknown", "\"member\":\"policy\""},
        {"/v1/periods/2026-13", "\"member\":\"month\""},
        {"/v1/periods/2026-07-01", "\"member\":\"month\""},
        {"/v1/periods/july", "\"member\":\"month\""},
        {"/v1/periods/2026-07?policy=unknown", "\"member\":\"policy\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(get(bad[i].target) == 400 && says(bad[i].member), "%s is refused by name", bad[i].target);
    is_int(get("/v1/beneficiaries?policy=full"), 503, "too many lists at a time: come again");
    ok(reply_header(&r, "Retry-After") != NULL, "and when");
    is_int(get("/v1/periods/"), 404, "a month there must be");
    ok(lists_become(0), "nothing of it stays open");
}

static void test_broken(void)
{
    is_int(get("/v1/beneficiaries?policy=broken"), 0, "what the engine gives up is cut off");
    ok(strstr(r.head.p, "200 OK") && lines() == 2, "behind what was there, without its last chunk");
    ok(lists_become(0), "and is over");
}

static void send_get(struct client *c, const char *method, const char *target)
{
    char text[256];
    int n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: test\r\n\r\n", method, target);
    if (!c || !client_send(c, text, (size_t)n))
        bail_out("cannot ask");
}

/* Ten megabytes that nobody takes. */
static void test_slow(void)
{
    struct client *c = client_new(s.path);
    uint64_t before = fake_engine_counts(s.engine).requests[REQUEST_SCAN], asked;
    send_get(c, "GET", "/v1/beneficiaries?policy=big");
    if (!lists_become(1))
        bail_out("the list does not begin");
    for (int i = 0; i < 300; i++)
        get("/healthz");
    asked = fake_engine_counts(s.engine).requests[REQUEST_SCAN] - before;
    ok(asked < 10, "for a client who does not read, %" PRIu64 " slices were made and no more", asked);
    client_read(c, &r);
    is_int(r.status, 200, "when it reads at last");
    ok(r.body.n > (FAKE_SLICES - 1) * FAKE_SLICE_BYTES, "it gets everything");
    client_free(c);
    ok(lists_become(0), "and the list is over");
}

static void test_left(void)
{
    struct client *c = client_new(s.path);
    send_get(c, "GET", "/v1/beneficiaries?policy=big");
    ok(lists_become(1), "while a list is read");
    client_free(c);
    ok(lists_become(0), "its client goes away: the engine is told");

    fake_engine_hold(s.engine, true);
    c = client_new(s.path);
    uint64_t before = fake_engine_counts(s.engine).requests[REQUEST_SCAN];
    send_get(c, "GET", "/v1/beneficiaries?policy=big");
    while (fake_engine_counts(s.engine).requests[REQUEST_SCAN] == before)
        sched_yield();
    client_free(c);
    get("/healthz");
    fake_engine_hold(s.engine, false);
    get("/v1/holds"); /* behind it in the engine's queue */
    ok(lists_become(0), "also when it went before the list had begun");

    c = client_new(s.path);
    send_get(c, "HEAD", "/v1/beneficiaries");
    client_read_head(c, &r);
    is_int(r.status, 200, "HEAD gets the header");
    is_str(reply_header(&r, "Lifecertd-Position"), "4711", "with the position");
    client_read(c, &r);
    ok(r.status == 0 && r.head.n == 0, "and nothing behind it");
    client_free(c);
    ok(lists_become(0), "nor a list");
}

/* The server is stopped while lists are read. */
static void test_stop(void)
{
    struct client *c = client_new(s.path), *other = client_new(s.path);
    send_get(c, "GET", "/v1/beneficiaries?policy=big");
    if (!lists_become(1))
        bail_out("the list does not begin");
    fake_engine_hold(s.engine, true);
    uint64_t before = fake_engine_counts(s.engine).requests[REQUEST_SCAN];
    send_get(other, "GET", "/v1/periods/2026-07");
    while (fake_engine_counts(s.engine).requests[REQUEST_SCAN] == before)
        sched_yield();
    server_free(&s);
    client_read(c, &r);
    is_int(r.status, 0, "a stop cuts lists off");
    client_read(other, &r);
    is_int(r.status, 0, "those not begun too");
    client_free(c);
    client_free(other);
}

int main(void)
{
    plan(13 + 4 + 12 + 4 + 3 + 4 + 7 + 2);
    s = server_new(1000, false);
    test_whole();
    test_arguments();
    test_broken();
    test_slow();
    test_left();
    test_stop();
    reply_done(&r);
    return tap_end();
}
