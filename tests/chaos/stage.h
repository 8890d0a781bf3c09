/* What the chaos happens to: a Redis Cluster of six, a set of shards in it, three daemons that share them, and two
 * receivers of what they deliver. */
#ifndef TESTS_CHAOS_STAGE_H
#define TESTS_CHAOS_STAGE_H

#include "tests/lib/node.h"
#include "tests/receiver/peer.h"
#include "tests/redis/cluster.h"

#define DAEMONS 3
#define SHARDS 8
#define FAST 86400 /* the daemons' clock: a day each second */
#define PAIRS 3    /* node i and node i + PAIRS have the same slots */
#define CHAOS_LEASE_MS 2000
#define PREFIX "chaos"
#define CHANNEL "post" /* whose certifications go straight into the shards' streams */

enum side { SIDE_STEADY, SIDE_BRIEF, SIDES };

struct side_plan {
    const char *name;
    bool gives_up; /* its retries are few */
    const char *settings, *mood;
    const char *const *events; /* globs; NULL: all */
};
extern const struct side_plan side_plans[SIDES];

struct stage {
    struct cluster cluster;
    struct node *daemons[DAEMONS];
    struct peer *peers[SIDES];
    char records[SIDES][128];
    char archive[128], simulation[128]; /* a folder; a configuration for lifecertctl simulate */
    const char *brake;
    unsigned home[SHARDS + 1]; /* at which pair each shard is; behind them, the system shard */
    char tags[PAIRS][24];      /* a hash tag for each pair, in whose slot there is nothing else */
    bool apart;                /* in a network of its own: connections can be cut */
    char why_not[160];
};

/* Before any thread is started. */
void stage_isolate(struct stage *s);
void stage_set_up(struct stage *s, const char *brake);
/* The daemons' configuration, with a clock that runs so fast: FAST, and in the end 1, which is a newer revision. */
void stage_configure(struct stage *s, unsigned clock_factor);
/* No faults at the receivers any more. */
void stage_calm(struct stage *s);
void stage_done(struct stage *s);

/* A request of JSON, or GET when there is no body; the answer's status, 0 when there is none. */
int stage_ask(const struct node *n, const char *method, const char *target, struct reply *r);
/* So many entries wait in the streams of all shards. */
uint64_t stage_waiting(const struct stage *s);
/* lifecertctl in the first daemon's name. */
int stage_ctl(const struct stage *s, const char *const words[], struct buf *output);

bool node_is_master(const struct stage *s, int node);
/* Which of the pair's nodes is a master that answers; -1: neither, or both. */
int pair_master(const struct stage *s, unsigned pair);
/* SHARDS: of the system shard. */
unsigned shard_slot(unsigned shard);

#endif
