/* Delivery on the daemon's loop: its descriptor, its timer, what carries it, its log. */
#ifndef DAEMON_DISPATCH_H
#define DAEMON_DISPATCH_H

#include "config/config.h"
#include "deliver/deliver.h"
#include "net/loop.h"

struct dispatch;

/* Secrets, adapters' settings and messages' texts: faults are lines "FILE:LINE: ..." appended. */
enum err dispatch_check(struct endpoints *e, struct buf *faults) ERR_MUSTCHECK;

/* The endpoints must have been checked. A tick that fails ends the process at once with exit code 1. */
enum err dispatch_new(struct loop *l, struct engine *e, struct endpoints *endpoints, const char *timezone,
                      struct dispatch **out, struct errmsg *msg) ERR_MUSTCHECK;
enum err dispatch_configure(struct dispatch *d, struct endpoints *endpoints, const char *timezone,
                            struct errmsg *msg) ERR_MUSTCHECK;
struct deliver *dispatch_deliver(struct dispatch *d);
/* The log has grown. From any thread. */
void dispatch_nudge(struct dispatch *d);

/* Begins nothing more, and calls drained(arg) as soon as nothing is on its way, perhaps at once. */
void dispatch_drain(struct dispatch *d, void (*drained)(void *arg), void *arg);
/* Gives up what is on its way and lets go of the store: before engine_close(). NULL is fine. */
void dispatch_stop(struct dispatch *d);
/* After engine_close(). NULL is fine. */
void dispatch_free(struct dispatch *d);

#endif
