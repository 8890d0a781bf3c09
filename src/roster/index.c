#include "roster/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "roster/pages.h"

/* A hash's bits: the top 24 choose the segment (as many of them as the directory is deep), 8 more are the tag, the
 * low 32 choose the chunk. */
#define DEPTH_MAX 24u
#define SLOTS 12u

struct chunk {
    uint8_t tags[SLOTS];
    uint8_t used;
    uint8_t passed; /* something that belongs here or before stands in a later chunk; only when full */
    uint8_t spare[2];
    uint32_t numbers[SLOTS];
};
_Static_assert(sizeof(struct chunk) == 64, "a chunk is a cache line");

#define PAGE_CHUNKS (PAGE_BYTES / sizeof(struct chunk))
#define PAGES_MIN 4u
#define PAGES_MAX 7u
#define PAGES_ROOM 8u /* address space of a segment */
#define SEGMENT_BYTES (PAGES_ROOM * PAGE_BYTES)
#define SEGMENT_SLOTS (PAGES_MAX * PAGE_CHUNKS * SLOTS)

struct index_segment {
    struct chunk *chunks;
    uint32_t chunk_count, count, limit; /* limit: at this count it grows */
    unsigned depth;                     /* how many of the hash's top bits all in here share */
};

#define ARENA_SEGMENTS 1024u

/* Segments and their chunks, never freed one by one. */
struct index_arena {
    struct index_arena *before;
    char *chunks;
    uint32_t used;
    struct index_segment segments[ARENA_SEGMENTS];
};

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash >> 32);
}

static uint32_t home_of(const struct index_segment *s, uint64_t hash)
{
    return (uint32_t)((uint64_t)(uint32_t)hash * s->chunk_count >> 32);
}

static struct index_segment *segment_of(const struct hash_index *ix, uint64_t hash)
{
    return ix->directory[hash >> 32 >> (32 - ix->depth)];
}

/* One bit for each slot in use whose tag is this. */
static uint32_t tag_mask(const struct chunk *c, uint8_t tag)
{
    uint32_t used = (1u << c->used) - 1;
#ifdef __SSE2__
    __m128i tags = _mm_load_si128((const __m128i *)(const void *)c);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag))) & used;
#else
    uint32_t mask = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        mask |= (uint32_t)(c->tags[i] == tag) << i;
    return mask & used;
#endif
}

uint32_t hash_index_find(const struct hash_index *ix, uint64_t hash, index_match_fn *match, const void *sought)
{
    const struct index_segment *s = segment_of(ix, hash);
    /* Ends at the latest where a chunk has room, which one has: a segment is never full. */
    for (uint32_t at = home_of(s, hash);; at = at + 1 < s->chunk_count ? at + 1 : 0) {
        const struct chunk *c = &s->chunks[at];
        for (uint32_t mask = tag_mask(c, tag_of(hash)); mask; mask &= mask - 1) {
            uint32_t n = c->numbers[__builtin_ctz(mask)];
            if (match(ix->owner, n, sought))
                return n;
        }
        if (!c->passed)
            return INDEX_NONE;
    }
}

uint32_t hash_index_guess(const struct hash_index *ix, uint64_t hash)
{
    const struct index_segment *s = segment_of(ix, hash);
    const struct chunk *c = &s->chunks[home_of(s, hash)];
    uint32_t mask = tag_mask(c, tag_of(hash));
    return mask ? c->numbers[__builtin_ctz(mask)] : INDEX_NONE;
}

void hash_index_prefetch(const struct hash_index *ix, uint64_t hash)
{
    const struct index_segment *s = segment_of(ix, hash);
    __builtin_prefetch(&s->chunks[home_of(s, hash)]);
}

static void insert(struct index_segment *s, uint64_t hash, uint32_t n)
{
    uint32_t at = home_of(s, hash);
    while (s->chunks[at].used == SLOTS) {
        s->chunks[at].passed = 1;
        at = at + 1 < s->chunk_count ? at + 1 : 0;
    }
    struct chunk *c = &s->chunks[at];
    c->tags[c->used] = tag_of(hash);
    c->numbers[c->used++] = n;
    s->count++;
}

/* How many numbers fit before a segment of so many pages grows. */
static uint32_t limit_of(unsigned pages)
{
    return pages * PAGE_CHUNKS * SLOTS / 8 * 7;
}

/* The fewest pages that hold so many numbers and one more. */
static unsigned pages_for(size_t count)
{
    unsigned pages = PAGES_MIN;
    while (pages < PAGES_MAX && limit_of(pages) <= count)
        pages++;
    return pages;
}

static void set_pages(struct hash_index *ix, struct index_segment *s, unsigned pages)
{
    unsigned before = s->chunk_count / PAGE_CHUNKS;
    if (pages < before)
        pages_drop((char *)s->chunks + pages * PAGE_BYTES, (before - pages) * PAGE_BYTES);
    ix->pages += pages;
    ix->pages -= before;
    s->chunk_count = pages * PAGE_CHUNKS;
    s->limit = limit_of(pages);
}

