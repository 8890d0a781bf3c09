#include "tests/receiver/conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define READ_BYTES ((size_t)16 << 10)
#define OUT_ENOUGH ((size_t)64 << 10) /* answers that wait to be sent: with more nothing further is handled */
#define KEPT_BYTES ((size_t)64 << 10) /* a buffer larger than that is not kept */

void conn_init(struct conn *c, int fd)
{
    c->fd = fd;
    c->in_at = c->sent = c->allowed = 0;
    buf_clear(&c->in);
    buf_clear(&c->out);
    c->held = false;
    c->ending = END_KEEP;
    c->due = INT64_MAX;
    c->drip_ns = 0;
}

static void tidy(struct buf *b)
{
    buf_clear(b);
    if (b->cap > KEPT_BYTES)
        buf_done(b);
}

void conn_close(struct conn *c, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->fd);
    c->fd = -1;
    c->generation++;
    tidy(&c->in);
    tidy(&c->out);
}

void conn_done(struct conn *c)
{
    if (c->fd >= 0)
        conn_close(c, false);
    buf_done(&c->in);
    buf_done(&c->out);
}

bool conn_read(struct conn *c)
{
    size_t left = c->in.n - c->in_at;
    if (c->in_at && left)
        memmove(c->in.p, c->in.p + c->in_at, left);
    c->in.n = left;
    c->in_at = 0;
    char *room = buf_room(&c->in, READ_BYTES); /* may change cap */
    ssize_t n = recv(c->fd, room, c->in.cap - c->in.n, 0);
    if (n > 0)
        c->in.n += (size_t)n;
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* --- handling --- */

static void obey(struct conn *c, const struct reply *reply, int64_t now)
{
    c->ending = reply->ending;
    c->drip_ns = reply->drip_ms * MS;
    if (reply->delay_ms || c->drip_ns) {
        c->held = true;
        c->due = now + (reply->delay_ms ? reply->delay_ms * MS : c->drip_ns);
        return;
    }
    c->held = c->ending != END_KEEP;
    c->allowed = c->out.n;
}

/* false: there is no whole request. */
static bool handle_one(struct conn *c, struct receiver *r, int64_t now)
{
    struct request q;
    struct reply reply = {.out = &c->out};
    int framed = http_frame((struct str){c->in.p + c->in_at, c->in.n - c->in_at}, &q);
    if (framed == HTTP_MORE)
        return false;
    if (framed == HTTP_FRAMED) {
        handle_request(r, &q, &reply);
        c->in_at += q.size;
    } else {
        handle_unframed(r, framed, &reply);
        c->in_at = c->in.n;
    }
    obey(c, &reply, now);
    return true;
}

static void handle_all(struct conn *c, struct receiver *r, int64_t now)
{
    while (!c->held && c->out.n - c->sent < OUT_ENOUGH && c->in_at < c->in.n)
        if (!handle_one(c, r, now))
            break;
    if (c->in_at == c->in.n) {
        tidy(&c->in);
        c->in_at = 0;
    }
}

/* --- sending --- */

/* false: the other end has gone. */
static bool flush(struct conn *c)
{
    while (c->sent < c->allowed) {
        ssize_t n = send(c->fd, c->out.p + c->sent, c->allowed - c->sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    if (c->sent == c->out.n) {
        tidy(&c->out);
        c->sent = c->allowed = 0;
    }
    return true;
}

void conn_wake(struct conn *c, int64_t now)
{
    bool drips = c->drip_ns && c->allowed < c->out.n;
    c->allowed = drips ? c->allowed + 1 : c->out.n;
    c->due = c->allowed < c->out.n ? now + c->drip_ns : INT64_MAX;
    if (c->due == INT64_MAX)
        c->held = c->ending != END_KEEP;
}

enum conn_need conn_advance(struct conn *c, struct receiver *r, int64_t now)
{
    for (;;) {
        handle_all(c, r, now);
        bool full = c->out.n - c->sent >= OUT_ENOUGH;
        if (!flush(c))
            return NEED_END;
        if (c->sent < c->allowed)
            return NEED_ROOM;
        if (c->due != INT64_MAX)
            return NEED_TIME;
        if (c->held)
            return c->ending == END_HANG ? NEED_TIME : c->ending == END_RESET ? NEED_RESET : NEED_END;
        /* All is sent: what was left unhandled because of that is handled now. */
        if (c->in_at == c->in.n || !full)
            return NEED_INPUT;
    }
}
