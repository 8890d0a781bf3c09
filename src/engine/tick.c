/* The tick: a bounded share of all that is due, then a commit; and how long nothing will be. */
#include <poll.h>
#include <stdio.h>

#include "engine/internal.h"

#define MS INT64_C(1000000)
/* The longest wait of an engine with a wall clock: jumps that nobody announces are looked for once a second. */
#define LOOK_MS 1000
/* Of one that the office wakes as soon as it may go on: only a net. */
#define STAND_MS 200
/* With several shards an open stream that has nothing for this one does not stop its clock for good: it may be waiting
 * for another shard, and that one for this one's clock. */
#define STREAM_PATIENCE_NS (250 * MS)

/* The next instant at which anything happens by itself: a deadline, a hold that begins or ends, units' digests. */
static lc_instant next_by_itself(const struct engine *e)
{
    lc_instant next = roster_next_instant(e->roster), hold = holds_next(e), digest = digest_next(e);
    next = hold < next ? hold : next;
    return digest < next ? digest : next;
}

bool tick_deadlines_left(const struct engine *e)
{
    return e->releasing || next_by_itself(e) <= e->env.now;
}

uint64_t tick_lag(const struct engine *e)
{
    lc_instant next = roster_next_instant(e->roster);
    return next < e->env.now ? (uint64_t)(e->env.now - next) : 0;
}

/* What an accelerated clock must not pass: anything undone, and what the open streams have reached. */
static lc_instant clock_bound(const struct engine *e)
{
    lc_instant bound = next_by_itself(e);
    bool shard = e->options.office;
    for (const struct stream *s = e->streams; s; s = s->next)
        if (s->reached < bound && !(shard && clock_monotonic_ns() - s->touched > STREAM_PATIENCE_NS))
            bound = s->reached;
    for (const struct request *r = e->todo; r; r = r->next)
        if (r->kind == REQUEST_INPUTS && (!r->stream || shard) && r->at_input < r->n_inputs &&
            r->inputs[r->at_input].at < bound && !consumed_waits(e, r))
            bound = r->inputs[r->at_input].at;
    return bound;
}

static void see_time(struct engine *e)
{
    bool system = e->clock.mode == CLOCK_MODE_SYSTEM;
    watch_look(e);
    watch_set_now(e, clock_now(&e->clock, system ? INSTANT_NONE : clock_bound(e)));
}

static void stamp(struct engine *e)
{
    if (clock_monotonic_ns() < e->stamp_at)
        return;
    watch_stamp(e, &e->cur->stamp);
    e->stamp_at = clock_monotonic_ns() + STAMP_EVERY_NS;
}

static enum err sweep(struct engine *e, struct errmsg *msg)
{
    /* An input or a changed policy may have settled the rest of a sweep, which is then over. */
    if (batch_full(e) || (roster_next_instant(e->roster) > e->env.now && !e->sweep_began))
        return ERR_OK;
    int64_t began = clock_monotonic_ns();
    uint64_t taken = 0;
    enum err err = sweep_deadlines(e, TICK_DEADLINES, &taken, msg);
    counters_sweep(e, began, taken, roster_next_instant(e->roster) > e->env.now);
    return err;
}

static enum err do_due(struct engine *e, struct errmsg *msg)
{
    e->office.standing = false;
    holds_run(e);
    sweep_release(e, TICK_RESCHEDULED);
    enum err err = sweep(e, msg);
    if (err == ERR_OK && !batch_full(e) && roster_next_instant(e->roster) > e->env.now)
        digest_run(e, TICK_DEADLINES);
    if (err == ERR_OK)
        err = requests_run(e, TICK_INPUTS, msg);
    if (err == ERR_OK && e->adopting)
        err = sweep_adoption(e, TICK_RESCHEDULED, msg);
    return err;
}

/* What is due now; under an accelerated clock then what is due at the next instant that has come, and so on: otherwise
 * each of them would pay for a commit of its own. */