static struct index_segment *new_segment(struct hash_index *ix, unsigned depth)
{
    struct index_arena *a = ix->arena;
    if (!a || a->used == ARENA_SEGMENTS) {
        a = mem_zalloc(1, sizeof *a);
        a->before = ix->arena;
        a->chunks = pages_map((size_t)ARENA_SEGMENTS * SEGMENT_BYTES, false);
        ix->arena = a;
    }
    struct index_segment *s = &a->segments[a->used];
    s->chunks = (struct chunk *)(void *)(a->chunks + (size_t)a->used++ * SEGMENT_BYTES);
    s->depth = depth;
    set_pages(ix, s, PAGES_MIN);
    ix->segments++;
    return s;
}

/* Copies the segment's numbers out, with their hashes, and empties it. */
static size_t drain(struct hash_index *ix, struct index_segment *s)
{
    size_t n = 0;
    for (uint32_t at = 0; at < s->chunk_count; at++) {
        struct chunk *c = &s->chunks[at];
        memcpy(&ix->numbers[n], c->numbers, c->used * sizeof c->numbers[0]);
        n += c->used;
        c->used = c->passed = 0;
    }
    ix->hash_of(ix->owner, ix->numbers, n, ix->hashes);
    s->count = 0;
    return n;
}

static void double_directory(struct hash_index *ix)
{
    assert(ix->depth < DEPTH_MAX);
    size_t n = (size_t)1 << ix->depth;
    struct index_segment **doubled = mem_alloc(2 * n * sizeof *doubled);
    for (size_t i = 0; i < n; i++)
        doubled[2 * i] = doubled[2 * i + 1] = ix->directory[i];
    free(ix->directory);
    ix->directory = doubled;
    ix->depth++;
}

/* Points the directory's entries for the upper half of s at its new sibling. */
static void link_sibling(struct hash_index *ix, uint64_t hash, struct index_segment *sibling)
{
    size_t span = (size_t)1 << (ix->depth - sibling->depth);
    size_t low = (size_t)(hash >> 32 >> (32 - ix->depth)) & ~(2 * span - 1);
    for (size_t i = 0; i < span; i++)
        ix->directory[low + span + i] = sibling;
}

/* hash: of anything in s. */
static void split(struct hash_index *ix, struct index_segment *s, uint64_t hash)
{
    if (s->depth == ix->depth)
        double_directory(ix);
    size_t n = drain(ix, s), upper = 0;
    unsigned bit = 64 - ++s->depth;
    for (size_t i = 0; i < n; i++)
        upper += ix->hashes[i] >> bit & 1;
    struct index_segment *sibling = new_segment(ix, s->depth);
    set_pages(ix, s, pages_for(n - upper));
    set_pages(ix, sibling, pages_for(upper));
    link_sibling(ix, hash, sibling);
    for (size_t i = 0; i < n; i++)
        insert(ix->hashes[i] >> bit & 1 ? sibling : s, ix->hashes[i], ix->numbers[i]);
}

static void grow(struct hash_index *ix, struct index_segment *s)
{
    size_t n = drain(ix, s);
    set_pages(ix, s, (unsigned)(s->chunk_count / PAGE_CHUNKS) + 1);
    for (size_t i = 0; i < n; i++)
        insert(s, ix->hashes[i], ix->numbers[i]);
}

void hash_index_add(struct hash_index *ix, uint64_t hash, uint32_t n)
{
    struct index_segment *s = segment_of(ix, hash);
    while (s->count >= s->limit) {
        if (s->chunk_count < PAGES_MAX * PAGE_CHUNKS)
            grow(ix, s);
        else
            split(ix, s, hash);
        s = segment_of(ix, hash);
    }
    insert(s, hash, n);
}

void hash_index_init(struct hash_index *ix, index_hash_fn *hash_of, const void *owner)
{
    *ix = (struct hash_index){.hash_of = hash_of, .owner = owner};
    ix->numbers = mem_alloc(SEGMENT_SLOTS * sizeof ix->numbers[0]);
    ix->hashes = mem_alloc(SEGMENT_SLOTS * sizeof ix->hashes[0]);
    ix->directory = mem_alloc(sizeof ix->directory[0]);
    ix->directory[0] = new_segment(ix, 0);
}

void hash_index_reserve(struct hash_index *ix, uint32_t count)
{
    struct index_segment *s = ix->directory[0];
    if (ix->depth || s->count)
        return;
    /* Segments get their share give or take its root; a sixteenth is four times that root or more. */
    uint64_t share = count;
    unsigned depth = 0;
    while (share + share / 16 >= limit_of(PAGES_MAX)) {
        share /= 2;
        depth++;
    }
    while (ix->depth < depth)
        double_directory(ix);
    for (size_t i = 0; i < (size_t)1 << depth; i++) {
        if (i)
            ix->directory[i] = new_segment(ix, depth);
        ix->directory[i]->depth = depth;
        set_pages(ix, ix->directory[i], pages_for(share + share / 16));
    }
}

void hash_index_done(struct hash_index *ix)
{
    for (struct index_arena *a = ix->arena, *before; a; a = before) {
        before = a->before;
        pages_unmap(a->chunks, (size_t)ARENA_SEGMENTS * SEGMENT_BYTES);
        free(a);
    }
    free(ix->directory);
    free(ix->numbers);
    free(ix->hashes);
}

size_t hash_index_bytes(const struct hash_index *ix)
{
    return ix->pages * PAGE_BYTES + ix->segments * sizeof(struct index_segment) +
           ((size_t)1 << ix->depth) * sizeof(struct index_segment *) +
           SEGMENT_SLOTS * (sizeof ix->numbers[0] + sizeof ix->hashes[0]);
}
