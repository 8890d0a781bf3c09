#include "daemon/engine_thread.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crash.h"

struct engine_thread {
    struct engine *engine;
    pthread_t thread;
    atomic_bool stop;
    _Atomic uint64_t ticks;
    int stop_fd; /* wakes it from its wait */
    void (*failed)(void *arg, const struct errmsg *msg);
    void *arg;
};

static void *work(void *arg)
{
    struct engine_thread *w = arg;
    struct pollfd fds[] = {{.fd = engine_fd(w->engine), .events = POLLIN}, {.fd = w->stop_fd, .events = POLLIN}};
    while (!atomic_load(&w->stop)) {
        struct errmsg msg = {""};
        int64_t wait_ms;
        if (engine_tick(w->engine, &wait_ms, &msg) != ERR_OK) {
            w->failed(w->arg, &msg);
            return NULL;
        }
        atomic_fetch_add_explicit(&w->ticks, 1, memory_order_relaxed);
        if (wait_ms)
            poll(fds, 2, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms); /* one that is interrupted is one tick too many */
    }
    return NULL;
}

/* With every signal blocked: they are the loop's. */
static int start_thread(struct engine_thread *w)
{
    sigset_t all, before;
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        pthread_setname_np(w->thread, "engine"); /* for top(1) and debuggers */
    return failed;
}

enum err engine_thread_start(struct engine *e, void (*failed)(void *arg, const struct errmsg *msg), void *arg,
                             struct engine_thread **out, struct errmsg *msg)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return err_set(msg, ERR_IO, "cannot make an eventfd: %m");
    struct engine_thread *w = mem_zalloc(1, sizeof *w);
    w->engine = e;
    w->failed = failed;
    w->arg = arg;
    w->stop_fd = fd;
    errno = start_thread(w);
    if (errno) {
        err_set(msg, ERR_IO, "cannot start the engine's thread: %m");
        close(fd);
        free(w);
        return ERR_IO;
    }
    *out = w;
    return ERR_OK;
}

uint64_t engine_thread_ticks(const struct engine_thread *w)
{
    return atomic_load_explicit(&w->ticks, memory_order_relaxed);
}

void engine_thread_stop(struct engine_thread *w)
{
    atomic_store(&w->stop, true);
    eventfd_write(w->stop_fd, 1);
    pthread_join(w->thread, NULL);
    close(w->stop_fd);
    free(w);
}
