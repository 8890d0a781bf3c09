/* GET /v1/events as Server-Sent Events, before a fake engine: every event once and in order, to whoever comes, comes
 * again, or hardly reads. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/events/event_stream.h"
#include "http/exchange.h"
#include "tests/http/fake_engine.h"
#include "tests/http/fake_log.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define SSE "Accept: text/event-stream\r\n"

static struct server s;
static struct store *logged;

static void add(uint64_t n, enum event_type type, const char *subject)
{
    fake_log_add(logged, n, type, subject);
    http_nudge(s.http);
}

/* --- a client --- */

struct reader {
    struct client *c;
    struct reply r;
    struct buf text; /* that has come; up to `at` it was looked at */
    size_t at;
    uint64_t last; /* id */
    bool ended;
};

static void reader_open(struct reader *o, const char *target, const char *headers)
{
    struct buf b = BUF_INIT;
    *o = (struct reader){.c = client_new(s.path)};
    buf_printf(&b, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n", target, headers);
    client_send(o->c, b.p, b.n);
    buf_done(&b);
}

static void reader_head(struct reader *o)
{
    client_read_head(o->c, &o->r);
}

static void reader_close(struct reader *o)
{
    client_free(o->c);
    reply_done(&o->r);
    buf_done(&o->text);
}

/* The next block, up to and with its blank line; NULL: the end. It holds until the next call. */
static const char *reader_block(struct reader *o)
{
    static char block[4096];
    char *end;
    while (!o->text.n || !(end = strstr(o->text.p + o->at, "\n\n"))) {
        o->text.n -= o->at;
        if (o->text.n)
            memmove(o->text.p, o->text.p + o->at, o->text.n);
        o->at = 0;
        if (!client_read_chunk(o->c, &o->text)) {
            o->ended = true;
            return NULL;
        }
    }
    size_t n = (size_t)(end + 2 - o->text.p) - o->at;
    snprintf(block, sizeof block, "%.*s", (int)n, o->text.p + o->at);
    o->at += n;
    return block;
}

/* The next event, its id noted; comments and the rest are passed over. */
static const char *reader_event(struct reader *o)
{
    const char *block;
    while ((block = reader_block(o)) && strncmp(block, "id: ", 4) != 0)
        continue;
    if (block)
        o->last = strtoull(block + 4, NULL, 10);
    return block;
}

/* The event as it has to come. */
static bool is_event(const char *block, uint64_t seq, enum event_type type)
{
    struct buf want = BUF_INIT;
    struct errmsg msg;
    buf_printf(&want, "id: %" PRIu64 "\nevent: %s\ndata: ", seq, event_type_text(type));
    if (store_get(logged, seq, &want, &msg) != ERR_OK)
        bail_out("no event %" PRIu64, seq);
    BUF_LIT(&want, "\n\n");
    bool same = block && strlen(block) == want.n && memcmp(block, want.p, want.n) == 0;
    buf_done(&want);
    return same;
}

/* All from first to last come, one after the other. */
static bool gets(struct reader *o, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        if (!reader_event(o) || o->last != seq) {
            diag("event %" PRIu64 " in place of %" PRIu64, o->last, seq);
            return false;
        }
    }
    return true;
}

/* --- the form --- */

static void form(void)
{
    struct reader o;
    add(3, EV_GRACE, "p-1");
    reader_open(&o, "/v1/events", SSE);
    reader_head(&o);
    is_int(o.r.status, 200, "a stream is opened");
    is_str(reply_header(&o.r, "Content-Type"), "text/event-stream", "of events");
    is_str(reply_header(&o.r, "Cache-Control"), "no-store", "that nobody keeps");
    is_str(reader_block(&o), "retry: 2000\n\n", "first it says when to come again");
    ok(is_event(reader_block(&o), 1, EV_GRACE) && is_event(reader_block(&o), 2, EV_GRACE) &&
           is_event(reader_block(&o), 3, EV_GRACE),
       "then come the events of the log, as they stand there");
    add(1, EV_LAPSED, "p-1");
    ok(is_event(reader_block(&o), 4, EV_LAPSED), "and then each that is new");
    reader_close(&o);
}

static void positions(void)
{
    struct reader o;
    reader_open(&o, "/v1/events?after=3", SSE);
    reader_head(&o);
    ok(gets(&o, 4, 4), "it begins after a number");
    reader_close(&o);
    reader_open(&o, "/v1/events?after=1", SSE "Last-Event-ID: 3\r\n");
    reader_head(&o);
    ok(gets(&o, 4, 4), "who comes again begins after the last id it has");
    reader_close(&o);
    reader_open(&o, "/v1/events?after=2", SSE "Last-Event-ID:\r\n");
    reader_head(&o);
    ok(gets(&o, 3, 4), "an empty one is none");
    reader_close(&o);
}

