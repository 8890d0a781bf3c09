/* A log of random events of a few people, each naming the one before of the same person, for what reads more of a line
 * than its number. */
#ifndef TESTS_STORE_TOWN_LOG_H
#define TESTS_STORE_TOWN_LOG_H

#include "core/history.h"
#include "store/store.h"
#include "tests/codec/samples.h"

#define TOWN_PEOPLE 30
#define TOWN_START 1780272000 /* 2026-06-01 in Shanghai; an event an hour */

struct town {
    struct samples *samples;
    uint64_t seq, last[TOWN_PEOPLE];
    struct history histories[TOWN_PEOPLE]; /* folded as they come */
    char ids[TOWN_PEOPLE][16];
};

struct town *town_new(uint64_t seed);
void town_free(struct town *t);

/* The next event, appended with its newline. */
void town_event(struct town *t, struct buf *out);
/* The next n, committed; bails out when that fails. */
void town_commit(struct town *t, struct store *s, unsigned n);

#endif
