/* What was known then, by the real daemon and the operator's tool: half a year with a brake that holds, a certification
 * that comes in a month late, and questions about the days before. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/process.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define CONFIG                                                                                             \
    "clock = \"2026-01-05T08:00:00+08:00 x4000000\"\ntimezone = \"Asia/Shanghai\"\nbrake_limit = \"1\"\n" \
    "channel \"face\" { }\npolicy \"national\" { }\n"
#define ENROL(id)                                                                                            \
    "{\"op\":\"enrol\",\"id\":\"" id "\",\"policy\":\"national\",\"approved_on\":\"2025-05-04\",\"amount\":" \
    "350000,\"at\":\"2026-01-06T09:00:00+08:00\"}\n"
#define LATE                                                                                                         \
    "{\"op\":\"certify\",\"id\":\"p-1\",\"channel\":\"face\",\"certified_on\":\"2026-05-20\",\"ref\":\"a1\",\"at\":" \
    "\"2026-06-20T10:00:00+08:00\"}\n"
#define ARGS_MAX 16

static struct node *n;
static struct reply r;
static struct buf out;

static int get(const char *path)
{
    request_once(n->socket, "GET", path, NULL, STR_NONE, &r);
    return r.status;
}

static bool says(const char *part)
{
    if (strstr(r.body.p, part))
        return true;
    diag("not said: %s", part);
    diag("said: %.800s", r.body.p);
    return false;
}

static int ctl(const char *first, ...)
{
    const char *argv[ARGS_MAX] = {"lifecertctl", "-c", n->config, first};
    int argc = 4;
    va_list words;
    va_start(words, first);
    for (const char *word; (word = va_arg(words, const char *)) && argc < ARGS_MAX - 1;)
        argv[argc++] = word;
    va_end(words);
    return run_program(argv, &out);
}

static bool prints(const char *part)
{
    if (strstr(out.p, part))
        return true;
    diag("not printed: %s", part);
    diag("printed: %.1500s", out.p);
    return false;
}

/* --- the year --- */

static bool it_is_august(void *arg)
{
    (void)arg;
    get("/v1/status");
    const char *now = strstr(r.body.p, "\"now\":\"");
    return now && strncmp(now + 7, "2026-08", 7) >= 0;
}

static bool is_suspended(void *arg)
{
    (void)arg;
    return get("/v1/beneficiaries/p-3") == 200 && strstr(r.body.p, "\"status\":\"suspended\"");
}

static void live_through(void)
{
    n = node_new(CONFIG);
    node_init(n);
    node_must_start(n);
    request_once(n->socket, "POST", "/v1/inputs", "Content-Type: application/x-ndjson\r\n",
                 STR_LIT(ENROL("p-1") ENROL("p-2") ENROL("p-3") LATE), &r);
    if (r.status != 200 || !await(it_is_august, NULL))
        bail_out("half a year does not go by");
    if (ctl("hold", "lift", "brake", "--by", "Li", "--why", "looked at", NULL) != 0 || !await(is_suspended, NULL))
        bail_out("the brake is not lifted: %s", out.p);
}

/* --- over HTTP --- */

#define P1 "/v1/beneficiaries/p-1"

