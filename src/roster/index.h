/* From a 64-bit hash to the numbers that have it: an extendible hash table for what is only ever added.
 *
 * A directory leads by the hash's top bits to a segment of cache-line-sized chunks, each holding twelve numbers and
 * a byte of each one's hash. A segment that fills up grows by a page, from 4 pages to 7, and then splits in two of 4:
 * it is about 70 % to 88 % full, and no call rehashes more than one segment (some 4,700 numbers). The hashes are
 * not kept: the owner computes them anew. */
#ifndef ROSTER_INDEX_H
#define ROSTER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

/* The hashes of these numbers, in the same order. */
typedef void index_hash_fn(const void *owner, const uint32_t *n, size_t count, uint64_t *hash);
/* Whether number n, whose hash looks right, is what is sought. */
typedef bool index_match_fn(const void *owner, uint32_t n, const void *sought);

struct index_segment;
struct index_arena;

struct hash_index {
    index_hash_fn *hash_of;
    const void *owner;
    struct index_segment **directory; /* 1 << depth of them */
    unsigned depth;
    struct index_arena *arena;
    uint32_t *numbers; /* scratch of one segment's rehashing */
    uint64_t *hashes;
    size_t segments, pages;
};

/* owner is handed to the callbacks. */
void hash_index_init(struct hash_index *ix, index_hash_fn *hash_of, const void *owner);
void hash_index_done(struct hash_index *ix);

/* Lays an empty index out for about so many numbers, so that it need not grow on the way. */
void hash_index_reserve(struct hash_index *ix, uint32_t count);

/* The number with that hash for which match() is true, or INDEX_NONE. */
uint32_t hash_index_find(const struct hash_index *ix, uint64_t hash, index_match_fn *match, const void *sought);
/* n must not be there yet; hash_of() must know it already. */
void hash_index_add(struct hash_index *ix, uint64_t hash, uint32_t n);
void hash_index_prefetch(const struct hash_index *ix, uint64_t hash);
/* A number that may have this hash, for fetching what belongs to it ahead, or INDEX_NONE. */
uint32_t hash_index_guess(const struct hash_index *ix, uint64_t hash);

size_t hash_index_bytes(const struct hash_index *ix);

#endif
