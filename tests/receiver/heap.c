#include "tests/receiver/heap.h"

#include <stdlib.h>

#include "base/buf.h"

void heap_done(struct heap *h)
{
    free(h->v);
    *h = (struct heap){0};
}

void heap_push(struct heap *h, struct due d)
{
    if (h->n == h->cap)
        h->v = mem_resize(h->v, h->cap = h->cap ? 2 * h->cap : 64, sizeof *h->v);
    size_t i = h->n++;
    for (; i > 0 && h->v[(i - 1) / 2].at > d.at; i = (i - 1) / 2)
        h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = d;
}

struct due heap_pop(struct heap *h)
{
    struct due first = h->v[0], last = h->v[--h->n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < h->n && h->v[child + 1].at < h->v[child].at)
            child++;
        if (child >= h->n || h->v[child].at >= last.at)
            break;
        h->v[i] = h->v[child];
        i = child;
    }
    h->v[i] = last;
    return first;
}
