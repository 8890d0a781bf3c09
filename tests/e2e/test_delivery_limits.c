/* Limits of delivery: one endpoint that hangs or is slow delays no other, rates and numbers in flight are kept, and a
 * backlog of any length costs no memory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

static struct rig rig;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* --- nobody waits for another --- */

#define CROWD 300
#define TIMES 10
#define HANGING 2 /* in flight */

static void hanging_is_seen(uint64_t last)
{
    const struct node *n = rig.node;
    check_int(endpoint_number(n, "hanging", "in_flight"), HANGING, "meanwhile the hanging one has its first in flight");
    check_int(endpoint_number(n, "hanging", "requests"), HANGING, "and was never asked again");
    check_int(endpoint_number(n, "hanging", "delivered"), 0, "it has taken nothing");
    check(delivery_await(n, "hanging", "sending", "P-000001", "\"attempts\":1") &&
              delivery_await(n, "hanging", "sending", "P-000002", "\"attempts\":1"),
          "what hangs for a second stands among the deliveries");
    check_int(delivery_count(n, "hanging", "sending"), HANGING, "and nothing else does");
    long long lag = endpoint_number(n, "hanging", "lag"), cursor = endpoint_number(n, "hanging", "cursor");
    check_int(lag, (long long)last - cursor, "its lag is what lies between its cursor and the log's end");
    check(lag >= CROWD * (1 + TIMES) - HANGING && lag < (long long)last, "which has passed what hangs: lag %lld", lag);
}

static void test_nobody_waits(void)
{
    struct peer *hanging = rig_peer(&rig, "hanging", "hang=100"), *slow = rig_peer(&rig, "slow", "slow_ms=300");
    struct peer *quick = rig_peer(&rig, "quick", "");
    rig_hook(&rig, "hanging", hanging, "max_in_flight = 2\n    timeout = \"120s\"\n    retry = { \"1s\", \"1s\" }");
    rig_hook(&rig, "slow", slow, "max_in_flight = 2");
    rig_hook(&rig, "quick", quick, "");
    rig_start(&rig);
    uint64_t before = rig_last(&rig), wanted = CROWD * (1 + TIMES);
    rig_enrol(&rig, 1, CROWD, NULL);
    rig_amend_times(&rig, 1, CROWD, TIMES);
    check(await_events("quick", quick, wanted), "beside one that hangs and one that is slow a third gets everything");
    check(came_once("quick", quick, wanted), "once and in order");
    struct counts c = peer_counts(slow);
    check(c.requests < wanted / 2, "while the slow one has had %d requests", (int)c.requests);
    hanging_is_seen(before + wanted);
    peer_set(slow, "slow_ms=0");
    peer_set(hanging, "hang=0 down_ms=1");
    check(await_events("slow", slow, wanted) && came_once("slow", slow, wanted),
          "the slow one gets all in its own time");
    check(await_events("hanging", hanging, wanted), "when what hung breaks off, that one gets all of it, too");
    c = peer_counts(hanging);
    check(c.duplicates == 0 && c.order_violations == 0, "in order for each person");
    check(endpoint_await(rig.node, "hanging", "\"lag\":0"), "its lag is gone");
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(hanging);
    peer_free(slow);
    peer_free(quick);
}

/* --- rates, and how many at a time --- */

#define RATED 150
#define RATE 50
#define GRANTED 1200 /* a minute: 20/s */
#define GRANTED_EVENTS 60
#define AT_A_TIME 4
#define SLOW_MS 50

/* How long it took from the first to the last. */
static int64_t span_of(const struct arrivals *a)
{
    return a->n ? a->v[a->n - 1].at - a->v[0].at : 0;
}

/* Each takes so long at least that all of those which came within that time were there together. */
static unsigned most_at_a_time(const struct arrivals *a, int64_t each)
{
    unsigned most = 0;
    for (size_t i = 0, from = 0; i < a->n; i++) {
        while (a->v[i].at - a->v[from].at >= each)
            from++;
        if (i - from + 1 > most)
            most = (unsigned)(i - from + 1);
    }
    return most;
}

/* A tenth of a second's worth may go at once; the receiver may have looked late at the first one. */
static int64_t least_span(unsigned events, unsigned a_second)
{
    return (int64_t)(events - a_second / 10 - 1) * SECOND / a_second - SECOND / 2;
}

