/* The accelerated clock, through the real daemon: where it starts, at what it stops, what waits for it, and that a
 * store of one clock is not opened under another. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define REST "timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"face\" { }\npolicy \"national\" { }\n"
#define SLOW "clock = \"2026-01-01T00:00:00+08:00 x1\"\n" REST
#define FAST "clock = \"2026-01-01T00:00:00+08:00 x100000000\"\n" REST
#define JSON "Content-Type: application/json\r\n"
#define STREAM "Lifecertd-Stream: s-1\r\n"

static struct node *n;
static struct reply r;

static int post(const char *headers, const char *json)
{
    request_once(n->socket, "POST", "/v1/inputs", headers, str_of(json), &r);
    return r.status;
}

/* The daemon's present, RFC 3339. */
static const char *now(void)
{
    static char text[26];
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    const char *p = r.status == 200 ? strstr(r.body.p, "\"now\":\"") : NULL;
    if (!p)
        bail_out("no status: %d", r.status);
    snprintf(text, sizeof text, "%.25s", p + 7);
    return text;
}

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;
    for (const char *p = text; (p = strstr(p, part)); p++)
        found++;
    return found;
}

static void events(const char *type, struct buf *out)
{
    const char *const argv[] = {"lifecertctl", "-c", n->config, "events", "--type", type, NULL};
    if (run_program(argv, out) != 0)
        bail_out("%s", out->p);
}

static void restart(const char *config)
{
    is_int(node_stop(n), 0, "the daemon stops");
    node_configure(n, config);
    node_must_start(n);
}

/* --- stores --- */

static void test_stores(void)
{
    int code = 0;
    n = node_new(REST);
    node_init(n);
    node_configure(n, FAST);
    ok(!node_start(n, &code) && code == 1 && node_logged(n, "simulated"),
       "a store of the system's clock is not opened under another");
    node_configure(n, REST);
    node_must_start(n);
    is_int(post(JSON, "{\"op\":\"unit\",\"unit\":\"U\",\"at\":\"2026-01-01T00:00:00+08:00\"}"), 400,
           "under the system's clock no input may say when it happens");
    ok(strstr(r.body.p, "\"at\""), "and the answer names the member");
    node_free(n, false);

    n = node_new(SLOW);
    node_init(n);
    node_configure(n, REST);
    ok(!node_start(n, &code) && code == 1 && node_logged(n, "simulated"), "nor the other way round");
    node_configure(n, SLOW);
}

/* --- the clock --- */

static void test_start(void)
{
    node_must_start(n);
    ok(strncmp(now(), "2026-01-01T00:0", 15) == 0, "a new store's clock starts where it is told to");
    is_int(post(JSON, "{\"op\":\"enrol\",\"id\":\"A\",\"policy\":\"national\",\"approved_on\":\"2025-05-05\","
                      "\"at\":\"2025-12-01T00:00:00+08:00\"}"),
           200, "an input of an instant that has passed is taken");
    struct buf out = BUF_INIT;
    events("beneficiary.enrolled", &out);
    ok(count(out.p, "\"time\":\"2026-01-01T00:0") == 1, "and decided at the present");
    ok(count(out.p, "\"simulated\":true") == 1, "its event says that the clock is not the system's");
    buf_done(&out);
}

static void test_stream(void)
{
    struct buf out = BUF_INIT;
    restart(FAST);
    is_int(post(JSON STREAM,
                "{\"op\":\"certify\",\"id\":\"A\",\"channel\":\"face\",\"ref\":\"1\",\"certified_on\":\"2026-09-01\","
                "\"at\":\"2026-09-01T12:34:56+08:00\"}"),
           200, "an input eight months ahead waits for its instant");
    bool stands = true;
    for (int i = 0; i < 200; i++)
        stands &= strcmp(now(), "2026-09-01T12:34:56+08:00") == 0;
    ok(stands, "the clock does not pass it while its stream is open");
    events("*", &out);
    ok(count(out.p, "\"time\":\"2026-09-01T12:34:56+08:00\",\"type\":\"certification.accepted\"") == 1,
       "it is decided just then");
    ok(count(out.p, "T09:00:00+08:00\",\"type\":\"reminder.due\"") == 3 &&
           count(out.p, "\"time\":\"2026-06-01T00:00:00+08:00\",\"type\":\"grace.started\"") == 1 &&
           count(out.p, "\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"benefit.suspended\"") == 1,
       "every deadline before it is processed at its own instant");
    is_int(post(JSON STREAM "Lifecertd-Stream-End: yes\r\n",
                "{\"op\":\"unit\",\"unit\":\"U\",\"at\":\"2026-09-02T00:00:00+08:00\"}"),
           200, "the stream goes on, and ends");
    bool passed = false;
    for (int i = 0; i < 100000 && !passed; i++)
        passed = strcmp(now(), "2026-12-01T00:00:00+08:00") > 0;
    ok(passed, "then the clock runs on");
    buf_done(&out);
}

static void test_further_on(void)
{
    char last[26] = "";
    struct buf out = BUF_INIT;
    node_kill(n);
    node_configure(n, SLOW);
    node_must_start(n);
    events("*", &out);
    for (const char *p = out.p; (p = strstr(p, "\"time\":\"")); p++)
        snprintf(last, sizeof last, "%.25s", p + 8);
    ok(strncmp(now(), last, 15) == 0, "a store that is further on goes on from its last event");
    is_int(node_stop(n), 0, "the daemon stops");
    buf_done(&out);
}

int main(void)
{
    plan(0);
    test_stores();
    test_start();
    test_stream();
    test_further_on();
    node_free(n, false);
    reply_done(&r);
    return tap_end();
}
