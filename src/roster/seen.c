#include "roster/roster.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define FILTER_BITS 48u

static uint64_t fnv1a(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * FNV_PRIME;
    return h;
}

/* Refs count up, and FNV leaves the last character's mark in few bits: spread it over all. */
static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

/* Filters are kept in slices: another choice of bits is another SLICE_VERSION. */
uint64_t seen_bits(struct str channel, struct str ref)
{
    uint64_t h = fnv1a(FNV_OFFSET, channel) * FNV_PRIME; /* the zero byte between them */
    h = mix(fnv1a(h, ref));
    uint64_t bits = 0;
    for (unsigned i = 0; i < 3; i++) /* 21 bits of the hash for each */
        bits |= UINT64_C(1) << ((h >> 21 * i & 0x1fffff) * FILTER_BITS >> 21);
    return bits;
}
