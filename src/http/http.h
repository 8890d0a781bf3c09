/* The HTTP interface (lifecertd-http(7)): libmicrohttpd on its epoll descriptor, driven by our loop.
 *
 * Everything here belongs to the loop's thread, and so does delivery, which is called directly. The engine's thread
 * answers requests through a completion queue. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "engine/engine.h"
#include "net/loop.h"

struct http;
struct deliver;

struct http_options {
    struct engine *engine;
    struct deliver *deliver; /* of this thread, like all of this; NULL: its routes answer 503 */
    char country_code[8]; /* "+86" */
    bool allow_at;        /* inputs may carry `at`: the clock is not the system's */
    uint32_t max_lines;   /* of one NDJSON body */
};

enum err http_new(struct loop *l, const struct http_options *o, struct http **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Answers on a listening socket, which stays the caller's and must outlive http_stop(). */
enum err http_listen(struct http *h, int fd, struct errmsg *msg) ERR_MUSTCHECK;
/* What a reload may change: country_code and max_lines. Requests that have begun keep what they began with. */
void http_reconfigure(struct http *h, const struct http_options *o);

/* Accepts no more, and calls drained(arg) as soon as no request is in progress, perhaps at once. */
void http_drain(struct http *h, void (*drained)(void *arg), void *arg);
/* Closes every connection, whatever is in progress. Still to be called before delivery is stopped and the engine is
 * closed. */
void http_stop(struct http *h);
/* After delivery is stopped and the engine is closed, so that nobody holds a request or an order of ours any more. NULL
 * is fine. */
void http_free(struct http *h);

#endif
