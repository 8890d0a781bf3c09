#include "tests/receiver/receipts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/receiver/address.h"
#include "tests/receiver/heap.h"

#define MS INT64_C(1000000)
#define RETRY_NS (100 * MS)
#define TIMEOUT_NS (10000 * MS)
#define SHUFFLE_MS 200
#define ANSWER_MAX ((size_t)64 << 10)
#define RECEIPT_ACCEPTED 8

/* The receipts of one message that come one after the other. */
struct job {
    struct address address;
    char *target; /* owned: path and query, with %d */
    int kinds[2];
    unsigned n_kinds, at, tries;
};

struct line {
    int fd; /* -1: not connected */
    struct address address;
    struct job *job; /* NULL: idle */
    struct buf out, in;
    size_t sent;
    bool reused;
    int64_t deadline;
};

struct receipts {
    int epoll_fd;
    uint64_t base;
    struct counts *counts;
    const struct settings *settings;
    struct heap waiting;
    struct line lines[RECEIPT_CONNS];
};

struct receipts *receipts_new(int epoll_fd, uint64_t base, struct counts *counts, const struct settings *settings)
{
    struct receipts *r = mem_zalloc(1, sizeof *r);
    *r = (struct receipts){.epoll_fd = epoll_fd, .base = base, .counts = counts, .settings = settings};
    for (unsigned i = 0; i < RECEIPT_CONNS; i++)
        r->lines[i].fd = -1;
    return r;
}

static void job_free(struct job *j)
{
    if (j)
        free(j->target);
    free(j);
}

static void hang_up(struct line *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

void receipts_free(struct receipts *r)
{
    if (!r)
        return;
    while (r->waiting.n)
        job_free(heap_pop(&r->waiting).job);
    heap_done(&r->waiting);
    for (unsigned i = 0; i < RECEIPT_CONNS; i++) {
        hang_up(&r->lines[i]);
        job_free(r->lines[i].job);
        buf_done(&r->lines[i].in);
        buf_done(&r->lines[i].out);
    }
    free(r);
}

/* --- what is to be sent --- */

/* "http://HOST:PORT/path?query": its target, or NULL; the address as the settings or the URL has it. */
static const char *read_url(const struct settings *s, const char *url, struct address *address)
{
    char host[128];
    if (strncmp(url, "http://", 7) != 0)
        return NULL;
    const char *start = url + 7, *target = strchr(start, '/');
    if (!target || (size_t)(target - start) >= sizeof host - 4)
        return NULL;
    snprintf(host, sizeof host, "%.*s", (int)(target - start), start);
    const char *port = strrchr(host, ':');
    if (!port || strchr(port, ']'))
        strcat(host, ":80");
    return address_parse(s->receipt_to[0] ? s->receipt_to : host, address) ? target : NULL;
}

static void put(struct receipts *r, const struct job *like, const char *target, int64_t at)
{
    if (r->waiting.n >= RECEIPTS_MAX) {
        r->counts->receipts_failed += like->n_kinds;
        return;
    }
    struct job *j = mem_alloc(sizeof *j);
    *j = *like;
    j->target = mem_strdup(target);
    heap_push(&r->waiting, (struct due){.at = at, .job = j});
}

static int64_t some_time(const struct settings *s, struct rng *rng, int64_t now)
{
    int64_t later = s->receipts == RECEIPTS_SHUFFLED ? (int64_t)rng_below(rng, SHUFFLE_MS) : 0;
    return now + (s->receipt_ms + later) * MS;
}

void receipts_add(struct receipts *r, const char *url, int64_t mask, struct rng *rng, int64_t now)
{
    const struct settings *s = r->settings;
    const int kinds[2] = {RECEIPT_ACCEPTED, (int)s->final};
    struct job both = {.n_kinds = 0};
    if (s->receipts == RECEIPTS_OFF)
        return;
    const char *target = read_url(s, url, &both.address);
    for (unsigned i = 0; i < 2; i++)
        if (mask & kinds[i])
            both.kinds[both.n_kinds++] = kinds[i];
    if (!target || both.n_kinds == 0) {
        r->counts->receipts_failed += both.n_kinds;
        return;
    }
    for (int64_t copy = 0; copy < s->receipt_copies; copy++) {
        if (s->receipts == RECEIPTS_ORDER)
            put(r, &both, target, some_time(s, rng, now));
        for (unsigned i = 0; s->receipts == RECEIPTS_SHUFFLED && i < both.n_kinds; i++) {
            struct job one = {.address = both.address, .kinds = {both.kinds[i]}, .n_kinds = 1};
            put(r, &one, target, some_time(s, rng, now));
        }
    }
}

/* --- sending --- */

static void watch(struct receipts *r, struct line *l, int op, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = r->base + (uint64_t)(l - r->lines)};
    epoll_ctl(r->epoll_fd, op, l->fd, &e);
}

static void write_request(struct line *l)
{
    const struct job *j = l->job;
    const char *place = strstr(j->target, "%d");
    buf_clear(&l->out);
    buf_clear(&l->in);
    l->sent = 0;
    if (place)
        buf_printf(&l->out, "GET %.*s%d%s", (int)(place - j->target), j->target, j->kinds[j->at], place + 2);
    else
        buf_printf(&l->out, "GET %s", j->target);
    buf_adds(&l->out, " HTTP/1.1\r\nHost: receipts\r\n\r\n");
}

