/* Both sides of a move: every store of what is emptied, and of what is filled, open for writing, so that no other
 * process has them. What is filled is nobody's store until it is whole: a folder has another name until then, a set of
 * shards in Redis a mark (shards/move/fill.h). */
#ifndef CTL_SIDES_H
#define CTL_SIDES_H

#include "shards/set.h"

struct side {
    const char *uri; /* as it was given */
    bool set;        /* a set of shards in Redis; else one folder */
    unsigned n;
    struct shard_set about; /* of a folder too: its incarnation, and whether its clock is simulated */
    struct store **stores;
    struct store_options options;
    char place[SHARD_URI_MAX]; /* the folder's URI; of one that is filled, until it has its name */
};

/* What is there. Nothing is held yet. ERR_INVALID: inputs wait. */
enum err side_look(struct side *s, const char *uri, const struct store_options *options,
                   struct errmsg *msg) ERR_MUSTCHECK;
/* Takes hold of every store. */
enum err side_hold(struct side *s, struct errmsg *msg) ERR_MUSTCHECK;
/* Makes n stores like from's, and takes hold of them. What a move that was cut short has left there is removed.
 * ERR_EXISTS: there is a store. */
enum err side_make(struct side *s, const char *uri, const struct store_options *options, const struct side *from,
                   unsigned n, struct errmsg *msg) ERR_MUSTCHECK;
/* Lets go of the stores. */
void side_let_go(struct side *s);
/* It is whole, and becomes a store in one step. */
enum err side_finish(struct side *s, struct errmsg *msg) ERR_MUSTCHECK;

/* The URI of one of its stores, for store_open(). */
void side_uri(const struct side *s, unsigned shard, char out[SHARD_URI_MAX]);

#endif
