/* A store with a past: made by the real engine from random inputs, operators, configurations and failures of its clock
 * and its process, so that every kind of event is in its log. The same seed makes the same store. */
#ifndef TESTS_VERIFY_STORY_H
#define TESTS_VERIFY_STORY_H

#include "tests/engine/rig.h"

struct story_plan {
    uint64_t seed;
    unsigned steps;         /* each a while, and what happens in it */
    uint64_t segment_bytes; /* 0: the default */
    bool system_clock;      /* the system's (tests/engine/fake_clock.h), which jumps; else a simulated one */
    bool checkpoints;       /* two of them are left, and what they do not have */
    bool deliveries;        /* a delivery state is left */
    bool crash;             /* it ends as a crash would */
};

/* Makes it in that folder, which must not be there. lines, unless NULL: the committed events are appended. */
void story_make(const struct story_plan *plan, const char *folder, struct buf *lines);

#endif
