/* What operators order. An order is answered when what it changed is durable. */
#include <inttypes.h>
#include <stdio.h>

#include "codec/repeatable.h"
#include "deliver/inside.h"

void order_refuse(struct deliver_order *o, enum err err)
{
    o->err = err;
    o->done(o);
}

void order_when_durable(struct deliver *d, struct deliver_order *o)
{
    o->next = d->orders;
    d->orders = o;
    deliver_nudge(d);
}

enum err no_such_endpoint(struct str name, struct errmsg *msg)
{
    if (!repeatable(name))
        return err_set(msg, ERR_ABSENT, "no such endpoint");
    return err_set(msg, ERR_ABSENT, "no such endpoint: %.*s", (int)name.n, name.p);
}

struct outlet *order_outlet(struct deliver *d, struct deliver_order *o)
{
    struct outlet *outlet = deliver_outlet(d, o->endpoint);
    o->err = ERR_OK;
    if (!outlet)
        order_refuse(o, no_such_endpoint(o->endpoint, &o->msg));
    return outlet;
}

static void write_state(const struct outlet *o, struct deliver_order *order)
{
    BUF_LIT(&order->body, "{\"endpoint\":");
    buf_add_json(&order->body, str_of(o->name));
    buf_printf(&order->body, ",\"state\":\"%s\"}", endpoint_state_text(outlet_state(o)));
}

/* --- an endpoint --- */

void deliver_pause(struct deliver *d, struct deliver_order *o)
{
    struct outlet *outlet = order_outlet(d, o);
    if (!outlet)
        return;
    char why[VERDICT_WHY];
    keep_text(why, sizeof why, o->why);
    outlet_pause(outlet, why, o->by);
    write_state(outlet, o);
    order_when_durable(d, o);
}

void deliver_resume(struct deliver *d, struct deliver_order *o)
{
    struct outlet *outlet = order_outlet(d, o);
    if (!outlet)
        return;
    outlet->paused[0] = '\0';
    outlet->breaker = (struct breaker){.failures = 0};
    if (outlet->again)
        outlet->again->breaker = (struct breaker){.failures = 0};
    outlet->pace.spared_until = 0;
    outlet->ask_at = 0;
    outlet->changed = true;
    say_outlet(outlet, SAID_RESUMED, "");
    write_state(outlet, o);
    order_when_durable(d, o);
}

/* --- a trial --- */

static const char test_text[] = "这是一条测试短信，请勿理会。";

static enum err render_test(struct flight *f, struct deliver_order *o, struct errmsg *msg)
{
    struct deliver *d = f->outlet->deliver;
    const struct endpoint *e = f->outfit->config;
    char id[NOTICE_ID], time[25];
    lc_instant now = d->now / 1000;
    int n = snprintf(id, sizeof id, "%s_%u_T%" PRId64, d->incarnation, d->options.shard, d->now);
    instant_format(now, tz_offset(d->settings->tz, now), time);
    struct notice notice = {.id = {id, (size_t)n},
                            .type = STR_LIT("endpoint.test"),
                            .time = {time, sizeof time},
                            .subject = STR_NONE,
                            .data = STR_LIT("{}")};
    struct sms sms = {.phone = o->phone,
                      .text = STR_LIT(test_text),
                      .signature = str_of(e->signature),
                      .template_id = STR_NONE};
    return flight_render(f, &notice, 1, e->messages ? &sms : NULL, msg);
}

void deliver_test(struct deliver *d, struct deliver_order *o)
{
    struct outlet *outlet = order_outlet(d, o);
    if (!outlet)
        return;
    if (outlet->outfit->config->messages && !o->phone.p) {
        order_refuse(o, err_set(&o->msg, ERR_INVALID, "%s sends messages: which phone number shall get the test?",
                          outlet->name));
        return;
    }
    if (!deliver_may_send(d, outlet)) {
        order_refuse(o, err_set(&o->msg, ERR_LOCKED, "the shard is changing hands: come again"));
        return;
    }
    struct flight *f = flight_new(outlet, FLIGHT_TEST);
    f->order = o;
    enum err err = render_test(f, o, &o->msg);
    if (err == ERR_OK) {
        flight_start(f);
        return;
    }
    flight_free(f);
    order_refuse(o, err);
}

/* --- a delivery --- */

struct found {
    struct deliver_order *order;
    struct outlet *outlet;
    enum delivery_state state;
    bool drop;
};

