/* What other threads may read of the engine. */
#include "tests/engine/rig.h"

#include <stdio.h>

#define NEW_YEAR rig_at("2026-01-01T08:00:00+08:00")

static struct engine_counters counters(struct rig *r)
{
    struct engine_counters c;
    engine_counters(r->engine, &c);
    return c;
}

static uint64_t sum(const uint64_t *v, size_t n)
{
    uint64_t s = 0;
    while (n > 0)
        s += v[--n];
    return s;
}

static void enrol(struct rig *r, unsigned people)
{
    char json[128];
    for (unsigned n = 0; n < people; n++) {
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"P-%u\",\"policy\":\"national\",\"approved_on\":\"2025-05-01\"}", n);
        rig_input(r, json);
    }
}

static void test_state(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    struct engine_counters c = counters(&r);
    ok(c.next_deadline == INSTANT_NONE && c.simulated && c.now == NEW_YEAR, "at first nothing is due");
    is_int(c.checkpoint_age, -1, "and no checkpoint was written");
    enrol(&r, 10);
    c = counters(&r);
    is_int(c.status[STATUS_ACTIVE], 10, "people are counted by status");
    is_int(c.enrolled, 10, "and in all");
    is_int(c.next_deadline, rig_at("2026-03-01T09:00:00+08:00"), "the next deadline is their first reminder");
    ok(c.log_bytes > 1000 && c.last_seq == c.durable_seq, "the log grows");
    is_int(sum(c.commit_buckets, COMMIT_BUCKETS_N + 1), c.commits, "each commit is in one bucket");
    rig_place(&r, SCOPE_CATEGORY, "x", "2026-12-31");
    rig_place(&r, SCOPE_UNIT, "y", "2026-12-31");
    ok(counters(&r).holds[HOLD_MORATORIUM] == 2 && counters(&r).holds[HOLD_BRAKE] == 0, "holds are counted by kind");
    rig_lift(&r, "moratorium:unit:y");
    is_int(counters(&r).holds[HOLD_MORATORIUM], 1, "until they are lifted");
    rig_close(&r);
}

static void test_sweeps(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, 10);
    is_int(counters(&r).sweeps, 0, "an enrolment is no sweep");
    rig_until(&r, rig_at("2026-03-01T10:00:00+08:00"));
    struct engine_counters c = counters(&r);
    is_int(c.sweeps, 1, "a reminder for everybody is one");
    is_int(c.sweep_deadlines, 10, "with as many deadlines");
    ok(c.last_sweep_ns >= c.sweep_ns && c.sweep_ns > 0, "and takes its time");
    rig_until(&r, rig_at("2026-07-01T00:00:00+08:00"));
    c = counters(&r);
    is_int(c.sweeps, 5, "two more reminders, grace and suspension are others");
    is_int(c.status[STATUS_SUSPENDED], 10, "at whose end everybody is suspended");
    is_int(c.lag_seconds, 0, "and nothing is left behind");
    rig_close(&r);
}

/* One more than a tick takes: an input settles the last of them before the next one. */
static void test_shared_sweep(void)
{
    enum { PEOPLE = 16385 };
    struct rig r = {.options = {.batch_bytes = 64u << 20}};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, PEOPLE);
    rig_place(&r, SCOPE_ALL, "", "2026-12-31");
    rig_until(&r, rig_at("2026-07-01T00:00:00+08:00"));
    is_int(counters(&r).held, PEOPLE, "everybody is held");
    uint64_t before = counters(&r).sweeps;
    rig_lift(&r, "moratorium");
    rig_ask(&r, REQUEST_STATUS, NULL);
    rig_input(&r, "{\"op\":\"certify\",\"id\":\"P-16384\",\"channel\":\"face\",\"certified_on\":\"2026-06-30\","
                  "\"ref\":\"F-1\"}");
    rig_until(&r, rig_at("2026-07-01T00:01:00+08:00"));
    is_int(counters(&r).status[STATUS_SUSPENDED], PEOPLE - 1, "and let go, but for one who certifies meanwhile");
    is_int(counters(&r).sweeps - before, 1, "a sweep whose rest an input has settled is over");
    rig_close(&r);
}

static void test_checkpoints(void)
{
    struct rig r = {.options = {.checkpoint_events = 50}};
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/store", tap_tmpdir());
    rig_open(&r, uri, rig_conf, NEW_YEAR);
    enrol(&r, 200);
    /* Its slices are written by a thread. */
    for (int i = 0; i < 100000 && !counters(&r).checkpoints; i++)
        rig_ask(&r, REQUEST_STATUS, NULL);
    struct engine_counters c = counters(&r);
    ok(c.checkpoints > 0, "checkpoints that were written are counted");
    ok(c.checkpoint_age >= 0 && c.checkpoint_seq >= 50 && c.checkpoint_seq <= c.last_seq,
       "with their age and what they hold");
    rig_again(&r, true);
    c = counters(&r);
    ok(c.checkpoints == 0 && c.checkpoint_age == -1, "the next start counts anew");
    is_int(c.checkpoint_seq, c.last_seq, "but knows what the one that it began with holds");
    is_int(c.inputs[OP_ENROL][RESULT_APPLIED], 0, "inputs are counted anew too");
    rig_close(&r);
}

int main(void)
{
    plan(9 + 7 + 3 + 5);
    test_state();
    test_sweeps();
    test_shared_sweep();
    test_checkpoints();
    return tap_end();
}
