/* show, due, status and holds, against a daemon with prepared answers. */
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct fake_daemon d;
static struct ran r;
static const char *config, *socket_path;

static void start(const char *answer)
{
    fake_daemon_done(&d);
    d.answer = answer;
    fake_daemon_start(&d, socket_path);
}

static bool asked(unsigned i, const char *line)
{
    return i < d.n && has(d.requests[i].head.p, line);
}

static const char person[] =
    "{\"id\":\"330902-1\",\"status\":\"active\",\"policy\":\"national\",\"due_on\":\"2026-05-31\","
    "\"certified_on\":\"2025-05-20\",\"grace_until\":\"2026-06-20\",\"deferred_until\":\"2026-06-20\","
    "\"next\":{\"kind\":\"suspension\",\"at\":\"2026-06-21T00:00:00+08:00\"},\"suspended_on\":null,"
    "\"held_by\":[\"brake\",\"feed:face\"]}";

#define EVENT                                                                                 \
    "{\"seq\":7,\"prev\":0,\"time\":\"2026-03-01T09:00:00+08:00\",\"type\":\"reminder.due\"," \
    "\"subject\":\"330902-1\",\"data\":{\"due_on\":\"2026-05-31\",\"number\":1,\"of\":3,\"missed\":0}}"

static void test_show(void)
{
    start(person);
    d.answer_events = EVENT "\n" EVENT "\n";
    run_ctl(&r, NULL, "-c", config, "show", "330902-1", NULL);
    is_str(r.out,
           "330902-1  active: certified on 2025-05-20, valid through 2026-05-31\n"
           "next: 2026-06-21 00:00 suspension, unless certified before\n"
           "  not before: a home visit is booked by 2026-06-20\n"
           "held: brake, feed:face; no suspension before that is lifted (lifecertctl holds)\n\n"
           "  policy                 national\n"
           "  last certified on      2025-05-20\n"
           "  due by                 2026-05-31\n"
           "  grace until            2026-06-20\n"
           "  home visit by          2026-06-20\n\n"
           "  2026-03-01 09:00  reminder 1 of 3: certification due by 2026-05-31\n"
           "  2026-03-01 09:00  reminder 1 of 3: certification due by 2026-05-31\n",
           "a person in words");
    run_ctl(&r, NULL, "-c", config, "show", "330902-1", "--json", NULL);
    char want[2048];
    snprintf(want, sizeof want, "%.*s,\"events\":[%s,%s]}\n", (int)strlen(person) - 1, person, EVENT, EVENT);
    is_str(r.out, want, "a person as JSON, with the events");
    run_ctl(&r, NULL, "-c", config, "show", "a/b c?", NULL);
    fake_daemon_stop(&d);
    ok(asked(0, "GET /v1/beneficiaries/330902-1 ") && asked(4, "GET /v1/beneficiaries/a%2Fb%20c%3F "),
       "an id is percent-encoded");

    start(NULL);
    run_ctl(&r, NULL, "-c", config, "show", "nobody", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 1 && has(r.err, "nobody is not enrolled"), "an unknown id ends with 1");
}

#define ACCEPTED                                                                                        \
    "{\"seq\":4,\"prev\":3,\"time\":\"2025-06-20T10:00:00+08:00\",\"type\":\"certification.accepted\"," \
    "\"subject\":\"p-1\",\"data\":{\"ref\":\"r\",\"channel\":\"face\",\"certified_on\":\"2025-05-20\"," \
    "\"received_on\":\"2025-06-20\",\"effect\":\"renewed\",\"due_on\":\"2026-05-31\"}}\n"
#define SUSPENDED                                                                                               \
    "{\"seq\":9,\"prev\":4,\"time\":\"2026-07-02T00:00:00+08:00\",\"type\":\"benefit.suspended\","              \
    "\"subject\":\"p-1\",\"data\":{\"due_on\":\"2026-05-31\",\"suspended_on\":\"2026-07-02\",\"first_withheld_" \
    "period\":\"2026-07\"}}\n"

