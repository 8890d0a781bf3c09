/* A handler that is one order or question to delivery: gather the body, give it to the desk, answer. It is written
 * {ORDER_HANDLER, .verb = ...}; where there is no body, {QUESTION_HANDLER, .verb = ...}. */
#ifndef HTTP_ORDER_H
#define HTTP_ORDER_H

#include "deliver/desk.h"
#include "http/exchange.h"

/* Lives until both the exchange is over and delivery is done: a client may go away meanwhile. */
struct order {
    struct completion done; /* the first member: completions are turned back into orders */
    struct deliver_order order;
    struct desk_call call; /* its verb is the table's */
    const struct verb *verb;
    struct exchange *x; /* NULL: over */
    bool given;         /* delivery has it */
    char caller[CALLER_NAME];
    struct buf text;    /* what the order's strings point into; it must not grow once they do */
    struct str name;    /* what it is about, as in the path */
    struct buf path;    /* what that points into, once the exchange is over */
    struct receipt_call receipt; /* POST /v1/receipts: points into text */
    struct redeliver_call redeliver; /* POST .../redeliver: the same */
    char phone[17];
    struct order *next, **link;
};

#define ORDER_WHY_MAX (VERDICT_WHY - 1) /* bytes: what delivery keeps of a reason */

struct verb {
    const char *name;  /* for the log: "pause"; NULL: no operator's */
    const char *about; /* what the name in the path is one of: "endpoint" */
    bool (*read)(struct exchange *x, struct order *o); /* fills in the order; false: answered already; NULL: there is
                                                          nothing to be read */
    enum desk_verb desk;
    void (*answer)(struct exchange *x, struct order *o); /* what went well; NULL: the body as a line of JSON */
    unsigned invalid; /* the status of what cannot be carried out; 0: 422, for it is no malformed request */
};

#define QUESTION_HANDLER .end = order_end, .close = order_close
#define ORDER_HANDLER .data = exchange_collect, QUESTION_HANDLER

void order_end(struct exchange *x);
void order_close(struct exchange *x);
/* Of orders that delivery has dropped. */
void order_free_all(struct http *h);

#endif
