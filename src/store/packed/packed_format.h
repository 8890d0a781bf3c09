/* What the writer and the reader of compressed segments share: the end of the file, as packed_segment.h has it. */
#ifndef STORE_PACKED_FORMAT_H
#define STORE_PACKED_FORMAT_H

#include "store/packed/packed_segment.h"

#define PACKED_FOOTER 9u /* the seek table's last bytes: number of frames, descriptor, magic number */

/* Where a frame of text begins. */
struct packed_place {
    uint64_t at;    /* in the file */
    uint64_t text;  /* in the text */
    uint32_t check; /* zstd's checksum of its text, as it stands at its end too */
    uint32_t crc;   /* CRC-32C of it as it is on the disk */
};

struct packed_frames {
    size_t n, cap;
    struct packed_place *v; /* owned; n of them, and one more for where the last one ends */
};

void packed_frames_done(struct packed_frames *f);
/* A frame of so many bytes of text, and on the disk, behind those there are. */
void packed_frames_add(struct packed_frames *f, uint32_t text, uint32_t bytes, uint32_t check, uint32_t crc);

/* Appends our own frame and the seek table. */
void packed_end_add(struct buf *out, uint64_t first, const struct packed_frames *f);

/* To find the end from behind: how many bytes the seek table has, and our own frame. 0: this is none. */
size_t packed_table_bytes(const char footer[PACKED_FOOTER]);
size_t packed_own_bytes(struct str table);

/* end: our own frame and the seek table, of a file of so many bytes. On ERR_OK f has its frames. ERR_DAMAGED,
 * ERR_VERSION: without a message. */
enum err packed_end_parse(struct str end, size_t own, uint64_t bytes, uint64_t first,
                          struct packed_frames *f) ERR_MUSTCHECK;

#endif
