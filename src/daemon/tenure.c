#include "daemon/tenure.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "daemon/dispatch.h"
#include "daemon/engine_thread.h"
#include "daemon/progress.h"

#define PROGRESS_NS INT64_C(2000000000)
#define COMMIT_BYTES (1u << 20) /* some 3,700 events: Redis does nothing else for 15 ms */

enum phase {
    PHASE_OPENING, /* its thread opens the engine */
    PHASE_SERVING,
    PHASE_DRAINING, /* it serves, but delivery begins nothing more */
    PHASE_CLOSING,  /* its thread closes all */
};

struct tenure {
    struct completion turn; /* the first member: its thread is done */
    const struct tenure_home *home;
    unsigned shard;
    enum phase phase;
    bool leaving, owned; /* owned: the front knows the engine */
    struct config *config;
    char uri[SHARD_URI_MAX];
    struct store_options store;
    struct engine *engine;
    struct engine_thread *thread;
    struct dispatch *dispatch;
    pthread_t worker; /* opens, and closes */
    bool working;
    struct watch *drain;
    struct progress last;
    int64_t progress_ns;

    enum err err; /* of opening; or why it was given up */
    struct errmsg msg;
    struct completion failure; /* of the engine's thread, or of delivery, whichever is first */
    atomic_bool failed;
    struct errmsg failed_msg;

    struct completion adopted;
    struct request request; /* CONFIG */
    bool adopting;
    struct config *next; /* what is being taken up */
};

unsigned tenure_shard(const struct tenure *t)
{
    return t->shard;
}

bool tenure_serves(const struct tenure *t)
{
    return t->phase == PHASE_SERVING || t->phase == PHASE_DRAINING;
}

/* --- words --- */

static void on_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
    struct tenure *t = arg;
    int64_t now = clock_monotonic_ns();
    char quoted[128];
    if (now - t->progress_ns < PROGRESS_NS)
        return;
    t->progress_ns = now;
    log_line(LOG_LEVEL_INFO, "recovering", "shard=%u what=%s done=%" PRIu64 " total=%" PRIu64, t->shard,
             log_quote(what, quoted, sizeof quoted), done, total);
}

static void on_warning(void *arg, const char *text)
{
    const struct tenure *t = arg;
    char quoted[1200];
    log_line(LOG_LEVEL_WARNING, "store-warning", "shard=%u text=%s", t->shard, log_quote(text, quoted, sizeof quoted));
}

/* On the engine's thread. */
static void on_committed(void *arg, uint64_t first, struct str lines)
{
    struct tenure *t = arg;
    (void)first;
    (void)lines;
    if (!t->dispatch) /* it is there before the engine's thread is */
        return;
    dispatch_nudge(t->dispatch);
    t->home->committed(t->home->arg);
}

/* --- its thread: signals are the loop's --- */

static void work(struct tenure *t, void *(*fn)(void *arg), void (*done)(struct completion *c))
{
    sigset_t all, before;
    t->turn.run = done;
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&t->worker, NULL, fn, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    t->working = !failed;
    if (failed)
        fn(t); /* slower for everybody else, but done */
}

static void join(struct tenure *t)
{
    if (t->working)
        pthread_join(t->worker, NULL);
    t->working = false;
}

static void *open_engine(void *arg)
{
    struct tenure *t = arg;
    struct engine_options o = {.uri = t->uri,
                               .store = t->store,
                               .office = office_engine(t->home->office, t->shard),
                               .batch_bytes = COMMIT_BYTES,
                               .progress = on_progress,
                               .warn = on_warning,
                               .committed = on_committed,
                               .arg = t};
    t->err = engine_open(&o, config_ref(t->config), false, 0, &t->engine, &t->msg);
    completions_push(t->home->queue, &t->turn);
    return NULL;
}

/* What has failed is closed as a crash would: whoever has the shard next finds what is durable. */
static void *close_all(void *arg)
{
    struct tenure *t = arg;
    bool started = t->thread != NULL, failed = t->err != ERR_OK;
    if (t->thread)
        engine_thread_stop(t->thread);
    dispatch_stop(t->dispatch, !failed);
    if (failed && t->engine)
        engine_abandon(t->engine);
    else if (t->engine)
        t->err = engine_close(t->engine, started, &t->msg);
    completions_push(t->home->queue, &t->turn);
    return NULL;
}

/* --- the end --- */

static void tenure_free(struct tenure *t)
{
    config_free(t->request.config);
    config_free(t->next);
    config_free(t->config);
    buf_done(&t->request.body);
    watch_free(t->drain);
    free(t);
}

static void answer_adopted(struct tenure *t, enum err err, const struct errmsg *msg)
{
    t->adopting = false;
    t->home->adopted(t->home->arg, t, err, msg);
}

static void end(struct tenure *t)
{
    struct errmsg none = {""};
    if (t->owned)
        front_closed(t->home->front, t->shard, t->err == ERR_OK);
    dispatch_free(t->dispatch);
    t->dispatch = NULL;
    shard_desk_forget(t->home->desk, t->shard);
    if (t->adopting)
        answer_adopted(t, ERR_OK, &none);
    t->home->ended(t->home->arg, t, t->err, &t->msg);
    tenure_free(t);
}

static void on_closed(struct completion *c)
{
    struct tenure *t = (struct tenure *)c;
    join(t);
    end(t);
}

static void close_down(struct tenure *t)
{
    const struct tenure_home *h = t->home;
    if (tenure_serves(t)) {
        shard_desk_own(h->desk, t->shard, NULL);
        front_disown(h->front, t->shard);
        office_drop(h->office, t->shard);
    }
    watch_free(t->drain);
    t->drain = NULL;
    t->phase = PHASE_CLOSING;
    dispatch_halt(t->dispatch);
    work(t, close_all, on_closed);
}

