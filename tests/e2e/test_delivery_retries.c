/* What fails is tried again, and its person's later events wait for it; what fails for good becomes a dead letter; and
 * what operators can see and order of all that. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define SECOND INT64_C(1000000000)
#define TICK INT64_C(1000000) /* the daemon's clock of deliveries has milliseconds */
#define SIGNED "--by test --why trial"

static struct rig rig;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

static bool printed(const char *text)
{
    bool found = strstr(rig.text.p, text) != NULL;
    if (!found)
        diag("not found: %s in: %.800s", text, rig.text.p);
    return found;
}

/* One event of that person that the receiver answers with 500; returns its number. */
static uint64_t fail_one(struct peer *p, unsigned person)
{
    uint64_t already = peer_counts(p).failed;
    peer_set(p, "fail=100");
    rig_amend(&rig, person, 1);
    if (!peer_await(p, failed, already + 1))
        bail_out("an event that should fail does not come");
    return rig_last(&rig);
}

static bool none_retries(void *arg)
{
    const char *endpoint = arg;
    return delivery_count(rig.node, endpoint, "retry") == 0;
}

/* --- those behind wait, all others go on --- */

static void test_waiting(struct peer *p)
{
    rig_enrol(&rig, 1, 2, NULL);
    check(await_events("later", p, 2), "two people's events arrive");
    fail_one(p, 1);
    check(delivery_await(rig.node, "later", "retry", "P-000001", "\"attempts\":1"),
          "one is answered with 500: it waits");
    check(delivery_says(rig.node, "later", "retry", "P-000001", "status 500"), "its record says why");
    check(delivery_says(rig.node, "later", "retry", "P-000001", "\"next_at\":\"20"), "and until when");
    peer_set(p, "fail=0");
    rig_amend(&rig, 1, 1);
    rig_amend(&rig, 2, 1);
    rig_amend(&rig, 2, 1);
    check(await_events("later", p, 4), "the other person's later events go on");
    check(delivery_await(rig.node, "later", "wait", "P-000001", "\"attempts\":0"), "this person's later event waits");
    check_int(endpoint_number(rig.node, "later", "retrying"), 1, "the endpoint counts the one that is tried again");
    check_int(endpoint_number(rig.node, "later", "waiting"), 1, "and the one behind it");
    check(endpoint_await(rig.node, "later", "\"lag\":0"), "neither of them holds the cursor");
}

static void test_listed(void)
{
    check_int(rig_ctl(&rig, "deliveries later"), 0, "lifecertctl deliveries lists");
    check(printed("P-000001") && printed("retry") && printed("status 500"), "whose event waits, and why");
    check_int(rig_ctl(&rig, "--json deliveries later --state wait"), 0, "as JSON, in one state");
    check(printed("\"subject\":\"P-000001\"") && printed("\"state\":\"wait\""), "it lists the one behind");
    check_int(rig_ctl(&rig, "endpoints"), 0, "lifecertctl endpoints lists");
    check(printed("later") && printed("standard-webhooks") && printed("running"), "the endpoint, and how it is");
    check_int(rig_ctl(&rig, "deliveries nobody"), 1, "of an endpoint that is not there it lists nothing");
}

static void test_hurried(struct peer *p, uint64_t seq)
{
    check_int(rig_ctl(&rig, "delivery retry later:%" PRIu64 " " SIGNED, seq), 0, "lifecertctl delivery retry");
    check(printed("retried later:"), "says what it did");
    check(await_events("later", p, 6), "the event arrives at once, and the one behind it");
    check(came_once("later", p, 6), "in order");
    check(await(none_retries, (char[]){"later"}), "then nothing is tried again");
    check_int(rig_ctl(&rig, "delivery retry later:%" PRIu64 " " SIGNED, seq), 1, "what has arrived cannot be retried");
    check(printed("it has arrived"), "and lifecertctl says so");
}

