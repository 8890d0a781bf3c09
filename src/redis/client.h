/* A Redis, whichever way it is run: one server, a master that sentinels watch, or a cluster. Calls go to the server
 * that has their slot; redirections are followed, and failovers, restarts and slots on their way are waited out, up to
 * a bound. Blocking; each thread has a client of its own.
 *
 * A reply that is lost says nothing about whether its command was run, and then it is sent again: so whatever is called
 * here must be safe to repeat. */
#ifndef REDIS_CLIENT_H
#define REDIS_CLIENT_H

#include "redis/node.h"

struct redis_settings {
    struct redis_address address;
    const char *password; /* NULL: none; copied */
    int64_t timeout_ms;   /* for connecting and for one reply; 0: 5 s */
    int64_t patience_ms;  /* for a call with all its repetitions; 0: 30 s */
};

struct redis;

/* Connects to nobody yet. */
struct redis *redis_new(const struct redis_settings *s);
void redis_free(struct redis *r);

/* Runs commands whose keys are all in that slot, in one go, and gives each its reply: the caller's, to be freed by
 * redis_replies_free(). An error reply that repeating does not mend is a reply like others.
 *
 * The commands are a unit: they go out on one connection, in order, and when one of them is redirected or its reply is
 * lost, all of them are sent again. So a WAIT at the end speaks for what was run before it. ERR_IO: not within the
 * patience; msg says what stood in the way last, and nobody knows what was run. ERR_INVALID: the server refuses the
 * user and password. */
enum err redis_run(struct redis *r, unsigned slot, const struct redis_command *commands, unsigned n,
                   redisReply **replies, struct errmsg *msg) ERR_MUSTCHECK;
void redis_replies_free(redisReply **replies, unsigned n);

/* The masters, as last known; they hold until the next call. *own: the index of the one that has that slot. ERR_IO:
 * nobody says who they are. */
enum err redis_masters(struct redis *r, unsigned slot, const struct redis_host **out, unsigned *n, unsigned *own,
                       struct errmsg *msg) ERR_MUSTCHECK;

#endif