static void test_show_as_of(void)
{
    static const struct fake_answer answers[] = {
        {"GET /v1/beneficiaries/p-1?as_of=2026-07-03",
         "{\"id\":\"p-1\",\"status\":\"suspended\",\"suspended_on\":\"2026-07-02\",\"due_on\":\"2026-05-31\","
         "\"certified_on\":\"2025-05-20\",\"next\":null,\"held_by\":null}",
         200},
        {"GET /v1/beneficiaries/p-1/events?as_of=2026-07-03", ACCEPTED SUSPENDED, 200},
        {"GET /v1/beneficiaries/p-1/events", ACCEPTED SUSPENDED ACCEPTED ACCEPTED, 200},
        {"GET /v1/beneficiaries/p-1?as_of=2026-07-01T23%3A59%3A59%2B08%3A00", "{\"suspend_on\":\"2026-06-16\"}", 200},
        {"GET /v1/beneficiaries/p-1?as_of=2026-06-16", "{\"held_by\":[\"moratorium\",\"brake\"]}", 200},
        {"GET /v1/beneficiaries/p-1?as_of=2020-01-01", "{\"detail\":\"not enrolled yet then\"}", 404},
        {"GET /v1/beneficiaries/p-1?as_of=2199-01-01", "{\"detail\":\"as_of: expected a time that has come\"}", 400},
        {NULL, NULL, 0},
    };
    start(NULL);
    d.answers = answers;
    run_ctl(&r, NULL, "-c", config, "show", "p-1", "--as-of", "2026-07-03", NULL);
    is_str(
        r.out,
        "As known on 2026-07-03:\n\n"
        "p-1  suspended since 2026-07-02: not certified by 2026-05-31\n"
        "next: nothing by itself; a certification resumes the benefit\n"
        "held: which holds were in force then is not known any more\n\n"
        "  last certified on      2025-05-20\n"
        "  received on            2025-06-20\n"
        "  due by                 2026-05-31\n"
        "  suspended on           2026-07-02\n\n"
        "  (older events were archived)\n"
        "  2025-06-20 10:00  certified on 2025-05-20 by face (ref r), received on 2025-06-20, 31 days later; valid "
        "through 2026-05-31\n"
        "  2026-07-02 00:00  suspended: certification was due by 2026-05-31; held back from 2026-06-16 by moratorium, "
        "brake; withheld from 2026-07\n\n"
        "2 later events are not shown.\n",
        "a person as known at an earlier time");
    run_ctl(&r, NULL, "-c", config, "show", "p-1", "--as-of", "2026-07-03", "--json", NULL);
    ok(has(r.out, "\"held_by\":null,\"events\":[{\"seq\":4,") && has(r.out, "\"seq\":9,") && strlen(r.out) < 1000,
       "as JSON with the events up to then alone");
    run_ctl(&r, NULL, "-c", config, "show", "p-1", "--as-of", "2020-01-01", NULL);
    ok(r.status == 1 && has(r.err, "p-1: not enrolled yet then"), "before the enrolment it says so, and ends with 1");
    run_ctl(&r, NULL, "-c", config, "show", "p-1", "--as-of", "2199-01-01", NULL);
    ok(r.status == 1 && has(r.err, "expected a time that has come"), "what has not come is the daemon's to refuse");
    run_ctl(&r, NULL, "-c", config, "show", "p-1", "--as-of", "yesterday", NULL);
    ok(r.status == 2 && has(r.err, "--as-of \"yesterday\": expected a date such as"), "what is no time is refused");
    fake_daemon_stop(&d);
}

