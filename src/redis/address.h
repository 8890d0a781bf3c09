/* Where a Redis is, as the configuration's `store` has it:
 *
 *   redis://[USER@]HOST:PORT/PREFIX                           one server
 *   redis-sentinel://[USER@]HOST:PORT[,...]/MASTER/PREFIX     sentinels, and the name of the master that they watch
 *   redis-cluster://[USER@]HOST:PORT[,...]/PREFIX             some of a cluster's nodes
 *
 * HOST is a name, an IPv4 address or an IPv6 address in brackets. PREFIX stands before every key, so that several
 * stores may share a server. A password does not belong here. */
#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

#include "redis/host.h"

#define REDIS_HOSTS_MAX 16
#define REDIS_PREFIX_MAX 64 /* letters, digits, . _ and - */

enum redis_topology { REDIS_SINGLE, REDIS_SENTINEL, REDIS_CLUSTER };

struct redis_address {
    enum redis_topology topology;
    struct redis_host hosts[REDIS_HOSTS_MAX];
    unsigned n_hosts;
    char user[REDIS_USER_MAX + 1]; /* "": the default one */
    char master[65];               /* REDIS_SENTINEL */
    char prefix[REDIS_PREFIX_MAX + 1];
};

/* ERR_INVALID with a sentence that does not show the URI: somebody may have put a password into it. */
enum err redis_address_parse(const char *uri, struct redis_address *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
