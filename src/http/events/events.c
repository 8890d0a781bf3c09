/* GET /v1/events: reads what is asked for, and hands it to the form that the client wants. One person's events are the
 * engine's to tell (a walk along prev), and only what comes after that is looked for in the log. */
#include "http/events/events.h"

#include "codec/event_json.h"
#include "codec/repeatable.h"
#include "http/ask.h"
#include "http/events/event_filter.h"
#include "http/events/event_stream.h"
#include "http/number.h"
#include "http/routes.h"
#include "http/server/accept.h"
#include "shards/set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BACK_MAX 1000000
#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 10000
#define WAIT_MAX 300

/* The first event that the log has; of shards, what they have moved out of Redis is read all the same. */
static uint64_t first_there(const struct exchange *x)
{
    struct store_info info = {.first = 1};
    if (!feed_shards(x->http->feed))
        store_info(x->http->options.engine.store, &info);
    return info.first;
}

/* --- what is asked for --- */

static void refuse_type(struct exchange *x, struct str bad)
{
    static const char words[] = "matches no type of event; \"benefit.*\" would";
    if (repeatable(bad))
        exchange_problem(x, 400, "type", "argument \"type\": \"%.*s\" %s", (int)bad.n, bad.p, words);
    else
        exchange_problem(x, 400, "type", "argument \"type\": one of them %s", words);
}

static bool types_argument(struct exchange *x, uint64_t *types)
{
    struct buf text = BUF_INIT;
    struct str bad;
    int there = exchange_argument(x, "type", &text);
    if (there > 0)
        *types = event_types_matching(buf_str(&text), &bad);
    if (there > 0 && !*types)
        refuse_type(x, bad);
    buf_done(&text);
    return there >= 0 && *types;
}

/* Last-Event-ID is what a client that comes again says by itself. 1: there is one, 0: none, -1: malformed and
 * answered. */
static int position_text(struct exchange *x, bool stream, struct buf *out, const char **name)
{
    const char *last = stream ? exchange_header(x, "Last-Event-ID") : NULL;
    *name = last && last[0] ? "Last-Event-ID" : "after";
    if (!last || !last[0])
        return exchange_argument(x, "after", out);
    buf_adds(out, last);
    return 1;
}

/* Which shard that position is ahead of; n: none. */
static unsigned beyond(const struct feed *f, const struct position *p)
{
    unsigned i = 0;
    while (i < p->n && p->v[i] <= feed_durable(f, i))
        i++;
    return i;
}

static bool check_position(struct exchange *x, const struct position *p, const char *name)
{
    if (beyond(x->http->feed, p) == p->n)
        return true;
    exchange_problem(
        x, 400, name,
        "%s lies beyond the end of the log: it is of another log, or the store was restored from a backup, "
        "and whoever had read further has to begin anew",
        name);
    return false;
}

/* The last of them, as near as may be: each shard is taken to have its share of them. What was archived is not looked
 * for. */
static void go_back(struct position *p, uint64_t events, uint64_t first)
{
    uint64_t share = (events + p->n - 1) / p->n;
    for (unsigned i = 0; i < p->n; i++) {
        uint64_t most = p->v[i] < first ? 0 : p->v[i] - (first - 1);
        p->v[i] -= most < share ? most : share;
    }
}

static void go_to_end(const struct feed *f, struct position *p)
{
    for (unsigned i = 0; i < p->n; i++)
        p->v[i] = feed_durable(f, i);
}

static bool read_position(struct exchange *x, struct events_query *q)
{
    const struct feed *f = x->http->feed;
    struct buf text = BUF_INIT;
    const char *name;
    uint64_t back = 0;
    int there = position_text(x, q->stream, &text, &name);
    bool good = there >= 0 && (there == 0 || position_read(&q->after, buf_str(&text)));
    if (there > 0 && !good)
        exchange_problem(x, 400, name, "%s is no position in this log", name);
    buf_done(&text);
    if (!good || !check_position(x, &q->after, name) || !number_argument(x, "back", 0, BACK_MAX, &back))
        return false;
    if (back && there == 0)
        go_to_end(f, &q->after);
    if (strcmp(name, "after") == 0) /* who comes again wants what follows */
        go_back(&q->after, back, first_there(x));
    return true;
}

static void query_done(struct events_query *q)
{
    buf_done(&q->subject);
    position_done(&q->after);
}

