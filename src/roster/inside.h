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

struct roster {
    struct ids ids;
    struct hash_index index;
    struct queue queue;
    struct packed *blocks[ROSTER_BLOCKS];
    uint32_t by_status[STATUS_N];
};

static inline struct packed *roster_packed(const struct roster *r, uint32_t n)
{
    return &r->blocks[n / ROSTER_BLOCK][n % ROSTER_BLOCK];
}

/* A record may lie across two lines of the cache. */
static inline void roster_prefetch_record(const struct roster *r, uint32_t n)
{
    const char *p = (const char *)roster_packed(r, n);
    __builtin_prefetch(p);
    __builtin_prefetch(p + sizeof(struct packed) - 1);
}

uint32_t roster_find_key(const struct roster *r, const struct id_key *key);
/* The key must not be there yet. Returns its number. */
uint32_t roster_add_packed(struct roster *r, const struct id_key *key, const struct packed *p);

#endif
