#include "http/events/feed_courier.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/crash.h"
#include "codec/event_json.h"
#include "shards/logs.h"

struct entry {
    unsigned shard; /* among those that it reads */
    uint64_t seq;
    size_t offset, n;
    uint32_t subject;
    uint8_t type;
};

struct courier {
    struct completion arrived; /* the first member */
    struct courier_options o;
    unsigned n; /* shards that it reads */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked, resting, stop; /* under lock */

    /* The thread's, from courier_fetch() until the parcel has arrived; then the loop's. */
    enum courier_way way;
    struct position at; /* where it is to begin; then what was read */
    struct buf text;
    struct entry lines[PARCEL_LINES];
    size_t n_lines;
    enum err err;
    struct errmsg msg;

    struct store **stores; /* the thread's alone; NULL: not open */
    struct logs *logs;
    struct event_arena arena;
};

/* --- the thread --- */

static void close_logs(struct courier *c)
{
    logs_close(c->logs);
    c->logs = NULL;
    for (unsigned i = 0; c->stores && i < c->n; i++)
        if (c->stores[i])
            store_close(c->stores[i]);
    free(c->stores);
    c->stores = NULL;
}

static enum err open_logs(struct courier *c)
{
    enum err e = ERR_OK;
    c->stores = mem_zalloc(c->n, sizeof *c->stores);
    for (unsigned i = 0; i < c->n && !e; i++) {
        char uri[SHARD_URI_MAX];
        shard_uri(c->o.uri, c->o.first + i * c->o.step, uri);
        e = store_open(uri, STORE_READ, c->o.store, &c->stores[i], NULL, &c->msg);
    }
    if (e)
        close_logs(c);
    else
        c->logs = logs_of(c->stores, c->n);
    return e;
}

static void look_at_ends(struct courier *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        struct store_info info;
        store_info(c->stores[i], &info);
        c->at.v[i] = info.durable;
    }
}

/* To where it is to begin. */
static enum err begin(struct courier *c)
{
    bool open = c->logs != NULL;
    enum err e = open ? ERR_OK : open_logs(c);
    if (e || (open && c->way == COURIER_ON))
        return e;
    bool ends = c->way == COURIER_ENDS;
    if (ends)
        look_at_ends(c);
    e = logs_seek(c->logs, &c->at, &c->msg);
    if (!e)
        c->way = COURIER_ON;
    return e ? e : ends ? ERR_END : ERR_OK;
}

static enum err add_line(struct courier *c, unsigned shard, uint64_t seq, struct str line)
{
    struct event head;
    if (event_read_head(line, &head, &c->arena) != ERR_OK)
        return err_set(&c->msg, ERR_DAMAGED, "event %" PRIu64 " of shard %u cannot be read", seq,
                       c->o.first + shard * c->o.step);
    c->lines[c->n_lines++] =
        (struct entry){shard, seq, c->text.n, line.n, subject_hash(head.subject), (uint8_t)head.type};
    buf_addstr(&c->text, line);
    return ERR_OK;
}

static enum err fill(struct courier *c)
{
    unsigned shard;
    uint64_t seq;
    struct str line;
    enum err e = begin(c);
    while (!e && c->n_lines < PARCEL_LINES && c->text.n < PARCEL_BYTES) {
        e = logs_next(c->logs, &shard, &seq, &line, &c->msg);
        if (!e)
            e = add_line(c, shard, seq, line);
        if (!e)
            c->at.v[shard] = seq;
    }
    return e ? e : ERR_MORE;
}

static void serve(struct courier *c)
{
    buf_clear(&c->text);
    c->n_lines = 0;
    c->err = fill(c);
    completions_push(c->o.queue, &c->arrived);
}

static void *work(void *arg)
{
    struct courier *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        bool asked = c->asked, resting = c->resting && !asked; /* it rests behind what it was asked before */
        c->asked = false;
        c->resting &= !resting;
        if (!asked && !resting) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        pthread_mutex_unlock(&c->lock);
        if (asked)
            serve(c);
        else
            close_logs(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    close_logs(c);
    return NULL;
}

/* --- the loop's side --- */

static void on_arrived(struct completion *done)
{
    struct courier *c = (struct courier *)done;
    c->o.arrived(c->o.arg);
}

static bool start(struct courier *c)
{
    sigset_t all, before;
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&c->thread, NULL, work, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

static void release(struct courier *c)
{
    event_arena_done(&c->arena);
    position_done(&c->at);
    buf_done(&c->text);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct courier *courier_new(const struct courier_options *o)
{
    struct courier *c = mem_zalloc(1, sizeof *c);
    c->arrived.run = on_arrived;
    c->o = *o;
    c->n = (o->n_shards - o->first + o->step - 1) / o->step;
    position_init(&c->at, c->n);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    if (start(c))
        return c;
    release(c);
    return NULL;
}

static void tell(struct courier *c, bool *what)
{
    pthread_mutex_lock(&c->lock);
    *what = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void courier_free(struct courier *c)
{
    if (!c)
        return;
    tell(c, &c->stop);
    pthread_join(c->thread, NULL);
    completions_forget(c->o.queue, &c->arrived); /* the queue outlives it, and others may still push */
    release(c);
}

void courier_fetch(struct courier *c, enum courier_way way, const struct position *after)
{
    if (way != COURIER_ON)
        c->way = way;
    for (unsigned i = 0; way == COURIER_BEHIND && i < c->n; i++)
        c->at.v[i] = after->v[c->o.first + i * c->o.step];
    pthread_mutex_lock(&c->lock);
    c->resting = false;
    pthread_mutex_unlock(&c->lock);
    tell(c, &c->asked);
}

void courier_rest(struct courier *c)
{
    tell(c, &c->resting);
}

size_t parcel_n(const struct courier *c)
{
    return c->n_lines;
}

struct parcel_line parcel_get(const struct courier *c, size_t i)
{
    const struct entry *e = &c->lines[i];
    struct str line = {c->text.p + e->offset, e->n};
    return (struct parcel_line){
        c->o.first + e->shard * c->o.step, e->seq, {(enum event_type)e->type, e->subject, line}};
}

enum err parcel_err(const struct courier *c, const struct errmsg **msg)
{
    *msg = &c->msg;
    return c->err;
}

uint64_t parcel_reached(const struct courier *c, unsigned shard)
{
    return c->at.v[(shard - c->o.first) / c->o.step];
}
