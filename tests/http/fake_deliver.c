#include "tests/http/fake_deliver.h"

#include <semaphore.h>
#include <stdlib.h>

struct deliver {
    bool held;
    sem_t come;
    struct deliver_order *orders;
};

struct deliver *fake_deliver_new(void)
{
    struct deliver *d = mem_zalloc(1, sizeof *d);
    sem_init(&d->come, 0, 0);
    return d;
}

void fake_deliver_free(struct deliver *d)
{
    if (d)
        sem_destroy(&d->come);
    free(d);
}

void fake_deliver_hold(struct deliver *d)
{
    d->held = true;
}

void fake_deliver_await(struct deliver *d)
{
    while (sem_wait(&d->come) != 0)
        continue;
}

/* --- orders --- */

static void add_text(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, ",\"%s\":", name);
    buf_add_json(b, value);
}

static void decide(struct deliver_order *o)
{
    o->err = ERR_OK;
    if (str_is(o->endpoint, "absent"))
        o->err = err_set(&o->msg, ERR_ABSENT, "no such endpoint");
    else if (str_is(o->endpoint, "invalid"))
        o->err = err_set(&o->msg, ERR_INVALID, "it cannot be done");
    else if (str_is(o->endpoint, "busy"))
        o->err = err_set(&o->msg, ERR_LOCKED, "it is being sent just now");
    if (o->err == ERR_OK) {
        add_text(&o->body, "endpoint", o->endpoint);
        add_text(&o->body, "by", o->by);
        add_text(&o->body, "why", o->why);
        add_text(&o->body, "phone", o->phone);
        if (o->shard)
            buf_printf(&o->body, ",\"shard\":%u", o->shard);
        buf_printf(&o->body, ",\"seq\":%llu}", (unsigned long long)o->seq);
    }
    o->done(o);
}

static void add_place(struct buf *b, const char *name, const struct log_place *p)
{
    static const char *const kinds[] = {"none", "number", "instant", "date", "position"};
    long long value = p->kind == PLACE_NUMBER ? (long long)p->number : p->kind == PLACE_INSTANT ? p->at : p->date;
    buf_printf(b, ",\"%s\":\"%s %lld\"", name, kinds[p->kind], p->kind == PLACE_NOT_GIVEN ? 0 : value);
}

static void hold_or_decide(struct deliver *d, struct deliver_order *o)
{
    if (!d->held) {
        decide(o);
        return;
    }
    o->next = d->orders;
    d->orders = o;
    sem_post(&d->come);
}

static void take(struct deliver *d, struct deliver_order *o, const char *verb)
{
    buf_printf(&o->body, "{\"verb\":\"%s\"", verb);
    hold_or_decide(d, o);
}

void fake_deliver_release(struct deliver *d)
{
    d->held = false;
    for (struct deliver_order *o = d->orders, *next; o; o = next) {
        next = o->next;
        decide(o);
    }
    d->orders = NULL;
}

void deliver_pause(struct deliver *d, struct deliver_order *o)
{
    take(d, o, "pause");
}

void deliver_resume(struct deliver *d, struct deliver_order *o)
{
    take(d, o, "resume");
}

void deliver_test(struct deliver *d, struct deliver_order *o)
{
    take(d, o, "test");
}

void deliver_retry(struct deliver *d, struct deliver_order *o)
{
    take(d, o, "retry");
}

void deliver_drop(struct deliver *d, struct deliver_order *o)
{
    take(d, o, "drop");
}

void deliver_redeliver(struct deliver *d, const struct redeliver_call *c, struct deliver_order *o)
{
    BUF_LIT(&o->body, "{\"verb\":\"redeliver\"");
    add_place(&o->body, "from", &c->from);
    add_place(&o->body, "until", &c->until);
    add_text(&o->body, "type", c->type);
    add_text(&o->body, "subject", c->subject);
    hold_or_decide(d, o);
}

void deliver_redeliver_cancel(struct deliver *d, struct deliver_order *o)
{
    take(d, o, "cancel");
}

/* --- questions --- */

void deliver_write_endpoints(struct deliver *d, struct buf *out)
{
    (void)d;
    BUF_LIT(out, "{\"endpoints\":[]}");
}

enum err deliver_write_deliveries(struct deliver *d, struct str endpoint, unsigned states, uint64_t after,
                                  unsigned limit, struct buf *out, struct errmsg *msg)
{
    (void)d;
    if (str_is(endpoint, "absent")) {
        BUF_LIT(out, "half of an answer");
        return err_set(msg, ERR_ABSENT, "no such endpoint");
    }
    BUF_LIT(out, "{\"of\":");
    buf_add_json(out, endpoint);
    buf_printf(out, ",\"states\":\"");
    for (int s = 0; s < DELIVERY_STATE_N; s++)
        if (states >> s & 1)
            buf_printf(out, " %s", delivery_state_text((enum delivery_state)s));
    buf_printf(out, "\",\"after\":%llu,\"limit\":%u}", (unsigned long long)after, limit);
    return ERR_OK;
}

unsigned deliver_metrics(struct deliver *d, struct endpoint_metrics *out, unsigned max)
{
    (void)d;
    if (max < 2)
        return 0;
    out[0] = (struct endpoint_metrics){.name = "payroll",
                                       .state = ENDPOINT_OPEN,
                                       .delivered = 7,
                                       .outcomes = {[OUTCOME_RETRY] = 4},
                                       .lag = 12,
                                       .lag_ms = 1500,
                                       .last_ok_at = INT64_C(1772416800500)};
    out[1] = (struct endpoint_metrics){.name = "texts",
                                       .messages = true,
                                       .state = ENDPOINT_PAUSED,
                                       .dead_letters = 3,
                                       .receipts_failed = 2,
                                       .paused_at = INT64_C(1772416800000)};
    return 2;
}

/* --- receipts --- */

bool deliver_takes_receipts(const struct deliver *d, struct str endpoint, struct str secret)
{
    (void)d;
    return str_is(endpoint, "gateway") && str_is(secret, "s/cret");
}

static enum err take_receipt(const struct receipt_call *c, struct deliver_order *o)
{
    if (str_is(c->query, "full"))
        return err_set(&o->msg, ERR_FULL, "too many at once");
    if (str_is(c->query, "wrong"))
        return err_set(&o->msg, ERR_INVALID, "not a receipt");
    if (str_is(c->query, "quiet"))
        return ERR_OK;
    BUF_LIT(&o->body, "{\"query\":");
    buf_add_json(&o->body, c->query);
    buf_printf(&o->body, ",\"bytes\":%zu}", c->body.n);
    return ERR_OK;
}

void deliver_receipt(struct deliver *d, const struct receipt_call *c, struct deliver_order *o)
{
    (void)d;
    o->err = take_receipt(c, o);
    o->done(o);
}
