/* The clock under suspicion: what places the clock hold while the engine runs and when it starts, what the hold
 * keeps back, and that now never goes back. The clocks are the test's own (fake_clock.h): the kernel's cancelling
 * of the timer when the clock is set is played, since trying it would set this machine's clock. */
#include "tests/engine/fake_clock.h"
#include "tests/engine/rig.h"

#include <poll.h>
#include <stdio.h>

#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define NOON rig_at("2026-03-10T12:00:00+08:00")

/* The usual configuration, with clock_jump = "1h" and max_downtime = "7d" by default, on the system's clock. */
static void open_at(struct rig *r, const char *uri, lc_instant at)
{
    fake_wall(at);
    rig_open(r, uri, rig_conf, INSTANT_NONE);
}

/* Everything that is due by now is decided and durable. */
static void settle(struct rig *r)
{
    rig_ask(r, REQUEST_HOLDS, NULL);
}

static int64_t tick(struct rig *r)
{
    int64_t wait = -1;
    if (engine_tick(r->engine, &wait, &r->msg) != ERR_OK)
        bail_out("the engine failed: %s", r->msg.text);
    return wait;
}

static bool readable(const struct rig *r)
{
    struct pollfd p = {.fd = engine_fd(r->engine), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* Long overdue: enrolled today, in grace at once, suspended when the notice of 15 days is over. */
static void enrol(struct rig *r, const char *id)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2024-01-10\"}", id);
    rig_input(r, json);
}

static unsigned clock_holds(const struct rig *r)
{
    return rig_count(r, "\"hold\":\"clock\"");
}

static bool status_is(struct rig *r, const char *id, const char *status)
{
    char text[64];
    snprintf(text, sizeof text, "\"status\":\"%s\"", status);
    const char *body = rig_ask(r, REQUEST_SHOW, id);
    return body && strstr(body, text);
}

/* The times of all events, in order, never go back; the last one is put into *last. */
static bool times_ascend(const struct rig *r, lc_instant *last)
{
    static const char word[] = "\"time\":\"";
    *last = INT64_MIN;
    for (const char *p = r->lines.p, *end = p + r->lines.n; p < end; p++) {
        p = memmem(p, (size_t)(end - p), word, sizeof word - 1);
        if (!p)
            break;
        lc_instant at;
        int32_t offset;
        if (!instant_parse(p + sizeof word - 1, 25, &at, &offset) || at < *last)
            return false;
        *last = at;
    }
    return true;
}

/* --- while it runs --- */

/* The clock moves by seconds, out of a quiet run. Returns how many holds that placed. */
static unsigned jump(int64_t seconds)
{
    struct rig r = {.engine = NULL};
    open_at(&r, "memory:", NOON);
    settle(&r);
    for (int i = 0; i < 3; i++) {
        fake_pass(1);
        tick(&r);
    }
    fake_wall(fake_wall_now() + seconds);
    tick(&r);
    settle(&r);
    unsigned n = clock_holds(&r);
    rig_close(&r);
    return n;
}

static void test_sizes(void)
{
    is_int(jump(HOUR), 0, "a clock that moves forward by clock_jump is believed");
    is_int(jump(HOUR + 1), 1, "by a second more is a jump");
    is_int(jump(-HOUR), 0, "and so it is");
    is_int(jump(-HOUR - 1), 1, "when it moves back");
    is_int(jump(20 * 365 * DAY), 1, "twenty years forward are one jump");
    is_int(jump(-50 * 365 * DAY), 1, "and fifty years back");
}

static void test_small_moves(void)
{
    struct rig r = {.engine = NULL};
    open_at(&r, "memory:", NOON);
    settle(&r);
    fake_wall(fake_wall_now() + 40 * 60);
    settle(&r);
    is_int(clock_holds(&r), 0, "forty minutes are no jump");
    fake_wall(fake_wall_now() + 40 * 60);
    settle(&r);
    is_int(clock_holds(&r), 1, "twice forty within a day are");
    rig_close(&r);

    open_at(&r, "memory:", NOON);
    settle(&r);
    for (int day = 0; day < 40; day++) {
        fake_wall(fake_wall_now() + 40 * 60);
        for (int hour = 0; hour < 25; hour++) {
            fake_pass(HOUR);
            tick(&r);
        }
    }
    settle(&r);
    is_int(clock_holds(&r), 0, "a clock that is slewed by less than that day by day is not held against itself");
    rig_close(&r);
}

static void test_sleep(void)
{
    struct rig r = {.engine = NULL};
    open_at(&r, "memory:", NOON);
    settle(&r);
    fake_sleep(3 * DAY);
    settle(&r);
    is_int(clock_holds(&r), 0, "a machine that slept for three days has no clock that jumped");
    rig_close(&r);
}

