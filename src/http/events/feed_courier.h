/* Reads the logs of shards on a thread of its own, for the feed: Redis may keep a reader waiting for seconds, which the
 * loop never is. It reads when it is asked to, one parcel of lines at a time; what it reads comes in the order of
 * shards/logs.h. All functions are the loop's. */
#ifndef HTTP_FEED_COURIER_H
#define HTTP_FEED_COURIER_H

#include "base/completions.h"
#include "http/events/tail.h"
#include "shards/position.h"

#define PARCEL_LINES 1024
#define PARCEL_BYTES ((size_t)256 << 10) /* and a last line, which may be longer */

struct courier;

struct parcel_line {
    unsigned shard;
    uint64_t seq;
    struct tail_line line; /* until the next parcel is asked for */
};

struct courier_options {
    const char *uri; /* of a set, like store and its strings the caller's */
    const struct store_options *store;
    unsigned n_shards, first, step; /* it reads the shards first, first + step, ... below n_shards */
    struct completions *queue;
    void (*arrived)(void *arg); /* on the thread that runs the queue: the parcel is there */
    void *arg;
};

/* What is to be read. After a failure to begin the next one begins as this one should have. */
enum courier_way {
    COURIER_ON,     /* from where it is */
    COURIER_BEHIND, /* behind a position */
    COURIER_ENDS,   /* nothing: the parcel says where the logs end, from where it then goes on */
};

/* NULL: no thread is to be had. */
struct courier *courier_new(const struct courier_options *o);
/* Waits until Redis has answered what was asked, or its client has given up. NULL is fine. */
void courier_free(struct courier *c);

/* Asks for a parcel: not before the last one has arrived, whose lines are forgotten. after: of all n_shards;
 * COURIER_BEHIND alone. */
void courier_fetch(struct courier *c, enum courier_way way, const struct position *after);
/* Gives back connections and what it has read ahead, until the next parcel is asked for. */
void courier_rest(struct courier *c);

/* The parcel that has arrived: its lines, */
size_t parcel_n(const struct courier *c);
struct parcel_line parcel_get(const struct courier *c, size_t i);
/* and what stands behind the last one. ERR_MORE: there is more. ERR_END: that was all when it looked. Else it could not
 * read on. */
enum err parcel_err(const struct courier *c, const struct errmsg **msg);
/* Up to where that shard, one that it reads, was read. */
uint64_t parcel_reached(const struct courier *c, unsigned shard);

#endif
