/* A track's inside: for its own files. */
#ifndef DELIVER_TRACK_INSIDE_H
#define DELIVER_TRACK_INSIDE_H

#include "deliver/heap.h"
#include "deliver/people.h"

#define PLACE_NONE UINT64_MAX
#define APART_BUCKETS 1024 /* unknown outcomes are the exception */

struct place {
    uint64_t seq;
    struct item *item; /* NULL: settled, or a row stands for it */
};

struct track {
    uint64_t read;
    uint32_t window, parked;
    struct place *ring; /* places head..tail-1; those from `noted` on are not free yet */
    uint64_t cap, noted, head, tail;
    uint64_t swept; /* head at the last sweep */
    struct item *first_ready, *last_ready;
    struct heap retries, doubts; /* RETRY and APART by `at` */
    struct item *apart[APART_BUCKETS]; /* by number, linked by next */
    uint64_t *rows; /* numbers that had rows when all began, ascending; NULL: passed by */
    size_t n_rows, cap_rows, at_row;
    struct people people;
    struct item *pool;
    struct track_counts counts;
};

/* Its place in the window is nobody's any more. */
void track_vacate(struct track *t, struct item *i);
/* It will be a while: the log keeps the line. */
void track_drop_line(struct item *i);

#endif