static void test_notices(void)
{
    struct rig r = {.engine = NULL};
    open_at(&r, "memory:", NOON);
    settle(&r);
    int64_t longest = 0;
    for (int i = 0; i < 100; i++) {
        int64_t wait = tick(&r);
        longest = wait < 0 ? INT64_MAX : wait > longest ? wait : longest;
        fake_pass(1);
    }
    ok(longest > 0 && longest <= 1000, "an engine with nothing to do for months looks at the clock every second");
    ok(fake_timer_armed(), "and has armed a timer that setting the clock cancels");
    tick(&r);
    ok(!readable(&r), "which wakes nobody by itself");
    for (int i = 1; i <= 2; i++) {
        fake_clock_was_set();
        ok(readable(&r), "setting the clock wakes the engine (%d)", i);
        tick(&r);
        ok(fake_timer_armed() && !readable(&r), "which arms the timer again (%d)", i);
    }
    is_int(clock_holds(&r), 0, "a clock set to what it showed is no jump");
    fake_clock_was_set();
    fake_wall(fake_wall_now() + 2 * HOUR);
    tick(&r);
    settle(&r);
    is_int(clock_holds(&r), 1, "a clock set by more than clock_jump is, at the tick that it wakes");
    rig_close(&r);
}

/* --- what the hold does --- */

static void certify(struct rig *r, const char *id, const char *date)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"1\",\"certified_on\":\"%s\"}", id, date);
    rig_input(r, json);
}

static void test_forward(void)
{
    struct rig r = {.engine = NULL};
    open_at(&r, "memory:", NOON);
    enrol(&r, "A");
    enrol(&r, "B");
    settle(&r);
    is_int(rig_count(&r, "\"grace.started\""), 2, "two people in grace");
    fake_wall(NOON + 20 * DAY);
    settle(&r);
    is_int(clock_holds(&r), 1, "the clock jumps past their suspension");
    ok(strstr(rig_ask(&r, REQUEST_HOLDS, NULL), "the clock moved forward by 1728000 s"), "the hold says by how much");
    is_int(rig_count(&r, "\"benefit.suspended\""), 0, "nobody is suspended by it");
    ok(strstr(rig_ask(&r, REQUEST_SHOW, "A"), "\"held_by\":[\"clock\"]"), "the hold covers everybody");
    fake_wall(fake_wall_now() + 2 * HOUR);
    settle(&r);
    fake_wall(fake_wall_now() - 5 * HOUR);
    settle(&r);
    is_int(clock_holds(&r), 1, "further jumps place no second hold");
    certify(&r, "B", "2026-03-29");
    ok(status_is(&r, "B", "active"), "a certification counts as usual");
    for (int i = 0; i < 40; i++) {
        fake_pass(DAY);
        settle(&r);
    }
    is_int(rig_count(&r, "\"benefit.suspended\""), 0, "weeks later the hold still stands");
    is_int(rig_lift(&r, "clock"), ERR_OK, "an operator lifts it");
    settle(&r);
    ok(status_is(&r, "A", "suspended") && status_is(&r, "B", "active"), "what it kept back goes through");
    fake_wall(fake_wall_now() + 2 * HOUR);
    settle(&r);
    is_int(rig_count(&r, "\"hold.placed\""), 2, "the next jump places it again");
    lc_instant last;
    ok(times_ascend(&r, &last), "the log's times never went back");
    rig_close(&r);
}

static void test_back(void)
{
    struct rig r = {.engine = NULL};
    lc_instant last;
    open_at(&r, "memory:", NOON);
    enrol(&r, "A");
    fake_wall(NOON - 30 * DAY);
    enrol(&r, "B");
    settle(&r);
    ok(strstr(rig_ask(&r, REQUEST_HOLDS, NULL), "the clock moved back by 2592000 s"),
       "a clock that is set back is held against itself");
    ok(times_ascend(&r, &last) && last == NOON, "what is decided then is decided at the last event's instant");
    is_int(rig_count(&r, "\"due_on\":\"2025-01-31\",\"grace_until\":\"2026-03-25\""), 2, "and on its day");
    fake_wall(NOON + 60);
    enrol(&r, "C");
    settle(&r);
    ok(times_ascend(&r, &last) && last == NOON + 60, "once the clock has come past it, it counts again");
    rig_close(&r);
}

