/* The Lua scripts that change a shard in Redis (lua/), and calling one by its hash. */
#ifndef STORE_REDIS_SCRIPT_H
#define STORE_REDIS_SCRIPT_H

#include "redis/client.h"

enum redis_script {
    SCRIPT_CHECKPOINT_FINISH,
    SCRIPT_CHECKPOINT_SLICE,
    SCRIPT_COMMIT,
    SCRIPT_INIT,
    SCRIPT_LEASE,
    SCRIPT_RELEASE,
    SCRIPT_N
};

/* How many replicas must have what was written before it counts. */
struct redis_wait {
    unsigned replicas;
    int64_t ms;
};

/* A call under way: reused from call to call; all zero at first. */
struct script_call {
    enum redis_script script;
    struct redis_command command;
};

void script_call_done(struct script_call *c);

/* Then add the keys, and the other arguments, to c->command. */
void script_begin(struct script_call *c, enum redis_script script, unsigned n_keys);

/* Runs it in that slot. *reply is the script's, for freeReplyObject().
 *
 * ERR_IO: nobody knows whether it ran, or too few replicas have it. ERR_LOCKED: the fence or the lease is another's.
 * ERR_DAMAGED: what stands there is not what the caller knew. ERR_FULL: the server takes no more. ERR_INVALID: refused
 * otherwise. */
enum err script_run(struct redis *r, unsigned slot, struct script_call *c, const struct redis_wait *wait,
                    redisReply **reply, struct errmsg *msg) ERR_MUSTCHECK;

#endif
