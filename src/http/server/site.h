/* One libmicrohttpd daemon for one listening socket, run by our loop.
 *
 * The library's own limits: memory of a connection, time without a byte. What it lacks stands beside it: how long a
 * header may take, and who is sent away when there are too many (peers.h), and what a header must be like
 * (framing.h). */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/err.h"
#include "http/server/peers.h"
#include "http/server/tls.h"
#include "net/loop.h"

struct site;

struct site_options {
    MHD_AccessHandlerCallback access;
    MHD_RequestCompletedCallback completed;
    void *arg;
    struct crowd *crowd;    /* must outlive the site */
    unsigned stall_seconds; /* the longest without a byte of a body or of an answer */
};

/* tls: NULL for a socket in the clear; a reference is taken. */
enum err site_new(struct loop *l, int fd, struct tls *tls, const struct site_options *o, struct site **out,
                  struct errmsg *msg) ERR_MUSTCHECK;
/* Does what the connections are ready for. Not from within a callback of the library. */
void site_run(struct site *s);
unsigned site_connections(const struct site *s); /* those that are open */
const struct tls *site_tls(const struct site *s); /* NULL: in the clear */
int site_fd(const struct site *s);
bool site_retired(const struct site *s);
/* Accepts no more. */
void site_quiesce(struct site *s);
/* The same, and every answer from now on is the last one of its connection; gone(arg, s) is called, from a timer,
 * when no connection is left. */
void site_retire(struct site *s, void (*gone)(void *arg, struct site *s), void *arg);
/* No connection may be suspended. Closes what is left. NULL is fine. */
void site_free(struct site *s);

/* The connection ends, whatever is in progress on it; nothing of it is touched before the library finds out. */
void site_cut_off(struct MHD_Connection *connection);

struct peer *site_peer(struct MHD_Connection *connection);

#endif
