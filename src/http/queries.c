/* What is asked of the engine and answered as it stands: GET under /v1, and the probes. */
#include "http/ask.h"
#include "http/routes.h"
#include "http/status_stream.h"

static bool prepare_show(struct exchange *x, struct ask *a)
{
    a->request.kind = REQUEST_SHOW;
    a->request.id = x->match.captures[0];
    return true;
}

static bool prepare_story(struct exchange *x, struct ask *a)
{
    a->request.kind = REQUEST_STORY;
    a->request.id = x->match.captures[0];
    return true;
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

/* A date argument; not there: DATE_NONE. */
static bool date_argument(struct exchange *x, const char *name, lc_date *out)
{
    struct buf value = BUF_INIT;
    int there = exchange_argument(x, name, &value);
    bool good = there == 0 || (there > 0 && date_parse(value.p, value.n, out));
    if (there > 0 && !good)
        exchange_problem(x, 400, name, "argument \"%s\" is not a date (expected 2026-06-30)", name);
    buf_done(&value);
    return good;
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

/* Nobody can ask before the engine has recovered: the sockets are opened after it. */
static void answer_ready(struct exchange *x)
{
    if (x->http->draining)
        exchange_problem(x, 503, NULL, "the daemon is stopping");
    else
        answer_health(x);
}

const struct handler show_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_show};
const struct handler story_handler = {ASK_HANDLER, .type = NDJSON, .prepare = prepare_story};
const struct handler due_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_due};
const struct handler status_handler = {ASK_HANDLER, .type = JSON, .begin = begin_status, .prepare = prepare_status};
const struct handler holds_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_holds};
const struct handler health_handler = {.end = answer_health};
const struct handler ready_handler = {.end = answer_ready};
