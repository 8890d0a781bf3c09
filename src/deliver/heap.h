/* A binary heap of items by `at`, each of which knows its place in it. */
#ifndef DELIVER_HEAP_H
#define DELIVER_HEAP_H

#include "deliver/track.h"

struct heap {
    struct item **v;
    size_t n, cap;
};

void heap_done(struct heap *h);
void heap_push(struct heap *h, struct item *i);
void heap_remove(struct heap *h, struct item *i);

static inline struct item *heap_top(const struct heap *h)
{
    return h->n ? h->v[0] : NULL;
}

#endif
