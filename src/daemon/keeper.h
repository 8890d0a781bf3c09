/* Those shards of a set that fall to this daemon: it opens each when the office says that it is to be its own, hands it
 * over when it is not any more, and gives up one that fails, without the others. A daemon never ends for one shard. */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include "daemon/service.h"

/* As service_open(): waits until the other daemons know of this one, and not for any shard. */
enum err keeper_open(const struct service_options *o, struct config *c, struct service **out,
                     struct errmsg *msg) ERR_MUSTCHECK;

#endif
