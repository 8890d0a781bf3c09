/* The changes of the delivery state that the next commit will write, with their strings. */
#ifndef DELIVER_LEDGER_H
#define DELIVER_LEDGER_H

#include "store/delivery/delivery.h"

struct ledger_block;

struct ledger {
    struct delivery_change *v;
    size_t n, cap;
    struct ledger_block *blocks; /* strings, copied; the first is kept for the next use */
};

void ledger_clear(struct ledger *l);
void ledger_done(struct ledger *l);
/* Strings are copied. */
void ledger_add(struct ledger *l, const struct delivery_change *c);

#endif
