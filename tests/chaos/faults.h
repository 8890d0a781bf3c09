/* What is done to the daemons, to Redis and to the network between them, drawn by lot, one thing at a time to Redis and
 * one to each daemon; in every other spell one thing at all, for the times. Called again and again by one thread, which
 * never waits for long. */
#ifndef TESTS_CHAOS_FAULTS_H
#define TESTS_CHAOS_FAULTS_H

#include "tests/chaos/load.h"

enum deed_kind {
    DEED_REDIS_KILL,
    DEED_REDIS_BEHIND, /* its replica stands still, and the master is killed: what the replica lacks is gone */
    DEED_REDIS_STOP,
    DEED_REPLICA_STOP,
    DEED_MEMORY,
    DEED_DROP,
    DEED_RESET,
    DEED_SLOT,
    DEED_DAEMON_KILL,
    DEED_DAEMON_STOP,
    DEED_DAEMON_TERM,
    DEEDS
};

/* The time line. Monotonic nanoseconds. */
struct deed {
    enum deed_kind kind;
    int target; /* a node, a daemon, a shard */
    unsigned pair;
    int64_t at, healed;   /* healed: everything done for it is undone; 0: not yet */
    bool failover, alone; /* alone: nothing else happened meanwhile */
};

enum daemon_state { DAEMON_UP, DAEMON_DOWN, DAEMON_STOPPED, DAEMON_ENDING, DAEMON_STARTING };

struct faults {
    struct stage *stage;
    struct load *load;
    struct rng rng;
    FILE *line; /* the time line as text: what was done, and what the daemons logged */
    long log_read[DAEMONS];
    int64_t began, healed_last;
    bool still[SHARDS], redis_turn;
    struct deed *deeds;
    size_t n_deeds, cap_deeds;
    unsigned failovers, counts[DEEDS], own_exits; /* own_exits: a daemon ended by itself, in order */
    unsigned crashes;                             /* not in order */
    bool ending;                                  /* nothing new */

    enum { REDIS_WELL, REDIS_HURT, REDIS_HEALING } redis;
    size_t redis_deed;
    int64_t redis_until, redis_next, whole_since;
    bool redis_gone; /* the master is killed, and its replica is awaited */

    enum daemon_state daemons[DAEMONS];
    size_t daemon_deed[DAEMONS];
    int64_t daemon_until[DAEMONS], daemon_next;
};

extern const char *const deed_words[DEEDS];

void faults_init(struct faults *f, struct stage *s, struct load *l, uint64_t seed);
/* A step. */
void faults_go_on(struct faults *f);
/* true: nothing is hurt any more, after faults_end(). */
bool faults_over(const struct faults *f);
void faults_end(struct faults *f);
void faults_done(struct faults *f);

#endif
