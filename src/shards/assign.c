/* Rendezvous hashing with bounded load. Every pair of a shard and a daemon has a weight; the heaviest pair of which the
 * shard is free and the daemon not full is taken, again and again. A pair's weight depends on nobody else, so what
 * changes when a daemon comes or goes is what it has, and what the others' bound pushes about. */
#include "shards/assign.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"

struct pair {
    uint64_t weight;
    unsigned shard, daemon;
};

/* Sets every bit going: FNV leaves names that differ in their last byte close together. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static int heaviest_first(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->shard < y->shard ? -1 : x->shard > y->shard;
}

static struct pair *weigh(const char *const *names, unsigned n_names, unsigned n_shards)
{
    struct pair *v = mem_zalloc((size_t)n_names * n_shards, sizeof *v), *p = v;
    for (unsigned d = 0; d < n_names; d++) {
        uint64_t name = mix(hash_str(str_of(names[d])));
        for (unsigned s = 0; s < n_shards; s++)
            *p++ = (struct pair){mix(name ^ mix(s + 1)), s, d};
    }
    qsort(v, (size_t)n_names * n_shards, sizeof *v, heaviest_first);
    return v;
}

void assign_shards(const char *const *names, unsigned n_names, unsigned n_shards, unsigned *owner)
{
    struct pair *pairs = weigh(names, n_names, n_shards);
    unsigned *load = mem_zalloc(n_names, sizeof *load);
    bool *taken = mem_zalloc(n_shards, sizeof *taken);
    unsigned few = n_shards / n_names, more = n_shards % n_names; /* so many daemons have one more than `few` */
    for (size_t i = 0; i < (size_t)n_names * n_shards; i++) {
        const struct pair *p = &pairs[i];
        if (taken[p->shard] || load[p->daemon] > few || (load[p->daemon] == few && more == 0))
            continue;
        more -= load[p->daemon] == few;
        load[p->daemon]++;
        taken[p->shard] = true;
        owner[p->shard] = p->daemon;
    }
    free(taken);
    free(load);
    free(pairs);
}
