/* Events that an operator has sent once more, by the real daemon to a real receiver: which come, marked and in order, while
 * live ones go on; over a SIGKILL in the middle; and what lifecertctl says of it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define PEOPLE 1000
#define TIMES 5
#define ALL (PEOPLE * TIMES)
#define LIVE 200
#define UNNOTED 64
#define AT_A_TIME 16
#define ORDERED "--by Li --why trial"

static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* Of one person, what came first of each number. */
struct order {
    uint64_t last[PEOPLE + LIVE + 1];
    unsigned wrong, marked, unmarked, early;
};

static unsigned person_of(const struct arrival *a)
{
    return (unsigned)strtoul(a->subject + 2, NULL, 10);
}

/* The replays, and whether those that had not come before came in order. from, to: the range's numbers. */
static void look(const struct arrivals *came, size_t since, uint64_t from, uint64_t to, struct order *o)
{
    *o = (struct order){.wrong = 0};
    for (size_t i = since; i < came->n; i++) {
        const struct arrival *a = &came->v[i];
        unsigned who = person_of(a);
        bool replay = strcmp(a->text, "replay") == 0;
        o->unmarked += !replay && a->seq <= to;
        if (!replay || who > PEOPLE)
            continue;
        o->marked++;
        o->early += a->seq < from || a->seq > to;
        if (a->seq > o->last[who])
            o->last[who] = a->seq;
        else
            o->wrong += a->attempt == 1;
    }
}

static long long cursor_of(struct rig *r)
{
    if (!endpoint_await(r->node, "hook", "\"lag\":0"))
        bail_out("deliveries have stopped");
    return endpoint_number(r->node, "hook", "cursor");
}

static void test_killed(void)
{
    struct rig r;
    struct arrivals came = {.n = 0};
    static struct order seen;
    rig_init(&r);
    struct peer *p = rig_peer(&r, "hook", "");
    rig_hook(&r, "hook", p, "max_unnoted = 64\n    max_in_flight = 16\n    events = { \"beneficiary.*\" }");
    rig_start(&r);
    uint64_t first = rig_last(&r) + 1;
    rig_enrol(&r, 1, PEOPLE, NULL);
    rig_amend_times(&r, 1, PEOPLE, TIMES - 1);
    uint64_t last = rig_last(&r);
    if (!await_events("hook", p, ALL))
        bail_out("deliveries have stopped");
    long long cursor = cursor_of(&r);
    arrivals_read(&r, "hook", p, &came);
    size_t before = came.n;
    peer_set(p, "forget");
    peer_set(p, "slow=100 slow_ms=10");
    check_int(rig_ctl(&r, "redeliver hook --after %" PRIu64 " --no-wait " ORDERED, first - 1), 0, "it is ordered: %s",
              r.text.p);
    check_int(rig_ctl(&r, "redeliver hook --after 0 --no-wait " ORDERED), 1, "a second one is refused");
    check(strstr(r.text.p, "under way already"), "since one is under way");
    if (!await_events("hook", p, ALL / 4))
        bail_out("nothing is sent again");
    node_kill(r.node);
    uint64_t got = peer_counts(p).distinct;
    check(got < ALL, "the daemon is killed in the middle, after %d of %d", (int)got, ALL);
    node_must_start(r.node);
    check_int(endpoint_number(r.node, "hook", "cursor"), cursor, "the live cursor is where it was");
    rig_enrol(&r, PEOPLE + 1, LIVE, NULL);
    check(await_events("hook", p, ALL + LIVE), "every event of the range comes again, and new ones for the first time");
    check(endpoint_await(r.node, "hook", "\"state\":\"done\""), "then it is done");
    struct counts c = peer_counts(p);
    check_int(c.distinct, ALL + LIVE, "nothing else has come");
    check(c.duplicates <= UNNOTED + AT_A_TIME, "what comes twice after the kill is bounded: %d", (int)c.duplicates);
    check_int(c.malformed + c.bad_signatures + c.order_violations, 0, "all of it is as it should be");
    arrivals_read(&r, "hook", p, &came);
    look(&came, before, first, last, &seen);
    check_int(seen.marked, (int)(ALL + c.duplicates), "each is marked as a replay");
    check_int(seen.unmarked, 0, "without exception");
    check_int(seen.early, 0, "none is from outside of the range");
    check_int(seen.wrong, 0, "each person's came in order");
    check_int(cursor_of(&r), cursor + LIVE, "the live cursor has moved by the live events alone");
    check_int(rig_ctl(&r, "endpoints"), 0, "lifecertctl endpoints");
    check(strstr(r.text.p, "sent again, 100%") && strstr(r.text.p, "(by Li: trial)"), "shows it");
    arrivals_done(&came);
    check_int(node_stop(r.node), 0, "the daemon stops");
    peer_free(p);
    rig_done(&r, failed);
}

