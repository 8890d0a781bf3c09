#include "tests/receiver/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/receiver/conn.h"
#include "tests/receiver/heap.h"
#include "tests/receiver/listener.h"

#define MS INT64_C(1000000)
#define EVENTS 256
#define ACCEPTS 64 /* at one go */
#define FLUSH_NS (1000 * MS)
#define AGAIN_NS (100 * MS)

/* What an epoll event is about: kind, a connection's generation, its number. */
enum about { ABOUT_LISTENER, ABOUT_STOP, ABOUT_CONN, ABOUT_RECEIPT };

static uint64_t token(enum about about, uint32_t generation, uint32_t i)
{
    return (uint64_t)about << 56 | (uint64_t)(generation % (1u << 24)) << 32 | i;
}

struct slot {
    struct conn conn;
    uint32_t watched; /* events that epoll looks out for */
    int64_t queued;   /* the due that waits in timers */
};

struct server {
    struct receiver *receiver;
    struct listener listener;
    int epoll_fd;
    bool stop;
    int64_t up_at; /* when it is to listen again; INT64_MAX: it does */
    int64_t flush_at;
    struct heap timers;
    struct slot *slots; /* n of them were ever used */
    uint32_t n;
    uint32_t free[SERVER_CONNS_MAX], n_free;
};

/* --- connections --- */

static void watch(struct server *s, int op, int fd, uint32_t events, uint64_t about)
{
    struct epoll_event e = {.events = events, .data.u64 = about};
    epoll_ctl(s->epoll_fd, op, fd, &e);
}

static uint64_t token_of(const struct server *s, const struct slot *slot)
{
    return token(ABOUT_CONN, slot->conn.generation, (uint32_t)(slot - s->slots));
}

static void end(struct server *s, struct slot *slot, bool reset)
{
    conn_close(&slot->conn, reset);
    ledger_counts(s->receiver->ledger)->connections--;
    s->free[s->n_free++] = (uint32_t)(slot - s->slots);
}

static void advance(struct server *s, struct slot *slot, int64_t now)
{
    static const uint32_t wanted[] = {
        [NEED_INPUT] = EPOLLIN, [NEED_ROOM] = EPOLLOUT | EPOLLRDHUP, [NEED_TIME] = EPOLLRDHUP};
    struct conn *c = &slot->conn;
    enum conn_need need = conn_advance(c, s->receiver, now);
    if (need == NEED_END || need == NEED_RESET) {
        end(s, slot, need == NEED_RESET);
        return;
    }
    if (slot->watched != wanted[need])
        watch(s, EPOLL_CTL_MOD, c->fd, slot->watched = wanted[need], token_of(s, slot));
    if (c->due != INT64_MAX && c->due != slot->queued)
        heap_push(&s->timers, (struct due){.at = slot->queued = c->due, .token = token_of(s, slot)});
}

static void take_on(struct server *s, int fd)
{
    struct counts *c = ledger_counts(s->receiver->ledger);
    if (s->n_free == 0 && s->n == SERVER_CONNS_MAX) {
        c->connections_refused++;
        close(fd);
        return;
    }
    struct slot *slot = &s->slots[s->n_free ? s->free[--s->n_free] : s->n++];
    c->connections++;
    c->connections_total++;
    conn_init(&slot->conn, fd);
    slot->watched = EPOLLIN;
    slot->queued = INT64_MAX;
    watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, token_of(s, slot));
}

static void accept_some(struct server *s)
{
    for (int i = 0; i < ACCEPTS && s->listener.fd >= 0; i++) {
        int fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        take_on(s, fd);
    }
}

static void conn_event(struct server *s, uint64_t about, uint32_t events, int64_t now)
{
    struct slot *slot = &s->slots[(uint32_t)about];
    if (slot->conn.fd < 0 || about != token_of(s, slot))
        return; /* closed while this event waited */
    bool gone = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN);
    if (gone || ((events & EPOLLIN) && !conn_read(&slot->conn)))
        end(s, slot, false);
    else
        advance(s, slot, now);
}

/* --- time --- */

