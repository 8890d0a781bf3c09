/* What is asked of the engine and answered as it stands: GET under /v1, and the probes. */
#include "codec/event_parts.h"
#include "http/ask.h"
#include "http/number.h"
#include "http/routes.h"
#include "http/status_stream.h"

#include <inttypes.h>
#include <stdio.h>

/* A date, or an instant as RFC 3339 has it: in a query the library makes a blank of a plus sign that nobody escaped. */
static bool read_as_of(struct buf *value, struct as_of *out)
{
    int32_t offset;
    for (size_t i = 0; i < value->n; i++)
        if (value->p[i] == ' ')
            value->p[i] = '+';
    out->given = true;
    return date_parse(value->p, value->n, &out->day) || instant_parse(value->p, value->n, &out->at, &offset);
}

/* Not there: now. */
static bool as_of_argument(struct exchange *x, struct as_of *out)
{
    struct buf value = BUF_INIT;
    int there = exchange_argument(x, "as_of", &value);
    bool good = there == 0 || (there > 0 && read_as_of(&value, out));
    if (there > 0 && !good)
        exchange_problem(x, 400, "as_of",
                         "argument \"as_of\" is neither a date (2026-06-30) nor a time (2026-06-30T09:00:00+08:00)");
    buf_done(&value);
    return good;
}

static bool prepare_show(struct exchange *x, struct ask *a)
{
    a->request.kind = REQUEST_SHOW;
    a->request.id = x->match.captures[0];
    return as_of_argument(x, &a->request.as_of);
}

static bool prepare_story(struct exchange *x, struct ask *a)
{
    a->request.kind = REQUEST_STORY;
    a->request.id = x->match.captures[0];
    return as_of_argument(x, &a->request.as_of);
}

/* Where older events were archived, the first one there names the one before it. */
static uint64_t oldest_names(struct str lines)
{
    const char *end = lines.n ? memchr(lines.p, '\n', lines.n) : NULL;
    struct buf text = BUF_INIT;
    struct event_parts first = {.prev = 0};
    if (!end || !event_parts((struct str){lines.p, (size_t)(end - lines.p)}, &text, &first))
        first.prev = 0;
    buf_done(&text);
    return first.prev;
}

static void answer_story(struct exchange *x, struct ask *a)
{
    char number[24];
    uint64_t archived = oldest_names(buf_str(&a->request.body));
    if (ask_answer_error(x, a))
        return;
    exchange_answer_line(x, NDJSON, &a->request.body);
    if (!archived)
        return;
    snprintf(number, sizeof number, "%" PRIu64, archived);
    exchange_add_header(x, "Lifecertd-Archived", number);
}

static bool prepare_status(struct exchange *x, struct ask *a)
{
    (void)x;
    a->request.kind = REQUEST_STATUS;
    return true;
}

static void begin_status(struct exchange *x)
{
    if (status_stream_is_asked(x))
        x->handler = &status_stream_handler;
}

static bool prepare_holds(struct exchange *x, struct ask *a)
{
    (void)x;
    a->request.kind = REQUEST_HOLDS;
    return true;
}

static bool by_argument(struct exchange *x, bool *by_month)
{
    struct buf value = BUF_INIT;
    int there = exchange_argument(x, "by", &value);
    bool month = there > 0 && str_is(buf_str(&value), "month");
    bool good = there == 0 || month || (there > 0 && str_is(buf_str(&value), "day"));
    if (there > 0 && !good)
        exchange_problem(x, 400, "by", "argument \"by\" must be day or month");
    *by_month = month;
    buf_done(&value);
    return good;
}

static bool prepare_due(struct exchange *x, struct ask *a)
{
    struct request *r = &a->request;
    r->kind = REQUEST_DUE;
    return date_argument(x, "from", &r->from) && date_argument(x, "to", &r->to) && by_argument(x, &r->by_month);
}

static void answer_health(struct exchange *x)
{
    struct buf body = BUF_INIT;
    buf_adds(&body, "ok\n");
    exchange_answer(x, 200, "text/plain", &body);
}

/* Nobody can ask before one engine has recovered: the sockets are opened after it. Shards may come and go later. */
static void answer_ready(struct exchange *x)
{
    const struct http_engine *e = &x->http->options.engine;
    if (x->http->draining)
        exchange_problem(x, 503, NULL, "the daemon is stopping");
    else if (e->ready && !e->ready(e->arg))
        exchange_problem(x, 503, NULL, "this daemon does not serve its shards yet");
    else
        answer_health(x);
}

const struct handler show_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_show};
const struct handler story_handler = {ASK_HANDLER, .prepare = prepare_story, .answer = answer_story};
const struct handler due_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_due};
const struct handler status_handler = {ASK_HANDLER, .type = JSON, .begin = begin_status, .prepare = prepare_status};
const struct handler holds_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_holds};
const struct handler health_handler = {.end = answer_health};
const struct handler ready_handler = {.end = answer_ready};
