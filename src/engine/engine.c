#include "engine/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/internal.h"

#define DEFAULT_BATCH_BYTES (4u << 20)
#define DEFAULT_QUEUE_INPUTS (1u << 18)
#define DEFAULT_CHECKPOINT_EVENTS UINT64_C(20000000)
#define MS INT64_C(1000000)
/* The longest wait of an engine with a wall clock: jumps that nobody announces are looked for once a second. */
#define LOOK_MS 1000

/* --- open and close --- */

void stream_init(struct stream *s)
{
    *s = (struct stream){.reached = INSTANT_NONE};
}

void engine_empty(struct engine *e)
{
    e->roster = roster_new();
    e->categories = vocab_new(CATEGORY_MAX);
    e->units = vocab_new(UNIT_MAX);
    memset(&e->policies, 0, sizeof e->policies);
    memset(&e->settings, 0, sizeof e->settings);
    memset(&e->holds, 0, sizeof e->holds);
    e->n_channels = 0;
}

static struct engine *engine_new(const struct engine_options *o, struct config *config)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    e->options = *o;
    if (!e->options.batch_bytes)
        e->options.batch_bytes = DEFAULT_BATCH_BYTES;
    if (!e->options.queue_inputs)
        e->options.queue_inputs = DEFAULT_QUEUE_INPUTS;
    if (!e->options.checkpoint_events)
        e->options.checkpoint_events = DEFAULT_CHECKPOINT_EVENTS;
    e->config = config;
    e->taking = INT64_MIN;
    engine_empty(e);
    e->env.policies = e->policies.v;
    e->env.tz = config->tz;
    decision_init(&e->decision);
    for (int i = 0; i < 2; i++)
        batch_init(&e->batches[i]);
    e->cur = &e->batches[0];
    pthread_mutex_init(&e->lock, NULL);
    e->inbox_tail = &e->inbox;
    e->todo_tail = &e->todo;
    e->wake_fd = e->timer_fd = e->epoll_fd = -1;
    return e;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void engine_free(struct engine *e)
{
    store_close(e->store);
    config_free(e->config);
    roster_free(e->roster);
    vocab_free(e->categories);
    vocab_free(e->units);
    decision_done(&e->decision);
    event_arena_done(&e->arena);
    buf_done(&e->history_text);
    buf_done(&e->contact_text);
    buf_done(&e->checkpoint.slice);
    for (int i = 0; i < 2; i++)
        batch_done(&e->batches[i]);
    close_fd(e->wake_fd);
    close_fd(e->timer_fd);
    close_fd(e->epoll_fd);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static bool watch_fd(struct engine *e, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};
    return fd < 0 || epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static enum err open_fds(struct engine *e, struct errmsg *msg)
{
    e->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    e->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->wake_fd < 0 || e->timer_fd < 0 || e->epoll_fd < 0 || !watch_fd(e, e->wake_fd) || !watch_fd(e, e->timer_fd) ||
        !watch_fd(e, store_fd(e->store)))
        return err_set(msg, ERR_IO, "cannot make the engine's descriptors: %s", strerror(errno));
    return ERR_OK;
}

static void warn_torn(struct engine *e, const struct store_opened *opened)
{
    if (!opened->torn_bytes || !e->options.warn)
        return;
    char text[512];
    snprintf(text, sizeof text, "%s: %" PRIu64 " bytes behind the last whole commit were cut off", opened->torn_file,
             opened->torn_bytes);
    e->options.warn(e->options.arg, text);
}