static void test_http(void)
{
    ok(get(P1 "?as_of=2026-05-25") == 200 && says("\"status\":\"active\"") && says("\"certified_on\":null") &&
           says("\"held_by\":[]") && says("\"next\":{\"kind\":\"grace\",\"at\":\"2026-06-01T00:00:00+08:00\"}"),
       "before the due date the certification of the 20th was not known");
    ok(get(P1 "?as_of=2026-06-18") == 200 && says("\"status\":\"grace\"") && says("\"held_by\":[\"brake\"]"),
       "then the brake held the suspension back");
    ok(get(P1 "?as_of=2026-06-15T23:59:59+08:00") == 200 && says("\"held_by\":[]"), "an instant has its seconds");
    ok(get(P1 "?as_of=2026-06-15T16:00:00Z") == 200 && says("\"held_by\":[\"brake\"]"), "and its zone");
    ok(get(P1 "?as_of=2026-06-15T23%3A59%3A59%2B08%3A00") == 200 && says("\"held_by\":[]"), "escaped or not");
    ok(get(P1 "?as_of=2026-06-20") == 200 && says("\"certified_on\":\"2026-05-20\"") && says("\"status\":\"active\""),
       "on the day on which it came in it is known");
    ok(get(P1 "?as_of=2026-01-05") == 404 && says("not enrolled yet then"), "before the enrolment there is nobody");
    ok(get(P1 "?as_of=2199-12-31") == 400 && says("expected a time that has come; it is "),
       "what has not come is refused");
    ok(get(P1 "?as_of=tomorrow") == 400 && says("\"member\":\"as_of\""), "so is what is no time");
    ok(get(P1 "/events?as_of=2026-05-25") == 200 && says("reminder.due") && !strstr(r.body.p, "grace.started") &&
           !strstr(r.body.p, "certification"),
       "the events up to a day are those of that day's knowledge");
    is_int(get(P1 "/events?as_of=2026-01-05"), 404, "where there is none yet nobody is found either");
}

/* --- the tool --- */

static void test_show(void)
{
    ok(ctl("show", "p-1", NULL) == 0 && prints("received on            2026-06-20") &&
           prints(
               "certified on 2026-05-20 by face (ref a1), received on 2026-06-20, 31 days later; valid through 2027-05-31"),
       "the story tells certified and received apart");
    ok(ctl("show", "p-3", NULL) == 0 &&
           prints(
               "suspended: certification was due by 2026-05-31, grace ended on 2026-06-15; held back from 2026-06-16 by "
               "brake; reminded on 2026-03-01, 2026-04-01 and 2026-05-01; withheld from "),
       "a suspension says why it came, and what kept it back until then");
    ok(ctl("show", "p-3", "--as-of", "2026-06-18", NULL) == 0 && prints("As known on 2026-06-18:") &&
           prints("held: brake;") && prints("\n1 later event is not shown.\n") && !strstr(out.p, "suspended: "),
       "as of an earlier day it knows what was known");
    ok(ctl("show", "p-3", "--as-of", "2025-06-18", NULL) == 1 && prints("p-3: not enrolled yet then"),
       "and not before");
}

/* From the rows on: the log's end moves. */
static char *rows(void)
{
    const char *from = strstr(out.p, "\"by\":");
    return mem_strdup(from ? from : "");
}

static void test_due(void)
{
    ok(ctl("due", "--as-of", "2026-05-25", NULL) == 0 && prints("As known at 2026-05-25 23:59, by event ") &&
           prints("on          what   due  late  since\n2026-06-01  grace    3     1      0\n"),
       "what was due, and who of these was certified already");
    ok(ctl("due", "--as-of", "2026-06-18", NULL) == 0 &&
           prints("3 suspensions were due and held back: late 1, since 0."),
       "of what was held back, too");
    ok(ctl("due", "--as-of", "2026-05-25", "--json", NULL) == 0 && prints("{\"as_of\":\"2026-05-25T23:59:59+08:00\""),
       "as JSON");
    char *running = rows();
    is_int(node_stop(n), 0, "the daemon stops");
    ctl("due", "--as-of", "2026-05-25", "--json", NULL);
    char *stopped = rows();
    is_str(stopped, running, "without the daemon it is the same");
    free(running);
    free(stopped);
    ok(ctl("due", "--as-of", "2025-12-31", NULL) == 1 && prints("nothing had been recorded by then"),
       "before it all, nothing");
}

int main(void)
{
    plan(0);
    live_through();
    test_http();
    test_show();
    test_due();
    buf_done(&out);
    reply_done(&r);
    node_free(n, false);
    return tap_end();
}