static void test_survives(const char *uri, bool checkpoint)
{
    struct rig r = {.engine = NULL};
    open_at(&r, uri, NOON);
    enrol(&r, "A");
    fake_wall(NOON + 20 * DAY);
    settle(&r);
    fake_wall(NOON + 16 * DAY); /* put right; the suspension was due half a day ago */
    settle(&r);
    rig_again(&r, checkpoint);
    const char *how = checkpoint ? "from a checkpoint" : "from the log";
    settle(&r);
    is_int(clock_holds(&r), 1, "%s: the hold survives a restart, and is not placed twice", how);
    ok(status_is(&r, "A", "grace"), "%s: it still holds", how);
    rig_lift(&r, "clock");
    settle(&r);
    ok(status_is(&r, "A", "suspended"), "%s: and can be lifted", how);
    lc_instant last;
    ok(times_ascend(&r, &last), "%s: the log's times never went back", how);
    rig_close(&r);
}

/* --- at start --- */

/* A daemon last alive at NOON comes up at `up`; crash: without a farewell. Returns how many holds that placed. */
static unsigned restart(lc_instant up, bool crash)
{
    static unsigned serial;
    char uri[256];
    struct rig r = {.engine = NULL};
    snprintf(uri, sizeof uri, "dir:%s/start-%u", tap_tmpdir(), serial++);
    open_at(&r, uri, NOON - 600);
    enrol(&r, "A");
    for (int minute = 0; minute < 10; minute++) { /* nothing happens any more: only the stamp tells */
        fake_pass(60);
        settle(&r);
    }
    settle(&r);
    if (!crash && engine_close(r.engine, false, &r.msg) != ERR_OK)
        bail_out("%s", r.msg.text);
    if (crash)
        engine_abandon(r.engine);
    r.engine = NULL;
    fake_wall(up);
    if (rig_try(&r, uri, rig_conf, INSTANT_NONE) != ERR_OK)
        bail_out("%s", r.msg.text);
    settle(&r);
    unsigned n = clock_holds(&r);
    lc_instant last;
    if (!times_ascend(&r, &last))
        bail_out("an event lies before the one that it follows");
    rig_close(&r);
    return n;
}

static void test_start(bool crash)
{
    const char *how = crash ? "after a crash" : "after a stop";
    is_int(restart(NOON, crash), 0, "%s: started again at once", how);
    is_int(restart(NOON + 7 * DAY, crash), 0, "%s: started again after max_downtime", how);
    is_int(restart(NOON + 7 * DAY + 61, crash), 1, "%s: later than that, the clock is held against itself", how);
    is_int(restart(NOON - 61, crash), 1, "%s: and when it stands before the moment of the last stamp", how);
    is_int(restart(NOON - 1000 * DAY, crash), 1, "%s: years before", how);
}

static void test_exact_stamp(void)
{
    is_int(restart(NOON + 7 * DAY + 1, false), 1, "a stop stamps its second: max_downtime and a second is too long");
    is_int(restart(NOON - 1, false), 1, "and a second before it is before it");
}

static void test_held_at_start(void)
{
    struct rig r = {.engine = NULL};
    char uri[256];
    snprintf(uri, sizeof uri, "dir:%s/held", tap_tmpdir());
    open_at(&r, uri, NOON);
    enrol(&r, "A");
    settle(&r);
    fake_pass(20 * DAY);
    rig_crash(&r);
    settle(&r);
    is_int(clock_holds(&r), 1, "down for twenty days: held");
    is_int(rig_count(&r, "\"benefit.suspended\""), 0, "before the first suspension");
    rig_lift(&r, "clock");
    settle(&r);
    is_int(rig_count(&r, "\"suspended_on\":\"2026-03-30\""), 1,
           "which then is applied, and dated by the day it is applied on");
    rig_close(&r);
}

static void test_shorter_settings(void)
{
    struct rig r = {.engine = NULL};
    char conf[1024];
    snprintf(conf, sizeof conf, "clock_jump = \"10s\"\n%s", rig_conf);
    open_at(&r, "memory:", NOON);
    settle(&r);
    is_int(rig_reload(&r, conf), ERR_OK, "a reload changes clock_jump");
    fake_wall(fake_wall_now() + 11);
    settle(&r);
    is_int(clock_holds(&r), 1, "and it counts from then on");
    rig_close(&r);
}

int main(void)
{
    char uri[256];
    plan(0);
    test_sizes();
    test_small_moves();
    test_sleep();
    test_notices();
    test_forward();
    test_back();
    for (int checkpoint = 0; checkpoint < 2; checkpoint++) {
        snprintf(uri, sizeof uri, "dir:%s/survives-%d", tap_tmpdir(), checkpoint);
        test_survives(uri, checkpoint);
    }
    test_start(false);
    test_start(true);
    test_exact_stamp();
    test_held_at_start();
    test_shorter_settings();
    return tap_end();
}
