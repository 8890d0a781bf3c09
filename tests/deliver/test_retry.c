/* What fails: retries at their times, dead letters, the mark on what follows one, and what operators do with them. */
#include "tests/deliver/world.h"

#include <stdio.h>

static bool marked(const struct parcel *p)
{
    return memmem(p->call.body.p, p->call.body.n, "\"gap\":true", 10) != NULL;
}

/* --- when --- */

static void test_delays(void)
{
    static const int64_t delays[] = {5000, 60000, 3600000};
    unsigned early = 0, late = 0, jitter = 0;
    for (int round = 0; round < 10; round++) {
        struct world w = {.seed = (uint64_t)round};
        world_open(&w, "memory:", world_hook("a", "retry = { 5s, 1m, 1h }"));
        world_enrol(&w, "P1", "");
        uint64_t seq = world_last(&w);
        for (int i = 0; i < 3; i++) {
            int64_t failed = w.now;
            world_answer(&w, "a", seq, 500);
            world_pass(&w, delays[i] - 1);
            early += world_sending(&w, "a", seq);
            world_pass(&w, delays[i] / 5 + 2);
            late += !world_sending(&w, "a", seq);
            jitter += world_parcel(&w, "a", seq)->at - failed > delays[i] + delays[i] / 20;
        }
        world_answer(&w, "a", seq, 500);
        world_pass(&w, 100);
        late += strcmp(world_state(&w, "a", seq), "dead") != 0 || w.carrying.n != 4;
        world_pass(&w, 86400000);
        early += w.carrying.n != 4;
        world_close(&w);
    }
    is_int(early, 0, "no retry comes before its time, and none after the last");
    is_int(late, 0, "each comes within a fifth more, and after the last it is given up");
    ok(jitter >= 10 && jitter <= 29, "which is made of chance");
}

static void test_retry_after(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "retry = { 5s, 5s }"));
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w);
    world_run(&w);
    parcel_answer(&w.carrying, parcel_of(&w.carrying, "a", seq), 500, 120, "");
    world_pass(&w, 119000);
    ok(!world_sending(&w, "a", seq), "Retry-After puts the retry off");
    world_pass(&w, 2000);
    ok(world_sending(&w, "a", seq), "until then");
    world_close(&w);
}

static void test_rows(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "retry = { 1h, 1h }"));
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w), behind = world_event(&w, "P1");
    world_answer(&w, "a", seq, 418);
    world_pass(&w, 100);
    struct delivery_row row = world_row(&w, "a", seq);
    ok(row.state == DELIVERY_RETRY && row.attempts == 1, "what waits for its retry has a row");
    ok(row.next_at >= w.now - 200 + 3600000 && row.next_at <= w.now + 4320000, "that says when");
    ok(str_is(row.why, "status 418"), "and why");
    is_str(world_state(&w, "a", behind), "wait", "what stands behind it has one too");
    is_int(world_cursor(&w, "a"), behind, "and the cursor goes on");
    world_pass(&w, 4320000);
    world_answer(&w, "a", seq, 200);
    world_answer(&w, "a", behind, 200);
    world_pass(&w, 100);
    is_str(world_state(&w, "a", seq), "", "delivered, they have none");
    is_str(world_state(&w, "a", behind), "", "neither");
    world_close(&w);
}

/* --- dead letters --- */

static void test_gap(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "retry = { 5s }"));
    world_enrol(&w, "P1", "");
    world_enrol(&w, "P2", "");
    uint64_t dead = world_last(&w) - 1, other = dead + 1, next = world_event(&w, "P1"), last = world_event(&w, "P1");
    world_answer(&w, "a", other, 200);
    world_answer(&w, "a", dead, 500);
    world_pass(&w, 6000);
    world_answer(&w, "a", dead, 500);
    ok(world_sending(&w, "a", next), "after a dead letter the person's next event goes on");
    ok(marked(world_parcel(&w, "a", next)), "marked");
    world_answer(&w, "a", next, 500);
    world_pass(&w, 6000);
    ok(marked(world_parcel(&w, "a", next)), "on each attempt");
    world_answer(&w, "a", next, 200);
    ok(!marked(world_parcel(&w, "a", last)), "when that has arrived, the one after it is not");
    world_answer(&w, "a", last, 200);
    other = world_event(&w, "P2");
    world_run(&w);
    ok(!marked(world_parcel(&w, "a", other)), "nor are other people's");
    world_answer(&w, "a", other, 200);
    is_int(world_said(&w, "dead a "), 1, "it is told once");
    ok(strstr(world_endpoint(&w, "a"), "'dead':1"), "and counted");
    world_close(&w);
}

static void test_gap_restart(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("gap"), world_hook("a", "retry = { }"));
    world_enrol(&w, "P1", "");
    uint64_t dead = world_last(&w);
    world_answer(&w, "a", dead, 500);
    world_pass(&w, 100);
    is_str(world_state(&w, "a", dead), "dead", "without retries the first failure is the last");
    world_crash(&w);
    uint64_t next = world_event(&w, "P1");
    world_run(&w);
    ok(marked(world_parcel(&w, "a", next)), "the mark outlasts a crash");
    world_answer(&w, "a", next, 200);
    world_pass(&w, 100);
    world_restart(&w);
    next = world_event(&w, "P1");
    world_run(&w);
    ok(!marked(world_parcel(&w, "a", next)), "and so does its end");
    is_int(world_sent(&w, "a", dead), 1, "the dead letter itself is not sent again");
    world_close(&w);
}