static void test_orders(void)
{
    struct rig r;
    rig_init(&r);
    struct peer *p = rig_peer(&r, "hook", "");
    struct buf log = BUF_INIT;
    rig_say(&r, "delivery_log = \"%s\"\n", rig_path(&r, "deliveries.log"));
    rig_hook(&r, "hook", p, "retry = { }\n    events = { \"beneficiary.*\" }");
    rig_start(&r);
    rig_enrol(&r, 1, 50, NULL);
    if (!await_events("hook", p, 50))
        bail_out("deliveries have stopped");
    cursor_of(&r);
    peer_set(p, "forget");
    check_int(rig_ctl(&r, "redeliver hook --since 2020-01-01 " ORDERED), 0, "followed to its end: %s", r.text.p);
    check(strstr(r.text.p, "50 sent"), "it says how much that was");
    check_int(peer_counts(p).distinct, 50, "and it was that");
    check_int(rig_ctl(&r, "redeliver hook --since 2020-01-01 --until 2020-01-31 " ORDERED), 0,
              "a month without events: %s", r.text.p);
    check_int(peer_counts(p).accepted, 50, "sends none");
    check_int(rig_ctl(&r, "redeliver hook --since 2020-01-01 --subject P-000007 --type beneficiary.* " ORDERED), 0,
              "one person's");
    check_int(peer_counts(p).accepted, 51, "is one");
    peer_set(p, "fail=100");
    check_int(rig_ctl(&r, "redeliver hook --since 2020-01-01 --subject P-000007 " ORDERED), 1,
              "what fails ends with 1");
    check(strstr(r.text.p, "1 failed") && strstr(r.text.p, "1 of them did not arrive"), "and says so");
    check_int(delivery_count(r.node, "hook", "dead"), 0, "without a dead letter");
    check_int(rig_ctl(&r, "redeliver hook --after 999999 " ORDERED), 1, "a number beyond the log is refused");
    check_int(rig_ctl(&r, "redeliver hook --after 0 --type nothing " ORDERED), 1, "so is a type that there is not");
    peer_set(p, "fail=0 slow=100 slow_ms=500");
    check_int(rig_ctl(&r, "redeliver hook --after 0 --no-wait " ORDERED), 0, "one that is slow");
    check_int(rig_ctl(&r, "redeliver hook --cancel " ORDERED), 0, "is cancelled");
    check(endpoint_says(r.node, "hook", "\"state\":\"cancelled\""), "and stays so to be seen");
    check_int(node_stop(r.node), 0, "the daemon stops");
    read_text(rig_path(&r, "deliveries.log"), &log);
    check(log.n && strstr(log.p, " attempt=1 replay=true status="), "the delivery log tells replays from the others");
    buf_done(&log);
    peer_free(p);
    rig_done(&r, failed);
}

int main(void)
{
    plan(0);
    test_killed();
    test_orders();
    return tap_end();
}
