/* GET /v1/events as NDJSON: the lines that match, once, and the number up to which was looked; or, with `wait`, the
 * first ones that come.
 *
 * Bounds: limit lines and 4 MiB an answer; a quarter of a million lines or two seconds of looking; and of all answers
 * together some 64 MiB that clients have not taken, beyond which answers become shorter. */
#include "http/events/events.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"

#define ANSWER_MIN ((size_t)64 << 10)
#define ANSWER_MAX ((size_t)4 << 20)
#define ANSWERS_MAX ((size_t)64 << 20)
#define LOOK_LINES 250000
#define LOOK_NS INT64_C(2000000000)
#define GONE_MS 15000 /* how soon it is noticed that a client who waits has gone */

struct events_poll {
    struct feed_reader reader; /* the first member */
    struct exchange *x;
    struct buf subject, body;
    uint64_t limit, n;
    size_t bound, counted; /* of the body; what of it stands in http's sum */
    int64_t began;         /* the first slice of looking was over; 0: none yet */
    int64_t deadline;      /* of the wait; 0: none */
    struct watch *timer;
    bool answered;
    struct events_poll *next, **link;
};

/* --- the bound of all answers together --- */

static void count(struct events_poll *p, size_t bytes)
{
    p->x->http->events_bytes += bytes - p->counted;
    p->counted = bytes;
}

/* Each takes at most a quarter of what is left: whoever comes when little is left gets less, but always something. */
static size_t bound_now(const struct http *h)
{
    size_t left = h->events_bytes < ANSWERS_MAX ? (ANSWERS_MAX - h->events_bytes) / 4 : 0;
    return left < ANSWER_MIN ? ANSWER_MIN : left < ANSWER_MAX ? left : ANSWER_MAX;
}

/* --- the answer --- */

static void leave(struct events_poll *p)
{
    feed_leave(&p->reader);
    watch_free(p->timer);
    p->timer = NULL;
    if (p->link) {
        *p->link = p->next;
        if (p->next)
            p->next->link = p->link;
    }
    p->link = NULL;
}

static void answer(struct events_poll *p)
{
    struct buf position = BUF_INIT;
    feed_write_position(&p->reader, &position);
    leave(p);
    count(p, p->body.n);
    exchange_answer(p->x, 200, NDJSON, &p->body);
    buf_addc(&position, '\0');
    exchange_add_header(p->x, EVENTS_POSITION, position.p);
    buf_done(&position);
}

static void answer_failed(struct events_poll *p)
{
    leave(p);
    events_answer_fault(p->x, p->reader.at);
}

/* --- waiting --- */

/* The library does not look at a connection that rests. */
static bool client_has_gone(const struct events_poll *p)
{
    struct pollfd fd = {.fd = site_peer(p->x->connection)->fd, .events = POLLRDHUP};
    return poll(&fd, 1, 0) > 0;
}

static void set_timer(struct events_poll *p)
{
    int64_t left_ms = (p->deadline - clock_monotonic_ns()) / 1000000 + 1;
    watch_timer_set(p->timer, left_ms < 0 ? 0 : left_ms < GONE_MS ? left_ms : GONE_MS);
}

static void on_time(void *arg)
{
    struct events_poll *p = arg;
    struct http *h = p->x->http;
    if (clock_monotonic_ns() < p->deadline && !client_has_gone(p)) {
        set_timer(p);
        return;
    }
    answer(p);
    http_run_sites(h);
}

static void wait_on(struct events_poll *p)
{
    if (!p->timer) {
        p->timer = watch_timer(p->x->http->loop, on_time, p);
        set_timer(p);
    }
    p->reader.lines = 0;
    p->began = 0;
    feed_wait(&p->reader);
}

/* --- looking --- */

static enum feed_take take(struct feed_reader *r, uint64_t seq, enum event_type type, struct str line)
{
    struct events_poll *p = (struct events_poll *)r;
    (void)seq, (void)type;
    if (p->n == 0)
        p->bound = bound_now(p->x->http);
    else if (p->body.n + line.n >= p->bound)
        return TAKE_NONE;
    buf_addstr(&p->body, line);
    buf_addc(&p->body, '\n');
    count(p, p->body.n);
    return ++p->n == p->limit ? TAKE_LAST : TAKE_ON;
}

static bool looked_enough(struct events_poll *p)
{
    int64_t now = clock_monotonic_ns();
    if (!p->began)
        p->began = now;
    return p->reader.lines >= LOOK_LINES || now - p->began >= LOOK_NS;
}

static void paused(struct feed_reader *r, enum feed_pause why)
{
    struct events_poll *p = (struct events_poll *)r;
    bool waits = p->n == 0 && p->deadline && !p->x->http->draining;
    if (why == FEED_FAILED)
        answer_failed(p);
    else if (why == FEED_ENOUGH || (why == FEED_SLICE && looked_enough(p)) || (why == FEED_END && !waits))
        answer(p);
    else if (why == FEED_END)
        wait_on(p);
    else
        feed_look(r);
}

/* --- the exchange --- */

struct feed_reader *events_lines_begin(struct exchange *x, struct events_query *q)
{
    struct http *h = x->http;
    struct events_poll *p = mem_zalloc(1, sizeof *p);
    x->state = p;
    p->x = x;
    p->subject = q->subject;
    q->subject = BUF_INIT;
    p->limit = q->limit;
    p->deadline = q->wait ? clock_monotonic_ns() + (int64_t)q->wait * 1000000000 : 0;
    p->reader.types = q->types;
    p->reader.subject = buf_str(&p->subject);
    events_begin_at(&p->reader, h->feed, q);
    p->reader.take = take;
    p->reader.paused = paused;
    p->next = h->events_polls;
    p->link = &h->events_polls;
    if (p->next)
        p->next->link = &p->next;
    h->events_polls = p;
    feed_join(h->feed, &p->reader);
    return &p->reader;
}

void events_lines_go(struct feed_reader *r, bool enough)
{
    struct events_poll *p = (struct events_poll *)r;
    if (enough || p->n)
        answer(p);
    else
        feed_look(r);
}

void events_lines_end(struct http *h)
{
    feed_end_syncs(h->feed);
    for (struct events_poll *p = h->events_polls, *next; p; p = next) {
        next = p->next;
        answer(p);
    }
}

static void on_close(struct exchange *x)
{
    struct events_poll *p = x->state;
    if (!p)
        return;
    leave(p);
    count(p, 0);
    buf_done(&p->subject);
    buf_done(&p->body);
    free(p);
}

const struct handler events_lines_handler = {.close = on_close};
