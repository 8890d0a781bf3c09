/* Questions, calls, and their answers. */
#include "shards/front/wire.h"
#include "shards/front/wire_inside.h"

/* --- by kind --- */

static void add_nothing(struct buf *out, const struct request *r)
{
    (void)out;
    (void)r;
}

static void take_nothing(struct wire_cursor *c, struct request *out)
{
    (void)c;
    (void)out;
}

/* A day or a month, or none. */
static int32_t take_day(struct wire_cursor *c, int32_t first, int32_t last)
{
    int32_t v = wire_take_i32(c);
    c->bad = c->bad || (v && (v < first || v > last));
    return v;
}

static void add_person(struct buf *out, const struct request *r)
{
    wire_add_str(out, r->id);
    wire_add_number(out, r->as_of.given);
    wire_add_signed(out, r->as_of.day);
    wire_add_signed(out, r->as_of.at);
}

static void take_person(struct wire_cursor *c, struct request *out)
{
    out->id = wire_take_str(c);
    out->as_of.given = wire_take_below(c, 1);
    out->as_of.day = take_day(c, DATE_MIN, DATE_MAX);
    out->as_of.at = wire_take_signed(c);
    c->bad = c->bad || !out->id.p;
}

static void add_due(struct buf *out, const struct request *r)
{
    wire_add_signed(out, r->from);
    wire_add_signed(out, r->to);
    wire_add_number(out, r->by_month);
}

static void take_due(struct wire_cursor *c, struct request *out)
{
    out->from = take_day(c, DATE_MIN, DATE_MAX);
    out->to = take_day(c, DATE_MIN, DATE_MAX);
    out->by_month = wire_take_below(c, 1);
}

static void add_scan(struct buf *out, const struct request *r)
{
    const struct scan_order *o = &r->scan;
    wire_add_number(out, o->kind);
    wire_add_signed(out, o->status);
    wire_add_str(out, o->policy);
    wire_add_str(out, o->after);
    wire_add_signed(out, o->next_on);
    wire_add_number(out, o->limit);
    wire_add_number(out, o->ids_only);
    wire_add_signed(out, o->period);
    wire_add_number(out, o->id);
    wire_add_number(out, o->end);
    wire_add_number(out, o->keep);
}

static void take_scan(struct wire_cursor *c, struct request *out)
{
    struct scan_order *o = &out->scan;
    o->kind = (enum scan_kind)wire_take_below(c, SCAN_PERIOD);
    o->status = wire_take_i32(c);
    o->policy = wire_take_str(c);
    o->after = wire_take_str(c);
    o->next_on = take_day(c, DATE_MIN, DATE_MAX);
    o->limit = wire_take_number(c);
    o->ids_only = wire_take_below(c, 1);
    o->period = take_day(c, 1, MONTH_MAX);
    o->id = wire_take_number(c);
    o->end = wire_take_below(c, 1);
    o->keep = wire_take_below(c, 1);
    c->bad = c->bad || o->status < -1 || o->status >= STATUS_N;
}

/* What may be asked across the wire, and what of the request goes over it. */
static const struct question_row {
    void (*add)(struct buf *out, const struct request *r);
    void (*take)(struct wire_cursor *c, struct request *out);
} questions[REQUEST_KIND_N] = {
    [REQUEST_SHOW] = {add_person, take_person},    [REQUEST_STORY] = {add_person, take_person},
    [REQUEST_DUE] = {add_due, take_due},           [REQUEST_STATUS] = {add_nothing, take_nothing},
    [REQUEST_HOLDS] = {add_nothing, take_nothing}, [REQUEST_SCAN] = {add_scan, take_scan},
};

void wire_write_question(struct buf *out, struct str instance, uint64_t call, const struct wire_question *q,
                         const struct request *r)
{
    wire_begin(out, WIRE_QUESTION, instance, call);
    wire_add_signed(out, q->deadline);
    wire_add_number(out, q->epoch);
    wire_add_number(out, r->kind);
    questions[r->kind].add(out, r);
}

enum err wire_read_question(const struct wire *w, struct wire_question *q, struct request *out, struct errmsg *msg)
{
    struct wire_cursor c = {.left = w->rest};
    struct wire_question head = {.deadline = wire_take_signed(&c)};
    head.epoch = wire_take_number(&c);
    uint64_t kind = wire_take_below(&c, REQUEST_KIND_N - 1);
    if (w->kind != WIRE_QUESTION || c.bad || !questions[kind].take)
        return wire_malformed(msg, "what it asks");
    questions[kind].take(&c, out);
    if (!wire_cursor_good(&c))
        return wire_malformed(msg, "its question");
    out->kind = (enum request_kind)kind;
    *q = head;
    return ERR_OK;
}

/* --- calls --- */

void wire_write_call(struct buf *out, struct str instance, uint64_t call, int64_t deadline, struct str method,
                     struct str body)
{
    wire_begin(out, WIRE_CALL, instance, call);
    wire_add_signed(out, deadline);
    wire_add_str(out, method);
    wire_add_str(out, body);
}

enum err wire_read_call(const struct wire *w, int64_t *deadline, struct str *method, struct str *body,
                        struct errmsg *msg)
{
    struct wire_cursor c = {.left = w->rest};
    int64_t until = wire_take_signed(&c);
    struct str name = wire_take_str(&c), text = wire_take_str(&c);
    if (w->kind != WIRE_CALL || !wire_cursor_good(&c) || !name.p)
        return wire_malformed(msg, "its call");
    *deadline = until;
    *method = name;
    *body = text;
    return ERR_OK;
}

/* --- answers --- */

void wire_write_answer(struct buf *out, uint64_t call, const struct wire_answer *a)
{
    wire_begin(out, WIRE_ANSWER, STR_NONE, call);
    wire_add_number(out, a->err);
    wire_add_str(out, a->text);
    wire_add_number(out, a->epoch);
    wire_add_number(out, a->scan);
    wire_add_number(out, a->position);
    wire_add_str(out, a->member);
    wire_add_str(out, a->body);
}

enum err wire_read_answer(const struct wire *w, struct wire_answer *out, struct errmsg *msg)
{
    struct wire_cursor c = {.left = w->rest};
    struct wire_answer a = {.err = (enum err)wire_take_below(&c, ERR_N - 1)};
    a.text = wire_take_str(&c);
    a.epoch = wire_take_number(&c);
    a.scan = wire_take_number(&c);
    a.position = wire_take_number(&c);
    a.member = wire_take_str(&c);
    a.body = wire_take_str(&c);
    if (w->kind != WIRE_ANSWER || !wire_cursor_good(&c))
        return wire_malformed(msg, "its answer");
    *out = a;
    return ERR_OK;
}
