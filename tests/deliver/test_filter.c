/* Who gets which events: by policy, category and unit of the moment at which they are sent. */
#include "tests/deliver/world.h"

#include <stdio.h>

static void open_filtered(struct world *w, const char *keys)
{
    world_always(w, 200);
    world_open(w, "memory:", world_hook("a", keys));
}

static void test_policy(void)
{
    struct world w = {.deliver = NULL};
    open_filtered(&w, "policies = { \"beijing\", \"365-days\" }");
    world_enrol(&w, "P1", "");
    world_input(&w, "{'op':'enrol','id':'P2','policy':'beijing','approved_on':'2025-06-10'}");
    uint64_t beijing = world_last(&w);
    world_run(&w);
    ok(w.carrying.n == 1 && world_sent(&w, "a", beijing), "only people under the listed policies");
    world_pass(&w, 100);
    is_int(world_cursor(&w, "a"), beijing, "the cursor goes over the others");
    world_input(&w, "{'op':'amend','id':'P1','policy':'365-days'}");
    uint64_t amended = world_last(&w);
    world_run(&w);
    ok(world_sent(&w, "a", amended), "what counts is the policy of now");
    world_close(&w);
}

static void test_category_unit(void)
{
    struct world w = {.deliver = NULL};
    open_filtered(&w, "categories = { \"pension\" }\nunits = { \"U1\", \"U2\" }");
    world_enrol(&w, "P1", ",'category':'pension','unit':'U1'");
    world_enrol(&w, "P2", ",'category':'pension','unit':'U3'");
    world_enrol(&w, "P3", ",'category':'survivor','unit':'U1'");
    world_enrol(&w, "P4", ",'unit':'U2'");
    world_enrol(&w, "P5", ",'category':'pension'");
    world_enrol(&w, "P6", ",'category':'pension','unit':'U2'");
    uint64_t last = world_last(&w);
    world_run(&w);
    ok(world_sent(&w, "a", last - 5) && world_sent(&w, "a", last), "all filters must hold");
    is_int(w.carrying.n, 2, "and nobody else's events are sent");
    ok(rig_place(&w.rig, SCOPE_ALL, NULL, "2026-04-01") == ERR_OK, "a hold is placed");
    deliver_nudge(w.deliver);
    world_run(&w);
    is_int(w.carrying.n, 2, "an event of the system passes no filter");
    world_close(&w);
}

/* The engine is asked about many; those it passes over cost nothing but that. */
static void test_many(void)
{
    struct world w = {.deliver = NULL};
    char id[16];
    open_filtered(&w, "categories = { \"rare\" }\nmax_in_flight = 2\nmax_unnoted = 64");
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "P%d", i);
        world_enrol(&w, id, i % 100 == 7 ? ",'category':'rare'" : ",'category':'usual'");
    }
    world_pass(&w, 10000);
    is_int(w.carrying.n, 10, "of a thousand people ten are of that category");
    is_int(world_cursor(&w, "a"), world_last(&w), "and all have been looked at");
    world_close(&w);
}

/* Order holds while the engine is being asked. */
static void test_order(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "policies = { \"national\" }\nretry = { 10s }"));
    world_enrol(&w, "P1", "");
    uint64_t first = world_last(&w), second = world_event(&w, "P1");
    world_answer(&w, "a", first, 500);
    world_pass(&w, 12000);
    ok(world_sending(&w, "a", first) && !world_sending(&w, "a", second),
       "a retry whose line is fetched keeps its place");
    world_answer(&w, "a", first, 200);
    world_answer(&w, "a", second, 200);
    is_int(w.carrying.n, 3, "then the next one goes");
    world_close(&w);
}

/* Paused while the engine is being asked. */
static void test_paused_meanwhile(void)
{
    struct world w = {.deliver = NULL};
    int64_t wait;
    open_filtered(&w, "policies = { \"national\" }");
    world_many(&w, 0, 300);
    if (deliver_tick(w.deliver, &wait, &w.msg) != ERR_OK)
        bail_out("%s", w.msg.text);
    world_order_done(&w, deliver_pause, "a", 0);
    is_int(w.carrying.n, 0, "paused while the engine was being asked, it sends nothing");
    struct track_counts n = world_counts(&w, "a");
    is_int(n.taken, 0, "and all have been given back");
    world_order_done(&w, deliver_resume, "a", 0);
    world_pass(&w, 1000);
    is_int(w.carrying.n, 300, "resumed, it sends them all");
    unsigned unsorted = 0;
    for (size_t i = 1; i < w.carrying.n; i++)
        unsorted += w.carrying.v[i]->seqs[0] < w.carrying.v[i - 1]->seqs[0];
    is_int(unsorted, 0, "in the order of the log");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_policy();
    test_category_unit();
    test_many();
    test_order();
    test_paused_meanwhile();
    return tap_end();
}
