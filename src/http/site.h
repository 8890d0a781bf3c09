/* One libmicrohttpd daemon for one listening socket, run by our loop.
 *
 * The library's own limits: header and connection memory, connections, idle time. What it lacks is added here: a
 * header that drips in byte by byte keeps a connection from being idle, so a time for the whole of it, too. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "net/loop.h"

struct site;

/* The other end of a connection. */
struct peer {
    int fd;
    bool local; /* it came over a Unix socket, not over TCP */
    bool known; /* the kernel named its uid; only where it is local */
    uid_t uid;
    bool busy;             /* a request's header is whole, its answer not sent */
    int64_t idle_since_ns; /* when not busy */
    struct peer *next, **link;
};

struct site_callbacks {
    MHD_AccessHandlerCallback access;
    MHD_RequestCompletedCallback completed;
    void *arg;
};

enum err site_new(struct loop *l, int fd, const struct site_callbacks *c, struct site **out,
                  struct errmsg *msg) ERR_MUSTCHECK;
/* Does what the connections are ready for. Not from within a callback of the library. */
void site_run(struct site *s);
/* Accepts no more. */
void site_quiesce(struct site *s);
/* No connection may be suspended. Closes what is left. NULL is fine. */
void site_free(struct site *s);

struct peer *site_peer(struct MHD_Connection *connection);

#endif
