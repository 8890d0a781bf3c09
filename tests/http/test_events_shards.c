/* GET /v1/events over several shards in a real Redis, before two daemons: every event once, each shard's in its order,
 * behind the position that was given, whichever daemon gave it; and nothing but a pause while Redis stands still. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "codec/event_json.h"
#include "http/exchange.h"
#include "shards/position.h"
#include "tests/http/shard_logs.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

#define TIME 1767196800 /* 2026-01-01T00:00:00+08:00 */
#define TEXT 512        /* of a position */

static struct shard_logs logs;
static struct server daemons[2];
static struct reply r;

/* --- what has come, by shard --- */

/* A reader of all shards, wherever it asks: what it has got, and whether that was right so far. */
struct taken {
    uint64_t upto[SHARDS];
    uint64_t n;
    bool good, in_time; /* every shard's in order, without gaps; all in order of time */
    lc_instant last;
    char position[TEXT];
};

static struct taken taken_from(const uint64_t upto[SHARDS])
{
    struct taken t = {.good = true, .in_time = true, .position = "0"};
    memcpy(t.upto, upto, sizeof t.upto);
    return t;
}

static void take_line(struct taken *t, struct str line)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct event e;
    if (event_read_head(line, &e, &arena) != ERR_OK)
        bail_out("that is no event: %.*s", (int)line.n, line.p);
    uint64_t *upto = &t->upto[shard_of(e.subject, SHARDS)];
    if (t->good && e.seq != *upto + 1)
        diag("event %" PRIu64 " of %.*s behind %" PRIu64, e.seq, (int)e.subject.n, e.subject.p, *upto);
    t->good &= e.seq == *upto + 1;
    t->in_time &= e.time >= t->last;
    t->last = e.time;
    *upto = e.seq;
    t->n++;
    event_arena_done(&arena);
}

static uint64_t total(const uint64_t v[SHARDS])
{
    uint64_t n = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        n += v[i];
    return n;
}

static bool has_all(const struct taken *t)
{
    return t->good && memcmp(t->upto, logs.ends, sizeof t->upto) == 0;
}

static const char *text_of(const uint64_t v[SHARDS])
{
    static char text[TEXT];
    struct position p;
    struct buf b = BUF_INIT;
    position_init(&p, SHARDS);
    memcpy(p.v, v, SHARDS * sizeof *v);
    position_write(&p, &b);
    snprintf(text, sizeof text, "%.*s", (int)b.n, b.p);
    position_done(&p);
    buf_done(&b);
    return text;
}

/* --- lines --- */

static void get(unsigned at, const char *format, ...)
{
    char target[TEXT + 128];
    va_list args;
    va_start(args, format);
    vsnprintf(target, sizeof target, format, args);
    va_end(args);
    request_once(daemons[at].path, "GET", target, NULL, STR_NONE, &r);
}

static const char *position(void)
{
    const char *p = reply_header(&r, "Lifecertd-Position");
    return p ? p : "";
}

static void take_answer(struct taken *t)
{
    const char *p = r.body.p;
    for (const char *end; r.status == 200 && p && (end = strchr(p, '\n')); p = end + 1)
        take_line(t, (struct str){p, (size_t)(end - p)});
    snprintf(t->position, sizeof t->position, "%s", position());
}

/* Pages through what there is, at one daemon after the other. */
static void page_through(struct taken *t, unsigned limit, const char *more)
{
    uint64_t before;
    unsigned at = 0;
    do {
        before = t->n;
        get(at++ % 2, "/v1/events?limit=%u%s&after=%s", limit, more, t->position);
        take_answer(t);
    } while (t->n > before && r.status == 200);
}

static void an_empty_log(void)
{
    static const uint64_t none[SHARDS];
    get(0, "/v1/events");
    ok(r.status == 200 && r.body.n == 0, "logs without events have no lines");
    is_str(position(), text_of(none), "and were looked at up to their beginnings");
}

