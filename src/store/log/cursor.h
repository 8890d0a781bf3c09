/* A place in a dir store's log that moves on batch by batch, over the ends of segments, and never past what is
 * durable. */
#ifndef STORE_CURSOR_H
#define STORE_CURSOR_H

#include "store/dir/dir.h"
#include "store/log/scan.h"

struct cursor {
    const struct dir_store *d;
    struct scan scan;
    struct segment_file file;
    uint64_t first; /* the open segment; 0: none yet */
    uint64_t wanted; /* where to start */
    uint64_t passed; /* the last event given out; 0: none yet */
    uint64_t bound;  /* what was read so far may only be used up to here: what stood behind it was not durable yet */
};

/* May not be moved afterwards. */
void cursor_init(struct cursor *c, const struct dir_store *d, uint64_t after);
void cursor_done(struct cursor *c);

/* The next commit's bytes, without a header line: all verified but for the first, when reading starts inside of a
 * commit. bound: a number known to be durable. ERR_END: everything up to it was given out. */
enum err cursor_next(struct cursor *c, uint64_t bound, struct batch *out, struct errmsg *msg) ERR_MUSTCHECK;

/* The segment that holds event seq, and a place in it to start reading, at or before the event; on any thread.
 * ERR_DAMAGED: there is none; ERR_ARCHIVED: not any more. */
enum err cursor_find(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset,
                     struct errmsg *msg) ERR_MUSTCHECK;

#endif
