/* A daemon that is killed in the middle of delivering, and one that is stopped: what may come twice after the one, and
 * that nothing does after the other. */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define SECOND INT64_C(1000000000)

static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* --- killed --- */

#define PEOPLE 4000
#define TIMES 5
#define KILLS 3
#define UNNOTED 64

static void kill_in_the_middle(struct rig *r, struct peer *p, unsigned i)
{
    uint64_t all = PEOPLE * TIMES, already = peer_counts(p).duplicates;
    if (!await_events("crash", p, all / (KILLS + 1) * (i + 1)))
        bail_out("deliveries have stopped");
    node_kill(r->node);
    uint64_t got = peer_counts(p).distinct;
    check(got < all, "the daemon is killed in the middle, after %d of %d", (int)got, (int)all);
    node_must_start(r->node);
    if (!await_events("crash", p, got + 2 * UNNOTED)) /* what may come again comes first */
        bail_out("deliveries do not go on");
    uint64_t again = peer_counts(p).duplicates - already;
    check(again <= UNNOTED, "then no more than %d come again: %d", UNNOTED, (int)again);
}

static void test_killed(void)
{
    struct rig r;
    rig_init(&r);
    struct peer *p = rig_peer(&r, "crash", "");
    rig_hook(&r, "crash", p, "max_unnoted = 64\n    events = { \"beneficiary.*\" }");
    rig_start(&r);
    rig_order(&r, "crash", "pause");
    rig_enrol(&r, 1, PEOPLE, NULL);
    rig_amend_times(&r, 1, PEOPLE, TIMES - 1);
    rig_order(&r, "crash", "resume");
    for (unsigned i = 0; i < KILLS; i++)
        kill_in_the_middle(&r, p, i);
    check(await_events("crash", p, PEOPLE * TIMES), "every event arrives");
    check(endpoint_await(r.node, "crash", "\"lag\":0"), "until none is left");
    struct counts c = peer_counts(p);
    check_int(c.distinct, PEOPLE * TIMES, "and none that does not exist");
    check_int(c.order_violations, 0, "each person's events came in order");
    check_int(c.prev_gaps, 0, "without one that is missing between");
    check(c.duplicates <= KILLS * UNNOTED, "over %d kills %d came twice", KILLS, (int)c.duplicates);
    check_int(c.bad_signatures + c.malformed, 0, "all were well signed");
    check_int(node_stop(r.node), 0, "the daemon stops");
    check_int(peer_counts(p).duplicates, c.duplicates, "and nothing more has come");
    peer_free(p);
    rig_done(&r, failed);
}

/* --- stopped --- */

#define SLOW_MS 1000
#define AT_A_TIME 8
#define WAITING 40

/* What is on its way is finished, and no more is begun. */
static void test_stopped(void)
{
    struct rig r;
    rig_init(&r);
    struct peer *p = rig_peer(&r, "slow", "slow_ms=1000");
    rig_hook(&r, "slow", p, "max_in_flight = 8\n    events = { \"beneficiary.*\" }");
    rig_start(&r);
    rig_enrol(&r, 1, WAITING, NULL);
    if (!peer_await(p, requests, AT_A_TIME))
        bail_out("no requests come");
    check_int(node_stop(r.node), 0, "SIGTERM while requests are on their way: exit code 0");
    struct counts c = peer_counts(p);
    check(c.requests <= WAITING / 2, "no more than those were begun: %d", (int)c.requests);
    peer_set(p, "slow_ms=0");
    node_must_start(r.node);
    check(endpoint_number(r.node, "slow", "delivered") >= AT_A_TIME, "those on their way have been noted");
    check(await_events("slow", p, WAITING), "started again, it goes on with the others");
    check(endpoint_await(r.node, "slow", "\"lag\":0"), "until none is left");
    check(came_once("slow", p, WAITING), "and nothing comes twice after a clean stop");
    check_int(node_stop(r.node), 0, "an idle daemon stops, too");
    peer_free(p);
    rig_done(&r, failed);
}

/* --- stopped while something hangs --- */

#define HANGING 2
#define DRAIN_BOUND (40 * SECOND) /* it is 10 s; and this machine may be busy */

struct hanging {
    struct rig r;
    struct peer *p;
    int64_t asked; /* monotonic nanoseconds */
};

static void ask_hanging(struct hanging *h)
{
    rig_init(&h->r);
    h->p = rig_peer(&h->r, "hangs", "hang=100");
    rig_hook(&h->r, "hangs", h->p, "max_in_flight = 2\n    timeout = \"120s\"\n    events = { \"beneficiary.*\" }");
    rig_start(&h->r);
    rig_enrol(&h->r, 1, 3, NULL);
    if (!peer_await(h->p, hung, HANGING))
        bail_out("nothing hangs");
    h->asked = clock_monotonic_ns();
    node_signal(h->r.node, SIGTERM);
}

static void test_hanging(struct hanging *h)
{
    check_int(node_wait(h->r.node), 0, "a daemon with a request that hangs stops all the same");
    int64_t took = clock_monotonic_ns() - h->asked;
    check(took < DRAIN_BOUND, "in bounded time, however long the request may take: %.1f s", (double)took / SECOND);
    check_int(peer_counts(h->p).requests, HANGING, "without having sent more");
    peer_set(h->p, "hang=0");
    node_must_start(h->r.node);
    check(await_events("hangs", h->p, 3), "started again, it sends all of it");
    check(came_once("hangs", h->p, 3), "once");
    check_int(node_stop(h->r.node), 0, "and stops");
    peer_free(h->p);
    rig_done(&h->r, failed);
}

int main(void)
{
    static struct hanging hanging;
    plan(0);
    ask_hanging(&hanging); /* it takes its time, meanwhile: */
    test_killed();
    test_stopped();
    test_hanging(&hanging);
    return tap_end();
}