static void test_due(void)
{
    static const char answer[] = "{\"by\":\"month\",\"rows\":[{\"on\":\"2026-06\",\"reminder\":1200,\"grace\":3,"
                                 "\"suspension\":2,\"lapse\":0}],\"held\":5}";
    start(answer);
    run_ctl(&r, NULL, "-c", config, "due", "--from=2026-06-01", "--to", "2026-06-30", "--by", "month", NULL);
    is_str(r.out,
           "on       reminder  grace  suspension  lapse    all\n"
           "2026-06     1,200      3           2      0  1,205\n\n"
           "5 suspensions are due and held back; lifecertctl holds shows by what.\n",
           "what is due, as a table");
    run_ctl(&r, NULL, "-c", config, "due", "--json", NULL);
    fake_daemon_stop(&d);
    ok(strncmp(r.out, answer, strlen(answer)) == 0, "and as JSON");
    ok(asked(0, "GET /v1/due?by=month&from=2026-06-01&to=2026-06-30 ") && asked(1, "GET /v1/due?by=day "),
       "the daemon is asked for the days");
    start("{\"by\":\"day\",\"rows\":[],\"held\":0}");
    run_ctl(&r, NULL, "-c", config, "due", NULL);
    fake_daemon_stop(&d);
    is_str(r.out, "Nothing falls due in that time.\n", "nothing is a sentence");
    run_ctl(&r, NULL, "--url", "http://127.0.0.1:1", "due", "--as-of", "2026-06-01", NULL);
    ok(r.status == 2 && has(r.err, "cannot go with --url"), "the past is read from the store: not with --url");
    run_ctl(&r, NULL, "-c", config, "due", "--as-of", "2026-06", NULL);
    ok(r.status == 2 && has(r.err, "--as-of \"2026-06\": expected"), "nor as of what is no time");
}

static void test_status(void)
{
    start(
        "{\"position\":1234,\"now\":\"2026-01-01T00:00:00+08:00\",\"simulated\":true,\"enrolled\":10,\"active\":7,"
        "\"grace\":2,\"suspended\":1,\"terminated\":0,\"held\":1,\"lag_seconds\":65,\"next\":[{\"kind\":\"reminder\","
        "\"at\":\"2026-02-01T09:00:00+08:00\",\"count\":4}],\"holds\":[{\"name\":\"brake\",\"hold\":\"brake\",\"why\":"
        "\"2 due\",\"scope\":null,\"until\":null,\"since\":\"2026-01-01T00:00:00+08:00\",\"by\":null}],"
        "\"log_bytes\":123456,\"incarnation\":\"x\"}");
    run_ctl(&r, NULL, "-c", config, "status", NULL);
    fake_daemon_stop(&d);
    is_int(r.status, 0, "the status is shown");
    ok(has(r.out, "now       2026-01-01 00:00  (simulated") && has(r.out, "1,234 events, 123.5 kB") &&
           has(r.out, "1:05"),
       "where it is");
    ok(has(r.out, "active           7  70.0%") && has(r.out, "held back        1"), "the people");
    ok(has(r.out, "2026-02-01 09:00  reminder       4"), "what comes next");
    ok(!strstr(r.out, "endpoint"), "and where there are no endpoints none of them");
    ok(has(r.out, "brake  everyone  2026-01-01 00:00  -      -   2 due"), "the holds");
}

static void test_status_shards(void)
{
    start(
        "{\"position\":\"sA2TIAbwF\",\"enrolled\":10,\"shards\":{\"daemons\":["
        "{\"name\":\"a\",\"shards\":[0,2],\"since\":1767225600,\"revision\":3,\"why\":null},"
        "{\"name\":\"b\",\"shards\":[],\"since\":1767225600,\"revision\":0,\"why\":\"other rules are in force\"}],"
        "\"shards\":4,\"unowned\":[1,3]}}");
    run_ctl(&r, NULL, "-c", config, "status", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 0 && has(r.out, "1,000 events"), "over several shards their events are summed up");
    ok(has(r.out, "  daemon  revision  shards\n"
                  "  a              3  0 2\n"
                  "  b              0  none: other rules are in force\n"
                  "  nobody         -  1 3\n"),
       "and it is said who owns which, and which nobody owns");
}

#define ENDPOINT(name, state, lag) \
    "{\"name\":\"" name "\",\"state\":\"" state "\",\"lag\":" lag ",\"dead\":2,\"paused\":null}"
#define ENDPOINTS "[" ENDPOINT("payroll", "running", "0") "," ENDPOINT("sms", "paused", "12345") "]"