static enum err do_instants(struct engine *e, struct errmsg *msg)
{
    enum err err = ERR_OK;
    for (int i = 0; i < TICK_INSTANTS && err == ERR_OK && !batch_full(e); i++) {
        lc_instant before = e->env.now;
        see_time(e);
        if (i > 0 && e->env.now == before)
            break;
        err = do_due(e, msg);
        if (e->clock.mode != CLOCK_MODE_ACCELERATED || tick_deadlines_left(e))
            break;
    }
    return err;
}

static int64_t next_wait(const struct engine *e)
{
    if (batch_full(e) && e->flight)
        return LOOK_MS; /* the commit's descriptor wakes us */
    if ((tick_deadlines_left(e) && !office_stands(e)) || e->adopting || requests_ready(e) ||
        (checkpoint_due(e) && !e->checkpoint.active))
        return 0;
    lc_instant bound = clock_bound(e);
    /* A clock that stands where an open stream holds it is moved on by a request, which wakes us. */
    int64_t look = e->options.office ? STAND_MS : LOOK_MS;
    int64_t wait = bound > e->env.now ? clock_wait_ms(&e->clock, bound) : look;
    int64_t stamp_ms = (e->stamp_at - clock_monotonic_ns()) / MS + 1;
    if (wait < 0 || wait > stamp_ms)
        wait = stamp_ms < 0 ? 0 : stamp_ms;
    if (e->checkpoint.active && wait > 1)
        return 1;
    return wait > LOOK_MS ? LOOK_MS : wait;
}

/* What the store does with its time is its own; it only asks to be called. */
static void tidy(struct engine *e)
{
    struct errmsg why;
    char text[1200];
    if (store_tidy(e->store, e->config->compress_log, &why) == ERR_OK || !e->options.warn)
        return;
    snprintf(text, sizeof text, "a segment of the log was not compressed: %s", why.text);
    e->options.warn(e->options.arg, text);
}

enum err engine_tick(struct engine *e, int64_t *wait_ms, struct errmsg *msg)
{
    if (e->failed)
        return err_set(msg, ERR_IO, "the store has failed before");
    enum err err = batch_poll(e, false, msg);
    scan_expire(e);
    requests_fetch(e);
    if (err == ERR_OK)
        err = do_instants(e, msg);
    if (err == ERR_OK && (!e->options.gather || batch_full(e))) {
        stamp(e);
        err = batch_commit(e, msg);
    }
    if (err == ERR_OK && checkpoint_due(e))
        checkpoint_step(e);
    if (err != ERR_OK) {
        e->failed = true;
        return err;
    }
    tidy(e);
    office_report(e);
    counters_show(e);
    *wait_ms = next_wait(e);
    return ERR_OK;
}

/* --- simulation --- */

/* The next instant at which anything happens, by itself or by the input at the head of the queue. */
static lc_instant next_instant(const struct engine *e)
{
    lc_instant next = next_by_itself(e);
    if (e->todo && e->todo->kind == REQUEST_INPUTS && e->todo->at_input < e->todo->n_inputs &&
        e->todo->inputs[e->todo->at_input].at < next)
        next = e->todo->inputs[e->todo->at_input].at;
    return next;
}

enum err engine_run_until(struct engine *e, lc_instant until, struct errmsg *msg)
{
    for (;;) {
        int64_t wait;
        enum err err = engine_tick(e, &wait, msg);
        if (err == ERR_OK)
            err = batch_poll(e, !e->options.gather || batch_full(e), msg);
        if (err != ERR_OK)
            return err;
        if (office_stands(e))
            poll(&(struct pollfd){.fd = e->epoll_fd, .events = POLLIN}, 1, (int)wait);
        if (tick_deadlines_left(e) || requests_ready(e) || e->adopting)
            continue;
        lc_instant next = next_instant(e);
        if (next > until) {
            if (until != INSTANT_NONE)
                clock_advance(&e->clock, until);
            see_time(e);
            return batch_flush(e, msg);
        }
        clock_advance(&e->clock, next);
    }
}
