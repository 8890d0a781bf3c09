/* What if: reads the log twice, first for the policies that were adopted, then for the inputs; these go in windows to
 * two threads, each of which runs an engine. */
#include "engine/what_if/what_if.h"

#include <stdlib.h>

#include "engine/what_if/what_if_inside.h"

/* --- the first pass: which policies were adopted --- */

static enum err look_at(struct what_if *w, struct str line, uint64_t seq, struct event_arena *arena, bool *past_end,
                        struct errmsg *msg)
{
    struct event ev;
    size_t where;
    if (event_read_head(line, &ev, arena) != ERR_OK)
        return ERR_OK; /* the second pass says what is wrong with it */
    if (w->o.until != INSTANT_NONE && ev.time > w->o.until) {
        *past_end = true;
        return ERR_OK;
    }
    if (w->result.first == INSTANT_NONE)
        w->result.first = ev.time;
    w->result.last = ev.time;
    w->result.bytes += line.n + 1;
    w->upto = seq;
    if (!what_if_is_config(ev.type) || event_read(line, &ev, arena, &where) != ERR_OK)
        return ERR_OK;
    return past_config_note(&w->past, &ev, msg);
}

#define STOP_EVERY 65536 /* events, between two questions whether to stop */

enum err what_if_go_on(struct what_if *w, struct errmsg *msg)
{
    w->stopped = w->o.stop && w->o.stop(w->o.arg);
    return w->stopped ? err_set(msg, ERR_END, "it was told to stop") : ERR_OK;
}

static enum err look(struct what_if *w, struct store_reader *reader, uint64_t durable, struct errmsg *msg)
{
    struct event_arena arena = {.cap_pays = 0};
    enum err err = ERR_OK;
    uint64_t seq = 0;
    bool past_end = false;
    while (seq < durable && !past_end && err == ERR_OK) {
        struct str line;
        err = store_reader_next(reader, &seq, &line, msg);
        if (err == ERR_OK)
            err = look_at(w, line, seq, &arena, &past_end, msg);
        if (err == ERR_OK && seq % STOP_EVERY == 0)
            err = what_if_go_on(w, msg);
    }
    event_arena_done(&arena);
    return err;
}

static enum err check_times(const struct what_if *w, struct errmsg *msg)
{
    if (w->o.until != INSTANT_NONE && w->result.first == INSTANT_NONE)
        return err_set(msg, ERR_INVALID, "nothing had happened by then: the log begins later");
    if (w->o.since != INSTANT_NONE && w->o.since > w->result.until)
        return err_set(msg, ERR_INVALID,
                       "the new policies would begin after the end: let the clock run on, past that time");
    return ERR_OK;
}

static enum err first_pass(struct what_if *w, struct errmsg *msg)
{
    struct store_info info;
    struct store_reader *reader;
    store_info(w->o.source, &info);
    enum err err = store_reader_open(w->o.source, 0, &reader, msg);
    if (err != ERR_OK)
        return err;
    past_config_init(&w->past);
    err = look(w, reader, info.durable, msg);
    store_reader_close(reader);
    if (err != ERR_OK || info.durable == 0)
        return err;
    config_changes(w->past.c, w->o.wanted, &w->result.changes);
    w->result.until = w->o.until == INSTANT_NONE ? w->result.last : w->o.until;
    return check_times(w, msg);
}

enum err what_if_open(const struct what_if_options *o, struct what_if **out, struct errmsg *msg)
{
    struct what_if *w = mem_zalloc(1, sizeof *w);
    w->o = *o;
    w->result.first = w->result.last = w->result.until = INSTANT_NONE;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    enum err err = first_pass(w, msg);
    if (err != ERR_OK) {
        what_if_free(w);
        return err;
    }
    *out = w;
    return ERR_OK;
}

const struct what_if_result *what_if_result(const struct what_if *w)
{
    return &w->result;
}

const struct config *what_if_config(const struct what_if *w)
{
    return w->result.first == INSTANT_NONE ? NULL : w->past.c;
}

/* --- the two threads --- */

static struct window *next_window(struct runner *r)
{
    struct what_if *w = r->whole;
    pthread_mutex_lock(&w->lock);
    while (w->made == r->done && !w->ended)
        pthread_cond_wait(&w->changed, &w->lock);
    bool none = w->made == r->done;
    pthread_mutex_unlock(&w->lock);
    return none ? NULL : &w->windows[r->done % WINDOWS];
}

