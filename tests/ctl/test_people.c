/* people and period, against a daemon with prepared answers: printed as they come, and half a list is told to be
 * one. */
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_ctl.h"

#include <stdio.h>
#include <stdlib.h>

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

#define PERSON(id, next)                                                                                        \
    "{\"id\":\"" id "\",\"status\":\"active\",\"policy\":\"national\",\"category\":null,\"certified_on\":null," \
    "\"due_on\":\"2026-05-31\",\"next\":" next ",\"held_by\":[]}\n"
#define NEXT "{\"kind\":\"reminder\",\"at\":\"2026-03-01T09:00:00+08:00\"}"
#define PEOPLE PERSON("p-1", NEXT) PERSON("period", "null")

static void test_people(void)
{
    start(PEOPLE "{\"position\":1234,\"beneficiaries\":2,\"after\":null}\n");
    run_ctl(&r, NULL, "-c", config, "people", NULL);
    is_str(r.out,
           "id      status  policy    certified  due         next\n"
           "p-1     active  national  -          2026-05-31  2026-03-01 09:00 reminder\n"
           "period  active  national  -          2026-05-31  -\n"
           "\n2 people, as of event 1,234\n",
           "people as a table");
    run_ctl(&r, NULL, "-c", config, "people", "--json", "--status", "grace", "--policy", "a b", NULL);
    is_str(r.out, PEOPLE "{\"position\":1234,\"beneficiaries\":2,\"after\":null}\n", "and as NDJSON");
    fake_daemon_stop(&d);
    ok(asked(0, "GET /v1/beneficiaries ") && asked(1, "GET /v1/beneficiaries?status=grace&policy=a%20b "),
       "what is asked for");
    start(PEOPLE "{\"position\":1234,\"beneficiaries\":2,\"after\":\"p-2\"}\n");
    run_ctl(&r, NULL, "-c", config, "people", "--limit", "2", "--after", "p/0", NULL);
    fake_daemon_stop(&d);
    ok(r.status == 0 && has(r.err, "--after p-2 goes on") && asked(0, "GET /v1/beneficiaries?after=p%2F0&limit=2 "),
       "where a limited list goes on");
}

static void test_shards(void)
{
    start(PEOPLE "{\"position\":\"sA2TIAbwF\",\"beneficiaries\":2,\"after\":null}\n");
    run_ctl(&r, NULL, "-c", config, "people", NULL);
    fake_daemon_stop(&d);
    ok(has(r.out, "\n2 people, as of 1,000 events\n"), "over several shards it is said after how many events");
    start("{\"period\":\"2026-07\",\"position\":\"sA2TIAbwF\",\"payable\":1,\"withheld\":1}\n");
    run_ctl(&r, NULL, "-c", config, "period", "2026-07", NULL);
    fake_daemon_stop(&d);
    ok(has(r.out, "1 payable, 1 withheld, as of 1,000 events\n"), "of a period, too");
}

static void test_broken(void)
{
    start(PEOPLE);
    run_ctl(&r, NULL, "-c", config, "people", NULL);
    ok(r.status == 3 && has(r.err, "broke off") && has(r.out, "p-1"), "half a list is shown, and is a failure");
    run_ctl(&r, NULL, "-c", config, "people", "--json", NULL);
    ok(r.status == 3 && has(r.err, "broke off"), "as NDJSON, too");
    fake_daemon_stop(&d);
    start("{\"title\":\"No\",\"member\":\"policy\",\"detail\":\"no such policy\"}");
    d.answer_status = 400;
    run_ctl(&r, NULL, "-c", config, "people", "--policy", "x", NULL);
    fake_daemon_stop(&d);
    d.answer_status = 0;
    ok(r.status == 1 && has(r.err, "policy: no such policy (HTTP 400)") && !*r.out,
       "a refusal is told, without a table");
}

#define ROWS 1000

/* More rows than a table is laid out by at a time. */
static void test_many(void)
{
    struct buf b = BUF_INIT;
    unsigned lines = 0;
    for (unsigned i = 0; i < ROWS; i++)
        buf_printf(&b, PERSON("p-%05u", "null"), i * 90);
    buf_printf(&b, "{\"position\":1,\"beneficiaries\":%u,\"after\":null}\n", ROWS);
    buf_addc(&b, '\0');
    start(b.p);
    run_ctl(&r, NULL, "-c", config, "people", NULL);
    fake_daemon_stop(&d);
    for (const char *p = r.out; *p; p++)
        lines += *p == '\n';
    ok(r.status == 0 && lines == ROWS + 3 && has(r.out, "p-89910  active") && has(r.out, "1,000 people"),
       "a long list has one row of headings and all people");
    buf_done(&b);
}

static void test_period(void)
{
    static const char answer[] =
        ""
        ""
        ""
        ""
        ""
        "{\"id\":\"p-1\",\"policy\":\"national\",\"state\":\"payable\",\"pay_on\":\"2026-07-15\","
        "\"withheld_from\":null,\"suspended_on\":null}\n"
        "{\"id\":\"p-2\",\"policy\":\"national\",\"state\":\"withheld\",\"pay_on\":null,"
        "\"withheld_from\":\"2026-06\",\"suspended_on\":\"2026-06-16\"}\n"
        "{\"period\":\"2026-07\",\"position\":99,\"payable\":1,\"withheld\":1}\n";
    start(answer);
    run_ctl(&r, NULL, "-c", config, "period", "2026-07", "--policy", "national", NULL);
    is_str(r.out,
           "id   policy    state     pay on      suspended\n"
           "p-1  national  payable   2026-07-15  -\n"
           "p-2  national  withheld  -           2026-06-16\n"
           "\n1 payable, 1 withheld, as of event 99\n",
           "a period as a table");
    run_ctl(&r, NULL, "-c", config, "period", "2026-07", "--json", NULL);
    is_str(r.out, answer, "and as NDJSON");
    fake_daemon_stop(&d);
    ok(asked(0, "GET /v1/periods/2026-07?policy=national "), "what is asked for");
    run_ctl(&r, NULL, "-c", config, "period", "2026-7", NULL);
    ok(r.status == 2 && has(r.err, "expected a month such as 2026-07"), "what is no month is refused at once");
}

int main(void)
{
    plan(0);
    config = test_config("");
    socket_path = test_path("api.sock");
    test_people();
    test_shards();
    test_broken();
    test_many();
    test_period();
    fake_daemon_done(&d);
    ran_done(&r);
    return tap_end();
}
