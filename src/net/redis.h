/* Commands to a Redis server: one connection a line, pipelined, over hiredis on the loop.
 *
 * hiredis has no time-outs of its own in this mode: the line has them. A command whose reply never came is LOST. */
#ifndef NET_REDIS_H
#define NET_REDIS_H

#include "net/transfer.h"

struct redis_line;

struct redis_settings {
    const char *url;      /* "redis://[USER@]HOST:PORT[/DB]" */
    const char *password; /* NULL: none */
    int64_t timeout_ms;
    bool allow_private;
};

/* Is the URL one that redis_line_open() takes? */
enum err redis_url_check(const char *url, struct errmsg *msg) ERR_MUSTCHECK;

/* Connects when something is sent, and again after a connection broke. */
enum err redis_line_open(struct loop *l, const struct redis_settings *s, struct redis_line **out,
                         struct errmsg *msg) ERR_MUSTCHECK;
void redis_line_close(struct redis_line *l);

/* t->call holds args. Answers come in the order of the calls; done() never from within. The answer's status is 200 with
 * the reply as text, or 500 with the error's. */
void redis_start(struct redis_line *l, struct transfer *t);
void redis_cancel(struct redis_line *l, struct transfer *t);

#endif
