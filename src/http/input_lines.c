/* POST /v1/inputs, application/x-ndjson: lines are parsed as they arrive, into groups that go to the engine while the
 * next ones are read. What came of them is kept, compactly (results.h), until the body has ended, and then sent in
 * order.
 *
 * Bounds: 32 groups in flight, then the upload is not read on; max_lines results; one unfinished line. */
#include "http/input_lines.h"

#include <inttypes.h>
#include <stdlib.h>

#include "codec/input_json.h"
#include "http/groups.h"
#include "http/language.h"
#include "http/results.h"
#include "http/routes.h"
#include "http/server/lines.h"
#include "http/server/streams.h"

#define IN_FLIGHT_MAX 32 /* groups of one body */
#define SEND_BYTES (32 * 1024)

/* Held by its exchange, by every group in flight, by the wait for room and by the response: a client may go away at any
 * time, and the groups under way go on. */
struct lines_body {
    struct completion room; /* the first member */
    unsigned refs;
    struct http *http;
    struct exchange *x; /* NULL: over */
    struct intake who;
    struct line_reader reader;
    struct body_stream *stream;
    struct group *first, **last; /* in order of their lines: done, in flight, to be submitted */
    struct group *unsubmitted;   /* the first whom the engine had no room for */
    struct group *open;          /* not yet among them: takes the next line */
    unsigned n_groups;
    uint64_t n_lines, max_lines; /* that have or will have a result */
    bool waiting;                /* for room */
    bool complete;               /* the upload has ended */
    bool last_taken;             /* and its last line has been taken */
    struct result_log results;
    struct buf out; /* being sent */
    size_t sent;
    bool answered;
    bool counted; /* the last line of the answer, {"lines":n}, is in out */
    struct lines_body *next, **link;
};

static void body_free(struct lines_body *b)
{
    *b->link = b->next;
    if (b->next)
        b->next->link = b->link;
    for (struct group *g = b->first, *next; g; g = next) {
        next = g->next;
        group_put(b->http->groups, g);
    }
    if (b->open)
        group_put(b->http->groups, b->open);
    streams_leave(b->stream);
    intake_done(&b->who);
    line_reader_done(&b->reader);
    result_log_done(&b->results);
    buf_done(&b->out);
    free(b);
}

static void body_unref(struct lines_body *b)
{
    if (--b->refs == 0)
        body_free(b);
}

void lines_free_all(struct http *h)
{
    while (h->bodies)
        body_free(h->bodies);
}

/* --- the answer --- */

static ssize_t read_results(void *arg, uint64_t at, char *to, size_t max)
{
    struct lines_body *b = arg;
    (void)at;
    if (b->sent == b->out.n) {
        b->sent = 0;
        buf_clear(&b->out);
        if (!result_log_drain(&b->results, &b->out, SEND_BYTES)) {
            if (b->counted)
                return MHD_CONTENT_READER_END_OF_STREAM;
            b->counted = true;
            buf_printf(&b->out, "{\"lines\":%" PRIu64 "}\n", b->results.n);
        }
    }
    size_t n = b->out.n - b->sent < max ? b->out.n - b->sent : max;
    memcpy(to, b->out.p + b->sent, n);
    b->sent += n;
    return (ssize_t)n;
}

static void release(void *arg)
{
    body_unref(arg);
}

/* Everything has its result. */
static void answer(struct lines_body *b)
{
    struct body_stream *stream = b->stream;
    b->stream = NULL;
    streams_leave(stream);
    if (!b->x)
        return;
    b->refs++;
    exchange_answer_from(b->x, 200, NDJSON, read_results, b, release);
}

/* --- groups --- */

static void room_again(struct completion *c);
static void group_done(struct completion *c);

static void wait_for_room(struct lines_body *b)
{
    if (b->waiting)
        return;
    b->waiting = true;
    b->refs++;
    b->room.run = room_again;
    http_wait_for_room(b->http, &b->room);
}

/* The results of the groups that are done, as far as none before them is still in flight. */
static void collect(struct lines_body *b)
{
    while (b->first && b->first->finished) {
        struct group *g = b->first;
        b->first = g->next;
        if (!b->first)
            b->last = &b->first;
        b->n_groups--;
        group_collect(g, &b->results);
        group_put(b->http->groups, g);
    }
}

/* Hands over what can be handed over. */
static void submit(struct lines_body *b)
{
    for (; b->unsubmitted; b->unsubmitted = b->unsubmitted->next) {
        struct group *g = b->unsubmitted;
        g->finished = g->request.n_inputs == 0; /* faults alone */
        if (g->finished)
            continue;
        if (!http_submit(b->http, &g->request, &g->done)) {
            wait_for_room(b);
            return;
        }
        b->refs++;
    }
    collect(b);
}

