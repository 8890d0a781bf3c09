/* What is counted of endpoints. */
#include "tests/deliver/world.h"

#include <stdio.h>

#define MINUTE INT64_C(60000)
#define SETTLED 100 /* milliseconds, for the cursor to follow */

static struct endpoint_metrics m[2]; /* of the last look */

static void look(struct world *w)
{
    is_int(deliver_metrics(w->deliver, m, 2), 1, "the endpoint is counted");
}

static void test_lag(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("lag"), world_hook("a", ""));
    world_always(&w, 200);
    world_enrol(&w, "P1", "");
    int64_t arrived_at = w.now;
    world_pass(&w, SETTLED);
    look(&w);
    is_str(endpoint_state_text(m[0].state), "running", "an endpoint at work");
    ok(m[0].lag == 0 && m[0].lag_ms == 0, "that has got everything is behind by nothing");
    is_int(m[0].delivered, 1, "what it got is counted");
    is_int(m[0].outcomes[OUTCOME_DELIVERED], 1, "and what came of the request");
    is_int(m[0].requests, 1, "which was one");
    is_int(m[0].last_ok_at, arrived_at, "and when it answered");
    is_int(m[0].paused_at, 0, "it is not paused");
    world_order_done(&w, deliver_pause, "a", 0);
    world_pass(&w, 60 * MINUTE);
    int64_t paused_at = w.now - 60 * MINUTE;
    look(&w);
    ok(m[0].lag == 0 && m[0].lag_ms == 0, "paused while nothing happens it is not behind either");
    is_str(endpoint_state_text(m[0].state), "paused", "what it does is told");
    is_int(m[0].paused_at, paused_at, "and since when");
    world_event(&w, "P1");
    look(&w);
    ok(m[0].lag == 1 && m[0].lag_ms == 0, "what became durable just now is not old, though delivery has not seen it");
    world_run(&w);
    world_pass(&w, 10 * MINUTE);
    world_event(&w, "P1");
    world_run(&w);
    world_pass(&w, 5 * MINUTE);
    look(&w);
    is_int(m[0].lag, 2, "it is behind by what was decided since");
    is_int(m[0].lag_ms, 15 * MINUTE, "and by the age of the first of that");
    world_restart(&w);
    world_pass(&w, 3 * MINUTE);
    look(&w);
    is_int(m[0].lag, 2, "a restart changes nothing in that");
    is_int(m[0].lag_ms, 3 * MINUTE, "under a clock that is not the system's the age counts from there");
    is_int(m[0].requests + m[0].outcomes[OUTCOME_DELIVERED], 0, "requests are counted anew");
    is_int(m[0].delivered, 1, "deliveries are not");
    world_event(&w, "P1");
    world_run(&w);
    world_always(&w, 200);
    world_order_done(&w, deliver_resume, "a", 0);
    world_pass(&w, SETTLED);
    look(&w);
    ok(m[0].lag == 0 && m[0].lag_ms == 0, "resumed it catches up");
    world_close(&w);
}

static void test_failures(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 20\nretry = { \"1m\" }"));
    world_always(&w, 503);
    world_many(&w, 0, 12);
    world_run(&w);
    look(&w);
    is_str(endpoint_state_text(m[0].state), "open", "an endpoint that fails again and again");
    is_int(m[0].outcomes[OUTCOME_THROTTLED], m[0].requests, "has each failure counted");
    is_int(m[0].retrying, m[0].requests, "and its events wait");
    is_int(m[0].delivered + (uint64_t)m[0].last_ok_at, 0, "none has arrived");
    world_pass(&w, 60 * MINUTE);
    look(&w);
    ok(m[0].dead > 0, "when they are given up they are counted");
    is_int(m[0].dead_letters, m[0].dead, "and wait for an operator");
    uint64_t dead = m[0].dead, first = world_last(&w) - 11;
    is_int(world_order_done(&w, deliver_drop, "a", first), ERR_OK, "who drops one");
    look(&w);
    is_int(m[0].dead_letters, dead - 1, "which waits no longer");
    is_int(m[0].dead, dead, "but was given up all the same");
    world_close(&w);
}

/* What hangs gets a row of its own, and holds the cursor no longer. */
static void test_hanging(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", ""));
    world_enrol(&w, "P1", "");
    world_event(&w, "P1");
    world_run(&w);
    look(&w);
    is_int(m[0].in_flight, 1, "of one person's two events one is on its way");
    is_int(m[0].waiting, 1, "and the other waits behind it");
    is_int(m[0].lag, 2, "both are behind the cursor");
    world_pass(&w, 2000);
    look(&w);
    is_int(m[0].lag, 0, "until they stand apart from it");
    world_answer(&w, "a", world_last(&w) - 1, 200);
    world_answer(&w, "a", world_last(&w), 200);
    world_close(&w);
}

static void test_several(void)
{
    struct world w = {.deliver = NULL};
    char both[2048];
    snprintf(both, sizeof both, "%s%s", world_hook("a", ""), world_kannel("b", ""));
    world_open(&w, "memory:", both);
    is_int(deliver_metrics(w.deliver, m, 2), 2, "several endpoints are counted");
    is_str(m[0].name, "a", "in their order");
    ok(!m[0].messages && m[1].messages, "and what they carry is told");
    is_int(deliver_metrics(w.deliver, m, 1), 1, "no more than there is room for");
    world_close(&w);
}

static void test_words(void)
{
    unsigned missing = 0;
    for (int s = 0; s < ENDPOINT_STATE_N; s++)
        missing += !endpoint_state_text((enum endpoint_state)s);
    for (int o = 0; o < OUTCOME_N; o++)
        missing += !outcome_text((enum outcome)o);
    is_int(missing, 0, "every state and every outcome has a word");
}

int main(void)
{
    plan(0);
    test_lag();
    test_failures();
    test_hanging();
    test_several();
    test_words();
    return tap_end();
}
