/* More than fits into memory, sorted into buckets on the disk: each bucket is read back in the order in which it was
 * filled. In a file without a name, which is gone with whoever made it, whatever happens. */
#ifndef STORE_SPILL_H
#define STORE_SPILL_H

#include "base/buf.h"
#include "base/err.h"

#define SPILL_BLOCK ((size_t)64 << 10) /* of a bucket kept in memory until it is written, compressed */

struct spill;

enum err spill_new(int folder, unsigned buckets, struct spill **out, struct errmsg *msg) ERR_MUSTCHECK;
void spill_free(struct spill *s);

/* One entry, which comes back within one block. */
enum err spill_add(struct spill *s, unsigned bucket, struct str entry, struct errmsg *msg) ERR_MUSTCHECK;

/* Where reading of a bucket is; all zero at the beginning. Any number of them side by side, once all of that bucket is
 * added. */
struct spill_place {
    size_t next;
};

/* The bucket's next block: whole entries, appended to out. ERR_END: there is no more. */
enum err spill_read(struct spill *s, unsigned bucket, struct spill_place *at, struct buf *out,
                    struct errmsg *msg) ERR_MUSTCHECK;

#endif
