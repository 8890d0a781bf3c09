/* A closed segment, compressed: NAME.ndjson.zst. To zstd it is an ordinary file, so that `zstdcat NAME` gives the text,
 * byte for byte; it is in frames of their own, so that a line in the middle costs one of them.
 *
 *   frame      PACKED_FRAME bytes of text (the last one what is left), cut anywhere; with its size and its checksum
 *   ...
 *   skippable  0x184D2A5D: a line {"lifecertd":"packed","version":1,"first":N,"bytes":N,"frames":N}, the segment's
 *              first event, its size as text, and how many frames there are; then CRC-32C of each frame as it is on
 *              the disk; then CRC-32C of this all, from the magic number on, and of the skippable frame behind it
 *   skippable  0x184D2A5E: zstd's seek table, as its "seekable format" has it: sizes and checksum of each frame, our
 *              own with a text of 0 bytes; ends in 0x8F92EAB1
 *
 * Every bit is under a checksum, those that a decompressor would not look at too, and a frame is held against its
 * CRC-32C before it is decompressed. Numbers are little-endian.
 *
 * To bump PACKED_VERSION: write the new one, read every older one, refuse later ones. Every version has the seek table
 * at its end, the frame 0x184D2A5D before it, "version" there and the last 4 bytes of it.
 *
 * Why 32 KiB: of a year's log of a city of 20,000 (26 MB), at level 9 with libzstd 1.5.4 on one core of 2.5 GHz,
 *
 *   frame      ratio     decompressing one
 *   8 KiB      10.2      6 us
 *   16 KiB     12.4      9 us
 *   32 KiB     14.1      15 us
 *   64 KiB     15.2      32 us
 *   128 KiB    15.9      45 us
 *
 * A person's history, which rules ask for, is some ten lines in as many frames; a line out of a plain file costs
 * 3 us. */
#ifndef STORE_PACKED_SEGMENT_H
#define STORE_PACKED_SEGMENT_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"

#define PACKED_VERSION 1
#define PACKED_FRAME ((size_t)32 << 10)
#define PACKED_FRAMES_MAX ((size_t)1 << 18) /* twice what the largest segment, below 4 GiB, needs */

/* --- reading --- */

struct packed_segment;

/* fd is borrowed and stays open; so is name, for messages. first: the event that its name says. ERR_DAMAGED,
 * ERR_VERSION, ERR_IO. */
enum err packed_segment_open(int fd, const char *name, uint64_t first, struct packed_segment **out,
                             struct errmsg *msg) ERR_MUSTCHECK;
void packed_segment_close(struct packed_segment *p);
uint64_t packed_segment_bytes(const struct packed_segment *p); /* of text */

/* Appends up to n bytes of text from offset; fewer only at its end. ERR_DAMAGED names the frame's place in the file. */
enum err packed_segment_read(struct packed_segment *p, struct buf *out, size_t n, uint64_t offset,
                             struct errmsg *msg) ERR_MUSTCHECK;

/* --- writing --- */

struct packed_source {
    int fd;
    const char *name;
    uint64_t first, bytes; /* its first event; how much of it is to be compressed: all that it has */
};

/* Compresses from into the empty file fd, and reads it back until it is known to hold the same bytes, and to be on the
 * disk. ERR_MORE: stop was set meanwhile. */
enum err packed_segment_write(const struct packed_source *from, int fd, const char *name, const atomic_bool *stop,
                              struct errmsg *msg) ERR_MUSTCHECK;

#endif
