/* What the files of the keeper share. Not for anyone else. */
#ifndef DAEMON_KEEPER_INSIDE_H
#define DAEMON_KEEPER_INSIDE_H

#include <stdatomic.h>

#include "daemon/keeper.h"
#include "daemon/tenure.h"

/* One shard, whosever it is. */
struct place {
    struct tenure *tenure; /* NULL: it is not ours */
    bool opened;           /* it was, once */
    bool awaited;          /* another has it still, and that was said */
    bool adopting;         /* its tenure takes up another configuration */
    uint64_t generation;   /* of the configuration that it has, or was given last */
    int64_t next_ns;       /* when it may be opened: monotonic; and */
    int64_t pause_ms;      /* how long it was put off last, because it failed; 0: it did not */
    int64_t opened_ns, said_ns; /* said_ns: that it failed */
};

struct keeper {
    struct service service; /* the first member */
    struct service_options options;
    struct config *config; /* the newest, and */
    uint64_t generation;   /* the how manieth it is */
    struct config *first;  /* that it was opened with: the store's options point into it */
    struct store_options store;
    struct shard_set set;
    struct completions *queue;
    struct watch *answered, *timer;
    struct office *office;
    struct front *front;
    struct shard_desk *desk;
    struct cap_desk *caps;
    struct tenure_home home;
    struct place *places; /* by shard */
    unsigned n_tenures, n_opening;
    bool started, ready, leaving;
    int64_t ready_by_ns; /* the latest */
    struct completion changed;
    atomic_bool changing; /* that is queued */
    void (*drained)(void *arg);
    void *drained_arg;

    struct service_change *change;
    unsigned n_adopting;
};

/* keeper_change.c: another configuration */
void keeper_configure(struct service *s, struct service_change *c);
/* A shard that is served with an older one takes up the newest. */
void keeper_bring_up_to_date(struct keeper *k, unsigned shard);
void keeper_adopted(void *arg, struct tenure *t, enum err err, const struct errmsg *msg);

/* keeper_looks.c: for whoever wants to know how it stands */
void keeper_counters(void *arg, struct engine_counters *out);
void keeper_shards(void *arg, struct shard_counts *out);
bool keeper_is_member(void *arg);
bool keeper_alive(struct service *s);

#endif
