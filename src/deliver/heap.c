#include "deliver/heap.h"

#include <stdlib.h>

void heap_done(struct heap *h)
{
    free(h->v);
}

static void put(struct heap *h, size_t at, struct item *i)
{
    h->v[at] = i;
    i->heap = at;
}

/* At one instant in the order of the log. */
static bool before(const struct item *a, const struct item *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void rise(struct heap *h, size_t at)
{
    struct item *i = h->v[at];
    while (at > 0 && before(i, h->v[(at - 1) / 2])) {
        put(h, at, h->v[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(h, at, i);
}

static void sink(struct heap *h, size_t at)
{
    struct item *i = h->v[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
            child++;
        if (child >= h->n || !before(h->v[child], i))
            break;
        put(h, at, h->v[child]);
        at = child;
    }
    put(h, at, i);
}

void heap_push(struct heap *h, struct item *i)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->v = mem_resize(h->v, h->cap, sizeof(struct item *));
    }
    put(h, h->n++, i);
    rise(h, h->n - 1);
}

void heap_remove(struct heap *h, struct item *i)
{
    size_t at = i->heap;
    struct item *last = h->v[--h->n];
    if (last == i)
        return;
    put(h, at, last);
    rise(h, at);
    sink(h, last->heap);
}
