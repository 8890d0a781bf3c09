/* The roster's inside, for the files that make it up. */
#ifndef ROSTER_INSIDE_H
#define ROSTER_INSIDE_H

#include "roster/ids.h"
#include "roster/index.h"
#include "roster/packed.h"
#include "roster/queue.h"
#include "roster/roster.h"

#define ROSTER_BLOCK IDS_BLOCK /* records that share one mapping: 36 MiB of address space */
#define ROSTER_BLOCKS IDS_BLOCKS

/* The latest ids that roster_prefetch() was given. Where an id's record and bytes are shows only once the index's line
 * for it has come, so each is looked at again some calls later. */
#define AHEAD_STEP 6u /* calls from one look to the next: about the time that memory takes */
#define AHEAD_IDS 16u /* a power of two, above twice the step */
struct ahead {
    unsigned calls;
    uint64_t hash[AHEAD_IDS];
    uint32_t n[AHEAD_IDS]; /* the number that the hash seems to be, or ROSTER_NONE */
};

struct roster {
    struct ids ids;
    struct hash_index index;
    struct queue queue;
    struct packed *blocks[ROSTER_BLOCKS];
    uint32_t by_status[STATUS_N];
    struct ahead *ahead; /* of its own, so that a hint leaves the roster unchanged */
};

static inline struct packed *roster_packed(const struct roster *r, uint32_t n)
{
    return &r->blocks[n / ROSTER_BLOCK][n % ROSTER_BLOCK];
}

uint32_t roster_find_key(const struct roster *r, const struct id_key *key);
/* The key must not be there yet. Returns its number. */
uint32_t roster_add_packed(struct roster *r, const struct id_key *key, const struct packed *p);

#endif
