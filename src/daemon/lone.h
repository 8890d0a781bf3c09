/* One engine over a store of its own, with its delivery: the whole scheme on this machine. */
#ifndef DAEMON_LONE_H
#define DAEMON_LONE_H

#include "daemon/service.h"

/* As service_open(). What fails later ends the process. */
enum err lone_open(const struct service_options *o, struct config *c, struct service **out,
                   struct errmsg *msg) ERR_MUSTCHECK;

#endif
