/* An order as the stream of orders has it: fields and texts that an operator can read. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/text.h"

#define TEXT_MAX 1024 /* of one value; the front's bounds are narrower */

static bool fits(struct str s)
{
    return s.n <= TEXT_MAX;
}

enum err office_order_check(const struct office_order *order, struct errmsg *msg)
{
    if (!fits(order->why) || !fits(order->by) || !fits(order->name) || !fits(order->scope.name))
        return err_set(msg, ERR_INVALID, "an order's texts are at most %d bytes long", TEXT_MAX);
    if (order->lift && !order->name.n)
        return err_set(msg, ERR_INVALID, "a hold that is to be lifted needs its name");
    if (!order->lift && order->hold != HOLD_MORATORIUM)
        return err_set(msg, ERR_INVALID, "only a moratorium can be placed");
    if (!order->lift && order->scope.kind != SCOPE_ALL && !order->scope.name.n)
        return err_set(msg, ERR_INVALID, "a moratorium needs the name of what it covers");
    return ERR_OK;
}

/* In the order of orders.lua's names. */
void office_order_write(const struct office_order *order, struct redis_command *c)
{
    char until[10];
    struct buf number = BUF_INIT;
    redis_command_add_u64(c, order->lift);
    redis_command_add(c, order->lift ? STR_NONE : hold_texts.v[order->hold]);
    redis_command_add(c, order->scope.kind == SCOPE_ALL ? STR_NONE : scope_texts.v[order->scope.kind]);
    redis_command_add(c, order->scope.kind == SCOPE_ALL ? STR_NONE : order->scope.name);
    if (order->until != DATE_NONE)
        date_format(order->until, until);
    redis_command_add(c, order->until != DATE_NONE ? (struct str){until, sizeof until} : STR_NONE);
    bool brake = !order->lift && order->hold == HOLD_BRAKE;
    buf_add_i64(&number, brake ? order->due : -1);
    redis_command_add(c, buf_str(&number));
    buf_clear(&number);
    buf_add_i64(&number, brake ? order->limit : -1);
    redis_command_add(c, buf_str(&number));
    buf_done(&number);
    redis_command_add(c, order->name);
    redis_command_add(c, order->why);
    redis_command_add(c, order->by);
}

/* --- reading --- */

enum {
    VALUE_LIFT,
    VALUE_HOLD,
    VALUE_SCOPE,
    VALUE_SCOPE_NAME,
    VALUE_UNTIL,
    VALUE_DUE,
    VALUE_LIMIT,
    VALUE_NAME,
    VALUE_WHY,
    VALUE_BY
};

/* Where a value's text begins in the copy of all of them, and how long it is. */
struct place {
    size_t at, n;
};

static struct str text_at(const struct fetched_order *f, const struct place *p)
{
    return p->n ? (struct str){f->texts.p + p->at, p->n} : STR_NONE;
}

static bool read_words(struct fetched_order *f, const struct place *p)
{
    struct office_order *o = &f->order;
    struct str hold = text_at(f, &p[VALUE_HOLD]), scope = text_at(f, &p[VALUE_SCOPE]);
    struct str until = text_at(f, &p[VALUE_UNTIL]);
    unsigned value = 0;
    o->lift = str_is(text_at(f, &p[VALUE_LIFT]), "1");
    if (!o->lift && !texts_find(&hold_texts, hold, &value))
        return false;
    o->hold = (enum hold_kind)value;
    value = SCOPE_ALL;
    if (scope.n && !texts_find(&scope_texts, scope, &value))
        return false;
    o->scope.kind = (enum scope_kind)value;
    o->until = DATE_NONE;
    return until.n == 0 || date_parse(until.p, until.n, &o->until);
}

static int64_t number_at(const struct fetched_order *f, const struct place *p)
{
    char text[24] = "";
    struct str s = text_at(f, p);
    memcpy(text, s.p ? s.p : "", s.n < sizeof text - 1 ? s.n : sizeof text - 1);
    return strtoll(text, NULL, 10);
}

static void point_at_texts(struct fetched_order *f, const struct place *p)
{
    struct office_order *o = &f->order;
    o->due = number_at(f, &p[VALUE_DUE]);
    o->limit = number_at(f, &p[VALUE_LIMIT]);
    o->scope.name = text_at(f, &p[VALUE_SCOPE_NAME]);
    o->name = text_at(f, &p[VALUE_NAME]);
    o->why = text_at(f, &p[VALUE_WHY]);
    o->by = text_at(f, &p[VALUE_BY]);
}

/* Fields in the order in which orders.lua writes them: token, at, and then the values. */
bool office_order_read(const redisReply *entry, struct fetched_order *out)
{
    struct fetched_order f = {.texts = BUF_INIT};
    struct place places[ORDER_VALUES];
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING ||
        entry->element[1]->type != REDIS_REPLY_ARRAY || entry->element[1]->elements != 2 * (ORDER_VALUES + 2))
        return false;
    f.order.number = strtoull(entry->element[0]->str, NULL, 10);
    for (unsigned i = 0; i < ORDER_VALUES; i++) {
        const redisReply *v = entry->element[1]->element[2 * (i + 2) + 1];
        places[i] = (struct place){f.texts.n, v->type == REDIS_REPLY_STRING ? v->len : 0};
        buf_add(&f.texts, v->str, places[i].n);
    }
    if (!read_words(&f, places)) {
        buf_done(&f.texts);
        return false;
    }
    point_at_texts(&f, places);
    *out = f;
    return true;
}
