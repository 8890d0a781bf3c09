/* The delivery state of a shard in Redis. What counts is there:
 *
 *   {PREFIX/SHARD}:state              hash, besides the log's: delivery (the mark of the last entry), "delivery
 *                                     snapshot" (its header), "delivery key" (of a shard that belongs to no set)
 *   {PREFIX/SHARD}:delivery           stream: NUMBER-0, c = a commit (store/delivery/delivery_code.h)
 *   {PREFIX/SHARD}:delivery:snapshot  list: the tables as of an entry, as SQLite's file, in pieces; :delivery:new
 *
 * A commit is an entry, written under the shard's fence by a script that can be repeated. When the entries since the
 * last snapshot outweigh it, another is taken, and they are trimmed. Opening loads the snapshot and applies the entries
 * behind it, by the very code that applies commits.
 *
 * A mark is an entry's number and a checksum of it and of the mark before: entries are a chain. */
#ifndef STORE_REDIS_DELIVERY_H
#define STORE_REDIS_DELIVERY_H

#include "store/delivery/delivery_db.h"

struct delivery_redis;
struct redis_shard;

const struct redis_shard *delivery_redis_shard(const struct store *s);
const char *delivery_redis_name(const struct redis_shard *shard); /* for people */

/* Under the store's fence; the store may be closed before it. */
struct delivery_redis *delivery_redis_new(const struct store *s);
/* To be looked at only. */
struct delivery_redis *delivery_redis_new_reader(const struct redis_shard *shard);
void delivery_redis_free(struct delivery_redis *r); /* waits for a snapshot under way; NULL is fine */

/* Opens a database in memory, with the snapshot in it; *filled: there is one. ERR_MORE, also of the next: it was
 * changed meanwhile, to be read again from the start. */
enum err delivery_redis_load(struct delivery_redis *r, struct sql *into, bool *filled,
                             struct errmsg *msg) ERR_MUSTCHECK;
/* Applies the entries behind it. */
enum err delivery_redis_replay(struct delivery_store *d, struct errmsg *msg) ERR_MUSTCHECK;
/* Makes it known in Redis that the state is this store's from now on, and gets the key for hashing numbers: the set's,
 * or the shard's own, which becomes what is in key when it has none. */
enum err delivery_redis_adopt(struct delivery_redis *r, const struct delivery_adoption *a,
                              unsigned char key[DELIVERY_KEY], struct errmsg *msg) ERR_MUSTCHECK;

/* A commit: sent by the worker, */
enum err delivery_redis_send(struct delivery_redis *r, const struct delivery_change *changes, size_t n,
                             struct errmsg *msg) ERR_MUSTCHECK;
/* and then, by whoever collects it, made to count here. */
enum err delivery_redis_settle(struct delivery_store *d, const struct delivery_change *changes, size_t n,
                               struct errmsg *msg) ERR_MUSTCHECK;

#endif
