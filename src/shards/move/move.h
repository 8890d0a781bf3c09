/* Everything of some stores into others; people may be spread anew over another number of them. For stores at rest:
 * both sides are open for writing, so that nobody else has them.
 *
 * As many to as many: each log is the same byte for byte, with the same seals, and all beside it is kept as it is.
 *
 * Otherwise the logs are written anew. Events are taken in the order of logs.h, each person's to the person's shard
 * (shard_of()), numbered anew; what points to a number (prev, undoes, idempotency keys, contacts, deliveries) follows.
 * Events of nobody's:
 *
 *   unit.recorded, unit.digest          to the shard that the unit is at home in
 *   config.adopted, policy.adopted      to every shard, when the first of the old ones has them
 *   hold.placed, hold.lifted            to every shard: a hold is in force there for as long as it is in any of the old
 *                                       ones; what a lifted brake lets through is shared out among them
 *
 * So nobody's history loses a word, but an event may no longer follow from those before it in its log, for these come
 * from logs that knew nothing of each other: a hold of one of them did not cover the others' people. The new stores say
 * up to which event that is so (store_info.taken), and verification decides again what comes behind it. */
#ifndef SHARDS_MOVE_H
#define SHARDS_MOVE_H

#include "store/store.h"

struct move_order {
    struct store *const *from; /* of one scheme: one incarnation */
    struct store *const *to;   /* new, empty, simulated like the others */
    unsigned n_from, n_to;
    bool alone;                /* from several daemons' shards into a store that has one: also a log that is kept as it
                                  is was not decided by its rules, and is noted as taken over */
    const char *const *forget; /* endpoints whose state is left behind */
    unsigned n_forget;
    int64_t now; /* Unix seconds: idempotency keys that are too old are left behind */
    /* Now and then; may be NULL. what: "events", "rows", "check". */
    void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
    void *arg;
};

struct move_report {
    bool same;              /* the logs are the same byte for byte */
    uint64_t read, written; /* events */
    uint64_t people, contacts, keys, deliveries;
};

/* ERR_INVALID: it cannot be done as things stand, and msg says what to do about it: a delivery waits, an endpoint is
 * behind, a hold is in force in some of the old shards only, events were archived. Then, and after any other error, the
 * new stores are half made and must be thrown away. When it is done they were read again: every person's events are the
 * same in the same order, every number points to what it pointed to. */
enum err move_stores(const struct move_order *o, struct move_report *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
