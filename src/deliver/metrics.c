/* What is counted of each endpoint, for the metrics. */
#include "deliver/inside.h"

uint64_t outlet_dead_letters(const struct outlet *o)
{
    uint64_t n = 0;
    struct errmsg msg;
    if (delivery_total(o->deliver->state, str_of(o->name), DELIVERY_DEAD, DEAD_LETTERS_MAX, &n, &msg) != ERR_OK)
        return 0; /* the next commit meets the same, and ends the daemon */
    return n;
}

/* For how long the event behind the cursor has been durable. What was in the log before the daemon started is as old as
 * the log says, as far as it was read by now; under a clock that is not the system's the log's times say nothing of
 * that, and it is as old as the process. */
static int64_t lag_ms(const struct outlet *o, uint64_t durable)
{
    const struct deliver *d = o->deliver;
    if (o->cursor >= durable)
        return 0;
    int64_t at = ages_at(&d->ages, o->cursor + 1);
    if (at == INT64_MIN)
        at = d->simulated || o->read_at == 0 ? d->began_at : o->read_at;
    return d->now > at ? d->now - at : 0;
}

static uint64_t redelivery_left(const struct outlet *o)
{
    const struct redelivery *r = o->again ? redelivery_of(o) : NULL;
    return r && r->until > r->position ? r->until - r->position : 0;
}

static void look(const struct outlet *o, uint64_t durable, struct endpoint_metrics *out)
{
    struct track_counts n;
    track_count(o->track, &n);
    *out = (struct endpoint_metrics){
        .name = o->name,
        .messages = o->outfit->config->messages,
        .state = outlet_state(o),
        .delivered = o->delivered,
        .skipped = o->skipped,
        .dead = o->dead,
        .receipts_delivered = o->receipts_delivered,
        .receipts_failed = o->receipts_failed,
        .requests = o->requests,
        .cursor = o->cursor,
        .in_flight = o->in_flight + (o->again ? o->again->in_flight : 0),
        .retrying = n.retry,
        .waiting = n.behind,
        .unknown = n.apart,
        .dead_letters = outlet_dead_letters(o),
        .lag = durable > o->cursor ? durable - o->cursor : 0,
        .lag_ms = lag_ms(o, durable),
        .redelivery = redelivery_left(o),
        .last_ok_at = o->last_ok_at,
        .paused_at = o->paused[0] ? o->paused_at : 0,
    };
    memcpy(out->outcomes, o->outcomes, sizeof out->outcomes);
}

unsigned deliver_metrics(struct deliver *d, struct endpoint_metrics *out, unsigned max)
{
    struct store_info info;
    unsigned n = 0;
    store_info(d->options.store, &info);
    d->now = d->options.now(d->options.arg);
    ages_note(&d->ages, info.durable, d->now); /* the nudge for it may still be on its way */
    for (const struct outlet *o = d->outlets; o && n < max; o = o->next)
        if (!o->live)
            look(o, info.durable, &out[n++]);
    return n;
}