static bool read_query(struct exchange *x, struct events_query *q)
{
    unsigned shards = feed_shards(x->http->feed);
    *q = (struct events_query){.limit = LIMIT_DEFAULT, .types = EVENT_TYPES_ALL};
    position_init(&q->after, shards ? shards : 1);
    q->stream = accept_prefers(exchange_header(x, MHD_HTTP_HEADER_ACCEPT), EVENT_STREAM, NDJSON);
    if (read_position(x, q) && number_argument(x, "limit", 1, LIMIT_MAX, &q->limit) &&
        number_argument(x, "wait", 0, WAIT_MAX, &q->wait) && types_argument(x, &q->types) &&
        exchange_argument(x, "subject", &q->subject) >= 0)
        return true;
    query_done(q);
    return false;
}

void events_begin_at(struct feed_reader *r, const struct feed *f, struct events_query *q)
{
    if (feed_shards(f)) {
        r->position = q->after;
        q->after = (struct position){0};
    } else {
        r->at = q->after.v[0];
        position_done(&q->after);
    }
}

static struct feed_reader *begin(struct exchange *x, struct events_query *q, bool *stream)
{
    *stream = q->stream;
    x->handler = q->stream ? &events_stream_handler : &events_lines_handler;
    return q->stream ? events_stream_begin(x, q) : events_lines_begin(x, q);
}

static void go(struct feed_reader *r, bool stream, bool enough)
{
    if (stream)
        events_stream_go(r, enough);
    else
        events_lines_go(r, enough);
}

/* --- what was archived, or cannot be read --- */

/* Whether the event behind that number was moved to an archive: then that is answered, with 410. */
static bool is_gone(struct exchange *x, uint64_t after)
{
    struct buf place = BUF_INIT;
    struct errmsg msg;
    bool gone = store_where(x->http->options.engine.store, after + 1, &place, &msg) == ERR_ARCHIVED;
    buf_done(&place);
    if (gone) {
        char position[24];
        uint64_t before = first_there(x) - 1; /* not above `after` when they were moved just now */
        snprintf(position, sizeof position, "%" PRIu64, before);
        exchange_problem(x, 410, "after", before > after ? "%s; the log begins behind position %s" : "%s", msg.text,
                         position);
        if (before > after)
            exchange_add_header(x, EVENTS_POSITION, position);
    }
    return gone;
}

/* Are events missing that would be among the answer? */
static bool is_cut(const struct exchange *x, const struct events_query *q)
{
    return q->after.v[0] + 1 < first_there(x);
}

void events_answer_fault(struct exchange *x, uint64_t after)
{
    const struct errmsg *msg;
    if (!feed_shards(x->http->feed)) {
        if (!is_gone(x, after)) /* while it was read */
            exchange_problem(x, 500, NULL, "the log cannot be read");
    } else if (feed_fault(x->http->feed, &msg) == ERR_ARCHIVED) {
        exchange_problem(x, 410, "after", "%s", msg->text);
    } else {
        exchange_problem(x, 500, NULL, "the log cannot be read");
    }
}

/* --- before the log is looked at --- */

/* What is durable now must be known, and over several shards that takes a moment. */
struct events_wait {
    struct feed_sync sync; /* the first member */
    struct exchange *x;
    const struct handler *then;
};

