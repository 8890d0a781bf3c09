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

static void keep_all(struct ledger *l, struct str *const *strings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep(l, strings[i]);
}

void ledger_add(struct ledger *l, const struct delivery_change *c)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->v = mem_resize(l->v, l->cap, sizeof *l->v);
    }
    struct delivery_change *kept = &l->v[l->n++];
    *kept = *c;
    struct str *of_row[] = {&kept->row.endpoint, &kept->row.subject, &kept->row.type, &kept->row.why, &kept->row.ref};
    struct str *of_endpoint[] = {&kept->at.endpoint, &kept->at.paused, &kept->at.paused_by};
    struct redelivery_row *r = &kept->redelivery;
    struct str *of_redelivery[] = {&r->endpoint, &r->type, &r->subject, &r->by, &r->why, &r->last_error};
    if (c->kind == CHANGE_ENDPOINT)
        keep_all(l, of_endpoint, sizeof of_endpoint / sizeof *of_endpoint);
    else if (c->kind == CHANGE_REDELIVERY)
        keep_all(l, of_redelivery, sizeof of_redelivery / sizeof *of_redelivery);
    else
        keep_all(l, of_row, sizeof of_row / sizeof *of_row);
}