static void test_dropped(struct peer *p)
{
    struct arrivals came = {.v = NULL};
    uint64_t seq = fail_one(p, 1);
    check(delivery_await(rig.node, "later", "retry", "P-000001", "status 500"), "another event waits");
    peer_set(p, "fail=0");
    rig_amend(&rig, 1, 1);
    check(delivery_await(rig.node, "later", "wait", "P-000001", ""), "with one behind it");
    check_int(rig_ctl(&rig, "delivery drop later:%" PRIu64 " " SIGNED, seq), 0, "lifecertctl delivery drop");
    check(printed("dropped later:"), "says what it did");
    check(await_events("later", p, 7), "the one behind it arrives");
    arrivals_read(&rig, "later", p, &came);
    check(came.v[came.n - 1].seq == seq + 1 && strcmp(came.v[came.n - 1].text, "gap") == 0,
          "marked as one after a gap");
    rig_amend(&rig, 1, 1);
    check(await_events("later", p, 8), "so does the next");
    arrivals_read(&rig, "later", p, &came);
    check(came.v[came.n - 1].seq == seq + 2 && came.v[came.n - 1].text[0] == '-', "without a mark");
    check_int(delivery_count(rig.node, "later", "retry"), 0, "the dropped one is in no list");
    check_int(rig_ctl(&rig, "delivery drop later:%" PRIu64 " " SIGNED, seq), 1, "and cannot be dropped twice");
    check_int(peer_counts(p).order_violations, 0, "all in order");
    arrivals_done(&came);
}

static void test_paused(struct peer *p)
{
    check_int(rig_ctl(&rig, "endpoint pause later --by test --why network"), 0, "lifecertctl endpoint pause");
    check(endpoint_says(rig.node, "later", "\"state\":\"paused\"") &&
              endpoint_says(rig.node, "later", "\"paused\":\"network\"") &&
              endpoint_says(rig.node, "later", "\"paused_by\":\"test\""),
          "pauses it, and it is known who did and why");
    uint64_t requests = peer_counts(p).requests;
    rig_amend(&rig, 2, 3);
    check_int(rig_ctl(&rig, "endpoint test later"), 0, "lifecertctl endpoint test reaches it nevertheless");
    check(printed("later took it (HTTP 200"), "and tells what it answered");
    check(peer_type_count(p, "endpoint.test") == 1 && peer_counts(p).requests == requests + 1,
          "with one event made up for the trial, and no other");
    peer_set(p, "fail=100 status=403");
    check_int(rig_ctl(&rig, "endpoint test later"), 1, "when it refuses, the answer is no");
    check(printed("did not take it") && printed("403"), "with its words");
    peer_set(p, "fail=0");
    check_int(rig_ctl(&rig, "endpoint resume later " SIGNED), 0, "lifecertctl endpoint resume");
    check(await_events("later", p, 12), "lets those go that came meanwhile");
    check(endpoint_says(rig.node, "later", "\"state\":\"running\""), "and it runs");
    check_int(rig_ctl(&rig, "endpoint pause nobody " SIGNED), 1, "one that is not there cannot be paused");
}

static void test_operators(void)
{
    struct peer *p = rig_peer(&rig, "later", "");
    rig_hook(&rig, "later", p, "retry = { \"1h\" }\n    events = { \"beneficiary.*\" }");
    rig_start(&rig);
    test_waiting(p);
    test_listed();
    test_hurried(p, rig_last(&rig) - 3);
    test_dropped(p);
    rig_enrol(&rig, 3, 2, NULL);
    test_paused(p);
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(p);
}

/* --- delays, and dead letters --- */

