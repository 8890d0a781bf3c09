/* A binary heap of what is due when. */
#ifndef RECEIVER_HEAP_H
#define RECEIVER_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct due {
    int64_t at;
    union {
        uint64_t token;
        void *job;
    };
};

struct heap {
    struct due *v; /* owned */
    size_t n, cap;
};

void heap_done(struct heap *h);
void heap_push(struct heap *h, struct due d);
/* Takes off the earliest one; there must be one. */
struct due heap_pop(struct heap *h);
/* INT64_MAX: there is none. */
static inline int64_t heap_next(const struct heap *h)
{
    return h->n ? h->v[0].at : INT64_MAX;
}

#endif
