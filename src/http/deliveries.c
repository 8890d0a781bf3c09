/* Deliveries that somebody may have to look at: GET /v1/deliveries, and POST to one to have it tried again or given
 * up. */
#include "http/number.h"
#include "http/operator.h"
#include "http/order.h"
#include "http/routes.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

#define STATES_DEFAULT (1u << DELIVERY_DEAD | 1u << DELIVERY_RETRY | 1u << DELIVERY_UNKNOWN)

/* --- the list --- */

struct question {
    struct buf endpoint;
    unsigned states;
    uint64_t after, limit;
};

static void refuse_states(struct exchange *x)
{
    struct buf words = BUF_INIT;
    for (int s = 0; s < DELIVERY_STATE_N; s++)
        buf_printf(&words, "%s%s", s ? ", " : "", delivery_state_text((enum delivery_state)s));
    exchange_problem(x, 400, "state", "argument \"state\" must be one or more of %.*s, with commas between",
                     (int)words.n, words.p);
    buf_done(&words);
}

/* "dead,retry" as a mask; 0: not all of it is known. */
static unsigned read_states(struct str text)
{
    unsigned states = 0;
    for (size_t from = 0; from <= text.n;) {
        const char *comma = memchr(text.p + from, ',', text.n - from);
        size_t to = comma ? (size_t)(comma - text.p) : text.n;
        enum delivery_state state;
        if (!delivery_state_parse((struct str){text.p + from, to - from}, &state))
            return 0;
        states |= 1u << state;
        from = to + 1;
    }
    return states;
}

static bool states_argument(struct exchange *x, unsigned *out)
{
    struct buf text = BUF_INIT;
    int there = exchange_argument(x, "state", &text);
    if (there > 0)
        *out = text.n ? read_states(buf_str(&text)) : 0;
    if (there > 0 && !*out)
        refuse_states(x);
    buf_done(&text);
    return there >= 0 && *out;
}

static bool read_question(struct exchange *x, struct question *q)
{
    if (exchange_argument(x, "endpoint", &q->endpoint) < 0 || !states_argument(x, &q->states) ||
        !number_argument(x, "after", 0, INT64_MAX, &q->after) ||
        !number_argument(x, "limit", 1, LIMIT_MAX, &q->limit))
        return false;
    if (!q->after || q->endpoint.n)
        return true;
    exchange_problem(x, 400, "after", "argument \"after\" needs an \"endpoint\": it is a number among that one's");
    return false;
}

static void answer_question(struct exchange *x, const struct question *q)
{
    struct errmsg msg = {""};
    struct buf body = BUF_INIT;
    enum err e = deliver_write_deliveries(x->http->options.deliver, buf_str(&q->endpoint), q->states, q->after,
                                          (unsigned)q->limit, &body, &msg);
    if (e == ERR_OK)
        exchange_answer_line(x, JSON, &body);
    else
        exchange_error(x, e, &msg);
    buf_done(&body);
}

static void answer_deliveries(struct exchange *x)
{
    struct question q = {.states = STATES_DEFAULT, .limit = LIMIT_DEFAULT};
    if (exchange_has_delivery(x) && read_question(x, &q))
        answer_question(x, &q);
    buf_done(&q.endpoint);
}

/* --- one of them --- */

/* "payroll:4711" */
static bool read_id(struct str id, struct deliver_order *o)
{
    const char *colon = memrchr(id.p, ':', id.n);
    if (!colon)
        return false;
    size_t n = (size_t)(colon - id.p);
    o->endpoint = (struct str){id.p, n};
    return n && number_read((struct str){colon + 1, id.n - n - 1}, &o->seq);
}

static bool read_decision(struct exchange *x, struct order *o)
{
    struct json_field f[] = {FIELD_BY, FIELD_WHY(ORDER_WHY_MAX)};
    if (!read_id(o->name, &o->order)) {
        exchange_problem(x, 404, NULL, "no such delivery: an id is an endpoint's name, a colon and a number");
        return false;
    }
    if (!operator_read(x, f, sizeof f / sizeof *f, &o->text))
        return false;
    o->order.by = f[0].value;
    o->order.why = f[1].value;
    return true;
}

static const struct verb retry_verb = {.name = "retry", .about = "delivery", .read = read_decision, .give = deliver_retry};
static const struct verb drop_verb = {.name = "drop", .about = "delivery", .read = read_decision, .give = deliver_drop};

const struct handler deliveries_handler = {.end = answer_deliveries};
const struct handler delivery_retry_handler = {ORDER_HANDLER, .verb = &retry_verb};
const struct handler delivery_drop_handler = {ORDER_HANDLER, .verb = &drop_verb};
