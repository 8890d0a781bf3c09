/* A thread that reads and verifies the log ahead of its reader, in bounded runs, up to a number and no further. */
#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include "store/log/cursor.h"

/* Verified bytes of one segment: whole lines, seals among them, no header. */
struct run {
    struct str bytes;
    uint64_t first, offset; /* the segment, and where in it they stand */
};

struct ahead;

/* The cursor is the thread's until ahead_free(). NULL: there is no thread to be had. */
struct ahead *ahead_new(struct cursor *c, uint64_t bound);
void ahead_free(struct ahead *a);

/* The next run, which holds until the next call. ERR_END: the number is reached. */
enum err ahead_next(struct ahead *a, struct run *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
