#include "http/order.h"

#include <stdlib.h>

#include "http/operator.h"

static struct order *order_new(struct exchange *x)
{
    struct http *h = x->http;
    struct order *o = mem_zalloc(1, sizeof *o);
    o->x = x;
    memcpy(o->caller, x->caller.name, sizeof o->caller);
    o->verb = x->handler->verb;
    o->name = x->match.captures[0];
    o->next = h->orders;
    o->link = &h->orders;
    if (o->next)
        o->next->link = &o->next;
    return h->orders = o;
}

static void order_free(struct order *o)
{
    *o->link = o->next;
    if (o->next)
        o->next->link = o->link;
    buf_done(&o->order.body);
    buf_done(&o->text);
    buf_done(&o->path);
    free(o);
}

void order_free_all(struct http *h)
{
    while (h->orders)
        order_free(h->orders);
}

static void answer(struct exchange *x, struct order *o)
{
    struct deliver_order *order = &o->order;
    unsigned invalid = o->verb->invalid ? o->verb->invalid : 422;
    if (order->err == ERR_OK && o->verb->answer)
        o->verb->answer(x, o);
    else if (order->err == ERR_OK)
        exchange_answer_line(x, JSON, &order->body);
    else if (order->err == ERR_INVALID)
        exchange_problem(x, invalid, NULL, "%s", order->msg.text);
    else
        exchange_error(x, order->err, &order->msg);
}

static void on_answered(struct completion *done)
{
    struct order *o = (struct order *)done;
    o->given = false;
    if (o->x)
        answer(o->x, o);
    else
        order_free(o);
}

/* Through the queue, for this may be called from within desk->give(), or in the midst of a tick. */
static void on_done(struct deliver_order *order)
{
    struct order *o = order->owner;
    if (order->err == ERR_OK && o->verb->name)
        operator_note(o->caller, o->verb->name, o->verb->about, o->name, order->by, order->why);
    completions_push(o->done.queue, &o->done);
}

void order_end(struct exchange *x)
{
    if (!exchange_has_delivery(x))
        return;
    struct order *o = order_new(x);
    x->state = o;
    o->done.run = on_answered;
    o->done.queue = x->http->queue;
    o->order.done = on_done;
    o->order.owner = o;
    if (o->verb->read && !o->verb->read(x, o))
        return;
    const struct desk *desk = x->http->options.desk;
    o->given = true;
    o->call.verb = o->verb->desk;
    desk->give(desk->arg, &o->call, &o->order);
}

void order_close(struct exchange *x)
{
    struct order *o = x->state;
    if (!o)
        return;
    o->x = NULL;
    o->path = route_match_keep(&x->match); /* delivery may look at it still */
    if (!o->given)
        order_free(o);
}
