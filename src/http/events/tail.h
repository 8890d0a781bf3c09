/* The log's latest lines in memory, for all who read along at its end: read once, however many they are.
 *
 * A ring, bounded in bytes and in lines; the oldest give way. It belongs to one thread, like the store's reader that
 * feeds it.
 *
 * Over several shards it holds the lines of all of them in the order in which they came, which is each shard's own, and
 * numbers them itself; whoever reads them is told which shard's event of which number each one is. */
#ifndef HTTP_TAIL_H
#define HTTP_TAIL_H

#include "core/event.h"
#include "shards/position.h"
#include "store/store.h"

struct tail;

struct tail_line {
    enum event_type type;
    uint32_t subject; /* subject_hash() of its subject */
    struct str line;  /* without its newline; until the next tail_feed() */
};

/* lines: a power of two. Nothing is read before tail_open(). */
struct tail *tail_new(size_t bytes, size_t lines);
/* NULL is fine. */
void tail_free(struct tail *t);

/* Begins, with nothing, at the store's durable end. */
enum err tail_open(struct tail *t, const struct store *s, struct errmsg *msg) ERR_MUSTCHECK;
/* The same over several shards, of which it is told by tail_add(): behind that position. */
void tail_open_shards(struct tail *t, const struct position *ends);
/* Forgets everything. */
void tail_close(struct tail *t);
bool tail_is_open(const struct tail *t);

/* Takes in what has become durable, at most max lines, and adds the bits of their types (1 << type). ERR_MORE: there
 * may be more; ERR_OK: that was all. */
enum err tail_feed(struct tail *t, unsigned max, uint64_t *types, struct errmsg *msg) ERR_MUSTCHECK;

/* One more line of that shard's, the next of it. */
void tail_add(struct tail *t, unsigned shard, uint64_t seq, const struct tail_line *l);

/* The number of the last line taken in. */
uint64_t tail_end(const struct tail *t);
/* Is all that follows this number here, as far as it was taken in? */
bool tail_holds(const struct tail *t, uint64_t after);
/* One that it holds. */
struct tail_line tail_get(const struct tail *t, uint64_t seq);

/* Over several shards: whose event it is, and its number there. */
unsigned tail_shard(const struct tail *t, uint64_t number, uint64_t *seq);
/* Up to where the shards were taken in; and what stands before the oldest line that it holds. NULL: it is one store's. */
const struct position *tail_reached(const struct tail *t);
const struct position *tail_before(const struct tail *t, uint64_t *number);

/* 0 for no subject. */
uint32_t subject_hash(struct str subject);

#endif
