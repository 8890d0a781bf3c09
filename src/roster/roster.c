#include "roster/roster.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "roster/inside.h"
#include "roster/pages.h"

_Static_assert(ID_MAX == ID_CHARS_MAX, "ids.h has room for every id");
_Static_assert(ROSTER_BLOCK * sizeof(struct packed) % HUGE_PAGE_BYTES == 0, "a block is whole huge pages");

static void hash_of(const void *roster, const uint32_t *n, size_t count, uint64_t *hash)
{
    const struct roster *r = roster;
    ids_hashes(&r->ids, n, count, hash);
}

static bool match(const void *roster, uint32_t n, const void *key)
{
    const struct roster *r = roster;
    roster_prefetch_record(r, n); /* it is nearly always the one, and asked for next */
    return ids_equal(&r->ids, n, key);
}

struct roster *roster_new(void)
{
    struct roster *r = mem_zalloc(1, sizeof *r);
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint64_t)(uintptr_t)r; /* an old kernel early at boot: a guess will do */
    ids_init(&r->ids, seed);
    hash_index_init(&r->index, hash_of, r);
    queue_init(&r->queue);
    return r;
}

void roster_free(struct roster *r)
{
    if (!r)
        return;
    queue_done(&r->queue);
    hash_index_done(&r->index);
    ids_done(&r->ids);
    for (uint32_t i = 0; i < ROSTER_BLOCKS && r->blocks[i]; i++)
        pages_unmap(r->blocks[i], ROSTER_BLOCK * sizeof(struct packed));
    free(r);
}

uint32_t roster_count(const struct roster *r)
{
    return r->ids.count;
}

uint32_t roster_find_key(const struct roster *r, const struct id_key *key)
{
    return hash_index_find(&r->index, key->hash, match, key);
}

uint32_t roster_find(const struct roster *r, struct str id)
{
    if (id.n < 1 || id.n > ID_MAX)
        return ROSTER_NONE;
    struct id_key key;
    ids_key(&r->ids, id, &key);
    return roster_find_key(r, &key);
}

uint32_t roster_add_packed(struct roster *r, const struct id_key *key, const struct packed *p)
{
    uint32_t n = r->ids.count;
    assert(n != ROSTER_NONE);
    if (n % ROSTER_BLOCK == 0)
        r->blocks[n / ROSTER_BLOCK] = pages_map(ROSTER_BLOCK * sizeof *p, true);
    ids_append(&r->ids, key);
    hash_index_add(&r->index, key->hash, n);
    *roster_packed(r, n) = *p;
    r->by_status[packed_status(p)]++;
    return n;
}

uint32_t roster_add(struct roster *r, struct str id)
{
    struct id_key key;
    ids_key(&r->ids, id, &key);
    return roster_add_packed(r, &key, &(struct packed){{0}});
}

struct str roster_id(const struct roster *r, uint32_t n, char out[ID_MAX])
{
    return (struct str){out, ids_text(&r->ids, n, out)};
}

void roster_get(const struct roster *r, uint32_t n, struct entry *out)
{
    packed_unpack(roster_packed(r, n), out);
}

void roster_put(struct roster *r, uint32_t n, const struct entry *e)
{
    struct packed *p = roster_packed(r, n);
    if (e->rec.status == STATUS_TERMINATED) /* no deadline remains */
        roster_schedule(r, n, (struct deadline){DEADLINE_NONE, INSTANT_NONE});
    r->by_status[packed_status(p)]--;
    r->by_status[e->rec.status]++;
    packed_pack(p, e, packed_place(p));
}

uint32_t roster_status_count(const struct roster *r, enum status s)
{
    return r->by_status[s];
}

static void move(struct roster *r, uint32_t n, uint32_t to)
{
    struct packed *p = roster_packed(r, n);
    uint32_t from = packed_place(p);
    if (from == to)
        return;
    packed_set_place(p, to);
    if (to != PLACE_NONE)
        queue_add(&r->queue, to, n);
    if (from != PLACE_NONE)
        queue_remove(&r->queue, from, n);
}

void roster_schedule(struct roster *r, uint32_t n, struct deadline d)
{
    move(r, n, queue_place(&r->queue, d));
}

void roster_hold(struct roster *r, uint32_t n, lc_instant at)
{
    (void)at; /* recomputed by the caller upon release: membership is all that is kept */
    move(r, n, PLACE_HELD);
}

lc_instant roster_instant(const struct roster *r, uint32_t n)
{
    return queue_instant(&r->queue, packed_place(roster_packed(r, n)));
}

bool roster_is_held(const struct roster *r, uint32_t n)
{
    return packed_place(roster_packed(r, n)) == PLACE_HELD;
}

uint32_t roster_held_count(const struct roster *r)
{
    return (uint32_t)queue_count(&r->queue, PLACE_HELD);
}

size_t roster_held(const struct roster *r, uint32_t from, uint32_t *out, size_t max)
{
    return queue_held(&r->queue, from, out, max);
}

lc_instant roster_next_instant(const struct roster *r)
{
    return queue_next_instant(&r->queue);
}

uint32_t roster_first(const struct roster *r, lc_instant at)
{
    return queue_first(&r->queue, at);
}

size_t roster_take(struct roster *r, lc_instant at, uint32_t *out, size_t max)
{
    size_t n = queue_take(&r->queue, at, out, max);
    for (size_t i = 0; i < n; i++)
        packed_set_place(roster_packed(r, out[i]), PLACE_NONE);
    return n;
}

uint64_t roster_suspensions_until(const struct roster *r, lc_instant at)
{
    return queue_suspensions_until(&r->queue, at);
}

void roster_buckets(const struct roster *r, lc_instant from, lc_instant to, bucket_fn *fn, void *arg)
{
    queue_each(&r->queue, from, to, fn, arg);
}

uint32_t roster_numbers(const struct roster *r, lc_instant from, lc_instant to, uint32_t **out)
{
    return queue_numbers(&r->queue, from, to, out);
}

void roster_memory(const struct roster *r, struct roster_memory *out)
{
    *out = (struct roster_memory){
        .records = sizeof *r + (size_t)r->ids.count * sizeof(struct packed),
        .ids = ids_bytes(&r->ids),
        .index = hash_index_bytes(&r->index),
        .queue = queue_bytes(&r->queue),
    };
}
