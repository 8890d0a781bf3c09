#include "deliver/ledger.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 << 10)

struct ledger_block {
    struct ledger_block *next;
    size_t used, size;
    char bytes[];
};

void ledger_clear(struct ledger *l)
{
    struct ledger_block *kept = l->blocks;
    l->n = 0;
    if (!kept)
        return;
    for (struct ledger_block *b = kept->next, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    kept->next = NULL;
    kept->used = 0;
}

void ledger_done(struct ledger *l)
{
    ledger_clear(l);
    free(l->blocks);
    free(l->v);
    *l = (struct ledger){.n = 0};
}

/* Blocks never move, so the strings stay where they are. */
static void keep(struct ledger *l, struct str *s)
{
    if (!s->p)
        return;
    struct ledger_block *b = l->blocks;
    if (!b || b->size - b->used < s->n) {
        size_t size = s->n > BLOCK_BYTES ? s->n : BLOCK_BYTES;
        b = mem_alloc(sizeof *b + size);
        *b = (struct ledger_block){.next = l->blocks, .size = size};
        l->blocks = b;
    }
    memcpy(b->bytes + b->used, s->p, s->n);
    s->p = b->bytes + b->used;
    b->used += s->n;
}

void ledger_add(struct ledger *l, const struct delivery_change *c)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->v = mem_resize(l->v, l->cap, sizeof *l->v);
    }
    struct delivery_change *kept = &l->v[l->n++];
    *kept = *c;
    struct str *strings[] = {&kept->row.endpoint, &kept->row.subject, &kept->row.type,  &kept->row.why,
                             &kept->row.ref,      &kept->at.endpoint, &kept->at.paused, &kept->at.paused_by};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        keep(l, strings[i]);
}
