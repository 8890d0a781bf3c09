#include "http/server/peers.h"

#include <gnutls/gnutls.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http/problem.h"
#include "http/server/headers.h"

#define SWEEP_MS 1000
#define SECOND_NS INT64_C(1000000000)
#define SPARE 16 /* one of so many places is kept free by sending idle ones away */

struct crowd {
    struct watch *sweep;
    int64_t idle_ns;
    unsigned n, max;
    unsigned descriptors; /* that may become connections */
    TAILQ_HEAD(, peer) idle; /* the longest first */
};

/* --- the whole --- */

/* The rest is for files, endpoints and what libraries want. */
static unsigned descriptors_to_use(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    rlim_t use = limit.rlim_cur / 4 * 3;
    return use < UINT32_MAX ? (unsigned)use : UINT32_MAX;
}

void crowd_free(struct crowd *c)
{
    if (!c)
        return;
    watch_free(c->sweep);
    free(c);
}

void crowd_widen(struct crowd *c)
{
    unsigned wider = c->max + CONNECTIONS_MAX;
    c->max = wider < c->descriptors ? wider : c->descriptors;
}

unsigned crowd_max(const struct crowd *c)
{
    return c->descriptors;
}

/* --- one of them --- */

/* Who connected, as far as the kernel says. */
static void identify(struct peer *p)
{
    struct ucred cred;
    int domain;
    socklen_t size = sizeof domain;
    p->local = getsockopt(p->fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
    size = sizeof cred;
    if (p->local && getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 && cred.pid != 0) {
        p->known = true;
        p->uid = cred.uid;
    }
}

static void leave_idle(struct peer *p)
{
    if (!p->busy && !p->leaving)
        TAILQ_REMOVE(&p->crowd->idle, p, idle);
}

void peer_send_away(struct peer *p)
{
    leave_idle(p);
    p->leaving = true;
    shutdown(p->fd, SHUT_RDWR);
}

static void make_room(struct crowd *c, struct peer *newcomer)
{
    if (c->n + c->max / SPARE <= c->max)
        return;
    /* The newcomer is idle, too: the last one. */
    struct peer *longest = TAILQ_FIRST(&c->idle);
    if (longest != newcomer || c->n > c->max)
        peer_send_away(longest);
}

struct peer *peer_new(struct crowd *c, int fd, struct gnutls_session_int *tls)
{
    struct peer *p = mem_alloc(sizeof *p);
    *p = (struct peer){.crowd = c, .fd = fd, .tls = tls, .idle_since_ns = clock_monotonic_ns()};
    identify(p);
    TAILQ_INSERT_TAIL(&c->idle, p, idle);
    c->n++;
    make_room(c, p);
    return p;
}

void peer_free(struct peer *p)
{
    leave_idle(p);
    p->crowd->n--;
    free(p);
}

void peer_busy(struct peer *p)
{
    leave_idle(p);
    p->busy = true;
}

/* Bytes that ever came over TCP; 0 over what does not count them. */
static uint64_t bytes_heard(const struct peer *p)
{
    struct tcp_info info = {.tcpi_bytes_received = 0};
    socklen_t size = sizeof info;
    if (p->local || getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

void peer_answered(struct peer *p)
{
    p->heard = bytes_heard(p);
}

void peer_idle(struct peer *p)
{
    if (!p->busy)
        return;
    p->busy = p->begun = false;
    p->idle_since_ns = clock_monotonic_ns();
    if (!p->leaving)
        TAILQ_INSERT_TAIL(&p->crowd->idle, p, idle);
}

/* --- those who wait too long --- */

/* Has some of a header come? Of a TLS connection the bytes are no measure: its handshake counts. */
static bool has_begun(const struct peer *p)
{
    return p->begun || (!p->tls && bytes_heard(p) > p->heard);
}

/* The library neither reads nor writes in the midst of this: it waits for a header. What does not fit into the socket's
 * buffer is lost. */
static void say_timeout(const struct peer *p)
{
    struct buf body = BUF_INIT, all = BUF_INIT;
    problem_write(&body, 408, NULL, "the rest of the request's header did not come");
    buf_printf(&all, "HTTP/1.1 408 %s\r\nConnection: close\r\nContent-Type: " PROBLEM_TYPE "\r\n", status_phrase(408));
    for (size_t i = 0; i < EVERY_ANSWER_N; i++)
        buf_printf(&all, "%s: %s\r\n", every_answer[i].name, every_answer[i].value);
    buf_printf(&all, "Content-Length: %zu\r\n\r\n%.*s", body.n, (int)body.n, body.p);
    if (p->tls)
        (void)!gnutls_record_send(p->tls, all.p, all.n);
    else
        (void)!send(p->fd, all.p, all.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    buf_done(&body);
    buf_done(&all);
}

void peer_unfinished(struct peer *p)
{
    if (p->begun && !p->leaving)
        say_timeout(p);
}

static void time_out(struct peer *p)
{
    if (has_begun(p))
        say_timeout(p);
    peer_send_away(p);
}

static void on_sweep(void *arg)
{
    struct crowd *c = arg;
    int64_t limit = clock_monotonic_ns() - c->idle_ns;
    while (!TAILQ_EMPTY(&c->idle) && TAILQ_FIRST(&c->idle)->idle_since_ns < limit)
        time_out(TAILQ_FIRST(&c->idle));
    watch_timer_set(c->sweep, SWEEP_MS);
}

struct crowd *crowd_new(struct loop *l, unsigned idle_seconds)
{
    struct crowd *c = mem_zalloc(1, sizeof *c);
    c->idle_ns = idle_seconds * SECOND_NS;
    c->descriptors = descriptors_to_use();
    TAILQ_INIT(&c->idle);
    c->sweep = watch_timer(l, on_sweep, c);
    watch_timer_set(c->sweep, SWEEP_MS);
    return c;
}
