/* Where the system shard is: what all shards of a set share, under one hash tag, so that it stands in one slot. */
#ifndef SHARDS_SYSTEM_H
#define SHARDS_SYSTEM_H

#include "shards/script.h"
#include "store/store.h"

struct system_shard {
    struct redis_settings settings;
    struct redis_wait wait;
    unsigned slot;
    char tag[REDIS_PREFIX_MAX + 16]; /* "{PREFIX/system}" */
};

enum err system_shard_init(const char *uri, const struct store_options *options, struct system_shard *out,
                           struct errmsg *msg) ERR_MUSTCHECK;
/* Adds the key of that name to a command. */
void system_key(const struct system_shard *s, struct redis_command *c, const char *name);

#endif