static const struct {
    const char *target, *headers, *says;
} faults[] = {
    {"/v1/events", SSE "Last-Event-ID: 5\r\n", "'member':'Last-Event-ID','detail':'Last-Event-ID lies beyond"},
    {"/v1/events", SSE "Last-Event-ID: x\r\n", "'member':'Last-Event-ID'"},
    {"/v1/events", SSE "Last-Event-ID: -1\r\n", "'member':'Last-Event-ID'"},
    {"/v1/events?after=5", SSE, "'member':'after'"},
    {"/v1/events?type=nothing", SSE, "'member':'type'"},
};

static void wrong(void)
{
    struct reply r = {0};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        request_once(s.path, "GET", faults[i].target, faults[i].headers, STR_NONE, &r);
        see_json(&r.body);
        ok(r.status == 400 && strstr(r.body.p, faults[i].says), "%s %s is refused", faults[i].target,
           i == 0  ? "with an id beyond the end"
           : i < 3 ? "with an id that is none"
                   : "");
    }
    request_once(s.path, "GET", "/v1/events?after=4", "Last-Event-ID: x\r\n", STR_NONE, &r);
    is_int(r.status, 200, "where lines are asked for the last id means nothing");
    request_once(s.path, "GET", "/v1/events?subject=absent", SSE, STR_NONE, &r);
    is_int(r.status, 404, "a stranger has no stream");
    reply_done(&r);
}

static void filters(void)
{
    struct reader o, p;
    uint64_t end = fake_log_end(logged);
    reader_open(&o, "/v1/events?type=certification.*", SSE);
    reader_open(&p, "/v1/events?subject=p-7", SSE);
    reader_head(&o);
    ok(is_event(reader_event(&o), 4, EV_LAPSED), "only the types that were asked for come");
    add(1, EV_GRACE, "p-7");
    reader_head(&p);
    ok(is_event(reader_event(&p), end + 1, EV_GRACE), "or one person's events, those that were there");
    add(2, EV_GRACE, "p-1");
    add(1, EV_LAPSED, "p-7");
    add(1, EV_LAPSED, NULL);
    add(1, EV_LAPSED, "p-7");
    ok(is_event(reader_event(&o), end + 4, EV_LAPSED) && is_event(reader_event(&o), end + 5, EV_LAPSED) &&
           is_event(reader_event(&o), end + 6, EV_LAPSED),
       "also of what is new");
    ok(is_event(reader_event(&p), end + 4, EV_LAPSED) && is_event(reader_event(&p), end + 6, EV_LAPSED),
       "and those that come");
    reader_close(&o);
    reader_close(&p);
}

static void an_older_client(void)
{
    struct buf all = BUF_INIT;
    struct client *c = client_new(s.path);
    struct reply r = {0};
    static const char request[] = "GET /v1/events?after=3 HTTP/1.0\r\n" SSE "\r\n";
    client_send(c, request, sizeof request - 1);
    client_read_head(c, &r);
    ok(r.status == 200 && !reply_header(&r, "Transfer-Encoding"), "a client that knows no chunks is sent none");
    client_free(c);
    reply_done(&r);
    buf_done(&all);
}

/* --- many, slow, and far behind --- */

#define FAR_BEHIND 60
#define BACKLOG 12000
#define PORTION 500 /* read by one, and then by the next: none shall seem to have stalled */

/* More than may read the log for themselves at once. */
static void many_far_behind(void)
{
    struct reader o[FAR_BEHIND];
    uint64_t end;
    for (int i = 0; i < 3; i++)
        fake_log_add(logged, BACKLOG / 3, i == 1 ? EV_GRACE : EV_LAPSED, "p-1");
    end = fake_log_end(logged);
    for (int i = 0; i < FAR_BEHIND; i++)
        reader_open(&o[i], i % 2 ? "/v1/events" : "/v1/events?type=grace.started,certification.lapsed", SSE);
    add(10, EV_GRACE, "p-2");
    bool all = true;
    for (int i = 0; i < FAR_BEHIND; i++)
        reader_head(&o[i]);
    for (uint64_t seq = 1; seq <= end + 10; seq += PORTION)
        for (int i = 0; i < FAR_BEHIND; i++)
            all &= gets(&o[i], seq, seq + PORTION - 1 < end + 10 ? seq + PORTION - 1 : end + 10);
    ok(all, "%d clients that are far behind all get everything", FAR_BEHIND);
    add(10, EV_GRACE, "p-2");
    for (int i = 0; i < FAR_BEHIND; i++) {
        all &= gets(&o[i], end + 11, end + 20);
        reader_close(&o[i]);
    }
    ok(all, "and then what is new");
}

struct held {
    size_t most; /* bytes that wait for any one client */
    unsigned n;
};

static void look_at_streams(void *arg)
{
    struct held *h = arg;
    *h = (struct held){0, 0};
    for (struct exchange *x = s.http->exchanges; x; x = x->next)
        h->n++;
    h->most = event_streams_most_held(s.http->event_streams);
}

