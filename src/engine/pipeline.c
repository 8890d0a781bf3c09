#include "engine/pipeline.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

/* When the one that works runs out of groups it gets them unparsed: reading and checking the seals are work enough for
 * one core. */
#define RING 8   /* groups; about 2 MiB of lines */
#define HUNGRY 2 /* groups ahead or fewer */

struct pipeline {
    struct store_reader *reader;
    struct log_span span;
    size_t breaks_passed;
    struct event_group *ring;
    uint64_t made, used; /* groups; under the lock */
    bool stop;           /* the one that works has had enough; under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* Is that number one of the breaks? Asked in ascending order. */
static bool is_break(struct pipeline *p, uint64_t seq)
{
    const struct log_span *span = &p->span;
    while (p->breaks_passed < span->n_breaks && span->breaks[p->breaks_passed] < seq)
        p->breaks_passed++;
    return p->breaks_passed < span->n_breaks && span->breaks[p->breaks_passed] == seq;
}

static enum err read_group(struct pipeline *p, struct event_group *g)
{
    enum err err = ERR_OK;
    struct str line;
    bool whole = false;
    buf_clear(&g->text);
    for (g->n = 0; g->n < GROUP_MAX && err == ERR_OK && !whole;) {
        err = store_reader_next(p->reader, &g->seqs[g->n], &line, &g->msg);
        if (err != ERR_OK)
            break;
        g->starts[g->n] = g->text.n;
        buf_addstr(&g->text, line);
        whole = is_break(p, g->seqs[g->n]);
        if (g->seqs[g->n++] >= p->span.upto)
            err = ERR_END;
    }
    g->starts[g->n] = g->text.n;
    g->sealed = g->n && store_reader_seal(p->reader, &g->seal) == ERR_OK && g->seal.seq == g->seqs[g->n - 1];
    return err;
}

static enum err parse_one(struct event_group *g, unsigned i)
{
    struct str line = group_line(g, i);
    size_t where = 0;
    if (event_read(line, &g->events[i], &g->arenas[i], &where) == ERR_OK && g->events[i].seq == g->seqs[i])
        return ERR_OK;
    return err_set(&g->msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read at byte %zu: %.*s", g->seqs[i], where,
                   line.n > 200 ? 200 : (int)line.n, line.p);
}

/* What cannot be parsed, or is past the span, comes before whatever the reader met behind it. */
static void parse_group(struct event_group *g, lc_instant until)
{
    for (unsigned i = 0; i < g->n; i++) {
        enum err err = parse_one(g, i);
        if (err == ERR_OK && g->events[i].time > until)
            err = ERR_END;
        if (err != ERR_OK) {
            g->err = err;
            g->n = i;
            return;
        }
        g->subjects[i] = g->events[i].subject;
    }
}

static void *produce(void *arg)
{
    struct pipeline *p = arg;
    for (uint64_t i = 0;; i++) {
        struct event_group *g = &p->ring[i % RING];
        pthread_mutex_lock(&p->lock);
        while (i - p->used == RING && !p->stop)
            pthread_cond_wait(&p->changed, &p->lock);
        bool stop = p->stop;
        pthread_mutex_unlock(&p->lock);
        if (stop)
            return NULL;
        g->err = read_group(p, g);
        pthread_mutex_lock(&p->lock);
        g->parsed = i - p->used >= HUNGRY;
        pthread_mutex_unlock(&p->lock);
        if (g->parsed)
            parse_group(g, p->span.until);
        bool last = g->err != ERR_OK;
        pthread_mutex_lock(&p->lock);
        p->made = i + 1; /* from here on the group is the other's */
        pthread_cond_signal(&p->changed);
        pthread_mutex_unlock(&p->lock);
        if (last)
            return NULL; /* an unparsed group's end is found by the one that works, which then stops us */
    }
}

static struct event_group *next_group(struct pipeline *p, uint64_t i)
{
    struct event_group *g = &p->ring[i % RING];
    pthread_mutex_lock(&p->lock);
    p->used = i;
    pthread_cond_signal(&p->changed);
    while (p->made == i)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (!g->parsed)
        parse_group(g, p->span.until);
    return g;
}

static enum err consume(struct pipeline *p, group_fn *fn, void *arg, struct errmsg *msg)
{
    for (uint64_t i = 0;; i++) {
        struct event_group *g = next_group(p, i);
        enum err err = g->n ? fn(arg, g, msg) : ERR_OK;
        if (err == ERR_OK && g->err != ERR_OK)
            err = g->err == ERR_END ? ERR_END : err_set(msg, g->err, "%s", g->msg.text);
        if (err != ERR_OK)
            return err == ERR_END ? ERR_OK : err;
    }
}

static void free_ring(struct event_group *ring)
{
    for (unsigned i = 0; i < RING; i++) {
        for (unsigned k = 0; k < GROUP_MAX; k++)
            event_arena_done(&ring[i].arenas[k]);
        buf_done(&ring[i].text);
    }
    free(ring);
}

static enum err run(struct pipeline *p, group_fn *fn, void *arg, struct errmsg *msg)
{
    pthread_t producer;
    int failed = pthread_create(&producer, NULL, produce, p);
    if (failed)
        return err_set(msg, ERR_IO, "cannot start a thread: %s", strerror(failed));
    enum err err = consume(p, fn, arg, msg);
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(producer, NULL);
    return err;
}

enum err pipeline_run(struct store *s, const struct log_span *span, group_fn *fn, void *arg, struct errmsg *msg)
{
    if (span->upto <= span->after)
        return ERR_OK;
    struct pipeline p = {.span = *span};
    enum err err = store_reader_open(s, span->after, &p.reader, msg);
    if (err != ERR_OK)
        return err;
    p.ring = mem_zalloc(RING, sizeof *p.ring);
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.changed, NULL);
    err = run(&p, fn, arg, msg);
    pthread_mutex_destroy(&p.lock);
    pthread_cond_destroy(&p.changed);
    free_ring(p.ring);
    store_reader_close(p.reader);
    return err;
}
