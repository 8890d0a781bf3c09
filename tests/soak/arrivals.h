/* What arrived at one endpoint, from its receiver's record: how often each event came, and in which order; of each
 * message, whether it came again when nobody had said that it was refused. */
#ifndef TESTS_SOAK_ARRIVALS_H
#define TESTS_SOAK_ARRIVALS_H

#include "tests/soak/sides.h"

struct tally {
    uint32_t attempts, accepted;
    uint32_t life; /* of the daemon, when it was last accepted */
    bool marked;   /* accepted with the mark that an earlier one was given up */
    bool certain;  /* a message: an attempt was not refused, so it may be at the person's */
    bool taken;    /* a message: the gateway has taken it, whether or not it could say so */
    int64_t at;    /* the last attempt that was not refused: Unix nanoseconds */
};

struct arrivals {
    const struct side *side;
    const struct facts *facts;
    long offset;       /* so much of the record has been read */
    struct tally *v;   /* by number */
    uint64_t cap;
    uint64_t *latest;  /* by person, NOBODY last: the latest event accepted */
    uint32_t cap_latest;
    uint32_t life;
    uint64_t attempts, accepted, distinct;
    uint64_t again;            /* accepted once more within one life of the daemon */
    uint64_t after_kill, most_after_kill, this_life; /* once more in a later one: all, the most in one life */
    uint64_t out_of_order;     /* accepted for the first time behind a later event of the same person */
    uint64_t twice;            /* messages sent once more although none had refused them */
    uint64_t strangers;        /* what the log does not have, or this endpoint does not want */
    struct buf block;
};

void arrivals_init(struct arrivals *a, const struct side *side, const struct facts *h);
void arrivals_done(struct arrivals *a);
/* Whole lines that were added to the record. The facts must have all that was durable before they were written. kills:
 * when the daemon died, ascending, in Unix nanoseconds. */
void arrivals_read(struct arrivals *a, const int64_t *kills, unsigned n_kills);
/* What is known of an event; all zero when nothing is. */
struct tally arrivals_of(const struct arrivals *a, uint64_t seq);

#endif
