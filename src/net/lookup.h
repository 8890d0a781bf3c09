/* A host's addresses, found without holding up the loop.
 *
 * getaddrinfo() on a thread of its own, as libcurl does it: so that a name means here what it means to every other
 * program of the machine (nsswitch.conf, hosts, mDNS), which a resolver inside the loop would not know. An address
 * needs no thread. */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdint.h>
#include <sys/socket.h>

#include "net/loop.h"

#define ADDRESSES_MAX 8 /* of one host; the rest is left out */

struct addresses {
    struct {
        struct sockaddr_storage a;
        socklen_t length;
    } v[ADDRESSES_MAX];
    unsigned n;
};

struct lookup;

/* Calls done(arg, ...) once, on the loop and never from within: with error NULL and at least one address, else with
 * what went wrong. Both are borrowed from the lookup, which may be freed from within. */
struct lookup *lookup_new(struct loop *l, const char *host, uint16_t port,
                          void (*done)(void *arg, const struct addresses *found, const char *error), void *arg);
/* done() is not called any more. A thread that is still at work ends by itself. NULL is fine. */
void lookup_free(struct lookup *k);

#endif
