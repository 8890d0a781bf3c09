/* One connection to one Redis server: commands out, replies in, in the order of the commands. Blocking, with a time-out
 * on every step; for one thread at a time. */
#ifndef REDIS_NODE_H
#define REDIS_NODE_H

#include <hiredis/hiredis.h>

#include "redis/address.h"
#include "redis/command.h"

struct redis_login {
    const char *user;     /* "": the default one */
    const char *password; /* NULL: none */
    int64_t timeout_ms;   /* of connecting, and of waiting for one reply */
};

struct redis_node;

/* Connects and logs in. */
enum err redis_node_open(const struct redis_host *host, const struct redis_login *login, struct redis_node **out,
                         struct errmsg *msg) ERR_MUSTCHECK;
void redis_node_close(struct redis_node *n);

/* Puts a command into the outgoing bytes, which the next redis_node_reply() sends. */
void redis_node_add(struct redis_node *n, const struct redis_command *c);
/* The reply to the oldest command that has none yet: the caller's, for freeReplyObject(). An error that the server
 * answers is a reply. ERR_IO: the connection is gone, and nobody knows which of the commands were run. */
enum err redis_node_reply(struct redis_node *n, redisReply **out, struct errmsg *msg) ERR_MUSTCHECK;

/* Sends one command and awaits its reply. */
enum err redis_node_ask(struct redis_node *n, const struct redis_command *c, redisReply **out,
                        struct errmsg *msg) ERR_MUSTCHECK;

const struct redis_host *redis_node_host(const struct redis_node *n);

#endif
