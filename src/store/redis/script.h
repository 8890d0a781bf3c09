/* The Lua scripts that change a shard in Redis (lua/). */
#ifndef STORE_REDIS_SCRIPT_H
#define STORE_REDIS_SCRIPT_H

#include "redis/script.h"

/* In the order of the build's list: by name. */
enum redis_script {
    SCRIPT_ADD,
    SCRIPT_CHECKPOINT_FINISH,
    SCRIPT_CHECKPOINT_SLICE,
    SCRIPT_COMMIT,
    SCRIPT_DELIVERY_COMMIT,
    SCRIPT_DELIVERY_KEY,
    SCRIPT_DELIVERY_SNAPSHOT,
    SCRIPT_INIT,
    SCRIPT_LEASE,
    SCRIPT_RELEASE,
    SCRIPT_TRIM,
    SCRIPT_N
};

/* Their texts, made from lua/ by the build. */
extern const struct str redis_lua[SCRIPT_N];

/* Then add the keys, and the other arguments, to c->command. */
static inline void script_begin(struct script_call *c, enum redis_script script, unsigned n_keys)
{
    script_call_begin(c, redis_lua[script], n_keys);
}

#endif
