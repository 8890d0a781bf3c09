/* endpoints, deliveries and what is ordered of them, against a daemon with prepared answers. */
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake_daemon d;
static struct ran r;
static const char *config, *socket_path;

static void start(const char *answer, const struct fake_answer *answers)
{
    fake_daemon_done(&d);
    d.answer = answer;
    d.answers = answers;
    fake_daemon_start(&d, socket_path);
}

static bool asked(unsigned i, const char *line)
{
    return i < d.n && has(d.requests[i].head.p, line);
}

/* --- endpoints --- */

#define PAYROLL                                                                                                  \
    "{\"name\":\"payroll\",\"adapter\":\"standard-webhooks\",\"state\":\"running\",\"paused\":null,"             \
    "\"paused_by\":null,\"paused_at\":null,\"cursor\":100,\"lag\":12345,\"dead\":2,\"in_flight\":64,"            \
    "\"retrying\":3,\"delivered\":309800,\"last_ok_at\":null,\"last_error\":\"HTTP \\\"500\\\" \\u001b[2J\\\\\"," \
    "\"last_error_at\":\"2026-06-16T09:00:00+08:00\"}"
#define SMS                                                                                                         \
    "{\"name\":\"sms\",\"adapter\":\"kannel\",\"state\":\"paused\",\"paused\":\"new 网络\",\"paused_by\":\"Li\","   \
    "\"paused_at\":\"2026-06-16T10:00:00+08:00\",\"cursor\":1,\"lag\":0,\"dead\":0,\"in_flight\":0,\"retrying\":0," \
    "\"delivered\":7,\"last_error\":null,\"last_error_at\":null,\"skips\":{\"dead\":1},\"x\":1.50,\"a\":[],\"o\":{}}"

static void test_endpoints(void)
{
    start("{\"endpoints\":[" PAYROLL "," SMS "]}\n", NULL);
    run_ctl(&r, NULL, "-c", config, "endpoints", NULL);
    is_str(r.out,
           "name     adapter            state       lag  in flight  retrying  dead  delivered  last error\n"
           "payroll  standard-webhooks  running  12,345         64         3     2    309,800  "
           "HTTP \"500\" ?[2J\\ (2026-06-16 09:00)\n"
           "sms      kannel             paused        0          0         0     0          7  -\n"
           "\n"
           "sms was paused 2026-06-16 10:00 by Li: new 网络\n"
           "lifecertctl endpoint resume NAME --by WHO --why TEXT resumes one.\n",
           "endpoints as a table, and who paused one");
    run_ctl(&r, NULL, "-c", config, "endpoints", "--json", NULL);
    is_str(r.out, PAYROLL "\n" SMS "\n", "with --json each on a line, byte for byte");
    fake_daemon_stop(&d);
    ok(asked(0, "GET /v1/endpoints "), "the daemon is asked for them");

    start("{\"endpoints\":[{\"name\":\"gone\",\"paused\":\"it answers 410\",\"paused_by\":\"\","
          "\"paused_at\":\"2026-06-16T10:00:00+08:00\"}]}",
          NULL);
    run_ctl(&r, NULL, "-c", config, "endpoints", NULL);
    fake_daemon_stop(&d);
    ok(has(r.out, "\ngone was paused 2026-06-16 10:00: it answers 410\n"), "one that the daemon paused is nobody's");

    start("{\"endpoints\":[]}", NULL);
    run_ctl(&r, NULL, "-c", config, "endpoints", NULL);
    is_str(r.out, "The daemon's configuration has no endpoint.\n", "none is a sentence");
    run_ctl(&r, NULL, "-c", config, "endpoints", "--json", NULL);
    fake_daemon_stop(&d);
    is_str(r.out, "", "and nothing in JSON");
}

