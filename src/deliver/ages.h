/* How long ago each number of the log became durable, never told too small and by a sixteenth too large at most: for
 * the lag in seconds. The newest numbers are known to the second; what is older is thinned out, so that a bounded
 * number of marks reaches back to the start. Pure; times in milliseconds. */
#ifndef DELIVER_AGES_H
#define DELIVER_AGES_H

#include <stdint.h>

/* With spans of 1/32 to 1/16 of their age, 32 * ln(A / 16 s) of them reach back over A: 470 over a year. */
#define AGES_MARKS 512

struct ages {
    /* What is up to seq, and not up to that of the mark before, became durable at `at` or later, and before the mark
     * behind it was set. The first mark is what was there when all began. */
    struct {
        uint64_t seq;
        int64_t at;
    } v[AGES_MARKS];
    unsigned n;
};

/* The log ends at seq now. At any rate. */
void ages_note(struct ages *a, uint64_t seq, int64_t now);
/* When that number became durable; INT64_MIN: before the first note, or not yet. */
int64_t ages_at(const struct ages *a, uint64_t seq);

#endif
