/* redeliver, against a daemon with prepared answers. */
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

static struct fake_daemon d;
static struct ran r;
static const char *config, *socket_path;

#define COUNTS(state, sent, failed)                                                                          \
    "\"after\":100,\"until\":5000,\"position\":2550,\"type\":null,\"subject\":null,\"state\":\"" state "\"," \
    "\"sent\":" sent ",\"failed\":" failed ",\"skipped\":7,\"started_at\":\"2026-06-16T09:00:00+08:00\","    \
    "\"ended_at\":null,\"by\":\"Li\",\"why\":\"新\\u001b系统\",\"last_error\":null}"
/* Of three shards, all of 100, 200 and 700 events. */
#define OF_SHARDS                                                                                                   \
    "{\"name\":\"shards\",\"state\":\"running\",\"redelivery\":{\"after\":\"sAwAAAA\",\"until\":\"sA2TIAbwF\",\"position\":" \
    "\"sA2TIAbwF\",\"state\":\"done\",\"sent\":993,\"failed\":0,\"skipped\":7,\"by\":\"Li\",\"why\":\"new\"}}"
#define BEGUN(name) "{\"endpoint\":\"" name "\"," COUNTS("running", "0", "0")
#define LISTED(name, state, sent, failed) \
    "{\"name\":\"" name "\",\"state\":\"running\",\"redelivery\":{\"in_flight\":0," COUNTS(state, sent, failed) "}"
#define SIGNED "--by", "Li", "--why", "new system"

static const struct fake_answer answers[] = {
    {"POST /v1/endpoints/all/redeliver", BEGUN("all"), 202},
    {"POST /v1/endpoints/some/redeliver", BEGUN("some"), 202},
    {"POST /v1/endpoints/ended/redeliver", BEGUN("ended"), 202},
    {"POST /v1/endpoints/later/redeliver",
     "{\"endpoint\":\"later\",\"state\":\"running\",\"started_at\":\"2026-06-15T09:00:00+08:00\"}", 202},
    {"POST /v1/endpoints/a%2Fb/redeliver", BEGUN("a/b"), 202},
    {"POST /v1/endpoints/busy/redeliver", "{\"detail\":\"a redelivery is under way already\"}", 409},
    {"DELETE /v1/endpoints/all/redeliver", "{\"endpoint\":\"all\"," COUNTS("cancelled", "1234", "0"), 200},
    {"DELETE /v1/endpoints/none/redeliver", "{\"detail\":\"no redelivery to none is under way\"}", 404},
    {"GET /v1/endpoints",
     "{\"endpoints\":[" LISTED("all", "done", "4893", "0") "," LISTED("some", "done", "4891", "2") "," LISTED(
         "ended", "cancelled", "5", "0") "," LISTED("later", "done", "1",
                                                    "0") "," LISTED("on", "running", "3100",
                                                                    "0") "," OF_SHARDS ",{\"name\":\"never\",\"redelivery\":null}]}",
     200},
    {NULL, NULL, 0},
};

static void start(void)
{
    fake_daemon_done(&d);
    d.answers = answers;
    fake_daemon_start(&d, socket_path);
}

static bool asked(unsigned i, const char *line)
{
    return i < d.n && has(d.requests[i].head.p, line);
}

static void test_followed(void)
{
    start();
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", "--after", "100", SIGNED, NULL);
    is_int(r.status, 0, "when all was sent it ends with 0");
    is_str(r.out, "all: events 101 to 5,000 sent again, 50%: 4,893 sent, 7 left out (by Li: 新?系统)\n",
           "and says what that was");
    is_str(r.err, "", "with no bar where there is no terminal");
    run_ctl(&r, NULL, "-c", config, "redeliver", "some", "--since", "2026-06-01", "--until", "2026-06-16T09:00:00Z",
            "--type", "benefit.*", "--subject", "p1", SIGNED, NULL);
    is_int(r.status, 1, "when some failed, with 1");
    ok(has(r.out, "4,891 sent, 2 failed, 7 left out") && has(r.err, "2 of them did not arrive"), "and a sentence");
    run_ctl(&r, NULL, "-c", config, "redeliver", "ended", "--after", "1", SIGNED, NULL);
    ok(r.status == 1 && has(r.out, "sent again until cancelled") && has(r.err, "was cancelled"),
       "so too when it was cancelled");
    run_ctl(&r, NULL, "-c", config, "redeliver", "later", "--after", "1", SIGNED, NULL);
    ok(r.status == 1 && has(r.err, "another redelivery to later"), "or another one has taken its place");
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", "--after", "1", "--json", SIGNED, NULL);
    is_str(r.out, "{\"in_flight\":0," COUNTS("done", "4893", "0") "\n", "with --json what came of it is JSON");
    fake_daemon_stop(&d);
    is_str(d.requests[0].body.p, "{\"after\":\"100\",\"by\":\"Li\",\"why\":\"new system\"}",
           "the order says where to begin");
    is_str(
        d.requests[2].body.p,
        "{\"since\":\"2026-06-01\",\"until\":\"2026-06-16T09:00:00Z\",\"type\":\"benefit.*\",\"subject\":\"p1\",\"by\":\"Li\","
        "\"why\":\"new system\"}",
        "and what else was asked for");
}