static void test_status_endpoints(void)
{
    static const struct fake_answer good[] = {
        {"GET /v1/endpoints", "{\"endpoints\":" ENDPOINTS "}\n", 200},
        {NULL, NULL, 0},
    };
    static const struct fake_answer bad[] = {
        {"GET /v1/endpoints", "{\"title\":\"Service Unavailable\",\"detail\":\"it delivers nothing\"}", 503},
        {NULL, NULL, 0},
    };
    start("{\"position\":1,\"enrolled\":10}\n");
    d.answers = good;
    run_ctl(&r, NULL, "-c", config, "status", NULL);
    ok(r.status == 0 && has(r.out, "  endpoint  state       lag  dead\n"
                                   "  payroll   running       0     2\n"
                                   "  sms       paused   12,345     2\n"),
       "the endpoints, with how far they are behind");
    run_ctl(&r, NULL, "-c", config, "status", "--json", NULL);
    is_str(r.out, "{\"position\":1,\"enrolled\":10,\"endpoints\":" ENDPOINTS "}\n", "they stand in the JSON, too");
    fake_daemon_stop(&d);
    start("{\"position\":1,\"enrolled\":10}\n");
    d.answers = bad;
    run_ctl(&r, NULL, "-c", config, "status", NULL);
    ok(r.status == 3 && has(r.out, "enrolled") && has(r.err, "/v1/endpoints: it delivers nothing (HTTP 503)"),
       "without them the rest is shown, and what is wrong is said");
    fake_daemon_stop(&d);
}

static void test_pending_hold(void)
{
    start("{\"name\":\"moratorium\",\"pending\":[3,5]}");
    run_ctl(&r, NULL, "-c", config, "hold", "place", "--until", "2026-03-01", "--by", "L", "--why", "x", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 0 && has(r.out, "placed moratorium\n"), "an order that some shards have yet to carry out is given");
    ok(has(r.err, "not carried out yet, but ordered for good: by the shards 3 5\n"), "and which shards these are is said");
}

static void test_holds(void)
{
    start("{\"name\":\"moratorium:unit:U1\"}");
    run_ctl(&r, NULL, "-c", config, "hold", "place", "--until", "2026-03-01", "--by", "Li \"Q\"", "--why", "flood",
            "--unit", "U1", NULL);
    ok(r.status == 0 && has(r.out, "placed moratorium:unit:U1\n"), "a hold is placed");
    run_ctl(&r, NULL, "-c", config, "hold", "place", "--until", "2026-03-01", "--by", "L", "--why", "x", NULL);
    run_ctl(&r, NULL, "-c", config, "hold", "lift", "moratorium:unit:U1", "--by", "L", "--why", "over", NULL);
    ok(r.status == 0 && has(r.out, "lifted moratorium:unit:U1\n"), "and lifted");
    fake_daemon_stop(&d);
    ok(!strstr(r.err, "shard"), "by all that have to, as long as nothing else is told");
    is_str(d.requests[0].body.p,
           "{\"hold\":\"moratorium\",\"scope\":{\"unit\":\"U1\"},\"until\":\"2026-03-01\","
           "\"by\":\"Li \\\"Q\\\"\",\"why\":\"flood\"}",
           "over a unit");
    is_str(d.requests[1].body.p,
           "{\"hold\":\"moratorium\",\"scope\":null,\"until\":\"2026-03-01\",\"by\":\"L\",\"why\":\"x\"}",
           "or over everyone");
    ok(asked(2, "DELETE /v1/holds/moratorium%3Aunit%3AU1 ") &&
           has(d.requests[2].body.p, "{\"by\":\"L\",\"why\":\"over\"}"),
       "a name is percent-encoded");
    start("{\"holds\":[]}");
    run_ctl(&r, NULL, "-c", config, "holds", NULL);
    fake_daemon_stop(&d);
    is_str(r.out, "No hold is placed.\n", "none is a sentence");
    start("{\"holds\":[{\"name\":\"brake\"},{\"name\":\"feed:face\"}]}\n");
    run_ctl(&r, NULL, "-c", config, "holds", "--json", NULL);
    fake_daemon_stop(&d);
    is_str(r.out, "{\"name\":\"brake\"}\n{\"name\":\"feed:face\"}\n", "as JSON each is a line");
}

