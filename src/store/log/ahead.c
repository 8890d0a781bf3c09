#include "store/log/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/crash.h"

/* Commits are put together to runs of this size, so that the threads meet seldom; a larger commit makes a larger run.
 * With the engine's commits of at most 32 MiB that is at most 3 x 33 MiB for a reader far behind. */
#define RUN ((size_t)1 << 20)
#define SLOTS 3

struct slot {
    struct buf data;
    uint64_t first, offset;
};

struct ahead {
    struct cursor *cursor;
    uint64_t bound;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot slots[SLOTS];         /* run number i is in slot i modulo SLOTS */
    unsigned filled, taken, released; /* runs so far; the reader holds those between released and taken */
    bool stop;
    enum err end; /* what came after the last run; ERR_OK: nothing yet */
    struct errmsg msg;
};

/* What the thread has read but not yet put into a run. */
struct pending {
    struct batch batch;
    enum err e;
};

/* One run: commits that stand behind each other in one segment. Begins with what is pending and leaves what comes
 * after. */
static void fill(struct ahead *a, struct slot *s, struct pending *p)
{
    buf_clear(&s->data);
    s->first = a->cursor->first;
    s->offset = p->batch.offset;
    do {
        buf_addstr(&s->data, p->batch.bytes);
        p->e = cursor_next(a->cursor, a->bound, &p->batch, &a->msg);
    } while (p->e == ERR_OK && a->cursor->first == s->first && s->data.n + p->batch.bytes.n <= RUN);
}

/* A slot to fill, when there is one and there is something to put into it; else the thread is at its end. */
static struct slot *wait_for_slot(struct ahead *a, enum err pending)
{
    struct slot *s = NULL;
    pthread_mutex_lock(&a->lock);
    while (!a->stop && !pending && a->filled - a->released == SLOTS)
        pthread_cond_wait(&a->changed, &a->lock);
    if (pending) {
        a->end = pending;
        pthread_cond_broadcast(&a->changed);
    } else if (!a->stop) {
        s = &a->slots[a->filled % SLOTS];
    }
    pthread_mutex_unlock(&a->lock);
    return s;
}

static void *read_ahead(void *arg)
{
    struct ahead *a = arg;
    struct pending p;
    struct slot *s;
    p.e = cursor_next(a->cursor, a->bound, &p.batch, &a->msg);
    while ((s = wait_for_slot(a, p.e))) {
        fill(a, s, &p);
        pthread_mutex_lock(&a->lock);
        a->filled++;
        pthread_cond_broadcast(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

struct ahead *ahead_new(struct cursor *c, uint64_t bound)
{
    sigset_t all, before;
    struct ahead *a = mem_zalloc(1, sizeof *a);
    a->cursor = c;
    a->bound = bound;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&a->thread, NULL, read_ahead, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free(a);
        return NULL;
    }
    return a;
}

void ahead_free(struct ahead *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    for (int i = 0; i < SLOTS; i++)
        buf_done(&a->slots[i].data);
    free(a);
}

enum err ahead_next(struct ahead *a, struct run *out, struct errmsg *msg)
{
    enum err e = ERR_OK;
    pthread_mutex_lock(&a->lock);
    a->released = a->taken;
    pthread_cond_broadcast(&a->changed);
    while (a->filled == a->taken && !a->end)
        pthread_cond_wait(&a->changed, &a->lock);
    if (a->filled == a->taken)
        e = a->end == ERR_END ? ERR_END : err_set(msg, a->end, "%s", a->msg.text);
    else {
        const struct slot *s = &a->slots[a->taken++ % SLOTS];
        *out = (struct run){buf_str(&s->data), s->first, s->offset};
    }
    pthread_mutex_unlock(&a->lock);
    return e;
}