static void finish(struct receipts *r, struct line *l, bool good, int64_t now)
{
    struct job *j = l->job;
    bool stale = !good && l->reused && l->in.n == 0; /* closed at the other end while it was idle: no try at all */
    int64_t at = now;
    l->job = NULL;
    if (good)
        r->counts->receipts_sent++;
    else
        hang_up(l);
    if (!good && !stale && ++j->tries < r->settings->receipt_tries) {
        at = now + RETRY_NS;
    } else if (!stale) {
        r->counts->receipts_failed += !good;
        j->tries = 0;
        j->at++;
    }
    if (j->at < j->n_kinds)
        heap_push(&r->waiting, (struct due){.at = at, .job = j});
    else
        job_free(j);
}

static void start(struct receipts *r, struct line *l, struct job *j, int64_t now)
{
    l->job = j;
    l->reused = l->fd >= 0 && address_same(&l->address, &j->address);
    l->deadline = now + TIMEOUT_NS;
    write_request(l);
    if (l->reused) {
        watch(r, l, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        return;
    }
    hang_up(l);
    l->address = j->address;
    l->fd = address_socket(&l->address);
    if (l->fd >= 0 && (connect(l->fd, (struct sockaddr *)&l->address.sa, l->address.n) == 0 || errno == EINPROGRESS))
        watch(r, l, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
    else
        finish(r, l, false, now);
}

/* An idle connection to there, else one that is not connected, else any idle one; NULL: all are busy. */
static struct line *choose(struct receipts *r, const struct job *j)
{
    struct line *best = NULL;
    for (unsigned i = 0; i < RECEIPT_CONNS; i++) {
        struct line *l = &r->lines[i];
        if (l->job)
            continue;
        if (l->fd >= 0 && address_same(&l->address, &j->address))
            return l;
        if (!best || l->fd < 0)
            best = l;
    }
    return best;
}

void receipts_tick(struct receipts *r, int64_t now)
{
    for (unsigned i = 0; i < RECEIPT_CONNS; i++)
        if (r->lines[i].job && r->lines[i].deadline <= now)
            finish(r, &r->lines[i], false, now);
    /* At most as many as there are connections: one that fails at once must not be tried for ever. */
    for (unsigned i = 0; i < RECEIPT_CONNS && heap_next(&r->waiting) <= now; i++) {
        struct line *l = choose(r, r->waiting.v[0].job);
        if (!l)
            break;
        start(r, l, heap_pop(&r->waiting).job, now);
    }
}

int64_t receipts_due(const struct receipts *r)
{
    int64_t due = INT64_MAX;
    bool all_busy = true;
    for (unsigned i = 0; i < RECEIPT_CONNS; i++) {
        const struct line *l = &r->lines[i];
        all_busy &= l->job != NULL;
        if (l->job && l->deadline < due)
            due = l->deadline;
    }
    return !all_busy && heap_next(&r->waiting) < due ? heap_next(&r->waiting) : due;
}

/* --- on a socket --- */

static bool send_more(struct receipts *r, struct line *l)
{
    ssize_t n = send(l->fd, l->out.p + l->sent, l->out.n - l->sent, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN;
    l->sent += (size_t)n;
    if (l->sent == l->out.n)
        watch(r, l, EPOLL_CTL_MOD, EPOLLIN);
    return true;
}

/* The answer's status when it is whole, 0 when it is not yet; *keep: the connection can be used again. */
static int whole_answer(struct line *l, bool *keep)
{
    buf_addc(&l->in, '\0');
    l->in.n--;
    const char *blank = strstr(l->in.p, "\r\n\r\n"), *length = strcasestr(l->in.p, "\r\ncontent-length:");
    if (!blank || strncmp(l->in.p, "HTTP/1.", 7) != 0)
        return 0;
    int status = atoi(l->in.p + 9);
    size_t body = length && length < blank ? strtoul(length + 17, NULL, 10) : 0;
    const char *close_word = strcasestr(l->in.p, "\r\nconnection: close");
    *keep = (!close_word || close_word > blank) && (length || status == 204);
    return l->in.n >= (size_t)(blank + 4 - l->in.p) + body ? status : 0;
}

/* 1: it goes on; 0: the other end is done; -1: a fault. */
static int read_more(struct line *l)
{
    ssize_t n = recv(l->fd, buf_room(&l->in, 4096), 4096, 0);
    if (n < 0)
        return errno == EAGAIN ? 1 : -1;
    l->in.n += (size_t)n;
    return n == 0 ? 0 : l->in.n < ANSWER_MAX ? 1 : -1;
}

void receipts_event(struct receipts *r, unsigned i, uint32_t events, int64_t now)
{
    struct line *l = &r->lines[i];
    bool keep = false, good = true;
    if (l->fd < 0)
        return;
    if (!l->job) { /* idle: it can only be the end */
        hang_up(l);
        return;
    }
    if ((events & EPOLLOUT) && l->sent < l->out.n)
        good = send_more(r, l);
    if (good && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        int more = read_more(l);
        int status = more >= 0 ? whole_answer(l, &keep) : 0;
        if (status) {
            finish(r, l, status / 100 == 2, now);
            if (!keep)
                hang_up(l);
            return;
        }
        good = more > 0;
    }
    if (!good)
        finish(r, l, false, now);
}