static void test_pause(void)
{
    start("{\"endpoint\":\"a/b\",\"state\":\"paused\"}\n", NULL);
    run_ctl(&r, NULL, "-c", config, "endpoint", "pause", "a/b", "--by", "Li \"Q\"", "--why", "new network", NULL);
    ok(r.status == 0 && has(r.out, "paused a/b\n"), "an endpoint is paused");
    run_ctl(&r, NULL, "-c", config, "endpoint", "resume", "a/b", "--by", "Li", "--why", "done", NULL);
    ok(r.status == 0 && has(r.out, "resumed a/b\n"), "and resumed");
    run_ctl(&r, NULL, "-c", config, "endpoint", "resume", "a/b", "--by", "Li", "--why", "done", "--json", NULL);
    is_str(r.out, "{\"endpoint\":\"a/b\",\"state\":\"paused\"}\n", "with --json the answer stands as it came");
    run_ctl(&r, NULL, "-c", config, "endpoint", "pause", "a/b", "--by", "Li", NULL);
    ok(r.status == 2 && has(r.err, "--why is missing"), "not without a reason");
    run_ctl(&r, NULL, "-c", config, "endpoint", "pause", "--by", "Li", "--why", "x", NULL);
    ok(r.status == 2 && has(r.err, "missing: NAME"), "nor without a name");
    fake_daemon_stop(&d);
    is_int(d.n, 3, "which the daemon is not asked for");
    ok(asked(0, "POST /v1/endpoints/a%2Fb/pause ") && asked(1, "POST /v1/endpoints/a%2Fb/resume "),
       "a name is percent-encoded");
    is_str(d.requests[0].body.p, "{\"by\":\"Li \\\"Q\\\"\",\"why\":\"new network\"}", "who and why go along");

    start("{\"title\":\"Not Found\",\"detail\":\"no such endpoint: x\"}", NULL);
    d.answer_status = 404;
    run_ctl(&r, NULL, "-c", config, "endpoint", "resume", "x", "--by", "Li", "--why", "y", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 1 && has(r.err, "x: no such endpoint: x (HTTP 404)"), "an unknown name ends with 1");
}

#define OUTCOME(outcome, status, why) \
    "{\"endpoint\":\"payroll\",\"outcome\":\"" outcome "\",\"status\":" status ",\"why\":" why ",\"milliseconds\":12}\n"

static void test_trial(void)
{
    static const struct fake_answer answers[] = {
        {"POST /v1/endpoints/good/test", OUTCOME("delivered", "204", "null"), 200},
        {"POST /v1/endpoints/bad/test", OUTCOME("retry", "500", "\"HTTP 500\""), 200},
        {"POST /v1/endpoints/lost/test", OUTCOME("unknown", "0", "\"timed out\""), 200},
        {"POST /v1/endpoints/sms/test", "{\"detail\":\"sms sends messages: which phone number?\"}", 422},
        {NULL, NULL, 0},
    };
    start(NULL, answers);
    run_ctl(&r, NULL, "-c", config, "endpoint", "test", "good", NULL);
    ok(r.status == 0 && has(r.out, "payroll took it (HTTP 204, 12 ms)\n"), "a trial that arrives ends with 0");
    run_ctl(&r, NULL, "-c", config, "endpoint", "test", "good", "--phone", "13800000000", "--json", NULL);
    is_str(r.out, OUTCOME("delivered", "204", "null"), "and has its answer in JSON");
    run_ctl(&r, NULL, "-c", config, "endpoint", "test", "bad", NULL);
    ok(r.status == 1 && !*r.out && has(r.err, "payroll did not take it: retry: HTTP 500 (HTTP 500, 12 ms)\n"),
       "one that does not ends with 1 and a sentence");
    run_ctl(&r, NULL, "-c", config, "endpoint", "test", "lost", "--json", NULL);
    ok(r.status == 1 && has(r.out, OUTCOME("unknown", "0", "\"timed out\"")) &&
           has(r.err, "payroll did not take it: unknown: timed out (12 ms)\n"),
       "with --json, too");
    run_ctl(&r, NULL, "-c", config, "endpoint", "test", "sms", NULL);
    ok(r.status == 1 && has(r.err, "which phone number? (HTTP 422)"), "one that cannot be made as well");
    fake_daemon_stop(&d);
    is_str(d.requests[0].body.p, "", "without a phone there is no body");
    is_str(d.requests[1].body.p, "{\"phone\":\"13800000000\"}", "a phone goes along");
}

