/* Other endpoints while requests are on their way. */
#include "tests/adapter/webhook_verify.h"
#include "tests/deliver/world.h"

#include <stdio.h>

#define OTHER_SECRET "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQIhrs="

static void test_secret(void)
{
    struct world w = {.deliver = NULL};
    char conf[1000];
    world_open(&w, "memory:", world_hook("a", "retry = { 5s }"));
    world_enrol(&w, "P1", "");
    world_enrol(&w, "P2", "");
    uint64_t one = world_last(&w) - 1, two = one + 1;
    world_run(&w);
    snprintf(conf, sizeof conf,
             "endpoint \"a\" {\nadapter = \"standard-webhooks\"\nurl = \"http://127.0.0.1:9/new\"\n"
             "secret_file = \"%s\"\nretry = { 5s }\n}\n",
             world_secret("other", OTHER_SECRET));
    world_reload(&w, conf);
    is_int(w.carrying.lines, 2, "requests that are on their way keep their line");
    ok(webhook_verifies(&world_parcel(&w, "a", one)->call, HOOK_SECRET, 0), "and their signature");
    world_answer(&w, "a", one, 200);
    world_answer(&w, "a", two, 500);
    is_int(w.carrying.lines, 1, "when the last of them has ended, the line is closed");
    world_pass(&w, 7000);
    const struct parcel *p = world_parcel(&w, "a", two);
    ok(webhook_verifies(&p->call, OTHER_SECRET, 0) && !webhook_verifies(&p->call, HOOK_SECRET, 0),
       "the retry is signed with the new secret");
    is_str(p->call.url.p, "http://127.0.0.1:9/new", "and goes to the new address");
    world_answer(&w, "a", two, 200);
    world_close(&w);
}

static void test_removed(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("removed"), world_hook("a", "max_in_flight = 2\nretry = { 1h }"));
    world_many(&w, 0, 5);
    uint64_t first = world_last(&w) - 4;
    world_run(&w);
    world_reload(&w, world_hook("b", ""));
    ok(strstr(world_endpoint(&w, "a"), "'state':'leaving'"), "an endpoint that is removed ends what it has on its way");
    world_answer(&w, "a", first, 200);
    world_answer(&w, "a", first + 1, 500);
    is_int(w.carrying.n, 2, "and sends nothing more");
    world_pass(&w, 100);
    ok(!strstr((world_endpoint(&w, "b"), w.body.p), "'name':'a'"), "then it is gone");
    is_int(w.carrying.lines, 1, "its line is closed");
    uint64_t later = world_event(&w, "P4");
    world_pass(&w, 100);
    ok(world_sending(&w, "b", later), "another one goes on");
    world_answer(&w, "b", later, 200);
    world_reload(&w, world_hook("a", "retry = { 1h }"));
    world_pass(&w, 100);
    is_int(world_sent(&w, "a", first) + world_sent(&w, "a", first + 1), 2, "returned, it goes on where it stood");
    for (uint64_t seq = first + 2; seq < first + 5; seq++)
        world_answer(&w, "a", seq, 200);
    world_answer(&w, "a", later, 200);
    world_pass(&w, 4400000);
    ok(world_sending(&w, "a", first + 1), "its retries too");
    world_answer(&w, "a", first + 1, 200);
    world_close(&w);
}

/* Removed and back before its requests have ended. */
static void test_back_at_once(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 1"));
    world_enrol(&w, "P1", "");
    world_enrol(&w, "P2", "");
    uint64_t one = world_last(&w) - 1;
    world_run(&w);
    world_reload(&w, "");
    world_reload(&w, world_hook("a", "max_in_flight = 1"));
    is_int(w.carrying.n, 1, "removed and back, an endpoint still has on its way what it had");
    world_answer(&w, "a", one, 200);
    ok(world_sending(&w, "a", one + 1), "and goes on");
    world_answer(&w, "a", one + 1, 200);
    world_pass(&w, 100);
    is_int(world_cursor(&w, "a"), one + 1, "to the end");
    world_close(&w);
}

static void test_new(void)
{
    struct world w = {.deliver = NULL};
    struct buf conf = BUF_INIT;
    world_open(&w, world_dir("new"), world_hook("a", ""));
    world_enrol(&w, "P1", "");
    uint64_t old = world_last(&w);
    world_answer(&w, "a", old, 200);
    buf_printf(&conf, "%s%s", world_hook("a", ""), world_hook("b", ""));
    buf_addc(&conf, '\0');
    world_reload(&w, conf.p);
    uint64_t fresh = world_event(&w, "P1");
    world_run(&w);
    ok(!world_sent(&w, "b", old) && world_sending(&w, "b", fresh), "a new endpoint begins with what comes after it");
    world_answer(&w, "a", fresh, 200);
    world_answer(&w, "b", fresh, 200);
    buf_done(&conf);
    world_close(&w);
}

/* Fewer in flight, a larger window, other types: while it works. */
static void test_limits(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 10"));
    world_many(&w, 0, 30);
    uint64_t first = world_last(&w) - 29;
    world_run(&w);
    world_reload(&w, world_hook("a", "max_in_flight = 3\nmax_unnoted = 65536\nevents = { \"benefit.*\" }"));
    for (uint64_t seq = first; seq < first + 8; seq++)
        world_answer(&w, "a", seq, 200);
    is_int(w.carrying.on_their_way, 3, "a lower limit holds as soon as enough have ended");
    uint64_t other = world_event(&w, "P1");
    world_run(&w);
    for (uint64_t seq = first + 8; seq < first + 30; seq++)
        world_answer(&w, "a", seq, 200);
    world_pass(&w, 100);
    ok(!world_sent(&w, "a", other), "types that are not wanted any more are not read");
    is_int(world_cursor(&w, "a"), world_last(&w), "and what was read before is sent");
    world_close(&w);
}

/* One of the new endpoints is no good: all stays as it was. */
static void test_refused(void)
{
    struct world w = {.deliver = NULL};
    struct buf conf = BUF_INIT;
    world_open(&w, "memory:", world_hook("a", ""));
    buf_printf(&conf, "%s%s%s", world_hook("a", "max_in_flight = 1"), world_hook("b", ""), world_hook("c", ""));
    buf_addc(&conf, '\0');
    w.carrying.refuses = "c";
    is_int(world_try_reload(&w, conf.p), ERR_INVALID,
           "a configuration of which one endpoint cannot be used is refused");
    is_str(w.msg.text, "c: its certificate cannot be read", "it is told why");
    is_int(w.carrying.lines, 1, "and nothing of it is left open");
    world_many(&w, 0, 3);
    world_run(&w);
    is_int(w.carrying.on_their_way, 3, "the old one goes on");
    buf_done(&conf);
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_secret();
    test_removed();
    test_back_at_once();
    test_new();
    test_limits();
    test_refused();
    return tap_end();
}
