/* The desk of one delivery: each verb is a function of deliver.h. */
#include "deliver/desk.h"

static void pause_endpoint(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    (void)c;
    deliver_pause(d, o);
}

static void resume(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    (void)c;
    deliver_resume(d, o);
}

static void test(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    (void)c;
    deliver_test(d, o);
}

static void retry(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    o->shard = c->shard;
    deliver_retry(d, o);
}

static void drop(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    o->shard = c->shard;
    deliver_drop(d, o);
}

static void redeliver(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    deliver_redeliver(d, c->redeliver, o);
}

static void redeliver_cancel(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    (void)c;
    deliver_redeliver_cancel(d, o);
}

static void receipt(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    deliver_receipt(d, c->receipt, o);
}

static void endpoints(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    (void)c;
    deliver_write_endpoints(d, &o->body);
    o->err = ERR_OK;
    o->done(o);
}

static void deliveries(struct deliver *d, const struct desk_call *c, struct deliver_order *o)
{
    const struct desk_list *l = &c->list;
    o->err = deliver_write_deliveries(d, o->endpoint, l->states, l->after, l->limit, &o->body, &o->msg);
    o->done(o);
}

static void give(void *arg, const struct desk_call *c, struct deliver_order *o)
{
    static void (*const verbs[DESK_VERB_N])(struct deliver *, const struct desk_call *, struct deliver_order *) = {
        [DESK_PAUSE] = pause_endpoint,
        [DESK_RESUME] = resume,
        [DESK_TEST] = test,
        [DESK_RETRY] = retry,
        [DESK_DROP] = drop,
        [DESK_REDELIVER] = redeliver,
        [DESK_REDELIVER_CANCEL] = redeliver_cancel,
        [DESK_RECEIPT] = receipt,
        [DESK_ENDPOINTS] = endpoints,
        [DESK_DELIVERIES] = deliveries,
    };
    verbs[c->verb](arg, c, o);
}

static bool takes_receipts(void *arg, struct str endpoint, struct str secret)
{
    return deliver_takes_receipts(arg, endpoint, secret);
}

static unsigned metrics(void *arg, struct endpoint_metrics *out, unsigned max)
{
    return deliver_metrics(arg, out, max);
}

struct desk desk_of(struct deliver *d)
{
    return (struct desk){.arg = d, .give = give, .takes_receipts = takes_receipts, .metrics = metrics};
}
