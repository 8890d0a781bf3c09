/* An order to send events once more, until it is known which: a time becomes a number by asking the engine for the
 * times of a few events at once, again and again between the two that it lies between. */
#include <stdlib.h>

#include "codec/repeatable.h"
#include "deliver/inside.h"

#define PROBES 15 /* numbers in one question: 2^28 events take seven of them */
#define LAST_SECOND 86399

/* The last event before that time. */
struct wish {
    lc_instant before;
    uint64_t *number;
};

struct proposal {
    struct completion done; /* the first member */
    struct request request;
    struct outlet *outlet;
    struct deliver_order *order;
    struct redelivery job;
    uint64_t durable, first; /* the log's last event, and its first one */
    lc_instant since;        /* when the range begins, where that is a time; INSTANT_NONE */
    lc_instant archived_at;  /* of the last event that was archived */
    struct wish wishes[2];
    unsigned n_wishes;
    uint64_t low, high; /* the event of the number low is before that time, that of the number high is not */
    uint64_t seqs[PROBES];
    unsigned n;
};

void proposal_free(struct proposal *p)
{
    if (!p)
        return;
    buf_done(&p->request.body);
    free(p);
}

/* --- it is known --- */

static void write_job(const struct outlet *o, struct buf *out)
{
    BUF_LIT(out, "{\"endpoint\":");
    buf_add_json(out, str_of(o->name));
    report_redelivery(o->deliver, o->job, out);
    buf_addc(out, '}');
}

/* Events of the range that are not in the log any more. Those before its first one are as old as the last archived one,
 * or older. */
static bool lacks_events(const struct proposal *p)
{
    if (p->job.after + 1 < p->first)
        return true;
    return p->first > 1 && p->job.after + 1 == p->first && p->since <= p->archived_at;
}

static enum err archived(const struct proposal *p, struct errmsg *msg)
{
    struct buf place = BUF_INIT;
    uint64_t seq = p->job.after + 1 < p->first ? p->job.after + 1 : p->first - 1;
    enum err err = store_where(p->outlet->deliver->options.store, seq, &place, msg);
    buf_done(&place);
    return err == ERR_OK ? err_set(msg, ERR_LOCKED, "the log changes just now: come again") : err;
}

static enum err begin(struct proposal *p, struct errmsg *msg)
{
    struct outlet *o = p->outlet;
    if (p->job.after > p->durable)
        return err_set(msg, ERR_INVALID, "there is no event %llu: the log ends at %llu",
                       (unsigned long long)p->job.after, (unsigned long long)p->durable);
    if (p->job.until < p->job.after)
        return err_set(msg, ERR_INVALID, "the range ends before it begins");
    if (lacks_events(p))
        return archived(p, msg);
    if (o->leaving)
        return err_set(msg, ERR_ABSENT, "no such endpoint: %s", o->name);
    p->job.position = p->job.after;
    p->job.started_at = o->deliver->now;
    return redelivery_begin(o, &p->job, msg);
}

static void conclude(struct proposal *p, enum err err)
{
    struct outlet *o = p->outlet;
    struct deliver_order *order = p->order;
    if (err == ERR_OK)
        err = begin(p, &order->msg);
    o->proposal = NULL;
    proposal_free(p);
    if (err != ERR_OK) {
        order_refuse(order, err);
        return;
    }
    write_job(o, &order->body);
    order_when_durable(o->deliver, order);
}

/* --- times --- */

static void on_answered(struct completion *c);

static void on_engine_done(struct request *r)
{
    struct proposal *p = r->owner;
    completions_push(p->outlet->deliver->completions, &p->done);
}

static void ask(struct proposal *p)
{
    uint64_t span = p->high - p->low;
    struct buf body = p->request.body;
    buf_clear(&body);
    p->n = span - 1 < PROBES ? (unsigned)(span - 1) : PROBES;
    for (unsigned k = 0; k < p->n; k++)
        p->seqs[k] = p->low + span * (k + 1) / (p->n + 1);
    p->request = (struct request){
        .kind = REQUEST_LINES, .done = on_engine_done, .owner = p, .seqs = p->seqs, .n_seqs = p->n, .body = body};
    p->done.run = on_answered;
    if (!engine_submit(p->outlet->deliver->options.engine, &p->request))
        abort(); /* only inputs are ever turned away */
}

/* The next question, if there is one still. */
static void go_on(struct proposal *p)
{
    while (p->n_wishes && p->high - p->low == 1) {
        *p->wishes[--p->n_wishes].number = p->low;
        p->low = p->first - 1;
        p->high = p->durable + 1;
    }
    if (p->n_wishes)
        ask(p);
    else
        conclude(p, ERR_OK);
}

/* Times never go back along the log. */
static enum err narrow(struct proposal *p, struct errmsg *msg)
{
    struct event_arena *arena = &p->outlet->deliver->arena;
    struct str rest = buf_str(&p->request.body);
    lc_instant before = p->wishes[p->n_wishes - 1].before;
    for (unsigned k = 0; k < p->n; k++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct event head;
        if (event_read_head((struct str){rest.p, n}, &head, arena) != ERR_OK)
            return err_set(msg, ERR_DAMAGED, "event %llu of the log is not one that this version writes",
                           (unsigned long long)p->seqs[k]);
        if (head.time >= before) {
            p->high = p->seqs[k];
            return ERR_OK;
        }
        p->low = p->seqs[k];
        rest = (struct str){rest.p + n + 1, end ? rest.n - n - 1 : 0};
    }
    return ERR_OK;
}