static void test_problems(void)
{
    static const struct {
        int status, ends;
    } cases[] = {{400, 1}, {404, 1}, {409, 1}, {401, 3}, {403, 3}, {500, 3}, {503, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("{\"title\":\"No\",\"member\":\"until\",\"detail\":\"has passed\"}");
        d.answer_status = cases[i].status;
        run_ctl(&r, NULL, "-c", config, "hold", "lift", "x", "--by", "L", "--why", "y", NULL);
        fake_daemon_stop(&d);
        ok(r.status == cases[i].ends && has(r.err, "x: until: has passed (HTTP "), "an answer %d ends with %d",
           cases[i].status, cases[i].ends);
    }
    start("not JSON at all");
    d.answer_status = 400;
    run_ctl(&r, NULL, "-c", config, "holds", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 1 && has(r.err, "(HTTP 400)"), "a problem that is no JSON");
}

/* What to do next is said where it is known. */
static void test_next_steps(void)
{
    static const struct fake_answer absent[] = {
        {"DELETE /v1/holds/brick", "{\"detail\":\"no such hold\"}", 404},
        {"GET /v1/holds", "{\"holds\":[{\"name\":\"brake\"},{\"name\":\"feed:face\"}]}", 200},
        {"POST /v1/endpoints/pay/resume", "{\"detail\":\"no such endpoint\"}", 404},
        {"GET /v1/endpoints", "{\"endpoints\":[]}", 200},
        {NULL, NULL, 0},
    };
    start(NULL);
    d.answers = absent;
    run_ctl(&r, NULL, "-c", config, "hold", "lift", "brick", "--by", "L", "--why", "x", NULL);
    ok(r.status == 1 && has(r.err, "brick: no such hold (HTTP 404)\nlifecertctl: there are brake, feed:face\n"),
       "of a hold that is not there: which are");
    run_ctl(&r, NULL, "-c", config, "endpoint", "resume", "pay", "--by", "L", "--why", "x", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 1 && has(r.err, "there is no endpoint\n"), "of an endpoint: that there is none");
    start("{\"detail\":\"only root\"}");
    d.answer_status = 403;
    run_ctl(&r, NULL, "-c", config, "status", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 3 && has(r.err, "only root (HTTP 403)\n") && has(r.err, "sudo, or --url with --token-file"),
       "of what is not allowed: who may");
    run_ctl(&r, NULL, "-c", config, "status", NULL);
    ok(r.status == 3 && has(r.err, socket_path) && has(r.err, "systemctl start lifecertd, or lifecertd -c ") &&
           has(r.err, "is the first unix: listener of that file"),
       "of a daemon that does not run: how to start it, and where the socket is looked for");
}

static void test_tokens(void)
{
    const char *token = test_file("token", "secret-1\n", 0);
    chmod(token, 0644);
    run_ctl(&r, NULL, "--url", "http://127.0.0.1:1", "--token-file", token, "status", NULL);
    ok(r.status == 3 && has(r.err, "may be read by others"), "a token that others can read is refused");
    chmod(token, 0600);
    run_ctl(&r, NULL, "--url", "http://127.0.0.1:1", "--token-file", token, "status", NULL);
    ok(r.status == 3 && has(r.err, "cannot reach the daemon"), "one of our own is taken");
    token = test_file("token", "two words\n", 0);
    chmod(token, 0600);
    run_ctl(&r, NULL, "--url", "http://127.0.0.1:1", "--token-file", token, "status", NULL);
    ok(r.status == 3 && has(r.err, "expected a token on its first line"), "one that could break a header is not");
    run_ctl(&r, NULL, "--url", "file:///etc/passwd", "status", NULL);
    is_int(r.status, 3, "an address that is no HTTP is refused");
}

int main(void)
{
    plan(0);
    config = test_config("");
    socket_path = test_path("api.sock");
    test_show();
    test_show_as_of();
    test_due();
    test_status();
    test_status_shards();
    test_status_endpoints();
    test_pending_hold();
    test_holds();
    test_problems();
    test_next_steps();
    test_tokens();
    fake_daemon_done(&d);
    ran_done(&r);
    return tap_end();
}