static void test_not_followed(void)
{
    start();
    run_ctl(&r, NULL, "-c", config, "redeliver", "a/b", "--after", "100", "--no-wait", SIGNED, NULL);
    is_int(r.status, 0, "without waiting it ends at once");
    is_str(r.out, "events 101 to 5,000 are being sent to a/b again; lifecertctl endpoints shows how far that is\n",
           "and says where to look");
    run_ctl(&r, NULL, "-c", config, "redeliver", "a/b", "--after", "100", "--no-wait", "--json", SIGNED, NULL);
    is_str(r.out, BEGUN("a/b") "\n", "in JSON the answer as it came");
    run_ctl(&r, NULL, "-c", config, "redeliver", "busy", "--after", "100", SIGNED, NULL);
    ok(r.status == 1 && has(r.err, "busy: a redelivery is under way already (HTTP 409)"), "a refusal ends with 1");
    fake_daemon_stop(&d);
    is_int(d.n, 3, "and with nothing to follow");
    ok(asked(0, "POST /v1/endpoints/a%2Fb/redeliver "), "a name is percent-encoded");
}

static void test_cancelled(void)
{
    start();
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", "--cancel", SIGNED, NULL);
    ok(r.status == 0 && has(r.out, "cancelled the redelivery to all: 1,234 sent, 7 left out\n"), "one is cancelled");
    run_ctl(&r, NULL, "-c", config, "redeliver", "none", "--cancel", SIGNED, NULL);
    ok(r.status == 1 && has(r.err, "none: no redelivery to none is under way"), "if there is one");
    fake_daemon_stop(&d);
    ok(asked(0, "DELETE /v1/endpoints/all/redeliver "), "by DELETE");
    is_str(d.requests[0].body.p, "{\"by\":\"Li\",\"why\":\"new system\"}", "with who and why");
}

static void test_mistakes(void)
{
    start();
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", SIGNED, NULL);
    ok(r.status == 2 && has(r.err, "one of --after SEQ and --since TIME"), "it must begin somewhere");
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", "--after", "1", "--since", "2026-06-01", SIGNED, NULL);
    ok(r.status == 2 && has(r.err, "one of --after SEQ and --since TIME"), "and only there");
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", "--cancel", "--after", "1", SIGNED, NULL);
    ok(r.status == 2 && has(r.err, "--cancel takes nothing but"), "to cancel has no range");
    run_ctl(&r, NULL, "-c", config, "redeliver", "all", "--after", "1", "--by", "Li", NULL);
    ok(r.status == 2 && has(r.err, "--why is missing"), "nobody orders without a reason");
    run_ctl(&r, NULL, "-c", config, "redeliver", "--after", "1", SIGNED, NULL);
    ok(r.status == 2 && has(r.err, "missing: ENDPOINT"), "or to nobody");
    fake_daemon_stop(&d);
    is_int(d.n, 0, "of all that the daemon hears nothing");
}

static void test_list(void)
{
    start();
    run_ctl(&r, NULL, "-c", config, "endpoints", NULL);
    fake_daemon_stop(&d);
    ok(has(r.out, "\non: events 101 to 5,000 being sent again, 50%: 3,100 sent, 7 left out (by Li: 新?系统)\n"),
       "endpoints shows what is under way");
    ok(has(r.out, "\nall: events 101 to 5,000 sent again, 50%: 4,893 sent"), "and what is over");
    ok(has(r.out, "\nshards: 1,000 events sent again, 100%: 993 sent, 7 left out (by Li: new)\n"),
       "of several shards how many events it is about");
    ok(!strstr(r.out, "\nnever:"), "and of others nothing");
}

int main(void)
{
    plan(0);
    config = test_config("");
    socket_path = test_path("api.sock");
    test_followed();
    test_not_followed();
    test_cancelled();
    test_mistakes();
    test_list();
    fake_daemon_done(&d);
    ran_done(&r);
    return tap_end();
}