static void on_answered(struct completion *c)
{
    struct proposal *p = (struct proposal *)c;
    enum err err = p->request.err;
    if (err != ERR_OK)
        p->order->msg = p->request.msg;
    else
        err = narrow(p, &p->order->msg);
    if (err == ERR_OK)
        go_on(p);
    else
        conclude(p, err);
}

/* --- the order --- */

static void wish(struct proposal *p, lc_instant before, uint64_t *number)
{
    p->wishes[p->n_wishes++] = (struct wish){before, number};
}

static void place(struct proposal *p, const struct redeliver_call *c)
{
    const struct tz *tz = p->outlet->deliver->settings->tz;
    struct redelivery *r = &p->job;
    r->after = c->from.kind == PLACE_NUMBER ? c->from.number : 0;
    r->until = c->until.kind == PLACE_NUMBER && c->until.number < p->durable ? c->until.number : p->durable;
    p->since = INSTANT_NONE;
    if (c->from.kind == PLACE_INSTANT)
        p->since = c->from.at;
    else if (c->from.kind == PLACE_DATE)
        p->since = tz_instant(tz, c->from.date, 0);
    if (p->since != INSTANT_NONE)
        wish(p, p->since, &r->after);
    if (c->until.kind == PLACE_INSTANT)
        wish(p, c->until.at + 1, &r->until);
    else if (c->until.kind == PLACE_DATE)
        wish(p, tz_instant(tz, c->until.date, LAST_SECOND) + 1, &r->until);
    p->low = p->first - 1;
    p->high = p->durable + 1;
}

static struct proposal *propose(struct outlet *o, const struct redeliver_call *c, struct deliver_order *order)
{
    struct store_info info;
    struct proposal *p = mem_zalloc(1, sizeof *p);
    struct redelivery *r = &p->job;
    store_info(o->deliver->options.store, &info);
    p->outlet = o;
    p->order = order;
    p->durable = info.durable;
    p->first = info.first;
    p->archived_at = info.archived_at;
    place(p, c);
    keep_text(r->type, sizeof r->type, c->type);
    keep_text(r->subject, sizeof r->subject, c->subject);
    keep_text(r->by, sizeof r->by, order->by);
    keep_text(r->why, sizeof r->why, order->why);
    return o->proposal = p;
}

static enum err check(const struct outlet *o, const struct redeliver_call *c, struct errmsg *msg)
{
    const struct redelivery *r = o->job;
    if (c->from.kind == PLACE_POSITION || c->until.kind == PLACE_POSITION)
        return err_set(msg, ERR_INVALID, "that is no place in this log: it is one in the log of several shards");
    if (o->outfit->config->messages)
        return err_set(msg, ERR_INVALID, "%s sends messages to people: none is ever sent again", o->name);
    if (o->proposal || (o->again && o->again->leaving))
        return err_set(msg, ERR_LOCKED, "another redelivery to %s just begins or ends: come again", o->name);
    if (o->again)
        return err_set(
            msg, ERR_LOCKED,
            "a redelivery to %s is under way already: events %llu to %llu, ordered by %s (%s); it can be cancelled",
            o->name, (unsigned long long)r->after + 1, (unsigned long long)r->until, r->by, r->why);
    return ERR_OK;
}

/* What is over makes room at once. */
static void clear_ended(struct deliver *d)
{
    for (struct outlet *o = d->outlets; o; o = o->next)
        if (o->live && o->leaving && o->changed)
            redelivery_book(o);
    deliver_remove_gone(d);
}

static enum err no_such_type(const char *type, struct errmsg *msg)
{
    if (!repeatable(str_of(type)))
        return err_set(msg, ERR_INVALID, "no type of event is like that; \"benefit.*\" would do");
    return err_set(msg, ERR_INVALID, "no type of event is like \"%s\"; \"benefit.*\" would do", type);
}

void deliver_redeliver(struct deliver *d, const struct redeliver_call *c, struct deliver_order *order)
{
    d->now = d->options.now(d->options.arg);
    clear_ended(d);
    struct outlet *o = order_outlet(d, order);
    if (!o)
        return;
    enum err err = check(o, c, &order->msg);
    if (err != ERR_OK) {
        order_refuse(order, err);
        return;
    }
    struct proposal *p = propose(o, c, order);
    if (redelivery_types(p->job.type, &p->job.types))
        go_on(p);
    else
        conclude(p, no_such_type(p->job.type, &order->msg));
}

void deliver_redeliver_cancel(struct deliver *d, struct deliver_order *order)
{
    d->now = d->options.now(d->options.arg);
    struct outlet *o = order_outlet(d, order);
    if (!o)
        return;
    if (!o->again || o->again->leaving) {
        order_refuse(order, err_set(&order->msg, ERR_ABSENT, "no redelivery to %s is under way", o->name));
        return;
    }
    redelivery_cancel(o->again);
    redelivery_of(o);
    write_job(o, &order->body);
    order_when_durable(d, order);
}