/* --- operators --- */

static void test_retry_dead(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("retry-dead"), world_hook("a", "retry = { }"));
    world_enrol(&w, "P1", "");
    uint64_t dead = world_last(&w);
    is_int(world_order_done(&w, deliver_retry, "a", 999), ERR_ABSENT, "what never was cannot be retried");
    is_int(world_order_done(&w, deliver_retry, "b", dead), ERR_ABSENT, "nor at an endpoint that is none");
    is_int(world_order_done(&w, deliver_retry, "a", dead), ERR_LOCKED, "nor what is on its way");
    world_answer(&w, "a", dead, 500);
    world_pass(&w, 100);
    is_int(world_order_done(&w, deliver_retry, "a", dead), ERR_OK, "a dead letter can");
    char want[100];
    snprintf(want, sizeof want, "{'id':'a:%d','result':'retried'}", (int)dead);
    is_str(w.body.p, want, "the answer says so");
    ok(world_sending(&w, "a", dead), "it is sent at once");
    uint64_t next = world_event(&w, "P1");
    world_run(&w);
    ok(!world_sending(&w, "a", next), "and the person's others wait for it again");
    world_answer(&w, "a", dead, 200);
    world_answer(&w, "a", next, 200);
    world_pass(&w, 100);
    is_str(world_state(&w, "a", dead), "", "delivered, it has no row");
    is_int(world_order_done(&w, deliver_retry, "a", dead), ERR_ABSENT, "and cannot be retried");
    world_restart(&w);
    is_int(world_sent(&w, "a", dead), 2, "nor is it after a restart");
    world_close(&w);
}

static void test_retry_waiting(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("retry-waiting"), world_hook("a", "retry = { 1h }\nmax_in_flight = 1"));
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w), behind = world_event(&w, "P1");
    world_answer(&w, "a", seq, 500);
    is_int(world_order_done(&w, deliver_retry, "a", behind), ERR_OK, "one that stands behind another may be retried");
    ok(!world_sending(&w, "a", behind), "but does not overtake");
    is_int(world_order_done(&w, deliver_retry, "a", seq), ERR_OK, "one that waits for its retry goes at once");
    ok(world_sending(&w, "a", seq), "that is, now");
    world_answer(&w, "a", seq, 200);
    world_answer(&w, "a", behind, 200);
    world_enrol(&w, "P2", "");
    world_enrol(&w, "P3", "");
    uint64_t fresh = world_last(&w);
    world_run(&w);
    is_int(world_order_done(&w, deliver_retry, "a", fresh), ERR_OK, "so may one that was never sent");
    world_answer(&w, "a", fresh - 1, 200);
    world_answer(&w, "a", fresh, 200);
    world_pass(&w, 100);
    world_crash(&w);
    is_int(w.carrying.on_their_way, 0, "none of them comes again after a crash");
    is_str(world_state(&w, "a", fresh), "", "no row is left behind");
    world_close(&w);
}

static void test_drop(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("drop"), world_hook("a", "retry = { 1h }\nmax_in_flight = 1"));
    world_enrol(&w, "P1", "");
    uint64_t first = world_last(&w), second = world_event(&w, "P1"), third = world_event(&w, "P1");
    world_answer(&w, "a", first, 500);
    is_int(world_order_done(&w, deliver_drop, "a", second), ERR_OK, "one in the middle is dropped");
    is_int(world_order_done(&w, deliver_drop, "a", first), ERR_OK, "and the first");
    ok(world_sending(&w, "a", third), "then the next goes on");
    ok(marked(world_parcel(&w, "a", third)), "marked");
    world_answer(&w, "a", third, 200);
    world_pass(&w, 100);
    world_enrol(&w, "P2", "");
    world_enrol(&w, "P3", "");
    uint64_t slow = world_last(&w) - 1, fresh = slow + 1;
    world_run(&w);
    is_int(world_order_done(&w, deliver_drop, "a", fresh), ERR_OK, "one beyond the cursor is dropped");
    ok(world_cursor(&w, "a") < slow, "which stays where it is");
    world_crash(&w);
    world_answer(&w, "a", slow, 200);
    world_pass(&w, 10000);
    is_int(world_sent(&w, "a", fresh), 0, "and after a crash it is not sent either");
    is_int(world_sent(&w, "a", first) + world_sent(&w, "a", second), 1, "nor are the others");
    is_int(world_order_done(&w, deliver_drop, "a", first), ERR_ABSENT, "what is gone cannot be dropped");
    world_close(&w);
}

static void test_drop_dead(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("drop-dead"), world_hook("a", "retry = { }"));
    world_enrol(&w, "P1", "");
    uint64_t dead = world_last(&w);
    world_answer(&w, "a", dead, 500);
    world_pass(&w, 100);
    is_int(world_order_done(&w, deliver_drop, "a", dead), ERR_OK, "a dead letter is dropped");
    is_str(world_state(&w, "a", dead), "", "and is gone");
    is_int(world_order_done(&w, deliver_drop, "a", dead), ERR_ABSENT, "for good");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_delays();
    test_retry_after();
    test_rows();
    test_gap();
    test_gap_restart();
    test_retry_dead();
    test_retry_waiting();
    test_drop();
    test_drop_dead();
    return tap_end();
}