static void rates_are_kept(struct peer *rated, struct peer *granted, struct peer *narrow)
{
    struct arrivals came = {.v = NULL};
    check(await_events("rated", rated, RATED), "an endpoint with a rate gets all");
    arrivals_read(&rig, "rated", rated, &came);
    check(span_of(&came) >= least_span(RATED, RATE), "%d at no more than %d a second: it took %.2f s", RATED, RATE,
          (double)span_of(&came) / SECOND);
    check(await_events("granted", granted, GRANTED_EVENTS), "one whose consent grants a rate gets all");
    arrivals_read(&rig, "granted", granted, &came);
    check(came.n == GRANTED_EVENTS + 1 && strcmp(came.v[0].kind, "handshake") == 0, "after one handshake");
    memmove(came.v, came.v + 1, --came.n * sizeof *came.v);
    check(span_of(&came) >= least_span(GRANTED_EVENTS, GRANTED / 60), "at no more than that rate: it took %.2f s",
          (double)span_of(&came) / SECOND);
    check(await_events("narrow", narrow, RATED), "one that takes few at a time gets all");
    arrivals_read(&rig, "narrow", narrow, &came);
    unsigned most = most_at_a_time(&came, SLOW_MS * MS);
    check(most > 1 && most <= AT_A_TIME, "never more than that were there together: %u", most);
    check(span_of(&came) >= (RATED / AT_A_TIME - 1) * SLOW_MS * MS, "and so it took its time");
    check(peer_counts(narrow).connections <= AT_A_TIME + 1, "over no more connections than that"); /* and ours */
    arrivals_done(&came);
}

static void test_rates(void)
{
    struct peer *rated = rig_peer(&rig, "rated", ""), *granted = rig_peer(&rig, "granted", "allowed_rate=1200");
    struct peer *narrow = rig_peer(&rig, "narrow", "slow_ms=50");
    rig_clear(&rig);
    rig_hook(&rig, "rated", rated, "rate = \"50/s\"\n    events = { \"beneficiary.amended\" }");
    rig_hook(&rig, "narrow", narrow, "max_in_flight = 4\n    events = { \"beneficiary.amended\" }");
    rig_say(&rig,
            "endpoint \"granted\" {\n    adapter = \"cloudevents\"\n    url = \"http://%s/hooks\"\n"
            "    secret_file = \"%s\"\n    allow_private = true\n    events = { \"certification.accepted\" }\n}\n",
            peer_address(granted), rig_path(&rig, SECRET_ONE));
    rig_start(&rig);
    rig_amend(&rig, 1, RATED);
    rig_certify(&rig, 1, GRANTED_EVENTS, 1);
    rates_are_kept(rated, granted, narrow);
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(rated);
    peer_free(granted);
    peer_free(narrow);
}

/* --- a backlog --- */

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define BACKLOG 20000 /* these need memory of their own, and time: nothing can be said of how much it is */
#define MEASURES false
#else
#define BACKLOG 200000
#define MEASURES true
#endif
#define GROWTH_KB (64 * 1024)
#define BACKLOG_FIRST 1001 /* the number of its first person */

/* From here on VmHWM is the peak since now. */
static void forget_peak(void)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)rig.node->pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "5", 1) != 1)
        bail_out("%s cannot be written", path);
    close(fd);
}

static void test_backlog(void)
{
    struct peer *behind = rig_peer(&rig, "behind", "");
    rig_clear(&rig);
    rig_hook(&rig, "behind", behind, "max_in_flight = 32\n    events = { \"beneficiary.*\" }");
    rig_start(&rig);
    rig_order(&rig, "behind", "pause");
    rig_enrol(&rig, BACKLOG_FIRST, BACKLOG / 2, NULL);
    rig_amend(&rig, BACKLOG_FIRST, BACKLOG / 2);
    check(endpoint_number(rig.node, "behind", "lag") >= BACKLOG, "a paused endpoint falls behind by %d events",
          BACKLOG);
    check_int(peer_counts(behind).requests, 0, "and gets nothing");
    forget_peak();
    long before = rig_memory(&rig, "VmRSS");
    rig_order(&rig, "behind", "resume");
    check(await_events("behind", behind, BACKLOG), "resumed it gets all of them");
    check(endpoint_await(rig.node, "behind", "\"lag\":0") && came_once("behind", behind, BACKLOG),
          "each once, in order for each person");
    long growth = rig_memory(&rig, "VmHWM") - before;
    if (MEASURES)
        check(growth < GROWTH_KB, "the daemon grew by less than 64 MB over that: by %ld kB of %ld", growth, before);
    struct counts c = peer_counts(behind);
    diag("%d events in %.2f s", BACKLOG, (double)(c.last_ns - c.first_ns) / SECOND);
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(behind);
}

int main(void)
{
    plan(0);
    rig_init(&rig);
    test_nobody_waits();
    test_rates();
    test_backlog();
    rig_done(&rig, failed);
    return tap_end();
}
