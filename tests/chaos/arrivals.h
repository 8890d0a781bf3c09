/* What arrived at one receiver, from its record. */
#ifndef TESTS_CHAOS_ARRIVALS_H
#define TESTS_CHAOS_ARRIVALS_H

#include "tests/chaos/facts.h"

struct arrivals {
    enum side side;
    const struct facts *facts;
    uint32_t *accepted; /* by the fact's place: how often */
    bool *marked;       /* with the mark "gap" */
    bool *dead;         /* the daemons say that it was given up */
    uint64_t attempts, distinct, again, out_of_order, strangers;
};

void arrivals_init(struct arrivals *a, const struct facts *f, enum side side);
/* What was given up: asks a daemon. */
void arrivals_read_dead(struct arrivals *a, const struct node *n);
/* The record; when its receiver has ended, all of it is there. */
void arrivals_read(struct arrivals *a, const struct stage *s);
void arrivals_done(struct arrivals *a);
/* Checks: everything came that should, or was given up and the next one says so; in order; nothing else. */
void arrivals_judge(const struct arrivals *a);

#endif
