/* Contacts decided but not yet durable: an amendment must see what the one before it in the same batch set. */
#include <stdlib.h>

#include "engine/internal.h"

#define BLOCK 65536 /* larger than any contact */

struct block {
    struct block *next;
    size_t used;
    char bytes[BLOCK];
};

struct pending_contact {
    struct contact_change *v;
    size_t n, cap;
    struct block *blocks; /* the newest first: strings do not move */
    uint32_t *slots;      /* open addressing over beneficiaries' numbers: index + 1 of the latest change */
    size_t n_slots;       /* a power of two, at least 2 n */
};

struct pending_contact *pending_new(void)
{
    return mem_zalloc(1, sizeof(struct pending_contact));
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void pending_free(struct pending_contact *p)
{
    if (!p)
        return;
    free_blocks(p->blocks);
    free(p->v);
    free(p->slots);
    free(p);
}

void pending_clear(struct pending_contact *p)
{
    if (p->n && p->slots)
        memset(p->slots, 0, p->n_slots * sizeof *p->slots);
    p->n = 0;
    if (p->blocks) {
        free_blocks(p->blocks->next);
        p->blocks->next = NULL;
        p->blocks->used = 0;
    }
}

const struct contact_change *pending_list(const struct pending_contact *p, size_t *n)
{
    *n = p->n;
    return p->v;
}

static struct str keep(struct pending_contact *p, struct str s)
{
    if (!s.p)
        return STR_NONE;
    if (!p->blocks || BLOCK - p->blocks->used < s.n) {
        struct block *b = mem_alloc(sizeof *b);
        b->next = p->blocks;
        b->used = 0;
        p->blocks = b;
    }
    char *at = p->blocks->bytes + p->blocks->used;
    memcpy(at, s.p, s.n);
    p->blocks->used += s.n;
    return (struct str){at, s.n};
}

static uint32_t *slot_of(const struct pending_contact *p, uint32_t number)
{
    size_t i = (number * UINT32_C(2654435769)) & (p->n_slots - 1);
    while (p->slots[i] && p->v[p->slots[i] - 1].number != number)
        i = (i + 1) & (p->n_slots - 1);
    return &p->slots[i];
}

static void grow(struct pending_contact *p)
{
    p->cap = p->cap ? 2 * p->cap : 256;
    p->v = mem_resize(p->v, p->cap, sizeof *p->v);
    free(p->slots);
    p->n_slots = 2 * p->cap;
    p->slots = mem_zalloc(p->n_slots, sizeof *p->slots);
    for (size_t i = 0; i < p->n; i++)
        if (!p->v[i].unit)
            *slot_of(p, p->v[i].number) = (uint32_t)i + 1;
}

void pending_add(struct pending_contact *p, uint64_t seq, uint32_t number, struct str id, bool unit,
                 const struct contact *c)
{
    if (p->n == p->cap)
        grow(p);
    p->v[p->n] = (struct contact_change){
        .seq = seq,
        .number = number,
        .id = keep(p, id),
        .unit = unit,
        .contact = {keep(p, c->name), keep(p, c->phone), keep(p, c->by)},
    };
    p->n++;
    if (!unit)
        *slot_of(p, number) = (uint32_t)p->n;
}

static const struct contact *find(const struct pending_contact *p, uint32_t number, struct str id, bool unit)
{
    if (p->n == 0)
        return NULL;
    if (!unit) {
        uint32_t i = *slot_of(p, number);
        return i ? &p->v[i - 1].contact : NULL;
    }
    /* Units are few and change seldom. */
    for (size_t i = p->n; i-- > 0;)
        if (p->v[i].unit && str_eq(p->v[i].id, id))
            return &p->v[i].contact;
    return NULL;
}

enum err contact_now(struct engine *e, uint32_t number, struct str id, bool unit, struct contact *out,
                     struct errmsg *msg)
{
    const struct contact *c = find(e->cur->contacts, number, id, unit);
    if (!c && e->flight)
        c = find(e->flight->contacts, number, id, unit);
    if (c) {
        *out = *c;
        return ERR_OK;
    }
    buf_clear(&e->contact_text);
    enum err err = unit ? store_unit_contact(e->store, id, &e->contact_text, out, msg)
                        : store_contact(e->store, number, id, &e->contact_text, out, msg);
    if (err == ERR_ABSENT) {
        *out = (struct contact){STR_NONE, STR_NONE, STR_NONE};
        return ERR_OK;
    }
    return err;
}
