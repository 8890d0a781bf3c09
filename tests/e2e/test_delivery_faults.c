/* What receivers do to a daemon: one that is gone pauses its endpoint, one that asks to be spared is spared, and one
 * that is dead is tried with a single request until it is back. Nothing is lost over any of it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define SECOND INT64_C(1000000000)
#define TICK INT64_C(1000000) /* the daemon's clock of deliveries has milliseconds */

static struct rig rig;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* --- 410 --- */

#define GONE_PEOPLE 5

static void test_gone(void)
{
    struct peer *p = rig_peer(&rig, "gone", "");
    rig_hook(&rig, "gone", p, "events = { \"beneficiary.*\" }");
    rig_start(&rig);
    rig_enrol(&rig, 1, GONE_PEOPLE, NULL);
    check(await_events("gone", p, GONE_PEOPLE), "some events arrive");
    peer_set(p, "gone=100");
    rig_amend(&rig, 1, 1);
    check(endpoint_await(rig.node, "gone", "\"state\":\"paused\""), "an endpoint that answers 410 is paused");
    check(endpoint_says(rig.node, "gone", "\"paused_by\":\"the endpoint\""), "of its own will");
    check(delivery_await(rig.node, "gone", "retry", "P-000001", "410"), "what it was sent is kept");
    rig_amend_times(&rig, 1, GONE_PEOPLE, 3);
    node_kill(rig.node);
    peer_set(p, "gone=0");
    node_must_start(rig.node);
    check(endpoint_says(rig.node, "gone", "\"state\":\"paused\"") &&
              endpoint_says(rig.node, "gone", "\"paused_by\":\"the endpoint\""),
          "killed and started again, it is still paused");
    rig_amend(&rig, 1, GONE_PEOPLE);
    check_int(peer_counts(p).requests, GONE_PEOPLE + 1, "and has sent nothing more");
    rig_order(&rig, "gone", "resume");
    unsigned all = GONE_PEOPLE + 1 + 4 * GONE_PEOPLE;
    check(await_events("gone", p, all), "resumed, it goes on with what was refused, and all that came meanwhile");
    check(came_once("gone", p, all), "each once, in order for each person");
    check_int(endpoint_number(rig.node, "gone", "dead_ever"), 0, "and none was given up");
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(p);
}

/* --- 429 --- */

#define AFTER 3 /* seconds */

static void test_spared(void)
{
    struct peer *p = rig_peer(&rig, "spared", ""), *other = rig_peer(&rig, "other", "");
    struct arrivals came = {.v = NULL};
    rig_clear(&rig);
    rig_hook(&rig, "spared", p, "retry = { \"1s\", \"1s\" }\n    events = { \"beneficiary.*\" }");
    rig_hook(&rig, "other", other, "events = { \"beneficiary.*\" }");
    rig_start(&rig);
    peer_set(p, "fail=100 status=429 retry_after=3");
    rig_amend(&rig, 1, 1);
    check(peer_await(p, failed, 1), "an endpoint answers 429 and asks for %d seconds", AFTER);
    peer_set(p, "fail=0");
    check(endpoint_await(rig.node, "spared", "\"state\":\"spared\""), "it is spared");
    rig_amend(&rig, 2, 4);
    check(await_events("other", other, 5), "while another one gets all");
    check(await_events("spared", p, 5), "then it gets all, too");
    arrivals_read(&rig, "spared", p, &came);
    const struct arrival *first = arrivals_of(&came, "P-000001", 0), *again = arrivals_of(&came, "P-000001", 1);
    check(came.n == 6 && first == came.v && again && again->attempt == 2, "what it had refused, in a second attempt");
    int64_t pause = INT64_MAX;
    for (size_t i = 1; i < came.n; i++)
        pause = came.v[i].at - came.v[0].at < pause ? came.v[i].at - came.v[0].at : pause;
    check(pause >= AFTER * SECOND - TICK, "and nothing whatever before that time was over: %.4f s",
          (double)pause / SECOND);
    check(endpoint_await(rig.node, "spared", "\"state\":\"running\""), "after which it runs as before");
    check(came_once("spared", p, 5) && came_once("other", other, 5), "each came once");
    check_int(node_stop(rig.node), 0, "the daemon stops");
    arrivals_done(&came);
    peer_free(p);
    peer_free(other);
}

/* --- nobody listens --- */

#define DEAD_PEOPLE 20
#define DEAD_TIMES 10

static void test_dead(void)
{
    struct peer *p = rig_peer(&rig, "dead", "");
    rig_clear(&rig);
    rig_hook(&rig, "dead", p, "events = { \"beneficiary.*\" }\n    retry = { \"1s\", \"1s\", \"1s\", \"1s\", \"1s\" }");
    rig_start(&rig);
    rig_enrol(&rig, 101, DEAD_PEOPLE, NULL);
    check(await_events("dead", p, DEAD_PEOPLE), "some events arrive");
    peer_kill(p);
    rig_amend_times(&rig, 101, DEAD_PEOPLE, DEAD_TIMES);
    check(endpoint_await(rig.node, "dead", "\"state\":\"open\""), "when its receiver is dead, the breaker opens");
    check(endpoint_says(rig.node, "dead", "onnect"), "and what went wrong can be seen");
    check(node_logged(rig.node, "event=delivery-opened endpoint=dead"), "the log tells");
    check_int(endpoint_number(rig.node, "dead", "dead_ever"), 0, "nothing was given up");
    long long requests = endpoint_number(rig.node, "dead", "requests");
    check(requests <= DEAD_PEOPLE + 32, "and few were tried: %lld", requests - DEAD_PEOPLE);
    struct peer *back = rig_peer_again(&rig, "dead", p);
    check(await_events("dead", back, DEAD_PEOPLE * DEAD_TIMES), "when it is back everything arrives");
    check(came_once("dead", back, DEAD_PEOPLE * DEAD_TIMES), "each once, in order for each person");
    check(node_logged(rig.node, "event=delivery-closed endpoint=dead"), "the log tells that the breaker has closed");
    check(endpoint_await(rig.node, "dead", "\"lag\":0") && endpoint_says(rig.node, "dead", "\"state\":\"running\""),
          "and the endpoint runs, with no lag");
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(p);
    peer_free(back);
}

int main(void)
{
    plan(0);
    rig_init(&rig);
    test_gone();
    test_spared();
    test_dead();
    rig_done(&rig, failed);
    return tap_end();
}