static void pages(void)
{
    static const uint64_t none[SHARDS];
    struct taken t = taken_from(none), pages = taken_from(none);
    for (unsigned i = 0; i < 10 * SHARDS; i++)
        shard_logs_add(&logs, i % SHARDS, 1 + i % 7, i % 2 ? EV_GRACE : EV_LAPSED, TIME + 100 * i);
    get(0, "/v1/events?limit=10000");
    take_answer(&t);
    ok(has_all(&t), "all of it comes, each shard's in its order");
    is_str(position(), text_of(logs.ends), "and the position is behind it");
    page_through(&pages, 7, "");
    ok(has_all(&pages), "page by page, at one daemon and at the other, every event comes once");
    get(1, "/v1/events?after=%s", position());
    ok(r.status == 200 && r.body.n == 0, "after which there is nothing");
    get(1, "/v1/events?type=certification.lapsed&limit=10000");
    is_str(position(), text_of(logs.ends), "lines of one type: all was looked at");
}

/* Written in an order that is not that of their times, before anybody reads. */
static void in_order_of_time(void)
{
    static const uint64_t none[SHARDS];
    struct taken t = taken_from(none);
    struct http_options o = shard_logs_options(&logs);
    struct server fresh = server_new_with(&o);
    request_once(fresh.path, "GET", "/v1/events?limit=10000", NULL, STR_NONE, &r);
    take_answer(&t);
    ok(has_all(&t) && t.in_time, "what is far back comes in order of time");
    server_free(&fresh);
}

static const struct {
    const char *target, *says;
} faults[] = {
    {"?after=7", "after is no position in this log"},
    {"?after=", "after is no position in this log"},
    {"?after=sAgEB", "after is no position in this log"}, /* of two shards */
    {"?limit=0", "limit"},
    {"?back=-1", "back"},
    {"?subject=", "subject"},
};

static void wrong(void)
{
    uint64_t beyond[SHARDS];
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        get(i % 2, "/v1/events%s", faults[i].target);
        ok(r.status == 400 && strstr(r.body.p, faults[i].says), "%s is refused", faults[i].target);
    }
    memcpy(beyond, logs.ends, sizeof beyond);
    beyond[3]++;
    get(0, "/v1/events?after=%s", text_of(beyond));
    ok(r.status == 400 && strstr(r.body.p, "beyond the end of the log"), "one that is beyond one shard's end, too");
    shard_logs_add(&logs, 3, 1, EV_GRACE, TIME + 5000);
    get(0, "/v1/events?after=%s", text_of(beyond));
    ok(r.status == 200 && r.body.n == 0, "until it is none: what another daemon has committed is seen at once");
}

static void one_person(void)
{
    char id[16];
    uint64_t n = 0;
    snprintf(id, sizeof id, "%s", shard_person(2, 1));
    get(0, "/v1/events?subject=%s&limit=10000", id);
    for (const char *p = r.body.p; (p = strstr(p, "\"subject\":")); p++)
        n += strncmp(p + 11, id, strlen(id)) == 0;
    ok(r.status == 200 && n == (logs.ends[2] + 1) / 3 && n > 5, "one person's events (%" PRIu64 ")", n);
    is_str(position(), text_of(logs.ends), "and all was looked at");
    get(1, "/v1/events?subject=%s&limit=4", id);
    char second[TEXT];
    snprintf(second, sizeof second, "%s", position());
    get(0, "/v1/events?subject=%s&limit=10000&after=%s", id, second);
    uint64_t rest = 0;
    for (const char *p = r.body.p; (p = strchr(p, '\n')); p++)
        rest++;
    is_int(rest, n - 4, "the first four, and at the other daemon the rest");
    get(0, "/v1/events?subject=nobody");
    is_int(r.status, 404, "a stranger is not found");
}

