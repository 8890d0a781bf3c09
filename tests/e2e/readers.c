#include "tests/e2e/readers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

#define LINE_MAX_BYTES 64 /* of a line, as much of it as is looked at */

enum expected { HEAD, CHUNK_SIZE, CHUNK, CHUNK_END };

struct one {
    struct client *c; /* for its descriptor */
    int fd;
    enum expected expected;
    size_t left;                   /* of the chunk */
    char line[LINE_MAX_BYTES + 1]; /* of the header, a chunk's size, or the stream */
    size_t n;
    uint64_t last;
    bool faulty;
};

struct readers {
    pthread_t thread;
    atomic_bool stop;
    int epoll;
    unsigned n, events;
    uint64_t after;
    struct one *all;
    _Atomic unsigned begun, faulty;
    _Atomic uint64_t *last; /* of each */
    int64_t *times;
};

static void fault(struct readers *r, struct one *o)
{
    if (!o->faulty)
        atomic_fetch_add(&r->faulty, 1);
    o->faulty = true;
}

/* One line of the stream. */
static void take_line(struct readers *r, struct one *o)
{
    unsigned i = (unsigned)(o - r->all);
    if (strncmp(o->line, "retry: ", 7) == 0)
        atomic_fetch_add(&r->begun, 1);
    if (strncmp(o->line, "id: ", 4) != 0)
        return;
    uint64_t id = strtoull(o->line + 4, NULL, 10);
    if (id != o->last + 1)
        fault(r, o);
    o->last = id;
    if (id - r->after <= r->events)
        r->times[(size_t)i * r->events + (size_t)(id - r->after) - 1] = clock_monotonic_ns();
    atomic_store(&r->last[i], id);
}

static bool add_to_line(struct one *o, char c)
{
    if (c == '\n') {
        o->line[o->n] = '\0';
        o->n = 0;
        return true;
    }
    if (o->n < LINE_MAX_BYTES)
        o->line[o->n++] = c;
    return false;
}

/* The line that was begun in the chunk before goes on in this one, and is kept apart from the chunk's size. */
static void take_byte(struct readers *r, struct one *o, char c)
{
    switch (o->expected) {
    case HEAD:
        if (add_to_line(o, c) && (o->line[0] == '\r' || !o->line[0]))
            o->expected = CHUNK_SIZE;
        break;
    case CHUNK_SIZE:
        if (c == '\n')
            o->expected = CHUNK;
        else if (c != '\r')
            o->left = o->left * 16 + (size_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        break;
    case CHUNK:
        if (add_to_line(o, c))
            take_line(r, o);
        if (--o->left == 0)
            o->expected = CHUNK_END;
        break;
    case CHUNK_END:
        if (c == '\n')
            o->expected = CHUNK_SIZE;
        break;
    }
}

static void read_one(struct readers *r, struct one *o)
{
    static _Thread_local char block[65536];
    ssize_t n = recv(o->fd, block, sizeof block, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        fault(r, o);
        epoll_ctl(r->epoll, EPOLL_CTL_DEL, o->fd, NULL);
    }
    for (ssize_t i = 0; i < n; i++)
        take_byte(r, o, block[i]);
}

static void *work(void *arg)
{
    struct readers *r = arg;
    struct epoll_event events[128];
    while (!atomic_load(&r->stop)) {
        int n = epoll_wait(r->epoll, events, 128, 20);
        for (int i = 0; i < n; i++)
            read_one(r, events[i].data.ptr);
    }
    return NULL;
}

static void open_one(struct readers *r, struct one *o, const char *address, const char *headers)
{
    struct buf request = BUF_INIT;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = o};
    o->c = client_new(address);
    if (!o->c)
        bail_out("nobody listens on %s", address);
    o->fd = client_fd(o->c);
    o->last = r->after;
    buf_printf(&request,
               "GET /v1/events?after=%" PRIu64 " HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n%s\r\n",
               r->after, headers);
    client_send(o->c, request.p, request.n);
    buf_done(&request);
    epoll_ctl(r->epoll, EPOLL_CTL_ADD, o->fd, &e);
}

struct readers *readers_new(const char *address, const char *headers, unsigned n, uint64_t after, unsigned events)
{
    struct readers *r = mem_zalloc(1, sizeof *r);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->n = n;
    r->after = after;
    r->events = events;
    r->all = mem_zalloc(n, sizeof *r->all);
    r->last = mem_zalloc(n, sizeof *r->last);
    r->times = mem_zalloc((size_t)n * events, sizeof *r->times);
    if (pthread_create(&r->thread, NULL, work, r) != 0)
        bail_out("no thread to be had");
    for (unsigned i = 0; i < n; i++)
        open_one(r, &r->all[i], address, headers);
    while (atomic_load(&r->begun) + atomic_load(&r->faulty) < n)
        usleep(1000);
    return r;
}

bool readers_have(struct readers *r, uint64_t last)
{
    for (unsigned i = 0; i < r->n; i++)
        if (atomic_load(&r->last[i]) < last)
            return false;
    return true;
}

unsigned readers_faulty(struct readers *r)
{
    return atomic_load(&r->faulty);
}

int64_t readers_time(const struct readers *r, unsigned reader, uint64_t seq)
{
    return r->times[(size_t)reader * r->events + (size_t)(seq - r->after) - 1];
}

void readers_free(struct readers *r)
{
    atomic_store(&r->stop, true);
    pthread_join(r->thread, NULL);
    for (unsigned i = 0; i < r->n; i++)
        client_free(r->all[i].c);
    close(r->epoll);
    free(r->times);
    free((void *)r->last);
    free(r->all);
    free(r);
}
