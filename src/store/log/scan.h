/* Reads one segment batch by batch, each held against its seal. The one way in which log bytes are read in order, by
 * recovery and by readers. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "store/log/logline.h"
#include "store/log/segment_file.h"

struct scan {
    struct segment_file *file; /* borrowed */
    struct seal_hasher *hasher;
    struct buf data; /* bytes of its text from offset `start` */
    uint64_t start;
    size_t used;  /* of data: before it, all has been given out */
    size_t seen;  /* of data: before it, lines known not to be seals */
    bool chained; /* `seal` is what the next batch's hash starts from */
    struct seal seal;
};

/* One commit's bytes; all point into the scan and hold until its next call. */
struct batch {
    uint64_t offset;  /* of its first byte in the text */
    struct str bytes; /* everything, the seal's line and newline included */
    struct str lines; /* the same without the seal's line */
    struct seal seal;
};

void scan_init(struct scan *s);
void scan_done(struct scan *s);

/* From offset on. previous: the seal that ends there; NULL: unknown, so that the first batch (or what is left of it)
 * is taken as it is. */
void scan_start(struct scan *s, struct segment_file *file, uint64_t offset, const struct seal *previous);

/* ERR_END: the text ends exactly here. ERR_MORE: bytes follow, but no whole seal's line within COMMIT_MAX_BYTES.
 * ERR_INVALID: the seal does not fit (no message; *out shows the batch). ERR_DAMAGED: what is compressed there is
 * damaged. ERR_IO. */
enum err scan_next(struct scan *s, struct batch *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Forgets what was read but not given out: it may have been read before it was durable. */
void scan_forget(struct scan *s);

/* Offset of the next byte to be given out. */
static inline uint64_t scan_offset(const struct scan *s)
{
    return s->start + s->used;
}

#endif
