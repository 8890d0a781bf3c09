/* Deliveries that somebody may have to look at: GET /v1/deliveries, and POST to one to have it tried again or given
 * up. */
#include "http/number.h"
#include "http/operator.h"
#include "http/order.h"
#include "http/routes.h"
#include "shards/set.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

#define STATES_DEFAULT (1u << DELIVERY_DEAD | 1u << DELIVERY_RETRY | 1u << DELIVERY_UNKNOWN)

/* --- the list --- */

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

/* "4711"; of several shards "3_4711", as behind the endpoint's name in an id. */
static bool read_place(struct str text, unsigned *shard, uint64_t *seq)
{
    uint64_t k = 0;
    const char *bar = text.n ? memchr(text.p, '_', text.n) : NULL;
    size_t n = bar ? (size_t)(bar - text.p) : 0;
    if (bar && (!number_read((struct str){text.p, n}, &k) || k >= SHARDS_MAX))
        return false;
    size_t from = bar ? n + 1 : 0;
    *shard = (unsigned)k;
    return number_read((struct str){text.p + from, text.n - from}, seq);
}

static bool after_argument(struct exchange *x, struct order *o)
{
    struct buf text = BUF_INIT;
    struct desk_list *l = &o->call.list;
    int there = exchange_argument(x, "after", &text);
    bool good = there == 0 ||
                (there > 0 && read_place(buf_str(&text), &o->call.shard, &l->after) && l->after <= INT64_MAX);
    if (there > 0 && !good)
        exchange_problem(x, 400, "after",
                         "argument \"after\" is not what stands behind the endpoint's name in a delivery's id");
    buf_done(&text);
    return good;
}

static bool read_list(struct exchange *x, struct order *o)
{
    struct desk_list *l = &o->call.list;
    uint64_t limit = LIMIT_DEFAULT;
    l->states = STATES_DEFAULT;
    if (exchange_argument(x, "endpoint", &o->text) < 0 || !states_argument(x, &l->states) || !after_argument(x, o) ||
        !number_argument(x, "limit", 1, LIMIT_MAX, &limit))
        return false;
    l->limit = (unsigned)limit;
    o->order.endpoint = buf_str(&o->text);
    if ((!l->after && !o->call.shard) || o->order.endpoint.n)
        return true;
    exchange_problem(x, 400, "after", "argument \"after\" needs an \"endpoint\": it is a number among that one's");
    return false;
}

/* --- one of them --- */

/* "payroll:4711", "payroll:3_4711" */
static bool read_id(struct str id, struct order *o)
{
    const char *colon = memrchr(id.p, ':', id.n);
    if (!colon)
        return false;
    size_t n = (size_t)(colon - id.p);
    o->order.endpoint = (struct str){id.p, n};
    return n && read_place((struct str){colon + 1, id.n - n - 1}, &o->call.shard, &o->order.seq);
}

static bool read_decision(struct exchange *x, struct order *o)
{
    struct json_field f[] = {FIELD_BY, FIELD_WHY(ORDER_WHY_MAX)};
    if (!read_id(o->name, o)) {
        exchange_problem(x, 404, NULL, "no such delivery: an id is an endpoint's name, a colon and a number");
        return false;
    }
    if (!operator_read(x, f, sizeof f / sizeof *f, &o->text))
        return false;
    o->order.by = f[0].value;
    o->order.why = f[1].value;
    return true;
}

static const struct verb list_verb = {.desk = DESK_DELIVERIES, .read = read_list};
static const struct verb retry_verb = {.name = "retry", .about = "delivery", .desk = DESK_RETRY, .read = read_decision};
static const struct verb drop_verb = {.name = "drop", .about = "delivery", .desk = DESK_DROP, .read = read_decision};

const struct handler deliveries_handler = {QUESTION_HANDLER, .verb = &list_verb};
const struct handler delivery_retry_handler = {ORDER_HANDLER, .verb = &retry_verb};
const struct handler delivery_drop_handler = {ORDER_HANDLER, .verb = &drop_verb};
