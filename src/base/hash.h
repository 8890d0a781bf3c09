/* FNV-1a with 64 bits: fast over short strings, the same everywhere, and no guard against somebody who looks for strings
 * that collide. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

#define HASH_PRIME UINT64_C(0x100000001b3)

/* Goes on from h. */
static inline uint64_t hash_on(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * HASH_PRIME;
    return h;
}

static inline uint64_t hash_str(struct str s)
{
    return hash_on(UINT64_C(0xcbf29ce484222325), s);
}

/* Both, with a zero byte between them. */
static inline uint64_t hash_pair(struct str a, struct str b)
{
    return hash_on(hash_str(a) * HASH_PRIME, b);
}

#endif