static enum err open_store(struct engine *e, struct errmsg *msg)
{
    uint64_t after = 0, system_seq = 0;
    struct seal seal;
    struct store_opened opened = {0};
    struct store_options so = {.simulated = e->simulated, .segment_bytes = e->options.segment_bytes};
    enum err err;
    if (e->options.init) {
        err = store_open(e->options.uri, STORE_INIT, &so, &e->store, &opened, msg);
        if (err != ERR_EXISTS)
            return err;
    }
    err = checkpoint_load(e, e->options.uri, &after, &system_seq, &seal, msg);
    if (err == ERR_OK)
        so.seal = &seal;
    else
        so.verify_later = true; /* the replay reads it all */
    err = store_open(e->options.uri, STORE_WRITE, &so, &e->store, &opened, msg);
    if (err != ERR_OK)
        return err;
    warn_torn(e, &opened);
    return replay_log(e, after, system_seq, msg);
}

/* After recovery everybody gets a place in the queue, and the versions of policies are counted. An adoption that a crash cut
 * short goes on. */
static void schedule_everybody(struct engine *e)
{
    uint32_t n = roster_count(e->roster);
    for (uint32_t i = 0; i < n; i++) {
        struct entry entry;
        roster_get(e->roster, i, &entry);
        e->policies.used[entry.rec.policy]++;
        if (!e->policies.current[entry.rec.policy])
            e->adopting = true;
        roster_schedule(e->roster, i,
                        record_next(&e->policies.v[entry.rec.policy], &entry.rec, e->env.tz, e->env.now, e->env.today));
        if (i % 1000000 == 999999 && e->options.progress)
            e->options.progress(e->options.arg, "schedule", i + 1, n);
    }
}

static enum err start_clock(struct engine *e, bool simulated, lc_instant start, lc_instant *alive, struct errmsg *msg)
{
    struct buf stamp = BUF_INIT;
    enum err err = store_stamp(e->store, &stamp, msg);
    *alive = err == ERR_OK ? watch_read_stamp(e, buf_str(&stamp)) : INSTANT_NONE;
    buf_done(&stamp);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    lc_instant last = e->last_seq ? e->env.now : INT64_MIN;
    if (last != INT64_MIN && (*alive == INSTANT_NONE || last > *alive))
        *alive = last;
    if (simulated)
        clock_simulated(&e->clock, start > last ? start : last);
    else if (e->config->clock == CLOCK_ACCELERATED)
        clock_accelerated(&e->clock, e->config->clock_start > last ? e->config->clock_start : last,
                          e->config->clock_factor);
    else
        clock_system(&e->clock);
    e->env.today = DATE_NONE;
    lc_instant now = clock_now(&e->clock, INSTANT_NONE);
    e->env.tz = e->config->tz;
    watch_set_now(e, now > last ? now : last);
    return ERR_OK;
}

/* What other threads may read. */
static void count(struct engine *e)
{
    lc_instant next = roster_next_instant(e->roster);
    atomic_store_explicit(&e->last_given, e->last_seq, memory_order_relaxed);
    atomic_store_explicit(&e->enrolled, roster_count(e->roster), memory_order_relaxed);
    atomic_store_explicit(&e->held, roster_held_count(e->roster), memory_order_relaxed);
    atomic_store_explicit(&e->lag, next < e->env.now ? (uint64_t)(e->env.now - next) : 0, memory_order_relaxed);
}

static enum err recover(struct engine *e, bool simulated, lc_instant start, struct errmsg *msg)
{
    lc_instant alive;
    enum err err = open_store(e, msg);
    if (err == ERR_OK)
        err = open_fds(e, msg);
    if (err == ERR_OK)
        err = start_clock(e, simulated, start, &alive, msg);
    if (err != ERR_OK)
        return err;
    schedule_everybody(e);
    err = adopt_config(e, e->config, msg);
    if (err != ERR_OK)
        return err;
    watch_start(e, alive);
    count(e);
    e->stamp_at = clock_monotonic_ns();
    return batch_flush(e, msg);
}

enum err engine_open(const struct engine_options *o, struct config *config, bool simulated, lc_instant start,
                     struct engine **out, struct errmsg *msg)
{
    struct engine *e = engine_new(o, config);
    e->simulated = simulated || config->clock == CLOCK_ACCELERATED;
    e->env.simulated = e->simulated;
    enum err err = recover(e, simulated, start, msg);
    if (err != ERR_OK) {
        engine_free(e);
        return err;
    }
    *out = e;
    return ERR_OK;
}

