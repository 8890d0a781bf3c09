/* What operators order of the daemon: who orders it and why, sent, and what became of it. */
#ifndef CTL_ORDER_H
#define CTL_ORDER_H

#include "ctl/json.h"
#include "ctl/options.h"

/* One order. What is filled in here is released by order_send(). */
struct order {
    const char *method;
    struct buf path;
    struct buf body;  /* a JSON object; empty: none */
    const char *what; /* before whatever the daemon finds wrong */
    const char *kind; /* of names.h: what it is one of, to say which there are; NULL: that is not said */
    int (*judge)(const struct json *answer); /* the status to end with, a no being told; NULL: it is done */
    void (*tell)(const struct json *answer); /* to people, that it is done */
    const char *by, *why;
};

/* Rows of a table of options. */
#define ORDER_OPTIONS(order)                                            \
    {OPTION_TEXT, 0, "by", "WHO", "who orders it", &(order)->by},       \
    {                                                                   \
        OPTION_TEXT, 0, "why", "TEXT", "for what reason", &(order)->why \
    }

/* Are both options there? A mistake is told. */
bool order_is_signed(const struct order *o);

void order_member(struct order *o, const char *name, const char *value);
/* The members "by" and "why", and the object's end. */
void order_sign(struct order *o);

/* Sends it, and says what became of it. Returns the status to end with. */
int order_send(const struct ctl *ctl, struct order *o);

#endif
