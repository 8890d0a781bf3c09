/* The interface before a fake engine and a fake delivery, its loop on a thread of its own. */
#ifndef TESTS_HTTP_SERVER_H
#define TESTS_HTTP_SERVER_H

#include "http/http.h"

struct server {
    struct engine *engine;   /* fake */
    struct deliver *deliver; /* fake */
    struct http *http;
    struct loop *loop;
    char path[108]; /* of its socket */
    struct server_inside *inside;
};

struct server server_new(uint32_t max_lines, bool allow_at);
/* With options of its own, but for the engine, delivery and the country code. Where these name a set of shards their logs
 * are read, and who takes requests there is asked in place of the fake engine. */
struct server server_new_with(const struct http_options *o);
/* One that has no delivery. */
struct server server_new_without_delivery(void);
/* Calls fn(arg) on the loop, and waits until it is done. */
void server_do(struct server *s, void (*fn)(void *arg), void *arg);
/* The same, two milliseconds later: to look again for something that is to come. */
void server_look(struct server *s, void (*fn)(void *arg), void *arg);
/* Stops it, in the midst of whatever it does. */
void server_free(struct server *s);

#endif