void engine_abandon(struct engine *e)
{
    if (e)
        engine_free(e);
}

enum err engine_close(struct engine *e, bool checkpoint, struct errmsg *msg)
{
    enum err err = e->failed ? ERR_IO : ERR_OK;
    if (err == ERR_OK) {
        watch_stamp(e, &e->cur->stamp);
        err = batch_flush(e, msg);
    }
    /* A stamp taken while a commit was in flight went into the batch after it. */
    if (err == ERR_OK)
        err = batch_flush(e, msg);
    if (err == ERR_OK && checkpoint && e->checkpoint.last_done != e->last_seq) {
        struct errmsg why;
        (void)!checkpoint_write(e, &why); /* warned of; the log has it all */
    }
    engine_free(e);
    return err;
}

/* --- requests --- */

bool engine_submit(struct engine *e, struct request *r)
{
    unsigned n = r->kind == REQUEST_INPUTS ? r->n_inputs : 0;
    if (n && atomic_fetch_add(&e->queued, n) + n > e->options.queue_inputs && atomic_load(&e->queued) > n) {
        atomic_fetch_sub(&e->queued, n);
        return false;
    }
    r->next = NULL;
    r->at_input = 0;
    r->err = ERR_OK;
    pthread_mutex_lock(&e->lock);
    bool wake = e->inbox == NULL;
    *e->inbox_tail = r;
    e->inbox_tail = &r->next;
    pthread_mutex_unlock(&e->lock);
    if (wake && eventfd_write(e->wake_fd, 1) != 0)
        abort(); /* cannot happen: the counter never comes near its end */
    return true;
}

int engine_fd(const struct engine *e)
{
    return e->epoll_fd;
}

static void fetch_inbox(struct engine *e)
{
    eventfd_t n;
    (void)!eventfd_read(e->wake_fd, &n);
    pthread_mutex_lock(&e->lock);
    if (e->inbox) {
        *e->todo_tail = e->inbox;
        e->todo_tail = e->inbox_tail;
        e->inbox = NULL;
        e->inbox_tail = &e->inbox;
    }
    pthread_mutex_unlock(&e->lock);
}

static void stream_link(struct engine *e, struct stream *s)
{
    if (s->link)
        return;
    s->link = &e->streams;
    s->next = e->streams;
    if (s->next)
        s->next->link = &s->next;
    e->streams = s;
}

static void stream_unlink(struct stream *s)
{
    if (!s->link)
        return;
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    s->link = NULL;
}

/* With a clock that is not the system's: may this input be decided now? If not, the clock must not pass its `at`. */
static bool its_time(struct engine *e, const struct request *r, const struct input *in, bool deadlines_left)
{
    if (e->clock.mode == CLOCK_MODE_SYSTEM || in->at == INSTANT_NONE)
        return true;
    if (r->stream) {
        stream_link(e, r->stream);
        r->stream->reached = in->at;
    }
    return in->at <= e->env.now && !deadlines_left;
}

static bool deadlines_left(const struct engine *e)
{
    return e->releasing || roster_next_instant(e->roster) <= e->env.now || holds_next(e) <= e->env.now;
}

/* Looks up whom the next inputs are about, many at once. Returns how many. */
static uint32_t look_up(const struct engine *e, const struct request *r, uint32_t numbers[ROSTER_MANY])
{
    struct str ids[ROSTER_MANY];
    uint32_t n = r->n_inputs - r->at_input;
    n = n < ROSTER_MANY ? n : ROSTER_MANY;
    for (uint32_t i = 0; i < n; i++)
        ids[i] = r->inputs[r->at_input + i].id;
    roster_find_many(e->roster, ids, numbers, n);
    return n;
}

