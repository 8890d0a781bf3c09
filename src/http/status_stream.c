#include "http/status_stream.h"

#include <stdlib.h>

#include "http/events/event_stream.h"
#include "http/server/accept.h"

#define EVERY_MS 1000
#define SLICE 64 /* clients told in one round of the loop */

TAILQ_HEAD(watcher_list, watcher);

/* One client. */
struct watcher {
    struct event_stream stream; /* the first member */
    uint64_t told, visited;     /* the status it has got; and the one it was last looked at for */
    TAILQ_ENTRY(watcher) links;
};

struct status_feed {
    struct http *http;
    struct completion done;
    struct request request;
    bool asking;
    struct buf text;  /* the latest */
    uint64_t version; /* of it; 0: there is none yet */
    struct watch *timer, *telling;
    struct watcher_list watchers; /* those visited last come last */
};

/* --- clients --- */

static void tell(struct status_feed *f, struct watcher *w)
{
    struct buf *out = &w->stream.out;
    w->told = f->version;
    BUF_LIT(out, "event: status\ndata: ");
    buf_addstr(out, buf_str(&f->text));
    BUF_LIT(out, "\n\n");
}

/* All it had been sent is taken: what changed meanwhile comes as one. */
static void more(struct event_stream *s)
{
    struct watcher *w = (struct watcher *)s;
    struct status_feed *f = s->x->http->status_feed;
    if (w->told < f->version)
        tell(f, w);
}

static void on_telling(void *arg)
{
    struct status_feed *f = arg;
    struct watcher *w;
    unsigned n = 0;
    for (; n < SLICE && (w = TAILQ_FIRST(&f->watchers)) && w->visited < f->version; n++) {
        w->visited = f->version;
        TAILQ_REMOVE(&f->watchers, w, links);
        TAILQ_INSERT_TAIL(&f->watchers, w, links);
        event_stream_send(&w->stream); /* which asks for more as soon as all before is taken */
    }
    http_run_sites(f->http);
    if (n == SLICE)
        watch_timer_set(f->telling, 0);
}

/* --- the engine --- */

/* The answer without its newline, and without what changes by itself: "now". */
static bool same_but_for_now(struct str a, struct str b)
{
    static const char now[] = ",\"now\":\"";
    const char *pa = a.n ? memmem(a.p, a.n, now, sizeof now - 1) : NULL;
    const char *pb = b.n ? memmem(b.p, b.n, now, sizeof now - 1) : NULL;
    if (!pa || !pb || pa - a.p != pb - b.p || memcmp(a.p, b.p, (size_t)(pa - a.p)) != 0)
        return false;
    size_t head = (size_t)(pa - a.p) + sizeof now - 1;
    const char *ea = memchr(a.p + head, '"', a.n - head), *eb = memchr(b.p + head, '"', b.n - head);
    return ea && eb && str_eq((struct str){ea, (size_t)(a.p + a.n - ea)}, (struct str){eb, (size_t)(b.p + b.n - eb)});
}

static void take_answer(struct status_feed *f, struct buf *body)
{
    if (f->version && same_but_for_now(buf_str(body), buf_str(&f->text)))
        return;
    struct buf old = f->text;
    f->text = *body;
    *body = old;
    f->version++;
    watch_timer_set(f->telling, 0);
}

static void on_done(struct completion *c)
{
    struct status_feed *f = (struct status_feed *)((char *)c - offsetof(struct status_feed, done));
    f->asking = false;
    if (f->request.err == ERR_OK && f->timer)
        take_answer(f, &f->request.body);
}

/* A queue that is full is tried again at the next time. */
static void ask(struct status_feed *f)
{
    struct buf body = f->request.body;
    watch_timer_set(f->timer, EVERY_MS);
    if (f->asking)
        return;
    buf_clear(&body);
    f->request = (struct request){.kind = REQUEST_STATUS, .body = body};
    f->asking = http_submit(f->http, &f->request, &f->done);
    watch_timer_set(f->timer, EVERY_MS);
}

static void on_time(void *arg)
{
    struct status_feed *f = arg;
    if (TAILQ_FIRST(&f->watchers))
        ask(f);
    else
        f->version = 0; /* too old for whoever comes next */
}

/* --- the exchange --- */

bool status_stream_is_asked(const struct exchange *x)
{
    return accept_prefers(exchange_header(x, MHD_HTTP_HEADER_ACCEPT), EVENT_STREAM, JSON);
}

static void begin(struct exchange *x)
{
    struct status_feed *f = x->http->status_feed;
    struct watcher *w = mem_zalloc(1, sizeof *w);
    x->state = w;
    w->stream.x = x;
    w->stream.more = more;
    if (f->version == 0)
        ask(f);
    TAILQ_INSERT_HEAD(&f->watchers, w, links);
    event_stream_begin(&w->stream);
}

static void on_close(struct exchange *x)
{
    struct watcher *w = x->state;
    if (!w)
        return;
    TAILQ_REMOVE(&x->http->status_feed->watchers, w, links);
    event_stream_close(&w->stream);
    free(w);
}

const struct handler status_stream_handler = {.end = begin, .close = on_close};

/* --- life --- */

struct status_feed *status_feed_new(struct http *h)
{
    struct status_feed *f = mem_zalloc(1, sizeof *f);
    f->http = h;
    f->done.run = on_done;
    TAILQ_INIT(&f->watchers);
    f->timer = watch_timer(h->loop, on_time, f);
    f->telling = watch_timer(h->loop, on_telling, f);
    return f;
}

void status_feed_stop(struct status_feed *f)
{
    watch_free(f->timer);
    watch_free(f->telling);
    f->timer = f->telling = NULL;
}

void status_feed_free(struct status_feed *f)
{
    if (!f)
        return;
    buf_done(&f->request.body);
    buf_done(&f->text);
    free(f);
}