static void close_group(struct lines_body *b)
{
    struct group *g = b->open;
    if (!g)
        return;
    b->open = NULL;
    g->done.run = group_done;
    g->owner = b;
    g->request.stream = stream_for_engine(b->stream);
    *b->last = g;
    b->last = &g->next;
    b->n_groups++;
    if (!b->unsubmitted)
        b->unsubmitted = g;
    submit(b);
}

/* The group for the next line; NULL: there is no room now. */
static struct group *open_group(struct lines_body *b)
{
    if (!b->open && b->n_groups < IN_FLIGHT_MAX && !b->unsubmitted)
        b->open = group_get(b->http->groups);
    return b->open;
}

static void take_line(struct lines_body *b, enum line_kind kind, struct str line)
{
    if (kind == LINE_NONE)
        return;
    if (b->n_lines++ >= b->max_lines)
        group_add_fault(b->open, b->reader.number, "too-many-lines", "",
                        "this body has more lines than max_lines allows; nothing from this line on was read");
    else if (kind == LINE_TOO_LONG)
        group_add_fault(b->open, b->reader.number, "malformed", "", "the line is longer than 65536 bytes");
    else
        group_add_line(b->open, b->http->parser, line, b->reader.number, &b->who);
}

/* After the upload: the line without a newline, and the answer when nothing is in flight any more. */
static void end(struct lines_body *b)
{
    struct str line;
    if (!b->last_taken && !open_group(b)) {
        wait_for_room(b);
        return;
    }
    if (!b->last_taken) {
        b->last_taken = true;
        take_line(b, line_last(&b->reader, &line), line);
        close_group(b);
    }
    if (!b->first && !b->answered) {
        b->answered = true;
        answer(b);
    }
}

static void group_done(struct completion *c)
{
    struct group *g = (struct group *)c;
    struct lines_body *b = g->owner;
    g->finished = true;
    collect(b);
    if (!b->first)
        close_group(b); /* else it would wait for lines that come slowly */
    if (b->complete)
        end(b);
    body_unref(b);
}

static void room_again(struct completion *c)
{
    struct lines_body *b = (struct lines_body *)c;
    b->waiting = false;
    submit(b);
    if (b->complete)
        end(b);
    else if (!open_group(b))
        wait_for_room(b);
    else if (b->x)
        exchange_go_on(b->x);
    body_unref(b);
}

/* --- the exchange --- */

static void on_begin(struct exchange *x)
{
    struct http *h = x->http;
    struct body_stream *stream;
    struct intake who;
    if (!intake_begin(x, &who))
        return;
    if (!streams_join(x, &stream)) {
        intake_done(&who);
        return;
    }
    struct lines_body *b = mem_zalloc(1, sizeof *b);
    b->who = who;
    b->results.language = language_of(exchange_header(x, MHD_HTTP_HEADER_ACCEPT_LANGUAGE));
    b->refs = 1;
    b->http = h;
    b->x = x;
    b->stream = stream;
    b->max_lines = h->options.max_lines;
    b->last = &b->first;
    line_reader_init(&b->reader, INPUT_LINE_MAX);
    b->next = h->bodies;
    b->link = &h->bodies;
    if (b->next)
        b->next->link = &b->next;
    h->bodies = b;
    x->state = b;
}

static size_t on_data(struct exchange *x, const char *p, size_t n)
{
    struct lines_body *b = x->state;
    const char *at = p, *stop = p + n;
    struct str line;
    while (at < stop && b->n_lines <= b->max_lines) {
        if (!open_group(b)) {
            wait_for_room(b);
            return (size_t)(at - p);
        }
        enum line_kind kind = line_next(&b->reader, &at, stop, &line);
        take_line(b, kind, line);
        if (group_full(b->open))
            close_group(b);
    }
    x->discarded += (size_t)(stop - at); /* too many lines */
    if (!b->first)
        close_group(b);
    return n;
}

static void on_end(struct exchange *x)
{
    struct lines_body *b = x->state;
    b->complete = true;
    end(b);
}

static void on_close(struct exchange *x)
{
    struct lines_body *b = x->state;
    if (!b)
        return;
    b->x = NULL;
    body_unref(b);
}

const struct handler input_lines_handler = {
    .begin = on_begin,
    .data = on_data,
    .end = on_end,
    .close = on_close,
};
