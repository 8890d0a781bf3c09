/* Looking many ids up side by side. A look-up reads four places one after the other - the index, where the id's group
 * starts, the id, the record - and at millions of people each is a miss; for many at once the misses overlap. */
#include "roster/inside.h"

static void guess(const struct roster *r, const struct id_key *keys, uint32_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = keys[i].n ? hash_index_guess(&r->index, keys[i].hash) : ROSTER_NONE;
        if (out[i] == ROSTER_NONE)
            continue;
        ids_prefetch_start(&r->ids, out[i]);
        roster_prefetch_record(r, out[i]);
    }
}

void roster_find_many(const struct roster *r, const struct str *ids, uint32_t *out, size_t n)
{
    struct id_key keys[ROSTER_MANY];
    for (size_t i = 0; i < n; i++) {
        keys[i].n = 0;
        if (ids[i].n < 1 || ids[i].n > ID_MAX)
            continue;
        ids_key(&r->ids, ids[i], &keys[i]);
        hash_index_prefetch(&r->index, keys[i].hash);
    }
    guess(r, keys, out, n);
    for (size_t i = 0; i < n; i++)
        if (out[i] != ROSTER_NONE)
            ids_prefetch(&r->ids, out[i]);
    for (size_t i = 0; i < n; i++)
        out[i] = keys[i].n ? roster_find_key(r, &keys[i]) : ROSTER_NONE;
}
