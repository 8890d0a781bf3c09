/* What comes behind an event that was given up, and a crash between the two. */
#include "tests/deliver/world.h"

static bool marked(const struct parcel *p)
{
    return p && memmem(p->call.body.p, p->call.body.n, "\"gap\":true", 10) != NULL;
}

/* Else a crash just then would send the first one again, behind the second. */
static void test_order(void)
{
    struct world w = {.still = true};
    world_open(&w, "memory:", world_hook("a", "retry = { }"));
    world_enrol(&w, "P1", "");
    world_enrol(&w, "P2", "");
    uint64_t other = world_last(&w), dead = other - 1, next = world_event(&w, "P1");
    world_answer(&w, "a", other, 200);
    world_answer(&w, "a", dead, 500);
    is_str(world_state(&w, "a", dead), "", "that an event was given up is not durable at once");
    ok(!world_sending(&w, "a", next), "until then the person's next event waits");
    world_pass(&w, 100);
    is_str(world_state(&w, "a", dead), "dead", "then it is");
    ok(world_sending(&w, "a", next) && marked(world_parcel(&w, "a", next)), "and the next goes out, with a mark");
    world_close(&w);
}

/* What was delivered while an older event held the cursor is sent again after a crash. */
static void test_sent_again(void)
{
    struct world w = {.still = true};
    world_open(&w, world_dir("gaps"), world_hook("a", "retry = { }"));
    world_enrol(&w, "P0", "");
    world_enrol(&w, "P1", "");
    uint64_t holds = world_last(&w) - 1, before = holds + 1, dead = world_event(&w, "P1");
    world_run(&w);
    world_answer(&w, "a", before, 200);
    world_answer(&w, "a", dead, 500);
    world_pass(&w, 100);
    is_str(world_state(&w, "a", dead), "dead", "an event was given up,");
    ok(world_sending(&w, "a", holds), "while an older one of somebody else was on its way");
    world_crash(&w);
    uint64_t next = world_event(&w, "P1");
    world_run(&w);
    is_int(world_sent(&w, "a", before), 2, "what came before it is sent once more");
    ok(!marked(world_parcel(&w, "a", before)), "without a mark");
    world_answer(&w, "a", before, 200);
    ok(marked(world_parcel(&w, "a", next)), "which the one behind it has still");
    is_int(world_sent(&w, "a", dead), 1, "itself it is not sent again");
    world_close(&w);
}

/* The same, and what is sent again fails once: it waits behind the cursor, which has passed what was given up by the time
 * of the next crash. */
static void test_sent_again_behind_the_cursor(void)
{
    struct world w = {.still = true};
    world_open(&w, world_dir("gaps-behind"), world_hook("a", "retry = { 5s }"));
    world_enrol(&w, "P0", "");
    world_enrol(&w, "P1", "");
    uint64_t holds = world_last(&w) - 1, before = holds + 1, dead = world_event(&w, "P1");
    world_run(&w);
    world_answer(&w, "a", before, 200);
    world_answer(&w, "a", dead, 500);
    is_int(world_order_done(&w, deliver_drop, "a", dead), ERR_OK, "an event was given up, by an operator,");
    world_crash(&w);
    world_run(&w);
    world_answer(&w, "a", holds, 200);
    world_answer(&w, "a", before, 500);
    world_pass(&w, 100);
    is_str(world_state(&w, "a", before), "retry", "one before it was sent once more, and failed,");
    ok(world_cursor(&w, "a") >= dead, "and the cursor is beyond both");
    world_crash(&w);
    uint64_t next = world_event(&w, "P1");
    world_pass(&w, 7000);
    ok(!marked(world_parcel(&w, "a", before)), "after another crash it still has no mark");
    world_answer(&w, "a", before, 200);
    ok(marked(world_parcel(&w, "a", next)), "which waits for the one behind");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_order();
    test_sent_again();
    test_sent_again_behind_the_cursor();
    return tap_end();
}
