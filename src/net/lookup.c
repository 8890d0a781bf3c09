#include "net/lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crash.h"

struct lookup {
    _Atomic unsigned refs; /* the caller's and the thread's */
    char *host, port[6];
    struct addresses found; /* the thread's, until it is over */
    int failed;             /* of getaddrinfo(), likewise */
    _Atomic bool over;
    int fd; /* an eventfd, readable when it is over; -1: there is no thread */
    struct watch *wait;
    void (*done)(void *arg, const struct addresses *found, const char *error);
    void *arg;
};

static void unref(struct lookup *k)
{
    if (atomic_fetch_sub(&k->refs, 1) > 1)
        return;
    if (k->fd >= 0)
        close(k->fd);
    free(k->host);
    free(k);
}

static int resolve(struct lookup *k, int flags)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV}, *list;
    int failed = getaddrinfo(k->host, k->port, &hints, &list);
    if (failed)
        return failed;
    for (struct addrinfo *i = list; i && k->found.n < ADDRESSES_MAX; i = i->ai_next) {
        memcpy(&k->found.v[k->found.n].a, i->ai_addr, i->ai_addrlen);
        k->found.v[k->found.n++].length = i->ai_addrlen;
    }
    freeaddrinfo(list);
    return 0;
}

static void *run(void *arg)
{
    struct lookup *k = arg;
    k->failed = resolve(k, 0);
    atomic_store(&k->over, true);
    eventfd_write(k->fd, 1);
    unref(k);
    return NULL;
}

/* With all signals blocked: they are the loop's. */
static bool start_thread(struct lookup *k)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    crash_block_others(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&k->refs, 2);
    int failed = pthread_create(&thread, &attributes, run, k);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed)
        atomic_store(&k->refs, 1);
    return !failed;
}

static void on_over(void *arg)
{
    struct lookup *k = arg;
    if (k->fd >= 0 && !atomic_load(&k->over))
        return;
    watch_free(k->wait);
    k->wait = NULL;
    k->done(k->arg, &k->found, k->failed ? gai_strerror(k->failed) : NULL);
}

struct lookup *lookup_new(struct loop *l, const char *host, uint16_t port,
                          void (*done)(void *arg, const struct addresses *found, const char *error), void *arg)
{
    struct lookup *k = mem_zalloc(1, sizeof *k);
    k->refs = 1;
    k->host = mem_strdup(host);
    snprintf(k->port, sizeof k->port, "%u", port);
    k->done = done;
    k->arg = arg;
    k->fd = -1;
    k->failed = resolve(k, AI_NUMERICHOST);
    if (k->failed == EAI_NONAME) { /* a name */
        k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        k->failed = EAI_AGAIN; /* unless there is a thread to say otherwise */
    }
    if (k->fd >= 0 && !start_thread(k)) {
        close(k->fd);
        k->fd = -1;
    }
    if (k->fd >= 0) {
        k->wait = watch_readable(l, k->fd, on_over, k);
    } else {
        k->wait = watch_timer(l, on_over, k);
        watch_timer_set(k->wait, 0);
    }
    return k;
}

void lookup_free(struct lookup *k)
{
    if (!k)
        return;
    watch_free(k->wait);
    unref(k);
}
