#include "shards/move/move_inside.h"

#include <stdlib.h>

#include "base/hash.h"

struct str move_people_id(const struct move_people *p, const struct move_person *who)
{
    return (struct str){p->text.p + who->id_at, who->id_n};
}

static uint32_t short_hash(struct str id)
{
    uint64_t h = hash_str(id);
    return (uint32_t)(h ^ h >> 32);
}

/* Where it stands, or would stand. */
static uint32_t find_slot(const struct move_people *p, struct str id, uint32_t hash)
{
    uint32_t i = hash & (p->n_slots - 1);
    for (; p->slots[i]; i = (i + 1) & (p->n_slots - 1)) {
        const struct move_person *who = &p->v[p->slots[i] - 1];
        if (who->hash == hash && str_eq(move_people_id(p, who), id))
            break;
    }
    return i;
}

struct move_person *move_people_find(const struct move_people *p, struct str id)
{
    if (!p->n)
        return NULL;
    uint32_t slot = p->slots[find_slot(p, id, short_hash(id))];
    return slot ? &p->v[slot - 1] : NULL;
}

static void grow(struct move_people *p)
{
    p->cap = p->cap ? p->cap + p->cap / 2 : 1024;
    p->v = mem_resize(p->v, p->cap, sizeof *p->v);
    uint32_t wanted = p->n_slots ? p->n_slots : 2048;
    while (wanted < p->cap + p->cap / 2)
        wanted *= 2;
    if (wanted == p->n_slots)
        return;
    free(p->slots);
    p->n_slots = wanted;
    p->slots = mem_zalloc(wanted, sizeof *p->slots);
    for (uint32_t n = 0; n < p->n; n++) {
        uint32_t i = p->v[n].hash & (wanted - 1);
        while (p->slots[i])
            i = (i + 1) & (wanted - 1);
        p->slots[i] = n + 1;
    }
}

struct move_person *move_people_add(struct move_people *p, struct str id)
{
    uint32_t hash = short_hash(id);
    if (p->n == p->cap)
        grow(p);
    p->slots[find_slot(p, id, hash)] = p->n + 1;
    struct move_person *who = &p->v[p->n++];
    *who = (struct move_person){.id_at = p->text.n, .id_n = (uint8_t)id.n, .hash = hash};
    buf_addstr(&p->text, id);
    return who;
}

void move_people_done(struct move_people *p)
{
    free(p->v);
    free(p->slots);
    buf_done(&p->text);
    *p = (struct move_people){.n = 0};
}
