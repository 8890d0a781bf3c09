/* The engine's life: opened, recovered, closed. What it does in between is in the files beside this one. */
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
#define DEFAULT_SCAN_SAVED 1000000 /* 40 to 80 MB: four scans, 320 */

void engine_empty(struct engine *e)
{
    e->roster = roster_new();
    e->categories = vocab_new(CATEGORY_MAX);
    e->units = vocab_new(UNIT_MAX);
    memset(&e->policies, 0, sizeof e->policies);
    memset(&e->settings, 0, sizeof e->settings);
    memset(&e->holds, 0, sizeof e->holds);
    e->marks = marks_new();
    e->n_channels = 0;
    e->accepted_day = DATE_NONE;
}

struct engine *engine_new(const struct engine_options *o, struct config *config)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    e->options = *o;
    if (!e->options.batch_bytes)
        e->options.batch_bytes = DEFAULT_BATCH_BYTES;
    if (!e->options.queue_inputs)
        e->options.queue_inputs = DEFAULT_QUEUE_INPUTS;
    if (!e->options.scan_saved)
        e->options.scan_saved = DEFAULT_SCAN_SAVED;
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

void engine_free(struct engine *e)
{
    store_close(e->store);
    config_free(e->config);
    roster_free(e->roster);
    vocab_free(e->categories);
    vocab_free(e->units);
    marks_free(e->marks);
    digest_done(e);
    scan_close_all(e);
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

/* What the replay begins with must be in the log: a checkpoint has the rest. */
static enum err expect_events(struct engine *e, uint64_t after, struct errmsg *msg)
{
    struct store_info info;
    struct buf line = BUF_INIT;
    struct errmsg why;
    store_info(e->store, &info);
    if (after + 1 >= info.first)
        return ERR_OK;
    enum err err = store_get(e->store, after + 1, &line, &why);
    buf_done(&line);
    if (err != ERR_ARCHIVED)
        return err == ERR_OK ? err : err_set(msg, err, "%s", why.text);
    return err_set(msg, err,
                   "there is no checkpoint to start from, and without one the whole log is needed: %s. Put the log "
                   "files there back into the store's folder log/, and start again",
                   why.text);
}

static enum err open_store(struct engine *e, struct errmsg *msg)
{
    uint64_t after = 0, system_seq = 0;
    struct seal seal;
    struct store_opened opened = {0};
    struct store_options so = e->options.store;
    so.simulated = e->simulated;
    so.segment_bytes = e->options.segment_bytes;
    so.seal = NULL;
    so.verify_later = false;
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
    err = expect_events(e, after, msg);
    return err != ERR_OK ? err : replay_log(e, after, system_seq, msg);
}

static enum err start_clock(struct engine *e, bool simulated, lc_instant start, lc_instant *alive, struct errmsg *msg)
{
    struct buf stamp = BUF_INIT;
    enum err err = store_stamp(e->store, &stamp, msg);
    *alive = err == ERR_OK ? watch_read_stamp(e, buf_str(&stamp)) : INSTANT_NONE;
    buf_done(&stamp);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    lc_instant last = e->last_seq ? e->last_time : INT64_MIN;
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
    office_start(e);
    for (unsigned i = 0; i < e->n_channels; i++)
        e->channels[i].accepted_total = 0; /* the replay's */
    counters_show(e);
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

const struct store *engine_store(const struct engine *e)
{
    return e->store;
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
