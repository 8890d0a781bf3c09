#include "tests/receiver/table.h"

#include <stdlib.h>

#include "base/buf.h"

#define FIRST_BITS 10

void table_done(struct table *t)
{
    free(t->v);
    *t = (struct table){0};
}

/* Where the key is, or would be. */
static struct table_entry *find(const struct table *t, uint64_t key)
{
    uint64_t mask = (UINT64_C(1) << t->bits) - 1, at = key & mask;
    while (t->v[at].key != 0 && t->v[at].key != key)
        at = (at + 1) & mask;
    return &t->v[at];
}

static void grow(struct table *t)
{
    struct table bigger = {.bits = t->v ? t->bits + 1 : FIRST_BITS, .n = t->n};
    bigger.v = mem_zalloc((size_t)1 << bigger.bits, sizeof *bigger.v);
    for (uint64_t i = 0; t->v && i < UINT64_C(1) << t->bits; i++)
        if (t->v[i].key)
            *find(&bigger, t->v[i].key) = t->v[i];
    free(t->v);
    *t = bigger;
}

uint64_t *table_at(struct table *t, uint64_t key, uint32_t max)
{
    key += key == 0;
    struct table_entry *e = t->v ? find(t, key) : NULL;
    if (e && e->key)
        return &e->value;
    if (t->n >= max)
        return NULL;
    if (!e || (uint64_t)t->n * 2 >= UINT64_C(1) << t->bits) {
        grow(t);
        e = find(t, key);
    }
    t->n++;
    e->key = key;
    return &e->value;
}
