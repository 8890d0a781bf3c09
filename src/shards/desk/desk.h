/* The desk of all shards: what operators order of delivery, and ask of it, goes to the deliveries of those shards
 * that it concerns, whichever daemon has them, and their answers become one. And the other end: what other daemons
 * ask of the deliveries of this one. On the loop's thread, but for shard_desk_called(). */
#ifndef SHARDS_DESK_H
#define SHARDS_DESK_H

#include "config/endpoint.h"
#include "deliver/desk.h"
#include "shards/front/front.h"

struct shard_desk;

/* set and queue (the loop's) must outlive it. */
struct shard_desk *shard_desk_new(const struct shard_set *set, struct completions *queue);
/* When the front is closed, and every delivery forgotten. Orders that are not answered are dropped. NULL is fine. */
void shard_desk_free(struct shard_desk *d);
/* Before anything is given: the front by which shards are asked. */
void shard_desk_connect(struct shard_desk *d, struct front *f);
/* Whose receipts are taken; with their secrets. On an error all is as before. */
enum err shard_desk_configure(struct shard_desk *d, struct endpoints *e, struct errmsg *msg) ERR_MUSTCHECK;

/* For the interface. */
struct desk shard_desk(struct shard_desk *d);

/* The delivery of a shard that is this daemon's; NULL, before it is halted: it gets nothing more. */
void shard_desk_own(struct shard_desk *d, unsigned shard, struct deliver *own);
/* That delivery is freed: what it did not answer is answered with ERR_IO. */
void shard_desk_forget(struct shard_desk *d, unsigned shard);

/* As front_options.called. Is it asked of delivery at all? Else it is the caller's still. */
bool shard_desk_called(struct shard_desk *d, unsigned shard, struct front_in *in);

#endif
