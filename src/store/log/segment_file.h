/* A segment's text, whether its file is plain (NAME.ndjson) or compressed (NAME.ndjson.zst, packed_segment.h): the one
 * way to open and to read it. Offsets and sizes are the text's.
 *
 * A file may change its form at any moment, by the daemon or by hand: what is open stays readable, and opening takes
 * the form that is there, the plain one when both are. */
#ifndef STORE_SEGMENT_FILE_H
#define STORE_SEGMENT_FILE_H

#include "store/log/segment.h"

struct packed_segment;

struct segment_file {
    uint64_t first;                /* its first event; 0: nothing is open */
    uint64_t bytes;                /* of text, when it was opened: the log's last segment may grow */
    uint64_t disk;                 /* the file's own size, then */
    int fd;                        /* -1: nothing is open */
    struct packed_segment *packed; /* NULL: it is plain */
    char name[SEGMENT_NAME];       /* in the folder; "" before the first opening */
};

/* May not be moved while it is open. */
#define SEGMENT_FILE_CLOSED ((struct segment_file){.fd = -1})

/* f must be closed. ERR_ABSENT: there is neither form (the message says so), ERR_DAMAGED, ERR_VERSION, ERR_IO. */
enum err segment_file_open(struct segment_file *f, int log_folder, uint64_t first, struct errmsg *msg) ERR_MUSTCHECK;
/* Closing what is closed is fine. */
void segment_file_close(struct segment_file *f);

/* Appends up to n bytes from offset; fewer only at the text's end. ERR_DAMAGED: the compressed file is not what was
 * written, and the message names the place. One thread at a time. */
enum err segment_file_read(struct segment_file *f, struct buf *out, size_t n, uint64_t offset,
                           struct errmsg *msg) ERR_MUSTCHECK;

#endif
