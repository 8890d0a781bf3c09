#include "roster/roster.h"

#include "base/hash.h"

#define FILTER_BITS 48u

/* Refs count up, and FNV leaves the last character's mark in few bits: spread it over all. */
static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

/* Filters are kept in slices: another choice of bits is another SLICE_VERSION. */
uint64_t seen_bits(struct str channel, struct str ref)
{
    uint64_t h = mix(hash_pair(channel, ref));
    uint64_t bits = 0;
    for (unsigned i = 0; i < 3; i++) /* 21 bits of the hash for each */
        bits |= UINT64_C(1) << ((h >> 21 * i & 0x1fffff) * FILTER_BITS >> 21);
    return bits;
}
