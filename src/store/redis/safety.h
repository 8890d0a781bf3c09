/* Does Redis keep what it acknowledges? Every server that has, or may get, a shard is asked for the settings on which
 * that hangs: the masters, and the replicas that can be reached, for one of them is the next master. */
#ifndef STORE_REDIS_SAFETY_H
#define STORE_REDIS_SAFETY_H

#include "store/redis/inside.h"

/* What does not, or cannot be known, is refused (ERR_INVALID, with a sentence for each finding that says which server,
 * which setting, what it should be and how it is set), or with o->allow_lossy told to o->warn(). A master that does not
 * answer is ERR_IO; a replica is passed over, and so is another shard's master. */
enum err redis_safety_check(struct redis *r, const struct redis_shard *shard, const struct store_options *o,
                            struct errmsg *msg) ERR_MUSTCHECK;

/* --- for tests: what one server's answers come to --- */

struct redis_said {
    struct str info;      /* INFO's text; STR_NONE: refused */
    const redisReply *config; /* the reply to CONFIG GET, an array of names and values; NULL: refused */
};

/* A sentence a line for each finding, appended. replicas: so many must be online, with its master's last word; 0: not
 * asked. */
void redis_safety_judge(const char *server, const struct redis_said *said, unsigned replicas, struct buf *findings);

#endif
