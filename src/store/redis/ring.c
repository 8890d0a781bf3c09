#include "store/redis/ring.h"

#include <stdatomic.h>
#include <stdlib.h>

struct ring_block *ring_block_new(uint64_t first, const struct seal *seal, struct str lines)
{
    struct ring_block *b = mem_alloc(sizeof *b + lines.n);
    atomic_init(&b->users, 1);
    b->first = first;
    b->seal = *seal;
    b->n = lines.n;
    memcpy(b->bytes, lines.p, lines.n);
    return b;
}

void ring_block_release(struct ring_block *b)
{
    if (b && atomic_fetch_sub(&b->users, 1) == 1)
        free(b);
}

static size_t size_of(const struct ring_block *b)
{
    return sizeof *b + sizeof(void *) + b->n;
}

static struct ring_block **slot(const struct ring *r, size_t i)
{
    return &r->blocks[(r->at + i) % r->cap];
}

static void drop_first(struct ring *r)
{
    struct ring_block *b = *slot(r, 0);
    r->bytes -= size_of(b);
    r->at = (r->at + 1) % r->cap;
    r->n--;
    ring_block_release(b);
}

static void grow(struct ring *r)
{
    size_t cap = r->cap ? 2 * r->cap : 64;
    struct ring_block **blocks = mem_alloc(cap * sizeof *blocks);
    for (size_t i = 0; i < r->n; i++)
        blocks[i] = *slot(r, i);
    free(r->blocks);
    *r = (struct ring){blocks, 0, r->n, cap, r->bytes};
}

void ring_add(struct ring *r, struct ring_block *b)
{
    size_t size = size_of(b), room = size > RING_BYTES / 2 ? 0 : RING_BYTES - size;
    while (r->n && (r->bytes > room || room == 0))
        drop_first(r);
    if (room == 0) { /* there must be no gap: the next one begins anew */
        ring_block_release(b);
        return;
    }
    if (r->n == r->cap)
        grow(r);
    *slot(r, r->n++) = b;
    r->bytes += size;
}

struct ring_block *ring_find(const struct ring *r, uint64_t seq)
{
    size_t low = 0, high = r->n; /* the last block that begins at or before seq is below high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((*slot(r, middle))->first <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    struct ring_block *b = low ? *slot(r, low - 1) : NULL;
    if (!b || b->seal.seq < seq)
        return NULL;
    atomic_fetch_add(&b->users, 1);
    return b;
}

void ring_done(struct ring *r)
{
    while (r->n)
        drop_first(r);
    free(r->blocks);
    *r = (struct ring){.n = 0};
}