static void on_synced(struct feed_sync *s, bool reached)
{
    struct events_wait *w = (struct events_wait *)s;
    struct exchange *x = w->x;
    x->handler = w->then;
    x->state = NULL;
    free(w);
    if (reached) {
        x->handler->end(x);
    } else if (feed_failed(x->http->feed)) {
        events_answer_fault(x, 0);
    } else {
        exchange_problem(x, 503, NULL, "the log's end cannot be had now");
        exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
}

static void close_wait(struct exchange *x)
{
    struct events_wait *w = x->state;
    feed_sync_leave(&w->sync);
    free(w);
}

static const struct handler waiting_handler = {.close = close_wait};

static void wait_for_end(struct exchange *x, const struct handler *then)
{
    struct events_wait *w = mem_zalloc(1, sizeof *w);
    w->sync.done = on_synced;
    w->x = x;
    w->then = then;
    x->state = w;
    x->handler = &waiting_handler;
    feed_sync(x->http->feed, &w->sync);
}

/* --- everybody's --- */

static void answer_log(struct exchange *x)
{
    struct events_query q;
    bool stream;
    if (!read_query(x, &q))
        return;
    if (is_cut(x, &q) && is_gone(x, q.after.v[0])) {
        query_done(&q);
        return;
    }
    struct feed_reader *r = begin(x, &q, &stream);
    go(r, stream, false);
}

/* --- one person's --- */

/* A person's shard. */
static unsigned home_of(const struct exchange *x, struct str subject)
{
    unsigned shards = feed_shards(x->http->feed);
    return shards ? shard_of(subject, shards) : 0;
}

static bool prepare_story(struct exchange *x, struct ask *a)
{
    struct events_query q;
    if (!read_query(x, &q))
        return false;
    position_done(&q.after);
    a->text = q.subject;
    a->durable = feed_durable(x->http->feed, home_of(x, buf_str(&a->text)));
    a->request.kind = REQUEST_STORY;
    a->request.id = buf_str(&a->text);
    return true;
}

/* Offers the story's lines to the reader; true: it has enough. */
static bool offer_story(struct feed_reader *r, unsigned shard, struct str lines, struct event_arena *arena)
{
    uint64_t after = feed_at(r, shard);
    r->shard = shard;
    while (lines.n > 0) {
        const char *end = memchr(lines.p, '\n', lines.n);
        struct str line = {lines.p, end ? (size_t)(end - lines.p) : lines.n};
        size_t used = line.n + (end != NULL);
        struct event head;
        lines.p += used;
        lines.n -= used;
        if (event_read_head(line, &head, arena) != ERR_OK || head.seq <= after)
            continue;
        enum feed_take take = r->types >> head.type & 1 ? r->take(r, head.seq, head.type, line) : TAKE_ON;
        if (take != TAKE_NONE)
            feed_pass(r, shard, head.seq);
        if (take != TAKE_ON)
            return true;
    }
    return false;
}

/* Whether events of the story that are asked for were archived: then the oldest that is there names one before it, or
 * none is there. */
static bool story_is_cut(struct str lines, uint64_t after, struct event_arena *arena)
{
    const char *end = lines.n ? memchr(lines.p, '\n', lines.n) : NULL;
    struct event head;
    if (!end)
        return true;
    return event_read_head((struct str){lines.p, (size_t)(end - lines.p)}, &head, arena) == ERR_OK && head.prev > after;
}

/* All that was durable when the engine was asked is in the story, and perhaps more. */
static void answer_story(struct exchange *x, struct ask *a)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct events_query q;
    bool stream;
    bool passes = a->request.err == ERR_ARCHIVED && !feed_shards(x->http->feed);
    if ((!passes && ask_answer_error(x, a)) || !read_query(x, &q))
        return;
    if (is_cut(x, &q) && story_is_cut(buf_str(&a->request.body), q.after.v[0], &arena) && is_gone(x, q.after.v[0])) {
        event_arena_done(&arena);
        query_done(&q);
        return;
    }
    unsigned shard = home_of(x, buf_str(&q.subject));
    struct buf story = a->request.body;
    uint64_t durable = a->durable;
    a->request.body = BUF_INIT;
    ask_close(x);
    x->state = NULL;
    struct feed_reader *r = begin(x, &q, &stream);
    feed_confine(r, shard);
    bool enough = offer_story(r, shard, buf_str(&story), &arena);
    if (!enough)
        feed_pass(r, shard, durable);
    go(r, stream, enough);
    event_arena_done(&arena);
    buf_done(&story);
}

static const struct handler events_story_handler = {
    ASK_HANDLER,
    .type = NDJSON,
    .prepare = prepare_story,
    .answer = answer_story,
};
static const struct handler events_log_handler = {.end = answer_log};

/* --- */

static void begin_story(struct exchange *x)
{
    wait_for_end(x, &events_story_handler);
}

static void begin_log(struct exchange *x)
{
    wait_for_end(x, &events_log_handler);
}

static const struct handler story_wanted_handler = {.data = exchange_collect, .end = begin_story};
static const struct handler log_wanted_handler = {.end = begin_log};

static void choose(struct exchange *x)
{
    struct buf subject = BUF_INIT;
    int there = exchange_argument(x, "subject", &subject);
    if (there == 0)
        x->handler = &log_wanted_handler;
    else if (there > 0 && subject.n)
        x->handler = &story_wanted_handler;
    else if (there > 0)
        exchange_problem(x, 400, "subject", "argument \"subject\" is empty");
    buf_done(&subject);
}

const struct handler events_handler = {.begin = choose};
