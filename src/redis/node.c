#include "redis/node.h"

#include <stdlib.h>

struct redis_node {
    redisContext *context;
    struct redis_host host;
    struct buf command; /* scratch */
};

static struct timeval milliseconds(int64_t ms)
{
    return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

/* What hiredis says may hold what was sent: the kind of failure is enough. */
static enum err broken(const struct redis_node *n, const char *what, struct errmsg *msg)
{
    const redisContext *c = n->context;
    const char *why = !c                                                    ? "out of memory"
                      : c->err == REDIS_ERR_IO || c->err == REDIS_ERR_OTHER ? c->errstr
                      : c->err == REDIS_ERR_EOF                             ? "it closed the connection"
                                                                            : "it does not speak Redis' protocol";
    return err_set(msg, ERR_IO, "%s:%u: cannot %s: %s", n->host.name, n->host.port, what, why);
}

static enum err log_in(struct redis_node *n, const struct redis_login *login, struct errmsg *msg)
{
    redisReply *reply;
    struct redis_command auth = {.n = 0};
    if (!login->password && !*login->user)
        return ERR_OK;
    /* Without a password a user is logged in nevertheless: never is another, the default one, taken in silence. */
    redis_command_set(&auth, "AUTH", *login->user ? login->user : "default", login->password ? login->password : "",
                      NULL);
    enum err e = redis_node_ask(n, &auth, &reply, msg);
    explicit_bzero(auth.bulks.p, auth.bulks.n);
    redis_command_done(&auth);
    if (e)
        return e;
    if (reply->type == REDIS_REPLY_ERROR)
        e = err_set(msg, ERR_INVALID, "%s:%u: it does not take this user and password", n->host.name, n->host.port);
    freeReplyObject(reply);
    return e;
}

enum err redis_node_open(const struct redis_host *host, const struct redis_login *login, struct redis_node **out,
                         struct errmsg *msg)
{
    struct redis_node *n = mem_zalloc(1, sizeof *n);
    n->host = *host;
    n->context = redisConnectWithTimeout(host->name, host->port, milliseconds(login->timeout_ms));
    enum err e = !n->context || n->context->err ? broken(n, "connect", msg) : ERR_OK;
    if (!e && redisSetTimeout(n->context, milliseconds(login->timeout_ms)) != REDIS_OK)
        e = broken(n, "set a time-out", msg);
    if (!e)
        e = log_in(n, login, msg);
    if (e)
        redis_node_close(n);
    else
        *out = n;
    return e;
}

void redis_node_close(struct redis_node *n)
{
    if (!n)
        return;
    if (n->context)
        redisFree(n->context);
    buf_done(&n->command);
    free(n);
}

void redis_node_add(struct redis_node *n, const struct redis_command *c)
{
    buf_clear(&n->command);
    redis_command_write(c, &n->command);
    if (redisAppendFormattedCommand(n->context, n->command.p, n->command.n) != REDIS_OK)
        mem_none("cannot add a command");
}

enum err redis_node_reply(struct redis_node *n, redisReply **out, struct errmsg *msg)
{
    void *reply = NULL;
    if (redisGetReply(n->context, &reply) != REDIS_OK || !reply)
        return broken(n, "get a reply", msg);
    *out = reply;
    return ERR_OK;
}

enum err redis_node_ask(struct redis_node *n, const struct redis_command *c, redisReply **out, struct errmsg *msg)
{
    redis_node_add(n, c);
    return redis_node_reply(n, out, msg);
}

const struct redis_host *redis_node_host(const struct redis_node *n)
{
    return &n->host;
}