static void go_down(struct server *s, int64_t now)
{
    s->up_at = now + s->receiver->settings.down_ms * MS;
    s->receiver->settings.down_ms = 0;
    listener_down(&s->listener);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->slots[i].conn.fd >= 0)
            end(s, &s->slots[i], false);
}

static void await_clients(struct server *s)
{
    s->up_at = INT64_MAX;
    watch(s, EPOLL_CTL_ADD, s->listener.fd, EPOLLIN, token(ABOUT_LISTENER, 0, 0));
}

static void come_up(struct server *s, int64_t now)
{
    struct errmsg msg;
    if (listener_up(&s->listener, &msg) == ERR_OK)
        await_clients(s);
    else
        s->up_at = now + AGAIN_NS;
}

static void wake_conns(struct server *s, int64_t now)
{
    while (heap_next(&s->timers) <= now) {
        struct due d = heap_pop(&s->timers);
        struct slot *slot = &s->slots[(uint32_t)d.token];
        if (slot->conn.fd < 0 || d.token != token_of(s, slot) || slot->conn.due != d.at)
            continue;
        conn_wake(&slot->conn, now);
        advance(s, slot, now);
    }
}

static void on_time(struct server *s, int64_t now)
{
    if (s->receiver->settings.down_ms)
        go_down(s, now);
    if (s->up_at <= now)
        come_up(s, now);
    wake_conns(s, now);
    receipts_tick(s->receiver->receipts, now);
    if (s->flush_at <= now) {
        record_flush(s->receiver->record);
        s->flush_at = now + FLUSH_NS;
    }
}

static int timeout_ms(const struct server *s, int64_t now)
{
    const int64_t dues[] = {heap_next(&s->timers), receipts_due(s->receiver->receipts), s->up_at, s->flush_at};
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++)
        first = dues[i] < first ? dues[i] : first;
    return first <= now ? 0 : (int)((first - now + MS - 1) / MS);
}

/* --- all of it --- */

enum err server_new(struct receiver *r, const char *address, char text[ADDRESS_TEXT], struct server **out,
                    struct errmsg *msg)
{
    struct server *s = mem_zalloc(1, sizeof *s);
    enum err e = listener_init(&s->listener, address, text, msg);
    if (e != ERR_OK) {
        free(s);
        return e;
    }
    s->receiver = r;
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->slots = mem_zalloc(SERVER_CONNS_MAX, sizeof *s->slots);
    r->receipts = receipts_new(s->epoll_fd, token(ABOUT_RECEIPT, 0, 0), ledger_counts(r->ledger), &r->settings);
    await_clients(s);
    *out = s;
    return ERR_OK;
}

static void on_event(struct server *s, const struct epoll_event *e, int64_t now)
{
    uint64_t about = e->data.u64;
    switch ((enum about)(about >> 56)) {
    case ABOUT_LISTENER: accept_some(s); break;
    case ABOUT_STOP: s->stop = true; break;
    case ABOUT_CONN: conn_event(s, about, e->events, now); break;
    case ABOUT_RECEIPT: receipts_event(s->receiver->receipts, (unsigned)(about & 0xff), e->events, now); break;
    }
}

void server_run(struct server *s, int stop_fd)
{
    struct epoll_event events[EVENTS];
    watch(s, EPOLL_CTL_ADD, stop_fd, EPOLLIN, token(ABOUT_STOP, 0, 0));
    while (!s->stop) {
        int n = epoll_wait(s->epoll_fd, events, EVENTS, timeout_ms(s, clock_monotonic_ns()));
        int64_t now = clock_monotonic_ns();
        for (int i = 0; i < n; i++)
            on_event(s, &events[i], now);
        on_time(s, now);
    }
}

void server_free(struct server *s)
{
    if (!s)
        return;
    receipts_free(s->receiver->receipts);
    s->receiver->receipts = NULL;
    for (uint32_t i = 0; i < s->n; i++)
        conn_done(&s->slots[i].conn);
    heap_done(&s->timers);
    listener_done(&s->listener);
    close(s->epoll_fd);
    free(s->slots);
    free(s);
}
