#include "http/events/event_stream.h"

#include <stdlib.h>

#include "base/clock.h"

#define HEARTBEAT_NS (15 * INT64_C(1000000000))
#define HEARTBEATS 64           /* of one round of the loop */
#define PARTING_MS 250          /* for the last bytes, when the program ends */
#define RETRY "retry: 2000\n\n" /* milliseconds until a client comes again */

TAILQ_HEAD(stream_list, event_stream);

struct event_streams {
    struct http *http;
    struct stream_list streams; /* the longest quiet first */
    struct watch *heartbeat, *parting;
    bool ended;
};

static void touch(struct event_stream *s)
{
    s->quiet_since_ns = clock_monotonic_ns();
    TAILQ_REMOVE(&s->all->streams, s, links);
    TAILQ_INSERT_TAIL(&s->all->streams, s, links);
}

/* --- the library's side --- */

static ssize_t read_stream(void *arg, uint64_t at, char *to, size_t max)
{
    struct event_stream *s = arg;
    (void)at;
    if (s->sent == s->out.n && !s->ended)
        s->more(s);
    size_t n = s->out.n - s->sent < max ? s->out.n - s->sent : max;
    if (n == 0 && s->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0)
        exchange_rest(s->x);
    else
        memcpy(to, s->out.p + s->sent, n);
    s->sent += n;
    if (s->sent == s->out.n) {
        buf_done(&s->out); /* most of the time most of them have nothing */
        s->sent = 0;
    }
    return (ssize_t)n;
}

/* --- the owner's --- */

void event_stream_begin(struct event_stream *s)
{
    s->all = s->x->http->event_streams;
    s->ended = s->all->ended;
    TAILQ_INSERT_TAIL(&s->all->streams, s, links);
    touch(s);
    if (TAILQ_FIRST(&s->all->streams) == s)
        watch_timer_set(s->all->heartbeat, HEARTBEAT_NS / 1000000);
    buf_adds(&s->out, RETRY);
    exchange_answer_from(s->x, 200, EVENT_STREAM, read_stream, s, NULL);
    exchange_add_header(s->x, "X-Accel-Buffering", "no"); /* for a proxy that would gather what is to arrive at once */
}

void event_stream_close(struct event_stream *s)
{
    if (s->all)
        TAILQ_REMOVE(&s->all->streams, s, links);
    s->all = NULL;
    buf_done(&s->out);
}

bool event_stream_has_room(const struct event_stream *s, size_t n)
{
    size_t waiting = s->out.n - s->sent;
    return waiting == 0 || waiting + n <= STREAM_BYTES;
}

void event_stream_send(struct event_stream *s)
{
    touch(s);
    exchange_go_on(s->x);
}

void event_stream_finish(struct event_stream *s)
{
    s->ended = true;
    event_stream_send(s);
}

/* --- heartbeats --- */

static void beat(struct event_stream *s)
{
    struct buf id = BUF_INIT;
    if (s->sent == s->out.n) {
        buf_adds(&s->out, ":\n");
        if (s->position && s->position(s, &id)) {
            buf_adds(&s->out, "id: ");
            buf_addstr(&s->out, buf_str(&id));
            buf_addc(&s->out, '\n');
        }
        buf_addc(&s->out, '\n');
        buf_done(&id);
    }
    event_stream_send(s);
}

static void on_heartbeat(void *arg)
{
    struct event_streams *all = arg;
    int64_t late = clock_monotonic_ns() - HEARTBEAT_NS;
    struct event_stream *s;
    unsigned n = 0;
    for (; n < HEARTBEATS && (s = TAILQ_FIRST(&all->streams)) && s->quiet_since_ns <= late; n++)
        beat(s);
    if (n > 0)
        http_run_sites(all->http);
    s = TAILQ_FIRST(&all->streams); /* perhaps another one, for some may have gone */
    int64_t wait_ns = s ? s->quiet_since_ns - late : -1;
    watch_timer_set(all->heartbeat, !s ? -1 : wait_ns <= 0 ? 0 : wait_ns / 1000000 + 1);
}

/* --- all of them --- */

struct event_streams *event_streams_new(struct http *h)
{
    struct event_streams *all = mem_zalloc(1, sizeof *all);
    all->http = h;
    TAILQ_INIT(&all->streams);
    all->heartbeat = watch_timer(h->loop, on_heartbeat, all);
    return all;
}

/* Who has not taken the end by now is cut off. */
static void on_parting(void *arg)
{
    struct event_streams *all = arg;
    struct event_stream *s;
    TAILQ_FOREACH(s, &all->streams, links)
    site_cut_off(s->x->connection);
    http_run_sites(all->http);
}

void event_streams_end(struct event_streams *all)
{
    struct event_stream *s;
    all->ended = true;
    TAILQ_FOREACH(s, &all->streams, links)
    {
        s->ended = true;
        exchange_go_on(s->x);
    }
    all->parting = watch_timer(all->http->loop, on_parting, all);
    watch_timer_set(all->parting, PARTING_MS);
    http_run_sites(all->http);
}

size_t event_streams_most_held(const struct event_streams *all)
{
    const struct event_stream *s;
    size_t most = 0;
    TAILQ_FOREACH(s, &all->streams, links)
    most = s->out.n - s->sent > most ? s->out.n - s->sent : most;
    return most;
}

void event_streams_free(struct event_streams *all)
{
    if (!all)
        return;
    watch_free(all->heartbeat);
    watch_free(all->parting);
    free(all);
}