/* Decides inputs until the request, the budget or the batch is used up, or one must wait for its time. */
static enum err run_inputs(struct engine *e, struct request *r, unsigned *budget, struct errmsg *msg)
{
    uint32_t numbers[ROSTER_MANY], known = 0, next = 0;
    while (r->at_input < r->n_inputs && *budget && !batch_full(e)) {
        const struct input *in = &r->inputs[r->at_input];
        if (!its_time(e, r, in, e->clock.mode != CLOCK_MODE_SYSTEM && deadlines_left(e)))
            return ERR_OK;
        if (next == known) {
            known = look_up(e, r, numbers);
            next = 0;
        }
        enum err err = people_input(e, in, numbers[next++], &r->results[r->at_input], msg);
        if (err != ERR_OK)
            return err;
        r->at_input++;
        (*budget)--;
        atomic_fetch_sub_explicit(&e->queued, 1, memory_order_relaxed);
    }
    return ERR_OK;
}

/* Has an earlier request of the same stream not finished yet? */
static bool stream_blocked(const struct request *first, const struct request *r)
{
    if (!r->stream)
        return false;
    for (; first != r; first = first->next)
        if (first->stream == r->stream)
            return true;
    return false;
}

/* Works on one request; *finished when it can be answered. */
static enum err run_request(struct engine *e, struct request *r, unsigned *budget, bool *finished, struct errmsg *msg)
{
    *finished = true;
    if (r->kind == REQUEST_INPUTS) {
        enum err err = run_inputs(e, r, budget, msg);
        *finished = r->at_input == r->n_inputs;
        return err;
    }
    if (r->kind == REQUEST_STREAM_END)
        stream_unlink(r->stream);
    else
        query_run(e, r);
    return ERR_OK;
}

/* Requests in their order; one that waits for its time lets others pass, but not those of its own stream. */
static enum err run_requests(struct engine *e, unsigned budget, struct errmsg *msg)
{
    struct request **link = &e->todo;
    while (*link && budget && !batch_full(e)) {
        struct request *r = *link;
        bool finished = false;
        if (!stream_blocked(e->todo, r)) {
            enum err err = run_request(e, r, &budget, &finished, msg);
            if (err != ERR_OK)
                return err;
        }
        if (!finished) {
            if (e->clock.mode == CLOCK_MODE_SYSTEM)
                break; /* the budget or the batch is used up: the order stands */
            link = &r->next; /* or it waits for its time, which others need not */
            continue;
        }
        *link = r->next;
        if (!r->next)
            e->todo_tail = link;
        batch_answer(e, r);
    }
    return ERR_OK;
}

/* --- the tick --- */

/* What an accelerated clock must not pass: anything undone, and what the open streams have reached. */
static lc_instant clock_bound(const struct engine *e)
{
    lc_instant bound = roster_next_instant(e->roster), other = holds_next(e);
    bound = other < bound ? other : bound;
    for (const struct stream *s = e->streams; s; s = s->next)
        bound = s->reached < bound ? s->reached : bound;
    for (const struct request *r = e->todo; r; r = r->next)
        if (r->kind == REQUEST_INPUTS && !r->stream && r->inputs[r->at_input].at < bound)
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

static enum err do_due(struct engine *e, struct errmsg *msg)
{
    enum err err = ERR_OK;
    holds_run(e);
    sweep_release(e, TICK_RESCHEDULED);
    if (!batch_full(e))
        err = sweep_deadlines(e, TICK_DEADLINES, msg);
    if (err == ERR_OK)
        err = run_requests(e, TICK_INPUTS, msg);
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
        if (e->clock.mode != CLOCK_MODE_ACCELERATED || deadlines_left(e))
            break;
    }
    return err;
}

