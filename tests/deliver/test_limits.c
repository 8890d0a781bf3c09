/* How an endpoint is spared: rate, requests in flight, 429 and its kin, 410, the breaker, quiet hours, a full table. */
#include "tests/deliver/world.h"

#include <stdio.h>

static unsigned sent_since(const struct world *w, int64_t at)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->carrying.n; i++)
        n += w->carrying.v[i]->at >= at;
    return n;
}

static void test_rate(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 200);
    world_open(&w, "memory:", world_hook("a", "rate = \"20/s\""));
    world_many(&w, 0, 200);
    int64_t start = w.now;
    world_pass(&w, 999);
    unsigned first = sent_since(&w, start);
    ok(first >= 19 && first <= 23, "in a second go as many as the rate says (%u)", first);
    world_pass(&w, 4000);
    unsigned five = sent_since(&w, start);
    ok(five >= 99 && five <= 103, "in five seconds five times that (%u)", five);
    ok(w.ticks < 1000, "without looking all the time");
    world_close(&w);
}

static void test_in_flight(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 7"));
    world_many(&w, 0, 50);
    world_pass(&w, 100000);
    is_int(w.carrying.on_their_way, 7, "no more are on their way than configured");
    world_answer(&w, "a", w.carrying.v[0]->seqs[0], 200);
    is_int(w.carrying.on_their_way, 7, "one that ends makes room for one");
    is_int(w.carrying.n, 8, "and no more");
    world_close(&w);
}

/* Ten at once are answered 503. */
static void test_throttled(int status, const char *name)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 8\nretry = { 1s, 1s, 1s }"));
    world_many(&w, 0, 40);
    world_run(&w);
    while (w.carrying.n < 9 && w.carrying.on_their_way) {
        for (size_t i = 0; i < w.carrying.n; i++)
            if (w.carrying.v[i]->state == ON_ITS_WAY)
                parcel_answer(&w.carrying, w.carrying.v[i], status, -1, "");
        world_run(&w);
    }
    is_int(w.carrying.n, 8, "after %s nothing more is sent", name);
    ok(strstr(world_endpoint(&w, "a"), "'state':'spared'"), "the endpoint is spared");
    world_pass(&w, 999);
    is_int(w.carrying.n, 8, "for a second");
    world_pass(&w, 1);
    is_int(w.carrying.on_their_way, 4, "then half as many are on their way at a time");
    world_always(&w, 200);
    world_pass(&w, 10000);
    is_int(w.carrying.n, 48, "and in the end all have arrived");
    world_close(&w);
}

static void test_breaker(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 500);
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 1\nretry = { 1d, 1d }"));
    world_many(&w, 0, 40);
    world_run(&w);
    is_int(w.carrying.n, 10, "ten failures in a row open the breaker");
    is_int(world_said(&w, "opened a"), 1, "which is told");
    ok(strstr(world_endpoint(&w, "a"), "'state':'open'"), "and shown");
    world_pass(&w, 4999);
    is_int(w.carrying.n, 10, "nothing is sent");
    world_pass(&w, 1);
    is_int(w.carrying.n, 11, "until one is tried after five seconds");
    world_pass(&w, 9999);
    is_int(w.carrying.n, 11, "when that fails, nothing");
    world_always(&w, 200);
    world_pass(&w, 1);
    is_int(world_said(&w, "closed a"), 1, "until one succeeds");
    is_int(w.carrying.n, 40, "and then everything goes on");
    world_close(&w);
}

/* With many in flight, and with a filter that asks the engine first. */
static void test_probe(const char *more, const char *what)
{
    struct world w = {.deliver = NULL};
    char keys[200];
    snprintf(keys, sizeof keys, "max_in_flight = 64\nretry = { 1s, 1s, 1s, 1s, 1s, 1s }\n%s", more);
    world_always(&w, 500);
    world_open(&w, "memory:", world_hook("a", keys));
    world_many(&w, 0, 200);
    world_pass(&w, 4000);
    size_t before = w.carrying.n;
    w.answers = NULL;
    world_pass(&w, 3000);
    is_int(w.carrying.n, before + 1, "with %s the breaker lets one probe through, and one only", what);
    is_int(w.carrying.on_their_way, 1, "it is on its way");
    world_pass(&w, 1000000);
    is_int(w.carrying.n, before + 1, "no other is sent before it is answered");
    world_close(&w);
}

static void test_gone(void)
{
    struct world w = {.deliver = NULL};
    char uri[300];
    snprintf(uri, sizeof uri, "dir:%s/gone", tap_tmpdir());
    world_open(&w, uri, world_hook("a", "max_in_flight = 3\nretry = { 5s }"));
    world_many(&w, 0, 6);
    uint64_t first = world_last(&w) - 5;
    world_run(&w);
    for (int i = 0; i < 3; i++)
        world_answer(&w, "a", first + (uint64_t)i, 410);
    is_int(w.carrying.n, 3, "after 410 nothing more is sent");
    ok(strstr(world_endpoint(&w, "a"), "'state':'paused','paused':'status 410','paused_by':'the endpoint'"),
       "the endpoint is paused, and says why");
    is_int(world_said(&w, "paused a"), 1, "it is told once");
    world_pass(&w, 86400000);
    is_int(w.carrying.n, 3, "for however long");
    world_crash(&w);
    world_pass(&w, 86400000);
    is_int(w.carrying.n, 3, "a crash changes nothing of that");
    ok(strstr(world_endpoint(&w, "a"), "'paused':'status 410'"), "nor of why");
    is_int(world_order_done(&w, deliver_resume, "a", 0), ERR_OK, "an operator resumes it");
    world_always(&w, 200);
    world_pass(&w, 1000);
    is_int(w.carrying.n, 9, "and everything comes, the three once more");
    world_close(&w);
}

