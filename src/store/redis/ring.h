/* The commits of late, in the memory of whoever wrote them: those who follow the log read from here and ask nobody. A
 * block outlives the ring for as long as somebody reads it. The ring itself is under its owner's lock. */
#ifndef STORE_REDIS_RING_H
#define STORE_REDIS_RING_H

#include "store/store.h"

#define RING_BYTES ((size_t)8 << 20) /* at most; one commit that is larger than half of it is not kept */

/* One commit's lines. */
struct ring_block {
    _Atomic unsigned users;
    uint64_t first;   /* the last one is seal.seq */
    struct seal seal; /* at its end */
    size_t n;
    char bytes[];
};

struct ring {
    struct ring_block **blocks; /* a circle, ascending */
    size_t at, n, cap;
    size_t bytes;
};

struct ring_block *ring_block_new(uint64_t first, const struct seal *seal, struct str lines);
void ring_block_release(struct ring_block *b); /* NULL is fine */

/* Takes the block over. It goes on where the last one ended, or the ring begins with it. */
void ring_add(struct ring *r, struct ring_block *b);
/* The block with that event, to be released; NULL: it is not here. */
struct ring_block *ring_find(const struct ring *r, uint64_t seq);
void ring_done(struct ring *r);

#endif
