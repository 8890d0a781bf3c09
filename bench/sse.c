/* Readers of the event stream: how long it takes from asking for a certification until each of them has its event.
 *
 *   bench/sse SOCKET READERS ROUNDS PEOPLE DAYS-AGO      (people and dates as bench/inputs wrote them) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/date.h"
#include "bench/connect.h"
#include "bench/people.h"

#define PAUSE_NS 20000000 /* between two certifications */
#define PATIENCE_MS 10000

static void send_all(int fd, const char *text, size_t n)
{
    if (write(fd, text, n) != (ssize_t)n)
        die("write");
}

/* The number in the answer behind a name; -1: it is not there. */
static int64_t number_behind(const char *text, const char *name)
{
    const char *p = strstr(text, name);
    return p ? strtoll(p + strlen(name), NULL, 10) : -1;
}

static size_t receive(int fd, char *to, size_t room)
{
    ssize_t n = read(fd, to, room - 1);
    if (n <= 0)
        die("read");
    to[n] = '\0';
    return (size_t)n;
}

static int64_t position(const char *socket_path)
{
    static const char text[] = "GET /v1/status HTTP/1.1\r\nHost: bench\r\n\r\n";
    char answer[65536];
    int fd = connect_to(socket_path);
    send_all(fd, text, sizeof text - 1);
    receive(fd, answer, sizeof answer);
    close(fd);
    return number_behind(answer, "\"position\":");
}

static int reader_open(const char *socket_path, int64_t after)
{
    char text[256];
    int fd = connect_to(socket_path);
    int n = snprintf(text, sizeof text,
                     "GET /v1/events?after=%lld HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n",
                     (long long)after);
    send_all(fd, text, (size_t)n);
    return fd;
}

/* Asks for it, and does not wait. */
static void certify(int fd, unsigned i, unsigned round, const char *day)
{
    char id[BENCH_ID_BYTES], body[256], text[512];
    bench_id(i, id);
    int n = snprintf(body, sizeof body,
                     "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"R%u\",\"certified_on\":\"%s\"}", id,
                     round, day);
    n = snprintf(text, sizeof text,
                 "POST /v1/inputs HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                 n, body);
    send_all(fd, text, (size_t)n);
}

struct readers {
    int epoll, *fds;
    unsigned n;
    struct buf *rest; /* of each, what may be the beginning of a mark */
};

static void readers_open(struct readers *r, const char *socket_path)
{
    int64_t after = position(socket_path);
    r->epoll = epoll_create1(0);
    for (unsigned i = 0; i < r->n; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
        r->fds[i] = reader_open(socket_path, after);
        if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->fds[i], &e) != 0)
            die("epoll_ctl");
    }
}

/* true: it has this round's event now. */
static bool takes(struct readers *r, unsigned i, unsigned round)
{
    char text[16384], mark[32];
    size_t n = receive(r->fds[i], text, sizeof text);
    buf_add(&r->rest[i], text, n);
    snprintf(mark, sizeof mark, "\"ref\":\"R%u\"", round);
    bool there = memmem(r->rest[i].p, r->rest[i].n, mark, strlen(mark)) != NULL;
    if (there || r->rest[i].n > sizeof text)
        buf_clear(&r->rest[i]);
    return there;
}

/* The latencies of this round go to ns. */
static void await_all(struct readers *r, unsigned round, int64_t began, int64_t *ns)
{
    struct epoll_event e[64];
    for (unsigned got = 0; got < r->n;) {
        int n = epoll_wait(r->epoll, e, 64, PATIENCE_MS);
        if (n == 0) {
            fprintf(stderr, "bench/sse: %u of %u readers have not got event R%u\n", r->n - got, r->n, round);
            exit(1);
        }
        for (int k = 0; k < n; k++) {
            unsigned i = e[k].data.u32;
            if (takes(r, i, round) && got < r->n)
                ns[got++] = clock_monotonic_ns() - began;
        }
    }
}

static int by_value(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: bench/sse SOCKET READERS ROUNDS PEOPLE DAYS-AGO\n", stderr);
        return 2;
    }
    unsigned rounds = (unsigned)strtoul(argv[3], NULL, 10), people = (unsigned)strtoul(argv[4], NULL, 10);
    struct readers r = {.n = (unsigned)strtoul(argv[2], NULL, 10)};
    char day[11] = "", answer[65536];
    struct timespec pause = {0, PAUSE_NS};
    date_format((lc_date)(time(NULL) / 86400) + DATE_UNIX_EPOCH - atoi(argv[5]), day);
    r.fds = mem_zalloc(r.n, sizeof *r.fds);
    r.rest = mem_zalloc(r.n, sizeof *r.rest);
    int64_t *ns = mem_zalloc((size_t)r.n * rounds, sizeof *ns);
    readers_open(&r, argv[1]);
    int fd = connect_to(argv[1]);
    for (unsigned round = 0; round < rounds; round++) {
        int64_t began = clock_monotonic_ns();
        certify(fd, round % people, round, day);
        await_all(&r, round, began, ns + (size_t)round * r.n);
        receive(fd, answer, sizeof answer);
        nanosleep(&pause, NULL);
    }
    size_t n = (size_t)r.n * rounds;
    qsort(ns, n, sizeof *ns, by_value);
    printf("%u readers, %u certifications: from asking to having it p50 %.2f ms, p99 %.2f ms, all %.2f ms\n", r.n, rounds,
           (double)ns[n / 2] / 1e6, (double)ns[n - 1 - n / 100] / 1e6, (double)ns[n - 1] / 1e6);
    return 0;
}
