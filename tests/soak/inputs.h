/* What goes into the daemon during a soak: people are enrolled, certify, move, are reported dead, at random, and
 * whoever sends it does not mind when the daemon dies in the middle. */
#ifndef TESTS_SOAK_INPUTS_H
#define TESTS_SOAK_INPUTS_H

#include "tests/lib/node.h"
#include "tests/lib/tap.h"
#include "base/date.h"

/* A certification or a revocation that was answered: at `at` it was durable for certain. */
struct answered {
    uint64_t seq;
    int64_t at; /* Unix nanoseconds */
};

struct inputs {
    struct node *node;
    struct rng rng;
    lc_date today;     /* the daemon's */
    uint32_t people;   /* enrolled so far, or tried to */
    uint32_t *refs;    /* by person: of the last certification sent; 0: none */
    uint32_t next_ref, next_phone;
    struct answered *answered;
    size_t n_answered, cap_answered;
    uint64_t sent;
    struct reply reply;
    struct buf text;
};

void inputs_init(struct inputs *in, struct node *n, uint64_t seed);
void inputs_done(struct inputs *in);
/* Some more inputs on an open connection; false: the daemon is gone. */
bool inputs_feed(struct inputs *in, struct client *c);

#endif
