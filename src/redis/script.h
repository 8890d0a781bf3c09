/* Calling Lua scripts by their hash, one or many in one go. The scripts' texts go into the program (embed_lua.sh). */
#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

#include "redis/client.h"

/* How many replicas must have what was written before it counts. */
struct redis_wait {
    unsigned replicas;
    int64_t ms;
};

/* A call under way: reused from call to call; all zero at first. */
struct script_call {
    struct str text; /* borrowed, for good */
    char sha[41];    /* of the text, once it was called */
    struct redis_command command;
};

void script_call_done(struct script_call *c);

/* Then add the keys, and the other arguments, to c->command. */
void script_call_begin(struct script_call *c, struct str text, unsigned n_keys);

/* Runs it in that slot. *reply is the script's, for freeReplyObject().
 *
 * ERR_IO: nobody knows whether it ran, or too few replicas have it. ERR_LOCKED: the fence or the lease is another's.
 * ERR_DAMAGED: what stands there is not what the caller knew. ERR_FULL: the server takes no more. ERR_INVALID: refused
 * otherwise. */
enum err script_run(struct redis *r, unsigned slot, struct script_call *c, const struct redis_wait *wait,
                    redisReply **reply, struct errmsg *msg) ERR_MUSTCHECK;

#define SCRIPT_CALLS_MAX 64

/* Runs up to so many, in order and on one connection, but not as one step. Each has its reply, for
 * redis_replies_free(): a script's own, or an error, which script_judge() knows. When one is not known to the server,
 * or its reply is lost, all of them are run again. An error here: there are no replies. */
enum err script_run_all(struct redis *r, unsigned slot, const struct script_call *calls, unsigned n,
                        const struct redis_wait *wait, redisReply **replies, struct errmsg *msg) ERR_MUSTCHECK;

/* What a reply comes to, as script_run() says it. */
enum err script_judge(const redisReply *reply, struct errmsg *msg) ERR_MUSTCHECK;

#endif
