/* A handler that is one order to delivery: gather the body, order, answer. It is written
 * {ORDER_HANDLER, .verb = ...}. */
#ifndef HTTP_ORDER_H
#define HTTP_ORDER_H

#include "deliver/deliver.h"
#include "http/exchange.h"

/* Lives until both the exchange is over and delivery is done: a client may go away meanwhile. */
struct order {
    struct completion done; /* the first member: completions are turned back into orders */
    struct deliver_order order;
    const struct verb *verb;
    struct exchange *x; /* NULL: over */
    bool given;         /* delivery has it */
    struct buf text;    /* what the order's strings point into; it must not grow once they do */
    struct str name;    /* what it is about, as in the path */
    struct buf path;    /* what that points into, once the exchange is over */
    char phone[17];
    struct order *next, **link;
};

struct verb {
    const char *name;  /* for the log: "pause" */
    const char *about; /* what the name in the path is one of: "endpoint" */
    bool (*read)(struct exchange *x, struct order *o); /* fills in the order; false: answered already */
    void (*give)(struct deliver *d, struct deliver_order *o);
};

#define ORDER_HANDLER .data = exchange_collect, .end = order_end, .close = order_close

void order_end(struct exchange *x);
void order_close(struct exchange *x);
/* Of orders that delivery has dropped. */
void order_free_all(struct http *h);

#endif
