/* GET /v1/events: reads what is asked for, and hands it to the form that the client wants. One person's events are the
 * engine's to tell (a walk along prev), and only what comes after that is looked for in the log. */
#include "http/events.h"

#include "codec/event_json.h"
#include "http/accept.h"
#include "http/ask.h"
#include "http/event_filter.h"
#include "http/event_stream.h"
#include "http/number.h"
#include "http/routes.h"

#include <inttypes.h>
#include <stdio.h>

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 10000
#define WAIT_MAX 300

/* --- what is asked for --- */

static bool types_argument(struct exchange *x, uint64_t *types)
{
    struct buf text = BUF_INIT;
    struct str bad;
    int there = exchange_argument(x, "type", &text);
    if (there > 0)
        *types = event_types_matching(buf_str(&text), &bad);
    if (there > 0 && !*types)
        exchange_problem(x, 400, "type", "argument \"type\": \"%.*s\" matches no type of event; \"benefit.*\" would",
                         (int)bad.n, bad.p);
    buf_done(&text);
    return there >= 0 && *types;
}

/* Last-Event-ID is what a client that comes again says by itself. */
static bool read_position(struct exchange *x, struct events_query *q)
{
    const char *last = q->stream ? exchange_header(x, "Last-Event-ID") : NULL, *name = last ? "Last-Event-ID" : "after";
    if (!number_argument(x, "after", 0, INT64_MAX, &q->after))
        return false;
    if (last && last[0] && (!number_read(str_of(last), &q->after) || q->after > INT64_MAX)) {
        exchange_problem(x, 400, name, "Last-Event-ID is no position in the log");
        return false;
    }
    uint64_t end = feed_durable(x->http->feed);
    if (q->after <= end)
        return true;
    exchange_problem(
        x, 400, name,
        "%s lies beyond the end of the log: it is of another log, or the store was restored from a backup, "
        "and whoever had read further has to begin anew",
        name);
    return false;
}

static bool read_query(struct exchange *x, struct events_query *q)
{
    *q = (struct events_query){.limit = LIMIT_DEFAULT, .types = EVENT_TYPES_ALL};
    q->stream = accept_prefers(exchange_header(x, MHD_HTTP_HEADER_ACCEPT), EVENT_STREAM, NDJSON);
    if (read_position(x, q) && number_argument(x, "limit", 1, LIMIT_MAX, &q->limit) &&
        number_argument(x, "wait", 0, WAIT_MAX, &q->wait) && types_argument(x, &q->types) &&
        exchange_argument(x, "subject", &q->subject) >= 0)
        return true;
    buf_done(&q->subject);
    return false;
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

/* --- what was archived --- */

static uint64_t first_there(const struct exchange *x)
{
    struct store_info info;
    store_info(engine_store(x->http->options.engine), &info);
    return info.first;
}

bool events_gone(struct exchange *x, uint64_t after)
{
    const struct store *store = engine_store(x->http->options.engine);
    struct buf place = BUF_INIT;
    struct errmsg msg;
    bool gone = store_where(store, after + 1, &place, &msg) == ERR_ARCHIVED;
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

/* --- everybody's --- */

static void answer_log(struct exchange *x)
{
    struct events_query q;
    bool stream;
    if (!read_query(x, &q))
        return;
    if (q.after + 1 < first_there(x) && events_gone(x, q.after)) {
        buf_done(&q.subject);
        return;
    }
    struct feed_reader *r = begin(x, &q, &stream);
    go(r, stream, false);
}

/* --- one person's --- */

static bool prepare_story(struct exchange *x, struct ask *a)
{
    struct events_query q;
    if (!read_query(x, &q))
        return false;
    a->text = q.subject;
    a->durable = feed_durable(x->http->feed);
    a->request.kind = REQUEST_STORY;
    a->request.id = buf_str(&a->text);
    return true;
}

/* Offers the story's lines to the reader; true: it has enough. */
static bool offer_story(struct feed_reader *r, struct str lines, struct event_arena *arena)
{
    uint64_t after = r->at;
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
            r->at = head.seq;
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
    if ((a->request.err != ERR_ARCHIVED && ask_answer_error(x, a)) || !read_query(x, &q))
        return;
    if (q.after + 1 < first_there(x) && story_is_cut(buf_str(&a->request.body), q.after, &arena) &&
        events_gone(x, q.after)) {
        event_arena_done(&arena);
        buf_done(&q.subject);
        return;
    }
    struct buf story = a->request.body;
    uint64_t durable = a->durable;
    a->request.body = BUF_INIT;
    ask_close(x);
    x->state = NULL;
    struct feed_reader *r = begin(x, &q, &stream);
    bool enough = offer_story(r, buf_str(&story), &arena);
    if (!enough && r->at < durable)
        r->at = durable;
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

static void choose(struct exchange *x)
{
    struct buf subject = BUF_INIT;
    int there = exchange_argument(x, "subject", &subject);
    if (there == 0)
        x->handler = &events_log_handler;
    else if (there > 0 && subject.n)
        x->handler = &events_story_handler;
    else if (there > 0)
        exchange_problem(x, 400, "subject", "argument \"subject\" is empty");
    buf_done(&subject);
}

const struct handler events_handler = {.begin = choose};
