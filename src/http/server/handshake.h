/* TLS handshakes that wait for the client. The library would try them again without pause, for as long as the client
 * likes: so whoever has not come to the end of it is suspended after each round, and resumed when something has
 * come. */
#ifndef HTTP_HANDSHAKE_H
#define HTTP_HANDSHAKE_H

#include <microhttpd.h>

#include "http/server/peers.h"
#include "net/loop.h"

struct handshakes; /* those of one site */

/* woken(arg): one of them can go on. */
struct handshakes *handshakes_new(struct loop *l, void (*woken)(void *arg), void *arg);
/* When no connection is left. NULL is fine. */
void handshakes_free(struct handshakes *all);

/* A connection begins with one. */
void handshake_begin(struct handshakes *all, struct MHD_Connection *connection, struct peer *p);
/* The connection is gone. Nothing when its handshake is over. */
void handshake_end(struct peer *p);

/* After each round of the library, not from within one of its callbacks. */
void handshakes_rest(struct handshakes *all);
/* Before the library is stopped, which has no use for suspended connections. */
void handshakes_wake(struct handshakes *all);

#endif
