#include "roster/saved.h"

#include <stdlib.h>

#include "roster/packed.h"

/* People that share one list, which is searched from end to end: at most 256 steps, and mostly none. */
#define PAGE 256

struct kept {
    struct packed packed;
    uint8_t low; /* the number within its page */
};

struct page {
    uint16_t n, cap;
    struct kept v[];
};

struct saved {
    uint32_t n_pages, passed; /* pages */
    uint32_t count;
    struct page *pages[];
};

struct saved *saved_new(uint32_t people)
{
    uint32_t n = people / PAGE + 1;
    struct saved *s = mem_zalloc(1, sizeof *s + n * sizeof *s->pages);
    s->n_pages = n;
    return s;
}

void saved_free(struct saved *s)
{
    if (!s)
        return;
    for (uint32_t i = s->passed; i < s->n_pages; i++)
        free(s->pages[i]);
    free(s);
}

static struct kept *find(const struct saved *s, uint32_t n)
{
    struct page *p = s->pages[n / PAGE];
    for (unsigned i = 0; p && i < p->n; i++)
        if (p->v[i].low == n % PAGE)
            return &p->v[i];
    return NULL;
}

void saved_keep(struct saved *s, uint32_t n, const struct entry *e)
{
    struct page **p = &s->pages[n / PAGE];
    if (find(s, n))
        return;
    if (!*p || (*p)->n == (*p)->cap) {
        unsigned had = *p ? (*p)->n : 0, cap = had ? 2 * had : 4;
        *p = mem_resize(*p, 1, sizeof **p + cap * sizeof *(*p)->v);
        (*p)->n = (uint16_t)had;
        (*p)->cap = (uint16_t)cap;
    }
    struct kept *k = &(*p)->v[(*p)->n++];
    packed_pack(&k->packed, e, PLACE_NONE);
    k->low = n % PAGE;
    s->count++;
}

bool saved_get(const struct saved *s, uint32_t n, struct entry *out)
{
    const struct kept *k = find(s, n);
    if (k)
        packed_unpack(&k->packed, out);
    return k != NULL;
}

void saved_pass(struct saved *s, uint32_t n)
{
    for (; s->passed < n / PAGE && s->passed < s->n_pages; s->passed++) {
        struct page *p = s->pages[s->passed];
        s->count -= p ? p->n : 0;
        free(p);
    }
}

uint32_t saved_count(const struct saved *s)
{
    return s->count;
}