/* --- deliveries --- */

#define ROW(endpoint, seq, state, next, receipt)                                                                     \
    "{\"id\":\"" endpoint ":" seq "\",\"endpoint\":\"" endpoint "\",\"seq\":" seq ",\"type\":\"grace.started\","     \
    "\"subject\":\"330902-1\",\"state\":\"" state "\",\"attempts\":3,\"next_at\":" next                              \
    ",\"changed_at\":\"2026-06-16T09:00:00+08:00\",\"why\":\"500\"" receipt "}"
#define PAGE(rows, more) "{\"deliveries\":[" rows "],\"more\":" more "}\n"
#define RETRY ROW("payroll", "7", "retry", "\"2026-06-16T09:30:00+08:00\"", "")
#define DEAD ROW("payroll", "9", "dead", "null", "")
#define SENT ROW("sms", "8", "sent", "\"2026-06-23T09:00:00+08:00\"", ",\"receipt\":\"delivered\"")
#define NAMES "{\"endpoints\":[{\"name\":\"payroll\"},{\"name\":\"a/b\"},{\"name\":\"sms\"}]}"

static void test_list(void)
{
    static const struct fake_answer answers[] = {
        {"GET /v1/endpoints", NAMES, 200},
        {"GET /v1/deliveries?limit=1000&endpoint=payroll", PAGE(RETRY, "true"), 200},
        {"GET /v1/deliveries?limit=1000&endpoint=payroll&after=7", PAGE(DEAD, "false"), 200},
        {"GET /v1/deliveries?limit=999&endpoint=a%2Fb", PAGE("", "false"), 200},
        {"GET /v1/deliveries?limit=999&endpoint=sms", PAGE(SENT, "false"), 200},
        {NULL, NULL, 0},
    };
    start(NULL, answers);
    run_ctl(&r, NULL, "-c", config, "deliveries", NULL);
    is_str(r.out,
           "id         type           person    state            attempts  changed           next              why\n"
           "payroll:7  grace.started  330902-1  retry                   3  2026-06-16 09:00  2026-06-16 09:30  500\n"
           "payroll:9  grace.started  330902-1  dead                    3  2026-06-16 09:00  -                 500\n"
           "sms:8      grace.started  330902-1  sent, delivered         3  2026-06-16 09:00  -                 500\n",
           "deliveries of all endpoints, page by page");
    is_int(r.status, 0, "which is no failure");
    run_ctl(&r, NULL, "-c", config, "deliveries", "--json", NULL);
    is_str(r.out, RETRY "\n" DEAD "\n" SENT "\n", "with --json each on a line, byte for byte");
    run_ctl(&r, NULL, "-c", config, "deliveries", "payroll", "--json", NULL);
    is_str(r.out, RETRY "\n" DEAD "\n", "or of one endpoint");
    fake_daemon_stop(&d);
    is_int(d.n, 5 + 5 + 2, "no page is asked for in vain");
}

