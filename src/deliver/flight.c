/* Requests on their way. */
#include <stdlib.h>
#include <sys/random.h>

#include "deliver/inside.h"

struct flight *flight_new(struct outlet *o, enum flight_kind kind)
{
    struct flight *f = o->pool;
    struct call call = {.method = NULL};
    if (f) {
        o->pool = f->next;
        call = f->call;
    } else {
        f = mem_alloc(sizeof *f);
    }
    call_clear(&call);
    *f = (struct flight){.call = call, .kind = kind, .outlet = o, .outfit = o->outfit};
    f->outfit->users++;
    f->next = o->flights;
    f->link = &o->flights;
    if (f->next)
        f->next->link = &f->next;
    o->flights = f;
    if (kind != FLIGHT_TEST)
        o->in_flight++;
    return f;
}

static void unlink_flight(struct flight *f)
{
    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
}

void flight_free(struct flight *f)
{
    struct outlet *o = f->outlet;
    unlink_flight(f);
    outfit_unref(f->outfit);
    if (f->kind != FLIGHT_TEST)
        o->in_flight--;
    f->next = o->pool;
    o->pool = f;
}

/* --- what comes back --- */

static void hello_answered(struct flight *f, const struct answer *a)
{
    struct outlet *o = f->outlet;
    struct errmsg msg = {""};
    o->asking = false;
    if (f->outfit != o->outfit)
        return; /* another configuration: its endpoint was not asked yet */
    if (f->outfit->adapter->consent(f->outfit->state, a, &o->granted, &msg) == ERR_OK) {
        o->consented = true;
        pace_configure(&o->pace, o->outfit->config, o->granted, o->outfit->settings->shares);
        return;
    }
    o->ask_at = o->deliver->now + HELLO_AGAIN_MS;
    say_outlet(o, SAID_REFUSED, msg.text);
}

static void test_answered(struct flight *f, const struct answer *a)
{
    struct deliver_order *order = f->order;
    struct verdict v = {.retry_after = -1};
    f->outfit->adapter->judge(f->outfit->state, a, &v);
    BUF_LIT(&order->body, "{\"endpoint\":");
    buf_add_json(&order->body, str_of(f->outlet->name));
    buf_printf(&order->body, ",\"outcome\":\"%s\",\"status\":%d,\"why\":", outcome_text(v.outcome), a->status);
    buf_add_json(&order->body, v.why[0] ? str_of(v.why) : STR_NONE);
    buf_printf(&order->body, ",\"milliseconds\":%lld}",
               (long long)((clock_monotonic_ns() - f->transfer.started_ns) / 1000000));
    order->done(order);
}

void flights_called(struct deliver *d)
{
    if (d->called)
        return;
    d->called = true;
    d->now = d->options.now(d->options.arg);
    d->now_ns = clock_monotonic_ns();
    if (d->options.soon)
        d->options.soon(d->options.arg);
    else
        deliver_nudge(d);
}

static void on_done(struct transfer *t, const struct answer *a)
{
    static void (*const handlers[])(struct flight *, const struct answer *) = {
        [FLIGHT_EVENTS] = outcome_events,
        [FLIGHT_MESSAGE] = outcome_message,
        [FLIGHT_HELLO] = hello_answered,
        [FLIGHT_TEST] = test_answered,
    };
    struct flight *f = (struct flight *)t;
    flights_called(f->outlet->deliver);
    handlers[f->kind](f, a);
    flight_free(f);
}

/* --- on its way --- */

void flight_start(struct flight *f)
{
    f->transfer.call = &f->call;
    f->transfer.done = on_done;
    f->started = true;
    outlet_live(f->outlet)->requests++;
    f->outfit->carrier->start(f->outfit->line, &f->transfer);
}

/* What becomes of their events the delivery state says: those that have a row are as good as sent. */
void flights_cancel(struct outlet *o)
{
    while (o->flights) {
        struct flight *f = o->flights;
        if (f->started)
            f->outfit->carrier->cancel(f->outfit->line, &f->transfer);
        if (f->asking)
            caps_forget(f);
        flight_free(f);
    }
}

/* It was certainly not sent. */
static void withdraw(struct outlet *o, const struct flight *f)
{
    struct item *i = f->items[0];
    i->attempts--;
    caps_give_back(o, i, f->day);
    book_row(o, i, DELIVERY_WAIT, 0, STR_NONE, STR_NONE);
}

void flights_withdraw(struct outlet *o)
{
    for (const struct flight *f = o->flights; f; f = f->next)
        if (f->kind == FLIGHT_MESSAGE && !f->started && !f->asking)
            withdraw(o, f);
}

void flight_take_back(struct flight *f)
{
    struct outlet *o = f->outlet;
    withdraw(o, f);
    track_give_back(o->track, f->items[0]);
    breaker_forget(&o->breaker);
    flight_free(f);
}

static void fresh_nonce(unsigned char nonce[16])
{
    if (getrandom(nonce, 16, 0) != 16)
        abort(); /* cannot happen: so few bytes are never cut short */
}

enum err flight_render(struct flight *f, const struct notice *v, unsigned n, const struct sms *sms, struct errmsg *msg)
{
    unsigned char nonce[16] = {0};
    const struct deliver *d = f->outlet->deliver;
    if (sms)
        fresh_nonce(nonce); /* events are told apart by their ids */
    return f->outfit->adapter->render(f->outfit->state, v, n, sms, d->now / 1000, nonce, &f->call, msg);
}

/* Renders the items' lines; the notices borrow from them. */
static enum err render_items(struct flight *f, struct errmsg *msg)
{
    struct notice notices[BATCH_MAX];
    char ids[BATCH_MAX][NOTICE_ID];
    struct outlet *o = f->outlet;
    for (unsigned k = 0; k < f->n; k++) {
        const struct item *i = f->items[k];
        /* A subject with escapes would be decoded to a buffer that each line uses anew. */
        if (!notice_read(o->deliver, buf_str(&i->line), ids[k], &o->deliver->text, &notices[k]))
            return err_set(msg, ERR_INVALID, "its line in the log cannot be read");
        if (notices[k].subject.p)
            notices[k].subject = track_subject(i);
        notices[k].replay = o->live != NULL;
        notices[k].gap = gaps_owed(o, track_subject(i), i->seq);
    }
    return flight_render(f, notices, f->n, NULL, msg);
}

void flight_send(struct outlet *o, struct item *const *items, unsigned n)
{
    struct errmsg msg = {""};
    struct flight *f = flight_new(o, FLIGHT_EVENTS);
    memcpy(f->items, items, n * sizeof(struct item *));
    f->n = n;
    if (render_items(f, &msg) == ERR_OK) {
        for (unsigned k = 0; k < n; k++)
            items[k]->attempts++;
        outlet_sent(o);
        flight_start(f);
        return;
    }
    flight_free(f);
    if (n == 1) {
        outcome_dead(o, items[0], msg.text, NULL, 0);
        return;
    }
    for (unsigned k = n; k > n / 2; k--) /* it is one of them that cannot be sent: one half after the other */
        track_give_back(o->track, items[k - 1]);
    flight_send(o, items, n / 2);
}

void flight_hello(struct outlet *o)
{
    struct errmsg msg = {""};
    struct flight *f = flight_new(o, FLIGHT_HELLO);
    o->asking = true;
    if (f->outfit->adapter->hello(f->outfit->state, &f->call, &msg) == ERR_OK) {
        flight_start(f);
        return;
    }
    flight_free(f);
    o->asking = false;
    o->ask_at = o->deliver->now + HELLO_AGAIN_MS;
    say_outlet(o, SAID_REFUSED, msg.text);
}
