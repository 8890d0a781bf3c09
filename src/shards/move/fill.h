/* Sets of shards that are moved (move.h): one that is filled, and one that is emptied.
 *
 * A set that is being filled has a 2 as its `making` (set.h): nobody takes it for a set, neither a daemon nor
 * `lifecertctl init`, until all of it is there; then one write makes it one. */
#ifndef SHARDS_FILL_H
#define SHARDS_FILL_H

#include "shards/set.h"

/* Makes the shards of *like, empty. What a filling that was cut short has left under that prefix is removed first.
 * ERR_EXISTS: there is a set. */
enum err shard_set_fill(const char *uri, const struct store_options *options, const struct shard_set *like,
                        struct errmsg *msg) ERR_MUSTCHECK;
/* All of it is there. */
enum err shard_set_filled(const char *uri, const struct store_options *options, struct errmsg *msg) ERR_MUSTCHECK;

/* The set is left for good? ERR_INVALID: inputs still wait in its streams; the message says where. *ordered: the number
 * of the last hold that was ordered for all shards. */
enum err shard_set_waiting(const char *uri, const struct store_options *options, const struct shard_set *set,
                           uint64_t *ordered, struct errmsg *msg) ERR_MUSTCHECK;

#endif