/* --- failures --- */

static void on_failure(struct completion *c)
{
    struct tenure *t = (struct tenure *)((char *)c - offsetof(struct tenure, failure));
    if (!tenure_serves(t))
        return; /* it is closed anyway, and that will fail too */
    t->err = ERR_IO;
    t->msg = t->failed_msg;
    close_down(t);
}

/* On the engine's thread, or on the loop's. */
static void fail(struct tenure *t, const char *what, const struct errmsg *msg)
{
    if (atomic_exchange(&t->failed, true))
        return;
    err_set(&t->failed_msg, ERR_IO, "%s: %s", what, msg->text);
    t->failure.run = on_failure;
    completions_push(t->home->queue, &t->failure);
}

static void engine_failed(void *arg, const struct errmsg *msg)
{
    fail(arg, "the engine", msg);
}

static void delivery_failed(void *arg, const struct errmsg *msg)
{
    fail(arg, "delivery", msg);
}

/* --- serving --- */

static enum err open_dispatch(struct tenure *t)
{
    struct dispatch_options o = {.loop = t->home->loop,
                                 .engine = t->engine,
                                 .endpoints = t->config->endpoints,
                                 .timezone = t->config->timezone,
                                 .shard = t->shard,
                                 .n_shards = t->home->set->n,
                                 .caps = t->home->caps,
                                 .failed = delivery_failed,
                                 .arg = t};
    struct dispatch *d = NULL;
    enum err err = dispatch_new(&o, &d, &t->msg);
    t->dispatch = d;
    return err;
}

static void serve(struct tenure *t)
{
    const struct tenure_home *h = t->home;
    t->err = open_dispatch(t);
    if (t->err == ERR_OK)
        t->err = engine_thread_start(t->engine, engine_failed, t, &t->thread, &t->msg);
    if (t->err != ERR_OK) {
        close_down(t);
        return;
    }
    t->phase = PHASE_SERVING;
    office_attach(h->office, t->shard, t->engine);
    front_own(h->front, t->shard, t->engine);
    t->owned = true;
    shard_desk_own(h->desk, t->shard, dispatch_deliver(t->dispatch));
    h->opened(h->arg, t);
}

static void on_opened(struct completion *c)
{
    struct tenure *t = (struct tenure *)c;
    join(t);
    if (t->err != ERR_OK)
        end(t);
    else if (t->leaving)
        close_down(t);
    else
        serve(t);
}

struct tenure *tenure_begin(const struct tenure_home *h, unsigned shard, struct config *c)
{
    struct tenure *t = mem_zalloc(1, sizeof *t);
    t->home = h;
    t->shard = shard;
    t->config = config_ref(c);
    t->store = *h->store;
    t->store.warn = on_warning;
    t->store.warn_arg = t;
    shard_uri(h->uri, shard, t->uri);
    work(t, open_engine, on_opened);
    return t;
}

/* --- leaving --- */

static void on_drained(void *arg)
{
    struct tenure *t = arg;
    if (t->phase == PHASE_DRAINING && t->drain)
        watch_timer_set(t->drain, 0); /* delivery is in the midst of its tick */
}

static void on_drain_over(void *arg)
{
    close_down(arg);
}

void tenure_leave(struct tenure *t, int64_t drain_ms)
{
    t->leaving = true;
    if (t->phase == PHASE_SERVING) {
        t->phase = PHASE_DRAINING;
        t->drain = watch_timer(t->home->loop, on_drain_over, t);
        watch_timer_set(t->drain, drain_ms);
        dispatch_drain(t->dispatch, on_drained, t);
    }
    if (t->phase == PHASE_DRAINING && drain_ms <= 0)
        close_down(t);
}

/* --- another configuration --- */

static void on_adopted(struct completion *c)
{
    struct tenure *t = (struct tenure *)((char *)c - offsetof(struct tenure, adopted));
    struct errmsg msg = t->request.msg;
    enum err err = t->request.err;
    if (!t->adopting)
        return;
    config_free(t->request.config); /* NULL when it is the engine's */
    t->request.config = NULL;
    if (err == ERR_OK) {
        config_free(t->config);
        t->config = t->next;
        t->next = NULL;
    }
    if (err == ERR_OK && tenure_serves(t))
        err = dispatch_configure(t->dispatch, t->config->endpoints, t->config->timezone, &msg);
    config_free(t->next);
    t->next = NULL;
    answer_adopted(t, err, &msg);
}

static void on_engine_done(struct request *r)
{
    struct tenure *t = r->owner;
    completions_push(t->home->queue, &t->adopted);
}

void tenure_configure(struct tenure *t, struct config *c)
{
    struct buf body = t->request.body;
    t->next = config_ref(c);
    t->adopting = true;
    t->adopted.run = on_adopted;
    t->request = (struct request){
        .kind = REQUEST_CONFIG, .done = on_engine_done, .owner = t, .config = config_ref(c), .body = body};
    if (!engine_submit(t->engine, &t->request))
        abort(); /* only inputs are ever turned away */
}

/* --- looks --- */

bool tenure_counters(const struct tenure *t, struct engine_counters *out)
{
    if (!tenure_serves(t))
        return false;
    engine_counters(t->engine, out);
    return true;
}

bool tenure_alive(struct tenure *t)
{
    struct engine_counters n;
    if (!tenure_counters(t, &n))
        return true;
    struct progress now = {engine_thread_ticks(t->thread), n.last_seq, n.durable_seq};
    return progress_made(&t->last, &now);
}
