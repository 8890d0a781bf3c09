/* HTTP requests: libcurl on the loop, keep-alive, a line with connections of its own for each endpoint.
 *
 * All of it belongs to the loop's thread. A line admits what it is given at once: how many are in flight is the
 * caller's to limit, and its queue stays outside of libcurl, whose time-outs count waiting too. */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include "adapter/call.h"
#include "net/loop.h"

struct transfers;
struct transfer_line;

struct transfer_settings {
    int64_t timeout_ms;        /* for the whole request */
    int64_t connect_timeout_ms;
    const char *proxy, *ca_file, *client_cert; /* NULL: none */
    bool allow_private;        /* else addresses inside are refused after name resolution (net/guard.h) */
    unsigned max_connections;  /* kept alive: as many as may be on their way at once, or they come and go */
};

enum err transfers_new(struct loop *l, struct transfers **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Every line must be closed. NULL is fine. */
void transfers_free(struct transfers *t);

/* The settings are copied. ERR_INVALID: a file cannot be read. */
enum err transfer_line_open(struct transfers *t, const struct transfer_settings *s, struct transfer_line **out,
                            struct errmsg *msg) ERR_MUSTCHECK;
/* Nothing may be on its way. NULL is fine. */
void transfer_line_close(struct transfer_line *l);

/* call->once: on a fresh connection that is not used again, so that libcurl never sends it a second time. */
void transfer_start(struct transfer_line *l, struct transfer *t);
/* Gives it up: done() is not called any more. */
void transfer_cancel(struct transfer_line *l, struct transfer *t);

#endif