static void the_latest(void)
{
    struct taken t = taken_from(logs.ends);
    get(0, "/v1/events?back=10");
    for (unsigned i = 0; i < SHARDS; i++)
        t.upto[i] -= 2;
    take_answer(&t);
    ok(has_all(&t) && t.n == 10, "the last ten are the last two of each");
    get(0, "/v1/events?back=5&after=%s", text_of(logs.ends));
    t = taken_from(logs.ends);
    for (unsigned i = 0; i < SHARDS; i++)
        t.upto[i]--;
    take_answer(&t);
    ok(has_all(&t) && t.n == SHARDS, "also those before a position");
}

/* --- waiting --- */

static struct client *ask(unsigned at, const char *target, const char *headers)
{
    struct client *c = client_new(daemons[at].path);
    struct buf b = BUF_INIT;
    buf_printf(&b, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n", target, headers);
    client_send(c, b.p, b.n);
    buf_done(&b);
    return c;
}

static bool any_waits;

static void look_for_waiting(void *arg)
{
    const struct server *s = arg;
    any_waits = s->http->events_polls != NULL;
}

static void await_waiting(struct server *s)
{
    do
        server_do(s, look_for_waiting, s);
    while (!any_waits);
}

static void waits(void)
{
    struct taken t = taken_from(logs.ends);
    char target[TEXT + 64];
    snprintf(target, sizeof target, "/v1/events?wait=60&after=%s", text_of(logs.ends));
    struct client *c = ask(1, target, "");
    await_waiting(&daemons[1]);
    shard_logs_add(&logs, 4, 1, EV_GRACE, TIME + 6000);
    client_read(c, &r);
    take_answer(&t);
    ok(has_all(&t) && t.n == 1, "who waits gets what somebody else commits, without being nudged");
    client_free(c);
}

/* --- streams --- */

struct reader {
    struct client *c;
    struct reply head;
    struct buf text;
    size_t at;
    char id[TEXT];
};

static void reader_open(struct reader *o, unsigned at, const char *target, const char *last_id)
{
    struct buf headers = BUF_INIT;
    *o = (struct reader){.c = NULL};
    buf_adds(&headers, "Accept: text/event-stream\r\n");
    if (last_id)
        buf_printf(&headers, "Last-Event-ID: %s\r\n", last_id);
    buf_addc(&headers, '\0');
    o->c = ask(at, target, headers.p);
    buf_done(&headers);
}

static void reader_close(struct reader *o)
{
    client_free(o->c);
    reply_done(&o->head);
    buf_done(&o->text);
}

/* One more event, its id noted; other blocks are passed over. */
static void reader_take(struct reader *o, struct taken *t)
{
    for (;;) {
        char *end;
        if (!o->head.status)
            client_read_head(o->c, &o->head);
        while (!o->text.n || !(end = strstr(o->text.p + o->at, "\n\n"))) {
            o->text.n -= o->at;
            if (o->text.n)
                memmove(o->text.p, o->text.p + o->at, o->text.n);
            o->at = 0;
            if (!client_read_chunk(o->c, &o->text))
                bail_out("the stream has ended");
        }
        const char *block = o->text.p + o->at, *data = strstr(block, "\ndata: ");
        o->at = (size_t)(end + 2 - o->text.p);
        if (strncmp(block, "id: ", 4) != 0 || !data || data > end)
            continue;
        snprintf(o->id, sizeof o->id, "%.*s", (int)strcspn(block + 4, "\n"), block + 4);
        take_line(t, (struct str){data + 7, (size_t)(end - data - 7)});
        return;
    }
}

static void reader_take_n(struct reader *o, struct taken *t, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        reader_take(o, t);
}

static void two_places(void)
{
    static const uint64_t none[SHARDS];
    struct taken old = taken_from(none), new = taken_from(logs.ends);
    struct reader behind, ahead;
    uint64_t before = total(logs.ends);
    reader_open(&ahead, 0, "/v1/events", text_of(logs.ends));
    reader_open(&behind, 0, "/v1/events", NULL);
    reader_take(&behind, &old);
    for (unsigned i = 0; i < 3 * SHARDS; i++)
        shard_logs_add(&logs, i % SHARDS, 3, EV_GRACE, TIME + 7000 + 10 * i);
    reader_take_n(&ahead, &new, 9 * SHARDS);
    ok(has_all(&new), "one reads along at the end");
    reader_take_n(&behind, &old, before + 9 * SHARDS - 1);
    ok(has_all(&old), "another comes from the beginning, and goes on");
    is_str(ahead.id, text_of(logs.ends), "the last id is the end of all");
    is_str(behind.id, ahead.id, "for both");
    reader_close(&ahead);
    reader_close(&behind);
}

/* Breaks off anywhere, and goes on at the other daemon, which may be behind the first. */
static void resumed(void)
{
    static const uint64_t none[SHARDS];
    struct rng g = rng_seed(6);
    struct taken t = taken_from(none);
    struct reader o;
    char id[TEXT] = "0";
    for (unsigned i = 0; t.n < total(logs.ends); i++) {
        uint64_t left = total(logs.ends) - t.n, n = 1 + rng_below(&g, 25);
        reader_open(&o, i % 2, "/v1/events", id);
        reader_take_n(&o, &t, n < left ? n : left);
        snprintf(id, sizeof id, "%s", o.id);
        reader_close(&o);
        if (i < 20)
            shard_logs_add(&logs, (unsigned)rng_below(&g, SHARDS), 2, EV_GRACE, TIME + 8000 + 10 * i);
    }
    ok(has_all(&t), "who breaks off and goes on at another daemon gets exactly the rest, each time");
    is_str(id, text_of(logs.ends), "up to the end");
}

/* --- Redis stands still --- */

#define HALT_MS 2000

static void halted(void)
{
    struct taken t = taken_from(logs.ends), polled = t;
    struct reader o;
    char target[TEXT + 64];
    reader_open(&o, 0, "/v1/events", text_of(logs.ends));
    client_read_head(o.c, &o.head);
    client_read_chunk(o.c, &o.text); /* "retry:" */
    redis_server_halt(&logs.redis);
    snprintf(target, sizeof target, "/v1/events?after=%s", text_of(logs.ends));
    struct client *c = ask(0, target, "");
    int64_t until = clock_monotonic_ns() + HALT_MS * INT64_C(1000000), slowest = 0;
    while (clock_monotonic_ns() < until) {
        int64_t began = clock_monotonic_ns();
        get(0, "/healthz");
        if (clock_monotonic_ns() - began > slowest)
            slowest = clock_monotonic_ns() - began;
        poll(NULL, 0, 20);
    }
    ok(r.status == 200 && slowest < INT64_C(1000000000), "while Redis stands still the loop goes on (%" PRId64 " ms)",
       slowest / 1000000);
    ok(!client_has_more(c) && !client_has_more(o.c), "readers wait");
    redis_server_go_on(&logs.redis);
    client_read(c, &r);
    take_answer(&polled);
    ok(r.status == 200 && polled.good, "who asked meanwhile is answered then");
    for (unsigned i = 0; i < SHARDS; i++)
        shard_logs_add(&logs, i, 2, EV_GRACE, TIME + 20000);
    reader_take_n(&o, &t, 2 * SHARDS);
    ok(has_all(&t), "and who was reading gets what comes next");
    client_free(c);
    reader_close(&o);
}

/* --- nothing there --- */

static void look_for_exchange(void *arg)
{
    const struct server *s = arg;
    any_waits = s->http->exchanges != NULL;
}

/* The daemon has a request that is not answered. */
static void await_asked(struct server *s)
{
    do
        server_do(s, look_for_exchange, s);
    while (!any_waits);
}

/* What cannot be had now is tried again, until it is there. */
static void not_yet(void)
{
    struct shard_logs late = {.redis = logs.redis, .set = logs.set};
    struct errmsg msg;
    char uri[SHARD_URI_MAX];
    snprintf(late.uri, sizeof late.uri, "redis://127.0.0.1:%d/late", logs.redis.port);
    struct http_options o = shard_logs_options(&late);
    struct server d = server_new_with(&o), kept = daemons[0];
    daemons[0] = d;
    struct client *c = ask(0, "/v1/events", "");
    await_asked(&d);
    for (unsigned i = 0; i < SHARDS; i++) {
        shard_uri(late.uri, i, uri);
        if (store_open(uri, STORE_INIT, &late.options, &late.stores[i], NULL, &msg) != ERR_OK)
            bail_out("%s", msg.text);
    }
    client_read(c, &r);
    ok(r.status == 200 && r.body.n == 0, "logs that are not there yet are waited for");
    client_free(c);
    c = ask(0, "/v1/events?wait=60", "");
    await_waiting(&d);
    server_free(&d);
    client_read(c, &r);
    is_int(r.status, 0, "a daemon may be stopped with readers");
    client_free(c);
    daemons[0] = kept;
    for (unsigned i = 0; i < SHARDS; i++)
        store_close(late.stores[i]);
}

/* --- more than the tail holds --- */

#define MUCH 16000 /* of each shard: 80,000 lines, and the tail has 65,536 */

static void a_long_way(void)
{
    struct taken near = taken_from(logs.ends), far = near, paged = near;
    struct reader a, b;
    uint64_t n = MUCH * SHARDS;
    char id[TEXT];
    snprintf(id, sizeof id, "%s", text_of(logs.ends));
    snprintf(paged.position, sizeof paged.position, "%s", id);
    reader_open(&a, 0, "/v1/events", id);
    reader_open(&b, 1, "/v1/events", id); /* takes nothing until all is there */
    client_read_head(b.c, &b.head);
    for (unsigned i = 0; i < SHARDS; i++)
        shard_logs_add(&logs, i, MUCH, EV_GRACE, TIME + 30000);
    reader_take_n(&a, &near, n);
    ok(has_all(&near), "who reads along gets all of what is written much faster");
    reader_take_n(&b, &far, n);
    ok(has_all(&far), "and who was left far behind");
    is_str(b.id, a.id, "up to the same place");
    page_through(&paged, 10000, "");
    ok(has_all(&paged), "pages, too");
    reader_close(&a);
    reader_close(&b);
}

/* --- a log that was meddled with --- */

static void damaged(void)
{
    uint64_t old[SHARDS];
    memcpy(old, logs.ends, sizeof old);
    old[1] -= MUCH;
    redisContext *c = redisConnect("127.0.0.1", logs.redis.port);
    redisReply *reply = redisCommand(c, "XDEL {feed/1}:log %llu-0", (unsigned long long)old[1] + 2);
    ok(reply && reply->integer == 1, "an event is taken out of a shard's log");
    freeReplyObject(reply);
    redisFree(c);
    struct http_options o = shard_logs_options(&logs);
    struct server d = server_new_with(&o), kept = daemons[0];
    daemons[0] = d;
    get(0, "/v1/events?after=%s", text_of(old));
    is_int(r.status, 500, "who would read it is told that it cannot be read");
    get(0, "/v1/events?after=%s", text_of(logs.ends));
    is_int(r.status, 200, "who reads elsewhere goes on");
    daemons[0] = kept;
    server_free(&d);
}

int main(void)
{
    plan(0);
    shard_logs_start(&logs);
    struct http_options o = shard_logs_options(&logs);
    daemons[0] = server_new_with(&o);
    daemons[1] = server_new_with(&o);
    an_empty_log();
    pages();
    in_order_of_time();
    wrong();
    one_person();
    the_latest();
    waits();
    two_places();
    resumed();
    halted();
    not_yet();
    a_long_way();
    damaged();
    server_free(&daemons[0]);
    server_free(&daemons[1]);
    reply_done(&r);
    shard_logs_stop(&logs);
    return tap_end();
}