static void *run_windows(void *arg)
{
    struct runner *r = arg;
    for (struct window *window; (window = next_window(r)) != NULL;) {
        run_window(&r->run, window);
        pthread_mutex_lock(&r->whole->lock);
        r->done++;
        r->failed = r->run.err != ERR_OK;
        pthread_cond_broadcast(&r->whole->changed);
        pthread_mutex_unlock(&r->whole->lock);
    }
    return NULL;
}

static enum err start_threads(struct what_if *w, struct errmsg *msg)
{
    for (int i = 0; i < WHAT_IF_RUNS; i++) {
        if (pthread_create(&w->runners[i].thread, NULL, run_windows, &w->runners[i]) != 0)
            return err_set(msg, ERR_IO, "cannot start a thread");
        w->runners[i].started = true;
    }
    return ERR_OK;
}

enum err what_if_open_engines(struct what_if *w, struct errmsg *msg)
{
    enum err err = w->past.c->tz ? ERR_OK : err_set(msg, ERR_DAMAGED, "the log begins without a time zone");
    for (int i = 0; i < WHAT_IF_RUNS && err == ERR_OK; i++) {
        struct config *config;
        err = past_config_take(&w->past, i == WHAT_IF_AFTER ? what_if_overlay(w) : NULL, &config, msg);
        if (err == ERR_OK)
            err = run_open(&w->runners[i].run, w->o.scratch, config, w->result.first, msg);
    }
    if (err == ERR_OK)
        err = start_threads(w, msg);
    w->opened = err == ERR_OK;
    return err;
}

/* All that was handed over is decided then. */
static void join_threads(struct what_if *w)
{
    pthread_mutex_lock(&w->lock);
    w->ended = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        if (w->runners[i].started)
            pthread_join(w->runners[i].thread, NULL);
}

/* --- the end --- */

static void count_people(struct what_if *w)
{
    const struct what_if_people *before = &w->runners[WHAT_IF_BEFORE].run.people;
    const struct what_if_people *after = &w->runners[WHAT_IF_AFTER].run.people;
    struct what_if_result *r = &w->result;
    r->people = run_count(&w->runners[WHAT_IF_BEFORE].run);
    for (uint64_t n = 0; n < r->people; n++) {
        r->differ += before->hash[n] != after->hash[n];
        r->differ_from_log += before->hash[n] != before->recorded[n];
    }
    for (lc_month m = 1; m <= MONTH_MAX; m++) {
        if (!r->runs[WHAT_IF_BEFORE].suspensions[m] && !r->runs[WHAT_IF_AFTER].suspensions[m])
            continue;
        r->month_first = r->month_first == MONTH_NONE ? m : r->month_first;
        r->month_last = m;
    }
}

static void prepare(struct what_if *w)
{
    past_config_done(&w->past);
    past_config_init(&w->past);
    w->origin = origin_reader_new();
    w->windows = mem_zalloc(WINDOWS, sizeof *w->windows);
    for (int i = 0; i < WINDOWS; i++)
        window_init(&w->windows[i]);
    for (unsigned i = 0; i < WHAT_IF_RUNS; i++) {
        w->runners[i].whole = w;
        w->runners[i].run.which = i;
        w->runners[i].run.sums = &w->result.runs[i];
    }
    w->in_force = w->o.since == INSTANT_NONE || w->o.since <= w->result.first;
}

enum err what_if_run(struct what_if *w, struct errmsg *msg)
{
    if (w->result.first == INSTANT_NONE)
        return ERR_OK; /* an empty log */
    prepare(w);
    const struct log_span span = {.upto = w->upto, .until = INT64_MAX};
    enum err err = pipeline_run(w->o.source, &span, tell_group, w, msg);
    if (err == ERR_OK) /* also when it stopped in between: a walk that had enough is a good one */
        err = w->stopped ? ERR_END : tell_end(w, msg);
    join_threads(w);
    if (err == ERR_OK)
        count_people(w);
    return err;
}

enum err what_if_people(struct what_if *w, uint64_t most, what_if_person_fn *fn, void *arg, struct errmsg *msg)
{
    if (!w->opened)
        return ERR_OK;
    return people_tell(&w->runners[WHAT_IF_BEFORE].run, &w->runners[WHAT_IF_AFTER].run, &w->o, most, fn, arg, msg);
}

void what_if_free(struct what_if *w)
{
    if (!w)
        return;
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        if (w->runners[i].run.engine)
            run_close(&w->runners[i].run);
    for (int i = 0; w->windows && i < WINDOWS; i++)
        window_done(&w->windows[i]);
    free(w->windows);
    origin_reader_free(w->origin);
    past_config_done(&w->past);
    policy_changes_done(&w->result.changes);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}
