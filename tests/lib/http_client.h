/* A small HTTP/1.1 client over a Unix socket or TCP, for tests: one connection, kept alive. It can also say what no
 * client should, byte by byte. Every read and write has a time-out, after which the test ends. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include "base/buf.h"

struct client;

struct reply {
    int status;      /* 0: the connection ended without an answer */
    struct buf head; /* the header's lines, and a terminator */
    struct buf body; /* decoded, and a terminator; n does not count it */
};

/* address: a socket's path, "127.0.0.1:PORT" or "[::1]:PORT". NULL: nobody listens. */
struct client *client_new(const char *address);
void client_free(struct client *c);

/* headers: whole lines with CR LF, or NULL; Host and Content-Length are added. The reply's old content is replaced. */
void client_request(struct client *c, const char *method, const char *target, const char *headers, struct str body,
                    struct reply *r);
/* The same with a connection of its own. */
void request_once(const char *address, const char *method, const char *target, const char *headers, struct str body,
                  struct reply *r);

/* false: the other end has closed. */
bool client_send(struct client *c, const void *bytes, size_t n);
void client_read(struct client *c, struct reply *r);
/* Of an answer that goes on and on: its header alone, and then what comes, chunk by chunk, appended to body; false: it has
 * ended, or the connection has. */
void client_read_head(struct client *c, struct reply *r);
bool client_read_chunk(struct client *c, struct buf *body);
/* For whoever reads by himself. */
int client_fd(const struct client *c);
/* Is there something to read already? */
bool client_has_more(const struct client *c);

/* A header's value, or NULL; it holds until the next call. */
const char *reply_header(const struct reply *r, const char *name);
/* The body's n-th line from 0, without newline, or NULL; it holds until the next call. */
const char *reply_line(const struct reply *r, unsigned n);
void reply_done(struct reply *r);

#endif
