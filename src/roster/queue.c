#include "roster/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <roaring/roaring.h>

#include "base/buf.h"

#define RECENT 256u /* a power of two */
#define BATCH 256u  /* numbers read from a bitmap at a time while kinds are merged */

struct bucket {
    int64_t key;           /* key_of() its deadline, or KEY_NONE */
    uint64_t count;
    roaring_bitmap_t *set; /* NULL while free */
    uint32_t next_free;
};

struct queue_slot {
    int64_t key;
    uint32_t place;
};

/* The order of deadlines as one number. Instants are far from 2^60. */
#define KEY_NONE INT64_MIN

static int64_t key_of(lc_instant at, unsigned kind)
{
    return at * 8 + (int64_t)kind;
}

static lc_instant key_instant(int64_t key)
{
    return (key - (key & 7)) / 8;
}

static enum deadline_kind key_kind(int64_t key)
{
    return (enum deadline_kind)(key & 7);
}

static void *must(void *p)
{
    return p ? p : mem_alloc(SIZE_MAX / 2); /* the library found no memory: end as everything else does then */
}

static void open_bucket(struct bucket *b, int64_t key)
{
    *b = (struct bucket){.key = key, .set = must(roaring_bitmap_create())};
}

void queue_init(struct queue *q)
{
    *q = (struct queue){.bucket_count = PLACE_HELD + 1, .bucket_cap = 64};
    q->buckets = mem_zalloc(q->bucket_cap, sizeof q->buckets[0]);
    q->buckets[PLACE_NONE].key = KEY_NONE;
    open_bucket(&q->buckets[PLACE_HELD], KEY_NONE);
    q->recent = mem_zalloc(RECENT, sizeof q->recent[0]);
}

void queue_done(struct queue *q)
{
    for (uint32_t i = 0; i < q->bucket_count; i++)
        if (q->buckets[i].set)
            roaring_bitmap_free(q->buckets[i].set);
    free(q->buckets);
    free(q->order);
    free(q->recent);
}