static void done_with(struct found *f)
{
    struct buf *body = &f->order->body;
    BUF_LIT(body, "{\"id\":\"");
    report_id(f->outlet->deliver, str_of(f->outlet->name), f->order->seq, body);
    buf_printf(body, "\",\"result\":\"%s\"}", f->drop ? "dropped" : "retried");
    f->outlet->changed = true;
    order_when_durable(f->outlet->deliver, f->order);
}

static const char dropped[] = "dropped by an operator";

/* What is beyond the cursor is read again after a crash: its row stays until then, so that it is not sent. */
static bool keeps_row(const struct outlet *o, uint64_t seq)
{
    return seq > o->cursor;
}

/* Given up for good: the person's next event is marked. */
static void drop_item(struct outlet *o, struct item *i)
{
    gaps_owe(o, track_subject(i), i->seq);
    if (keeps_row(o, i->seq))
        book_row(o, i, DELIVERY_SKIPPED, o->deliver->now + KEEP_MS, STR_LIT(dropped), STR_NONE);
    else
        book_remove(o, i->seq);
    track_settle(o->track, i);
}

static void drop_row(struct outlet *o, const struct delivery_row *row)
{
    struct delivery_change c = {.kind = CHANGE_PUT, .row = *row};
    c.row.state = DELIVERY_SKIPPED;
    c.row.next_at = o->deliver->now + KEEP_MS;
    c.row.why = STR_LIT(dropped);
    if (keeps_row(o, row->seq))
        ledger_add(o->deliver->ledger, &c);
    else
        book_remove(o, row->seq);
}

/* One that stands behind another, or is ready, needs no row for that: its turn comes. */
static void hurry_item(struct outlet *o, struct item *i)
{
    i->attempts = 0;
    track_hurry(o->track, i, o->deliver->now);
    if (i->row)
        book_row(o, i, DELIVERY_RETRY, o->deliver->now, STR_LIT("retried by an operator"), STR_NONE);
}

/* One that was given up comes back; its person's events wait for it again. */
static void revive(struct outlet *o, const struct delivery_row *row)
{
    enum event_type type;
    if (!event_type_parse(row->type, &type))
        return;
    struct item *i = track_restore(o->track, row->seq, row->subject, type, o->deliver->now, false);
    i->number = row->number;
    book_row(o, i, DELIVERY_RETRY, o->deliver->now, STR_LIT("retried by an operator"), STR_NONE);
}

static void on_row(void *arg, const struct delivery_row *row)
{
    struct found *f = arg;
    f->state = row->state;
    if (row->state != DELIVERY_DEAD)
        return;
    if (f->drop)
        drop_row(f->outlet, row);
    else
        revive(f->outlet, row);
}

static void decide(struct deliver *d, struct deliver_order *o, bool drop)
{
    d->now = d->options.now(d->options.arg);
    struct found f = {.order = o, .outlet = order_outlet(d, o), .drop = drop};
    if (!f.outlet)
        return;
    if (o->shard != d->options.shard) {
        order_refuse(o, err_set(&o->msg, ERR_ABSENT, "no such delivery: there is no shard %u here", o->shard));
        return;
    }
    struct item *i = track_find(f.outlet->track, o->seq);
    if (i && i->state == ITEM_TAKEN) {
        order_refuse(o, err_set(&o->msg, ERR_LOCKED, "it is being sent just now"));
        return;
    }
    if (i && drop)
        drop_item(f.outlet, i);
    else if (i)
        hurry_item(f.outlet, i);
    if (i) {
        done_with(&f);
        return;
    }
    enum err err = delivery_row_get(d->state, o->endpoint, o->seq, on_row, &f, &o->msg);
    if (err == ERR_OK && f.state < DELIVERY_DEAD) /* its end is not durable yet */
        err = err_set(&o->msg, ERR_LOCKED, "what became of it is being noted just now");
    else if (err == ERR_OK && f.state != DELIVERY_DEAD)
        err = err_set(&o->msg, ERR_INVALID, "it is not waiting for anybody: its state is \"%s\"",
                      delivery_state_text(f.state));
    else if (err == ERR_ABSENT)
        err_set(&o->msg, ERR_ABSENT, "no such delivery: it has arrived, or there never was one");
    if (err == ERR_OK)
        done_with(&f);
    else
        order_refuse(o, err);
}

void deliver_retry(struct deliver *d, struct deliver_order *o)
{
    decide(d, o, false);
}

void deliver_drop(struct deliver *d, struct deliver_order *o)
{
    decide(d, o, true);
}