static void test_quiet(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 200);
    world_open(&w, "memory:", world_hook("a", "quiet_hours = \"11:00-13:00\""));
    world_until(&w, "2026-03-02T10:59:59+08:00");
    world_many(&w, 0, 1);
    world_run(&w);
    is_int(w.carrying.n, 1, "a second before the quiet hours it is sent");
    world_until(&w, "2026-03-02T11:00:00+08:00");
    world_many(&w, 1, 1);
    world_run(&w);
    is_int(w.carrying.n, 1, "in them nothing is");
    ok(strstr(world_endpoint(&w, "a"), "'state':'quiet'"), "which is shown");
    uint64_t ticks = w.ticks;
    world_until(&w, "2026-03-02T12:59:59+08:00");
    is_int(w.carrying.n, 1, "to their last second");
    ok(w.ticks - ticks < 20, "nor is it looked at all the time");
    world_pass(&w, 1000);
    is_int(w.carrying.n, 2, "then it goes");
    world_close(&w);
}

static void test_parked(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 500);
    world_open(&w,
               "memory:", world_hook("a", "max_parked = 20\nmax_in_flight = 2\nmax_unnoted = 16\nretry = { 1h, 1h }"));
    world_enrol(&w, "P0", "");
    for (int i = 0; i < 60; i++)
        world_event(&w, "P0");
    world_pass(&w, 10000);
    struct track_counts n = world_counts(&w, "a");
    ok(n.rows >= 20 && n.rows <= 20 + 16, "with its table full an endpoint stops reading");
    ok(n.items <= 20 + 16, "and keeps no more in memory");
    ok(strstr(world_endpoint(&w, "a"), "'state':'full'"), "which is shown");
    world_always(&w, 200);
    world_pass(&w, 7200000);
    is_str(strstr(world_endpoint(&w, "a"), "'lag'") ? "" : "no lag", "", "it tells how far it is behind");
    is_int(world_cursor(&w, "a"), world_last(&w), "when the retry succeeds, it goes on to the end");
    is_int(w.carrying.n, 62, "each once, and one retry");
    n = world_counts(&w, "a");
    is_int(n.items + n.rows, 0, "and nothing is left");
    world_close(&w);
}

/* A window of sixteen, and nothing but its commits to go on with. */
static void test_window(const char *uri)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 200);
    world_open(&w, uri, world_hook("a", "max_unnoted = 16"));
    world_many(&w, 0, 100);
    int64_t start = w.now;
    world_pass(&w, 10000);
    is_int(w.carrying.n, 100, "a small window is filled again and again (%.4s)", uri);
    ok(w.carrying.v[99]->at - start < 2000, "without waiting for anything else");
    world_close(&w);
}

/* Nothing to do is nothing done. */
static void test_idle(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 1"));
    world_many(&w, 0, 10);
    world_pass(&w, 5000);
    uint64_t ticks = w.ticks;
    world_pass(&w, 3600000);
    ok(w.ticks - ticks < 10, "while a request hangs nothing is looked at (%d times)", (int)(w.ticks - ticks));
    world_order_done(&w, deliver_pause, "a", 0);
    ticks = w.ticks;
    world_pass(&w, 3600000);
    ok(w.ticks - ticks < 10, "nor while it is paused (%d times)", (int)(w.ticks - ticks));
    world_close(&w);
}

/* An operator sets the wall clock back by a month. */
static void test_clock_back(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 429);
    world_open(&w, "memory:", world_hook("a", "rate = \"10/s\"\nretry = { 1d }"));
    world_many(&w, 0, 30);
    world_pass(&w, 1500);
    world_always(&w, 500);
    world_pass(&w, 30000);
    w.now -= INT64_C(31) * 86400000;
    world_always(&w, 200);
    size_t before = w.carrying.n;
    world_many(&w, 30, 30);
    world_pass(&w, 10000);
    ok(w.carrying.n >= before + 30, "a clock that is set back stops neither rate nor breaker (%zu)",
       w.carrying.n - before);
    world_pass(&w, 1000);
    is_int(world_cursor(&w, "a"), world_last(&w), "nor commits");
    world_close(&w);
}

int main(void)
{
    char uri[300];
    plan(0);
    snprintf(uri, sizeof uri, "dir:%s/window", tap_tmpdir());
    test_rate();
    test_in_flight();
    test_throttled(503, "503");
    test_throttled(429, "429");
    test_breaker();
    test_probe("", "many in flight");
    test_probe("policies = { \"national\" }", "a filter");
    test_gone();
    test_quiet();
    test_parked();
    test_window("memory:");
    test_window(uri);
    test_idle();
    test_clock_back();
    return tap_end();
}
