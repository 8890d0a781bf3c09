/* After recovery everybody gets a place in the queue. At ten million people reckoning the deadlines takes longer than
 * anything else at a start, so two threads share it: one reckons the next chunk while the other fills the queue. */
#include <stdlib.h>

#include "engine/internal.h"

#define CHUNK 65536

struct chunk {
    const struct engine *e;
    uint32_t from, n;
    struct deadline next[CHUNK];
    uint8_t policy[CHUNK];
};

static void *reckon(void *arg)
{
    struct chunk *c = arg;
    const struct engine *e = c->e;
    for (uint32_t i = 0; i < c->n; i++) {
        struct entry entry;
        roster_get(e->roster, c->from + i, &entry);
        c->policy[i] = entry.rec.policy;
        c->next[i] = record_next(&e->policies.v[entry.rec.policy], &entry.rec, e->env.tz, e->env.now, e->env.today);
    }
    return NULL;
}

/* Versions of policies are counted on the way; an adoption that a crash cut short goes on. */
static void put(struct engine *e, const struct chunk *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        e->policies.used[c->policy[i]]++;
        if (!e->policies.current[c->policy[i]])
            e->adopting = true;
        roster_schedule(e->roster, c->from + i, c->next[i]);
    }
}

static void set(struct chunk *c, const struct engine *e, uint32_t from, uint32_t count)
{
    c->e = e;
    c->from = from < count ? from : count;
    c->n = count - c->from < CHUNK ? count - c->from : CHUNK;
}

void schedule_hold_back(struct engine *e)
{
    uint32_t count = e->holds.n ? roster_count(e->roster) : 0;
    for (uint32_t n = 0; n < count; n++) {
        struct entry entry;
        if (roster_instant(e->roster, n) > e->env.now)
            continue;
        roster_get(e->roster, n, &entry);
        struct deadline d =
            record_next(&e->policies.v[entry.rec.policy], &entry.rec, e->env.tz, e->env.now, e->env.today);
        if (d.kind == DEADLINE_SUSPENSION && holds_cover(e, &entry))
            roster_hold(e->roster, n, d.at);
    }
}

void schedule_everybody(struct engine *e)
{
    struct chunk *mine = mem_alloc(sizeof *mine), *other = mem_alloc(sizeof *other);
    uint32_t count = roster_count(e->roster);
    for (uint32_t from = 0; from < count; from += 2 * CHUNK) {
        pthread_t helper;
        set(mine, e, from, count);
        set(other, e, from + CHUNK, count);
        bool helped = other->n && pthread_create(&helper, NULL, reckon, other) == 0;
        reckon(mine);
        put(e, mine);
        if (helped)
            pthread_join(helper, NULL);
        else
            reckon(other);
        put(e, other);
        if (e->options.progress)
            e->options.progress(e->options.arg, "schedule", other->from + other->n, count);
    }
    free(mine);
    free(other);
}
