/* The load: threads that send inputs over HTTP to whichever daemon, again after errors and time-outs until they are
 * answered (some are given up, and nobody knows what became of them); one that writes into the shards' streams itself;
 * and one for each shard that asks every moment whether it takes inputs, for the times. */
#ifndef TESTS_CHAOS_LOAD_H
#define TESTS_CHAOS_LOAD_H

#include <stdatomic.h>

#include "tests/chaos/book.h"
#include "tests/chaos/stage.h"

#define WORKERS 4
#define BULK_SHARD 0 /* whose segments are filled */
#define THREADS (WORKERS + 2 + SHARDS)

/* A moment at which a shard took an input, or Redis a write that a replica has: asked at, answered at. Monotonic
 * nanoseconds. */
struct taken {
    int64_t asked, answered;
};

struct takings {
    struct taken *v;
    size_t n, cap;
};

struct load {
    struct stage *stage;
    struct book book;
    uint64_t seed;
    unsigned bulk_lines; /* how many lines fill segments */
    atomic_bool stop;    /* no new ones; what is under way is seen through */
    atomic_int today;    /* lc_date, by the daemons' clocks */
    atomic_uint repeated, given_up, strange;
    atomic_bool away[DAEMONS];                   /* killed or stopped just now: whoever measures does not ask there */
    atomic_llong shard_took[SHARDS];             /* the last moment */
    struct takings shards[SHARDS], redis[PAIRS]; /* to be read when the threads have ended */
    pthread_t threads[THREADS + PAIRS];
    struct hand *hands;
};

void load_start(struct load *l, struct stage *s, uint64_t seed, unsigned bulk_lines);
/* Ends when all inputs are answered, for which everything must be well again. */
void load_stop(struct load *l);
void load_done(struct load *l);

#endif
