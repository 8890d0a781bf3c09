/* The files of the log: their names, and the end of the last one, where batches are appended. */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "store/log/index.h"
#include "store/log/seal.h"

#define SEGMENT_NAME 40
#define SEGMENT_DEFAULT ((uint64_t)32 << 20)
#define SEGMENT_MAX ((uint64_t)2 << 30) /* with one more commit it is still below 4 GiB */

/* "00000000000000000001.ndjson"; other suffixes are "idx", "ndjson.zst", "ndjson.zst.new" */
void segment_name(uint64_t first, const char *suffix, char out[SEGMENT_NAME]);

/* Where the next batch goes. Only whoever runs the commit touches it. */
struct log_end {
    int folder;     /* borrowed */
    uint64_t limit; /* a segment larger than this is closed */
    int fd;         /* the open segment; -1: the next batch begins one */
    uint64_t first; /* its first number */
    uint64_t bytes;
    struct seal seal; /* the last one written */
    struct seal_hasher *hasher;
};

/* What one append added, for the index. */
struct appended {
    struct index index; /* its places; first is the segment's */
    uint64_t bytes;     /* the segment's size after it */
    uint64_t written;   /* its own bytes */
    struct seal seal;
    bool fresh; /* it began a new segment */
};

void log_end_init(struct log_end *end, int folder, uint64_t limit);
void log_end_done(struct log_end *end);

/* Writes lines and seal and syncs. ERR_INVALID, with nothing written: the lines are not the events first..last. On any
 * other failure the end of the log is unknown. */
enum err log_append(struct log_end *end, struct str lines, uint64_t first, uint64_t last, struct appended *out,
                    struct errmsg *msg) ERR_MUSTCHECK;

#endif
