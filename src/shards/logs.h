/* The logs of several shards as one: the next event is the one with the earliest time; of the same time, that of the
 * shard with the lowest number. So each person's events come in their order, and on logs at rest the order is always
 * the same. At the end of what is there, lines come as they become durable. One thread uses it. */
#ifndef SHARDS_LOGS_H
#define SHARDS_LOGS_H

#include "base/date.h"
#include "shards/position.h"
#include "shards/set.h"

struct logs;

/* Every shard's store, opened for reading (STORE_READ); uri may also be one store's ("dir:..."), which is one shard. */
enum err logs_open(const char *uri, const struct store_options *options, struct logs **out,
                   struct errmsg *msg) ERR_MUSTCHECK;
/* Over stores that are open already, in whatever mode; they stay the caller's, and must outlive it. */
struct logs *logs_of(struct store *const *stores, unsigned n);
/* NULL is fine. */
void logs_close(struct logs *l);

unsigned logs_n(const struct logs *l);
struct store *logs_store(const struct logs *l, unsigned shard);

/* Goes to behind that position, initialised for logs_n(). ERR_INVALID: it is for another number of shards. Without it
 * everything is read from the start. */
enum err logs_seek(struct logs *l, const struct position *after, struct errmsg *msg) ERR_MUSTCHECK;
/* Goes to behind all that is before that instant, and not back behind where it is: times never go back along a log. */
enum err logs_seek_time(struct logs *l, lc_instant since, struct errmsg *msg) ERR_MUSTCHECK;
/* The line holds until the next call. ERR_END: no more now. */
enum err logs_next(struct logs *l, unsigned *shard, uint64_t *seq, struct str *line, struct errmsg *msg) ERR_MUSTCHECK;
/* What was returned so far. */
const struct position *logs_position(const struct logs *l);

#endif