static void test_limit(void)
{
    static const struct fake_answer answers[] = {
        {"GET /v1/endpoints", NAMES, 200},
        {"GET /v1/deliveries?limit=2&endpoint=payroll", PAGE(RETRY, "true"), 200},
        {"GET /v1/deliveries?limit=1&endpoint=payroll&after=7", PAGE(DEAD, "false"), 200},
        {"GET /v1/deliveries?limit=3&endpoint=payroll&state=dead%2Csent", PAGE(RETRY "," DEAD, "false"), 200},
        {"GET /v1/deliveries?limit=3&endpoint=none&state=dead", PAGE("", "false"), 200},
        {"GET /v1/deliveries?limit=1000&endpoint=stuck", PAGE(RETRY, "true"), 200},
        {"GET /v1/deliveries?limit=1000&endpoint=stuck&after=7", PAGE(RETRY, "true"), 200},
        {"GET /v1/deliveries?limit=1000&endpoint=none", PAGE("", "false"), 200},
        {NULL, NULL, 0},
    };
    start(NULL, answers);
    run_ctl(&r, NULL, "-c", config, "deliveries", "--limit", "1", "--json", NULL);
    is_str(r.out, RETRY "\n", "no more are shown than were asked for");
    ok(r.status == 0 && has(r.err, "there are more than these 1; --limit shows more"), "that there are more is said");
    is_int(d.n, 3, "nobody asks for what is not shown");
    run_ctl(&r, NULL, "-c", config, "deliveries", "payroll", "--limit", "2", "--state", "dead,sent", "--json", NULL);
    is_str(r.out, RETRY "\n" DEAD "\n", "in the states that were asked for");
    is_str(r.err, "", "and when these are all nothing is said");
    run_ctl(&r, NULL, "-c", config, "deliveries", "stuck", "--json", NULL);
    is_str(r.out, RETRY "\n" RETRY "\n", "a list that does not go on is not followed for ever");
    run_ctl(&r, NULL, "-c", config, "deliveries", "none", NULL);
    is_str(r.out, "No delivery has failed or waits.\n", "none is a sentence");
    run_ctl(&r, NULL, "-c", config, "deliveries", "none", "--state", "dead", "--limit", "2", NULL);
    is_str(r.out, "There is no such delivery.\n", "another one in states of one's own");
    run_ctl(&r, NULL, "-c", config, "deliveries", "nobody", NULL);
    ok(r.status == 1 && has(r.err, "nobody: not enrolled"), "an unknown endpoint ends with 1");
    fake_daemon_stop(&d);
    run_ctl(&r, NULL, "-c", config, "deliveries", "--limit", "0", NULL);
    is_int(r.status, 2, "none at all is no limit");
    run_ctl(&r, NULL, "-c", config, "deliveries", "--limit", "18446744073709551615", NULL);
    is_int(r.status, 2, "nor is every number");
}

static void test_decide(void)
{
    start("{\"id\":\"payroll:7\",\"result\":\"retried\"}\n", NULL);
    run_ctl(&r, NULL, "-c", config, "delivery", "retry", "payroll:7", "--by", "Li", "--why", "mended", NULL);
    ok(r.status == 0 && has(r.out, "retried payroll:7\n"), "a delivery is retried");
    fake_daemon_stop(&d);
    ok(asked(0, "POST /v1/deliveries/payroll%3A7/retry "), "by its id");
    is_str(d.requests[0].body.p, "{\"by\":\"Li\",\"why\":\"mended\"}", "with who and why");
    start("{\"id\":\"payroll:7\",\"result\":\"dropped\"}\n", NULL);
    run_ctl(&r, NULL, "-c", config, "delivery", "drop", "payroll:7", "--by", "Li", "--why", "mended", NULL);
    ok(r.status == 0 && has(r.out, "dropped payroll:7\n"), "or dropped");
    run_ctl(&r, NULL, "-c", config, "delivery", "drop", "payroll:7", "--why", "mended", NULL);
    ok(r.status == 2 && has(r.err, "--by is missing"), "by somebody");
    fake_daemon_stop(&d);
    ok(asked(0, "POST /v1/deliveries/payroll%3A7/drop "), "by its id, too");
    start("{\"detail\":\"it is being sent just now\"}", NULL);
    d.answer_status = 409;
    run_ctl(&r, NULL, "-c", config, "delivery", "drop", "payroll:7", "--by", "Li", "--why", "x", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 1 && has(r.err, "payroll:7: it is being sent just now (HTTP 409)"), "what cannot be ends with 1");
}

int main(void)
{
    plan(0);
    config = test_config("");
    socket_path = test_path("api.sock");
    test_endpoints();
    test_pause();
    test_trial();
    test_list();
    test_limit();
    test_decide();
    fake_daemon_done(&d);
    ran_done(&r);
    return tap_end();
}