/* The first slot whose key is not below this. */
static size_t lower_bound(const struct queue *q, int64_t key)
{
    size_t low = 0, high = q->order_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (q->order[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t new_place(struct queue *q, int64_t key)
{
    uint32_t place = q->free_place;
    if (place) {
        q->free_place = q->buckets[place].next_free;
    } else {
        assert(q->bucket_count < PLACE_LIMIT);
        if (q->bucket_count == q->bucket_cap)
            q->buckets = mem_resize(q->buckets, q->bucket_cap *= 2, sizeof q->buckets[0]);
        place = q->bucket_count++;
    }
    open_bucket(&q->buckets[place], key);
    return place;
}

static uint32_t insert_place(struct queue *q, size_t at, int64_t key)
{
    if (q->order_count == q->order_cap) {
        q->order_cap = q->order_cap ? 2 * q->order_cap : 64;
        q->order = mem_resize(q->order, q->order_cap, sizeof q->order[0]);
    }
    memmove(&q->order[at + 1], &q->order[at], (q->order_count - at) * sizeof q->order[0]);
    q->order_count++;
    q->order[at] = (struct queue_slot){key, new_place(q, key)};
    return q->order[at].place;
}

uint32_t queue_place(struct queue *q, struct deadline d)
{
    if (d.kind == DEADLINE_NONE)
        return PLACE_NONE;
    int64_t key = key_of(d.at, d.kind);
    uint32_t *recent = &q->recent[(uint64_t)key * UINT64_C(0x9E3779B97F4A7C15) >> 32 & (RECENT - 1)];
    if (q->buckets[*recent].key == key)
        return *recent;
    size_t at = lower_bound(q, key);
    bool there = at < q->order_count && q->order[at].key == key;
    return *recent = there ? q->order[at].place : insert_place(q, at, key);
}

static void close_bucket(struct queue *q, uint32_t place)
{
    struct bucket *b = &q->buckets[place];
    size_t at = lower_bound(q, b->key);
    memmove(&q->order[at], &q->order[at + 1], (--q->order_count - at) * sizeof q->order[0]);
    roaring_bitmap_free(b->set);
    *b = (struct bucket){.key = KEY_NONE, .next_free = q->free_place};
    q->free_place = place;
}

void queue_add(struct queue *q, uint32_t place, uint32_t n)
{
    roaring_bitmap_add(q->buckets[place].set, n);
    q->buckets[place].count++;
}

static void discount(struct queue *q, uint32_t place, uint64_t removed)
{
    q->buckets[place].count -= removed;
    if (!q->buckets[place].count && place != PLACE_HELD)
        close_bucket(q, place);
}

void queue_remove(struct queue *q, uint32_t place, uint32_t n)
{
    roaring_bitmap_remove(q->buckets[place].set, n);
    discount(q, place, 1);
}

uint64_t queue_count(const struct queue *q, uint32_t place)
{
    return q->buckets[place].count;
}

lc_instant queue_instant(const struct queue *q, uint32_t place)
{
    if (place <= PLACE_HELD)
        return place == PLACE_HELD ? INT64_MIN : INSTANT_NONE;
    return key_instant(q->buckets[place].key);
}

lc_instant queue_next_instant(const struct queue *q)
{
    return q->order_count ? key_instant(q->order[0].key) : INSTANT_NONE;
}

/* One kind's numbers at an instant, read ahead a batch at a time. */
struct source {
    uint32_t place;
    uint64_t taken;
    roaring_uint32_iterator_t it;
    uint32_t at, n;
    uint32_t batch[BATCH];
};

static void refill(struct source *s)
{
    if (s->at == s->n) {
        s->at = 0;
        s->n = roaring_read_uint32_iterator(&s->it, s->batch, BATCH);
    }
}

static unsigned open_sources(const struct queue *q, lc_instant at, struct source sources[DEADLINE_N])
{
    unsigned count = 0;
    for (size_t i = lower_bound(q, key_of(at, 0)); i < q->order_count && key_instant(q->order[i].key) == at; i++) {
        struct source *s = &sources[count++];
        s->place = q->order[i].place;
        s->taken = 0;
        s->at = s->n = 0;
        roaring_init_iterator(q->buckets[s->place].set, &s->it);
        refill(s);
    }
    return count;
}

/* The source whose next number is the lowest, or NULL when all are drained. */
static struct source *lowest(struct source *sources, unsigned count)
{
    struct source *best = NULL;
    for (unsigned i = 0; i < count; i++) {
        struct source *s = &sources[i];
        if (s->at < s->n && (!best || s->batch[s->at] < best->batch[best->at]))
            best = s;
    }
    return best;
}

size_t queue_take(struct queue *q, lc_instant at, uint32_t *out, size_t max)
{
    struct source sources[DEADLINE_N], *s;
    unsigned count = open_sources(q, at, sources);
    size_t n = 0;
    while (n < max && (s = lowest(sources, count))) {
        out[n++] = s->batch[s->at++];
        s->taken++;
        refill(s);
    }
    /* Whatever is not above the last one taken has been taken. */
    for (unsigned i = 0; i < count; i++) {
        if (!sources[i].taken)
            continue;
        roaring_bitmap_remove_range_closed(q->buckets[sources[i].place].set, 0, out[n - 1]);
        discount(q, sources[i].place, sources[i].taken);
    }
    return n;
}

uint32_t queue_first(const struct queue *q, lc_instant at)
{
    uint32_t first = UINT32_MAX;
    int64_t last = key_of(at, DEADLINE_N - 1);
    for (size_t i = lower_bound(q, key_of(at, 0)); i < q->order_count && q->order[i].key <= last; i++) {
        uint32_t n = roaring_bitmap_minimum(q->buckets[q->order[i].place].set);
        first = n < first ? n : first;
    }
    return first;
}

size_t queue_held(const struct queue *q, uint32_t from, uint32_t *out, size_t max)
{
    roaring_uint32_iterator_t it;
    roaring_init_iterator(q->buckets[PLACE_HELD].set, &it);
    if (!roaring_move_uint32_iterator_equalorlarger(&it, from))
        return 0;
    size_t n = 0;
    for (; n < max && it.has_value; roaring_advance_uint32_iterator(&it))
        out[n++] = it.current_value;
    return n;
}

uint64_t queue_suspensions_until(const struct queue *q, lc_instant at)
{
    uint64_t count = 0;
    int64_t last = key_of(at, DEADLINE_SUSPENSION);
    for (size_t i = 0; i < q->order_count && q->order[i].key <= last; i++)
        if (key_kind(q->order[i].key) == DEADLINE_SUSPENSION)
            count += q->buckets[q->order[i].place].count;
    return count;
}

void queue_each(const struct queue *q, lc_instant from, lc_instant to, queue_each_fn *fn, void *arg)
{
    for (size_t i = lower_bound(q, from == INT64_MIN ? KEY_NONE : key_of(from, 0)); i < q->order_count; i++) {
        int64_t key = q->order[i].key;
        if (key_instant(key) >= to)
            return;
        fn(arg, key_instant(key), key_kind(key), q->buckets[q->order[i].place].count);
    }
}

uint32_t queue_numbers(const struct queue *q, lc_instant from, lc_instant to, uint32_t **out)
{
    roaring_bitmap_t *all = must(roaring_bitmap_create());
    for (size_t i = lower_bound(q, key_of(from, 0)); i < q->order_count && key_instant(q->order[i].key) < to; i++)
        roaring_bitmap_or_inplace(all, q->buckets[q->order[i].place].set);
    uint32_t n = (uint32_t)roaring_bitmap_get_cardinality(all);
    *out = n ? mem_zalloc(n, sizeof **out) : NULL;
    if (n)
        roaring_bitmap_to_uint32_array(all, *out);
    roaring_bitmap_free(all);
    return n;
}

static size_t set_bytes(const roaring_bitmap_t *set)
{
    /* Beside what a container takes in a file: its own struct, two allocations' headers, its entry in the lists. */
    enum { PER_CONTAINER = 32 + 16 + 3 };
    return sizeof *set + roaring_bitmap_portable_size_in_bytes(set) +
           (size_t)set->high_low_container.size * PER_CONTAINER;
}

size_t queue_bytes(const struct queue *q)
{
    size_t bytes = q->bucket_cap * sizeof q->buckets[0] + q->order_cap * sizeof q->order[0] +
                   RECENT * sizeof q->recent[0];
    for (uint32_t i = 0; i < q->bucket_count; i++)
        if (q->buckets[i].set)
            bytes += set_bytes(q->buckets[i].set);
    return bytes;
}
