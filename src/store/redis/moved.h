/* What was moved out of the stream: a folder for each shard, in the form of a dir store's backup (meta.json, log/), so
 * that every tool reads it; and here the events that the stream has no more. */
#ifndef STORE_REDIS_MOVED_H
#define STORE_REDIS_MOVED_H

#include "store/redis/inside.h"

/* The shard's folder; to be freed. */
char *moved_path(const char *folder, const char *shard);

/* The folder as it was when it was opened. Whoever reads from it holds it. */
struct moved_view;

/* One that has everything up to seq, which must have been moved; on any thread. ERR_ARCHIVED: no folder was given;
 * ERR_DAMAGED: it has not all that it should. */
enum err moved_take(struct redis_store *s, uint64_t seq, struct moved_view **out, struct errmsg *msg) ERR_MUSTCHECK;
void moved_release(struct moved_view *v); /* NULL is fine */
struct store *moved_store(const struct moved_view *v);

/* Whether everything is there that was moved, unless no folder was given. */
enum err moved_check(struct redis_store *s, struct errmsg *msg) ERR_MUSTCHECK;
/* The first event that can be read. */
uint64_t moved_first(struct redis_store *s);

#endif