static void test_delays(const struct arrivals *came)
{
    const struct arrival *tries[3];
    for (unsigned i = 0; i < 3; i++)
        if (!(tries[i] = arrivals_of(came, "P-000005", i + 1)))
            bail_out("there is no attempt %u", i);
    check(tries[0]->seq == tries[2]->seq && tries[2]->attempt == 3, "an event is tried three times with two delays");
    check(tries[1]->at - tries[0]->at >= SECOND - TICK, "the first is kept: %.3f s of 1 s",
          (double)(tries[1]->at - tries[0]->at) / SECOND);
    check(tries[2]->at - tries[1]->at >= 2 * SECOND - TICK, "so is the second: %.3f s of 2 s",
          (double)(tries[2]->at - tries[1]->at) / SECOND);
}

static void test_dead(struct peer *p)
{
    struct arrivals came = {.v = NULL};
    uint64_t seq = fail_one(p, 5);
    check(delivery_await(rig.node, "few", "dead", "P-000005", "\"attempts\":3"), "after the last it is a dead letter");
    peer_set(p, "fail=0");
    arrivals_read(&rig, "few", p, &came);
    test_delays(&came);
    check_int(endpoint_number(rig.node, "few", "dead"), 1, "which the endpoint counts");
    check(node_logged(rig.node, "event=delivery-dead endpoint=few"), "and the log tells");
    rig_amend(&rig, 5, 2);
    check(await_events("few", p, 4), "the person's next event arrives, and another's");
    arrivals_read(&rig, "few", p, &came);
    const struct arrival *next = arrivals_of(&came, "P-000005", 4), *other = arrivals_of(&came, "P-000006", 1);
    check(next && strcmp(next->text, "gap") == 0, "the person's is marked as one after a gap");
    check(other && strcmp(other->text, "gap") != 0, "the other's is not");
    check_int(peer_counts(p).prev_gaps, 0, "so nothing is missing without a word");
    check_int(rig_ctl(&rig, "deliveries"), 0, "lifecertctl deliveries");
    check(printed("P-000005") && printed("dead"), "lists the dead letter");
    check_int(rig_ctl(&rig, "delivery retry few:%" PRIu64 " " SIGNED, seq), 0, "lifecertctl delivery retry revives it");
    check(await_events("few", p, 5), "and it arrives");
    check(endpoint_await(rig.node, "few", "\"dead\":0"), "no dead letter is left");
    arrivals_done(&came);
}

/* A dead letter and a mark that is owed outlive the daemon. */
static void test_dead_for_good(struct peer *p)
{
    struct arrivals came = {.v = NULL};
    uint64_t seq = fail_one(p, 6);
    check(delivery_await(rig.node, "few", "dead", "P-000006", ""), "another dead letter");
    peer_set(p, "fail=0");
    node_kill(rig.node);
    node_must_start(rig.node);
    check(delivery_says(rig.node, "few", "dead", "P-000006", "status 500"), "is there after the daemon was killed");
    check_int(rig_ctl(&rig, "delivery drop few:%" PRIu64 " " SIGNED, seq), 0, "lifecertctl delivery drop");
    check_int(delivery_count(rig.node, "few", "dead"), 0, "removes it");
    rig_amend(&rig, 6, 1);
    check(await_events("few", p, 6), "the person's next event arrives");
    arrivals_read(&rig, "few", p, &came);
    check(came.n && strcmp(came.v[came.n - 1].text, "gap") == 0, "marked, although the daemon was killed between");
    arrivals_done(&came);
}

static void test_dead_letters(void)
{
    struct peer *p = rig_peer(&rig, "few", "");
    rig_clear(&rig);
    rig_hook(&rig, "few", p, "retry = { \"1s\", \"2s\" }\n    events = { \"beneficiary.*\" }");
    rig_start(&rig);
    rig_enrol(&rig, 5, 2, NULL);
    check(await_events("few", p, 2), "two people's events arrive");
    test_dead(p);
    test_dead_for_good(p);
    check_int(node_stop(rig.node), 0, "the daemon stops");
    peer_free(p);
}

int main(void)
{
    plan(0);
    rig_init(&rig);
    test_operators();
    test_dead_letters();
    rig_done(&rig, failed);
    return tap_end();
}
