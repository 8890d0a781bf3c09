/* Where events stand in a segment: the offset of every 64th, in memory for all segments, and beside each closed one
 * as a derived file. 40 million events take 2.5 MB. */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "store/store.h"

#define INDEX_STEP 64

struct index {
    uint64_t first, next; /* covers the events first..next-1 */
    uint32_t *place;      /* of the events first, first + 64, ...; owned. A segment stays below 4 GiB */
    size_t n, cap;
};

void index_start(struct index *ix, uint64_t first, uint64_t next);
void index_done(struct index *ix);

/* Takes whole event lines that stand at offset; their numbers must go on from ix->next. ERR_DAMAGED: *bad is the
 * first line that does not. */
enum err index_lines(struct index *ix, struct str lines, uint64_t offset, const char **bad) ERR_MUSTCHECK;
/* more begins where ix ends, in the same segment. */
void index_append(struct index *ix, const struct index *more);
/* Gives back what was allocated ahead. */
void index_trim(struct index *ix);

/* A segment of the log. */
struct segment {
    struct index index;
    uint64_t bytes;  /* of text, up to the end of its last durable seal */
    uint64_t disk;   /* what it takes on the disk */
    bool packed;     /* its file is compressed */
    struct seal end; /* the last seal */
};

/* The file beside a closed segment. It is derived: lost or damaged, it is made again from the segment, so that it is
 * not even synced. */
void index_save(int folder, const struct segment *s);
/* Fills in s->index and s->end by its first number and size. false, and s untouched: there is no such file, or it is
 * damaged, or about another segment. */
bool index_load(int folder, struct segment *s);

#endif