static void a_slow_one(void)
{
    struct reader o;
    struct held h;
    char target[64];
    uint64_t end = fake_log_end(logged);
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, end);
    reader_open(&o, target, SSE);
    reader_head(&o);
    for (int i = 0; i < 60; i++) {
        add(1000, EV_GRACE, "p-1");
        server_do(&s, look_at_streams, &h);
    }
    ok(h.n > 0 && h.most <= STREAM_BYTES, "for a client that does not read, at most %zu bytes are held (%zu)",
       STREAM_BYTES, h.most);
    ok(gets(&o, end + 1, end + 60000), "and when it reads it has missed nothing");
    add(1, EV_LAPSED, "p-1");
    ok(gets(&o, end + 60001, end + 60001), "and is at the end again");
    reader_close(&o);
}

static void long_lines(void)
{
    struct reader o;
    char target[64];
    uint64_t end = fake_log_end(logged);
    for (int i = 0; i < 4; i++)
        fake_log_add_long(logged, (size_t)100000 * (size_t)(i + 1) * (size_t)(i + 1) * 3); /* up to 4.8 MB */
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, end);
    reader_open(&o, target, SSE);
    reader_head(&o);
    add(1, EV_GRACE, "p-1");
    ok(gets(&o, end + 1, end + 5), "lines longer than what is held for a client come, too");
    fake_log_add_long(logged, 5 << 20);
    add(1, EV_GRACE, "p-1");
    ok(gets(&o, end + 6, end + 7), "also when they are new, and longer than all the lines that are kept");
    reader_close(&o);
}

static void gone(void)
{
    struct reader o[50];
    struct held h;
    for (int i = 0; i < 50; i++) {
        reader_open(&o[i], "/v1/events", SSE);
        reader_head(&o[i]);
        reader_close(&o[i]);
    }
    do {
        add(1, EV_LAPSED, "p-7"); /* which everybody asked for, and by which it is noticed */
        server_do(&s, look_at_streams, &h);
    } while (h.n);
    ok(h.n == 0, "of clients that have gone nothing remains");
}

/* --- heartbeats --- */

static struct reader idle;

static void begin_to_wait(void)
{
    char target[96];
    snprintf(target, sizeof target, "/v1/events?type=benefit.suspended&after=%" PRIu64, fake_log_end(logged));
    reader_open(&idle, target, SSE);
    reader_head(&idle);
    is_str(reader_block(&idle), "retry: 2000\n\n", "a client waits for something that never comes");
    add(5, EV_GRACE, "p-1");
}

static void heartbeat(void)
{
    char want[64];
    snprintf(want, sizeof want, ":\nid: %" PRIu64 "\n\n", fake_log_end(logged));
    is_str(reader_block(&idle), want, "after a while it is told that all is well, and how far it was looked");
    reader_close(&idle);
}

/* --- the end --- */

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void drain(void *arg)
{
    http_drain(s.http, set_flag, arg);
}

static void look(void *arg)
{
    (void)arg;
}

static void ending(void)
{
    struct reader o, stalled;
    char target[64];
    bool drained = false;
    uint64_t end = fake_log_end(logged);
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, end - 1);
    reader_open(&o, target, SSE);
    reader_head(&o);
    reader_open(&stalled, "/v1/events", SSE);
    reader_head(&stalled);
    ok(gets(&o, end, end), "two clients, of whom one does not read,");
    server_do(&s, drain, &drained);
    ok(!reader_event(&o) && o.ended, "the other's stream ends when the daemon does");
    while (!drained)
        server_look(&s, look, NULL);
    ok(drained, "and neither holds it up");
    reader_close(&o);
    reader_close(&stalled);
}

/* In the midst of everything. */
static void stopping(void)
{
    struct reader o[3];
    s = server_new(1000, false);
    logged = fake_engine_log(s.engine);
    add(20000, EV_GRACE, "p-1");
    for (int i = 0; i < 3; i++) {
        reader_open(&o[i], i == 2 ? "/v1/events?subject=p-1" : "/v1/events", SSE);
        reader_head(&o[i]);
    }
    ok(gets(&o[0], 1, 20000), "one client that has everything, others that have not,");
    server_free(&s);
    ok(!reader_event(&o[0]), "are all cut off when the interface stops");
    for (int i = 0; i < 3; i++)
        reader_close(&o[i]);
}

int main(void)
{
    plan(0);
    s = server_new(1000, false);
    logged = fake_engine_log(s.engine);
    form();
    positions();
    wrong();
    filters();
    an_older_client();
    many_far_behind();
    a_slow_one();
    long_lines();
    gone();
    begin_to_wait();
    heartbeat();
    ending();
    server_free(&s);
    stopping();
    return tap_end();
}
