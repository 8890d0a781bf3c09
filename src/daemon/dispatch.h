/* Delivery on the daemon's loop: its descriptor, its timer, what carries it, its log. */
#ifndef DAEMON_DISPATCH_H
#define DAEMON_DISPATCH_H

#include "config/config.h"
#include "deliver/deliver.h"
#include "net/loop.h"

struct dispatch;

/* Secrets, adapters' settings and messages' texts: faults are lines "FILE:LINE: ..." appended. */
enum err dispatch_check(struct endpoints *e, struct buf *faults) ERR_MUSTCHECK;

struct dispatch_options {
    struct loop *loop;
    struct engine *engine;
    struct endpoints *endpoints; /* checked */
    const char *timezone;
    unsigned shard, n_shards;        /* n_shards 0: a store of its own */
    const struct deliver_caps *caps; /* NULL: numbers are counted in the store; must outlive it */
    void (*failed)(void *arg, const struct errmsg *msg); /* a tick has; there is none after that */
    void *arg;
};

enum err dispatch_new(const struct dispatch_options *o, struct dispatch **out, struct errmsg *msg) ERR_MUSTCHECK;
enum err dispatch_configure(struct dispatch *d, struct endpoints *endpoints, const char *timezone,
                            struct errmsg *msg) ERR_MUSTCHECK;
struct deliver *dispatch_deliver(struct dispatch *d);
/* The log has grown. From any thread. */
void dispatch_nudge(struct dispatch *d);

/* Begins nothing more, and calls drained(arg) as soon as nothing is on its way, perhaps at once. */
void dispatch_drain(struct dispatch *d, void (*drained)(void *arg), void *arg);
/* Gives up what is on its way; from here on nothing but the following may be called. NULL is fine. */
void dispatch_halt(struct dispatch *d);
/* Halts, and lets go of the store: before engine_close(). noting: what is known goes into the state first. After
 * dispatch_halt() on any thread. NULL is fine. */
void dispatch_stop(struct dispatch *d, bool noting);
/* After engine_close(). NULL is fine. */
void dispatch_free(struct dispatch *d);

#endif
