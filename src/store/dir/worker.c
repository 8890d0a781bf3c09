#include "store/dir/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/crash.h"

bool bell_init(struct bell *b)
{
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    return b->fd >= 0;
}

void bell_done(struct bell *b)
{
    if (b->fd >= 0)
        close(b->fd);
    b->fd = -1;
}

static void bell_ring(struct bell *b)
{
    uint64_t one = 1;
    while (write(b->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void bell_answer(struct bell *b)
{
    uint64_t one;
    while (read(b->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void worker_init(struct worker *w, struct bell *b)
{
    *w = (struct worker){.bell = b};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->state != WORKER_BUSY && !w->stop)
            pthread_cond_wait(&w->changed, &w->lock);
        if (w->state != WORKER_BUSY)
            break;
        pthread_mutex_unlock(&w->lock);
        w->job(w->arg);
        pthread_mutex_lock(&w->lock);
        w->state = WORKER_FINISHED;
        bell_ring(w->bell);
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the program's own threads. */
static bool start(struct worker *w)
{
    sigset_t all, before;
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return !failed;
}

bool worker_give(struct worker *w, void (*job)(void *arg), void *arg)
{
    if (!w->started && !(w->started = start(w)))
        return false;
    pthread_mutex_lock(&w->lock);
    w->job = job;
    w->arg = arg;
    w->state = WORKER_BUSY;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return true;
}

bool worker_collect(struct worker *w, bool wait)
{
    pthread_mutex_lock(&w->lock);
    while (wait && w->state == WORKER_BUSY)
        pthread_cond_wait(&w->changed, &w->lock);
    bool finished = w->state == WORKER_FINISHED, idle = w->state != WORKER_BUSY;
    if (idle)
        w->state = WORKER_IDLE;
    pthread_mutex_unlock(&w->lock);
    if (finished)
        bell_answer(w->bell);
    return idle;
}

void worker_done(struct worker *w)
{
    if (w->started) {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
}
