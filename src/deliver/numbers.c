#include "deliver/numbers.h"

#include <stdlib.h>

#include "base/buf.h"

#define FIRST_SLOTS 1024

struct number_slot {
    uint64_t key; /* 0: free */
    uint64_t count;
};

void numbers_clear(struct numbers *m)
{
    numbers_done(m);
}

void numbers_done(struct numbers *m)
{
    free(m->v);
    *m = (struct numbers){.n = 0};
}

static struct number_slot *slot_of(const struct numbers *m, uint64_t key)
{
    size_t i = key & (m->cap - 1);
    while (m->v[i].key && m->v[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return &m->v[i];
}

static void grow(struct numbers *m)
{
    struct numbers bigger = {.n = m->n, .cap = m->cap ? 2 * m->cap : FIRST_SLOTS};
    bigger.v = mem_zalloc(bigger.cap, sizeof *bigger.v);
    for (size_t i = 0; i < m->cap; i++)
        if (m->v[i].key)
            *slot_of(&bigger, m->v[i].key) = m->v[i];
    free(m->v);
    *m = bigger;
}

uint64_t *numbers_at(struct numbers *m, uint64_t key)
{
    if (2 * m->n >= m->cap)
        grow(m);
    struct number_slot *s = slot_of(m, key);
    if (!s->key) {
        s->key = key;
        m->n++;
    }
    return &s->count;
}

uint64_t numbers_get(const struct numbers *m, uint64_t key)
{
    return m->n ? slot_of(m, key)->count : 0;
}
