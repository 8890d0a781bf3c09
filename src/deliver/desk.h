/* Whom operators' orders to delivery go to, and questions about it: the one delivery there is, or those of all shards.
 * All on the loop's thread; every answer comes by the order's done(). */
#ifndef DELIVER_DESK_H
#define DELIVER_DESK_H

#include "deliver/deliver.h"

enum desk_verb {
    DESK_PAUSE,
    DESK_RESUME,
    DESK_TEST,
    DESK_RETRY,
    DESK_DROP,
    DESK_REDELIVER,        /* call.redeliver */
    DESK_REDELIVER_CANCEL,
    DESK_RECEIPT,          /* call.receipt */
    DESK_ENDPOINTS,        /* {"endpoints":[...]} */
    DESK_DELIVERIES,       /* call.list: {"deliveries":[...],"more":BOOL} */
    DESK_VERB_N
};

/* Which deliveries: of order.endpoint (empty: all), in the states of the mask, behind that one. */
struct desk_list {
    unsigned states;
    uint64_t after;
    unsigned limit;
};

struct desk_call {
    enum desk_verb verb;
    const struct redeliver_call *redeliver;
    const struct receipt_call *receipt;
    struct desk_list list;
    unsigned shard; /* RETRY, DROP, and LIST's `after`: whose number it is; 0 where there is one */
};

struct desk {
    void *arg;
    void (*give)(void *arg, const struct desk_call *c, struct deliver_order *o);
    /* Does that endpoint take receipts, and is this its secret? Answered at once, from the configuration. */
    bool (*takes_receipts)(void *arg, struct str endpoint, struct str secret);
    /* Of this daemon's own shards, summed up. */
    unsigned (*metrics)(void *arg, struct endpoint_metrics *out, unsigned max);
};

/* The desk of one delivery. */
struct desk desk_of(struct deliver *d);

#endif