/* Is there an input or question that could be worked on now? */
static bool requests_ready(const struct engine *e)
{
    for (const struct request *r = e->todo; r; r = r->next) {
        if (r->kind != REQUEST_INPUTS || e->clock.mode == CLOCK_MODE_SYSTEM)
            return true;
        if (!stream_blocked(e->todo, r) &&
            (r->inputs[r->at_input].at == INSTANT_NONE || r->inputs[r->at_input].at <= e->env.now))
            return true;
    }
    return false;
}

static int64_t next_wait(const struct engine *e)
{
    if (batch_full(e) && e->flight)
        return LOOK_MS; /* the commit's descriptor wakes us */
    if (deadlines_left(e) || e->adopting || requests_ready(e) || (checkpoint_due(e) && !e->checkpoint.active))
        return 0;
    int64_t wait = clock_wait_ms(&e->clock, clock_bound(e));
    int64_t stamp_ms = (e->stamp_at - clock_monotonic_ns()) / MS + 1;
    if (wait < 0 || wait > stamp_ms)
        wait = stamp_ms < 0 ? 0 : stamp_ms;
    if (e->checkpoint.active && wait > 1)
        return 1;
    return wait > LOOK_MS ? LOOK_MS : wait;
}

enum err engine_tick(struct engine *e, int64_t *wait_ms, struct errmsg *msg)
{
    if (e->failed)
        return err_set(msg, ERR_IO, "the store has failed before");
    enum err err = batch_poll(e, false, msg);
    fetch_inbox(e);
    if (err == ERR_OK)
        err = do_instants(e, msg);
    if (err == ERR_OK) {
        stamp(e);
        err = batch_commit(e, msg);
    }
    if (err == ERR_OK && checkpoint_due(e))
        checkpoint_step(e);
    if (err != ERR_OK) {
        e->failed = true;
        return err;
    }
    count(e);
    *wait_ms = next_wait(e);
    return ERR_OK;
}

/* --- simulation --- */

/* The next instant at which anything happens: a deadline, a hold, an input at the head of the queue. */
static lc_instant next_instant(const struct engine *e)
{
    lc_instant next = roster_next_instant(e->roster), other = holds_next(e);
    next = other < next ? other : next;
    if (e->todo && e->todo->kind == REQUEST_INPUTS && e->todo->inputs[e->todo->at_input].at < next)
        next = e->todo->inputs[e->todo->at_input].at;
    return next;
}

enum err engine_run_until(struct engine *e, lc_instant until, struct errmsg *msg)
{
    for (;;) {
        int64_t wait;
        enum err err = engine_tick(e, &wait, msg);
        if (err == ERR_OK)
            err = batch_poll(e, true, msg);
        if (err != ERR_OK)
            return err;
        if (deadlines_left(e) || requests_ready(e) || e->adopting)
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

void engine_counters(const struct engine *e, struct engine_counters *out)
{
    for (int op = 0; op < OP_N; op++)
        for (int r = 0; r < RESULT_N; r++)
            out->inputs[op][r] = atomic_load_explicit(&e->count_inputs[op][r], memory_order_relaxed);
    for (int t = 0; t < EV_N; t++)
        out->events[t] = atomic_load_explicit(&e->count_events[t], memory_order_relaxed);
    out->commits = atomic_load_explicit(&e->commits, memory_order_relaxed);
    out->commit_ns = atomic_load_explicit(&e->commit_ns, memory_order_relaxed);
    out->commit_bytes = atomic_load_explicit(&e->commit_bytes, memory_order_relaxed);
    out->last_seq = atomic_load_explicit(&e->last_given, memory_order_relaxed);
    out->durable_seq = atomic_load_explicit(&e->durable, memory_order_relaxed);
    out->queued_inputs = atomic_load_explicit(&e->queued, memory_order_relaxed);
    out->enrolled = atomic_load_explicit(&e->enrolled, memory_order_relaxed);
    out->held = atomic_load_explicit(&e->held, memory_order_relaxed);
    out->lag_seconds = atomic_load_explicit(&e->lag, memory_order_relaxed);
}
