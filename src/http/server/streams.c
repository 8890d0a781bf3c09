#include "http/server/streams.h"

#include <stdlib.h>
#include <strings.h>

#define STREAMS_MAX 64
#define IDLE_MS 10000

struct body_stream {
    struct completion completion; /* the first member; of the request `end`, or of the wait to submit it */
    struct stream engine;
    struct request end;
    struct http *http;
    char name[STREAM_NAME_MAX + 1]; /* "": of one body */
    unsigned users;
    bool to_end, ending; /* when the last user has left; STREAM_END is under way */
    struct watch *idle;
    struct body_stream *next, **link;
};

struct streams {
    struct http *http;
    struct body_stream *first;
    unsigned n;
};

struct streams *streams_new(struct http *h)
{
    struct streams *s = mem_zalloc(1, sizeof *s);
    s->http = h;
    return s;
}

static void stream_free(struct body_stream *b)
{
    *b->link = b->next;
    if (b->next)
        b->next->link = b->link;
    b->http->streams->n--;
    watch_free(b->idle);
    buf_done(&b->end.body);
    free(b);
}

void streams_free(struct streams *s)
{
    if (!s)
        return;
    while (s->first)
        stream_free(s->first);
    free(s);
}

static void on_ended(struct completion *c)
{
    stream_free((struct body_stream *)c);
}

/* Tells the engine; when its queue is full, again as soon as there is room. */
static void end_stream(struct completion *c)
{
    struct body_stream *b = (struct body_stream *)c;
    b->ending = true;
    b->completion.run = on_ended;
    b->end = (struct request){.kind = REQUEST_STREAM_END, .stream = &b->engine};
    if (http_submit(b->http, &b->end, &b->completion))
        return;
    b->completion.run = end_stream;
    http_wait_for_room(b->http, &b->completion);
}

static void on_idle(void *arg)
{
    struct body_stream *b = arg;
    end_stream(&b->completion);
}

static struct body_stream *stream_new(struct http *h, const char *name)
{
    struct streams *s = h->streams;
    struct body_stream *b = mem_zalloc(1, sizeof *b);
    stream_init(&b->engine);
    b->http = h;
    memcpy(b->name, name, strlen(name) + 1);
    b->idle = watch_timer(h->loop, on_idle, b);
    b->next = s->first;
    b->link = &s->first;
    if (b->next)
        b->next->link = &b->next;
    s->n++;
    return s->first = b;
}

/* One that goes on under that name; NULL: there is none. */
static struct body_stream *find(const struct streams *s, const char *name)
{
    for (struct body_stream *b = s->first; b; b = b->next)
        if (!b->ending && name[0] && strcmp(b->name, name) == 0)
            return b;
    return NULL;
}

static bool name_is_good(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] < ' ' || name[i] > '~')
            return false;
    return n >= 1 && n <= STREAM_NAME_MAX;
}

bool streams_join(struct exchange *x, struct body_stream **out)
{
    struct http *h = x->http;
    const char *name = exchange_header(x, "Lifecertd-Stream"), *end = exchange_header(x, "Lifecertd-Stream-End");
    *out = NULL;
    if (name && !name_is_good(name)) {
        exchange_problem(x, 400, "Lifecertd-Stream", "a stream's name is 1 to %d printable ASCII characters",
                         STREAM_NAME_MAX);
        return false;
    }
    if (!h->options.allow_at)
        return true;
    struct body_stream *b = find(h->streams, name ? name : "");
    if (!b && h->streams->n >= STREAMS_MAX) {
        exchange_busy(x);
        return false;
    }
    if (!b)
        b = stream_new(h, name ? name : "");
    b->to_end |= !name || (end && strcasecmp(end, "yes") == 0);
    b->users++;
    watch_timer_set(b->idle, -1);
    *out = b;
    return true;
}

struct stream *stream_for_engine(struct body_stream *b)
{
    return b ? &b->engine : NULL;
}

void streams_leave(struct body_stream *b)
{
    if (!b || --b->users > 0)
        return;
    if (b->to_end)
        end_stream(&b->completion);
    else
        watch_timer_set(b->idle, IDLE_MS);
}
