/* People whom the two runs treat differently, and in what: looked up in both runs' logs, as many at a time as memory is
 * spent on. */
#include <stdlib.h>

#include "engine/internal.h"
#include "engine/pipeline.h"
#include "engine/what_if/what_if_inside.h"

#define ITEMS_MAX ((size_t)16 << 20) /* of both runs together: 256 MB */

struct side {
    struct run *run;
    struct what_if_item *items;
    uint32_t *starts; /* of each one's items; one more for the end */
    uint32_t *filled;
    struct chosen *chosen;
};

struct chosen {
    uint32_t *who; /* ascending */
    size_t n, cap;
    struct side sides[WHAT_IF_RUNS];
    const struct what_if_options *o;
    bool stopped;
};

static uint32_t count_of(const struct run *r, uint32_t n)
{
    return r->people.n[n] & ~PEOPLE_SUSPENDED;
}

/* The next ones, from number *next on; false: there are none. */
static bool choose(struct chosen *c, uint32_t *next, uint64_t most)
{
    const struct run *before = c->sides[0].run, *after = c->sides[1].run;
    size_t items = 0;
    for (c->n = 0; *next < run_count(before) && c->n < most && items < ITEMS_MAX; (*next)++) {
        if (before->people.hash[*next] == after->people.hash[*next])
            continue;
        if (c->n == c->cap)
            c->who = mem_resize(c->who, c->cap = c->cap ? 2 * c->cap : 1024, sizeof *c->who);
        c->who[c->n++] = *next;
        items += count_of(before, *next) + count_of(after, *next);
    }
    return c->n > 0;
}

static void lay_out(struct side *s)
{
    const struct chosen *c = s->chosen;
    s->starts = mem_resize(s->starts, c->n + 1, sizeof *s->starts);
    s->filled = mem_resize(s->filled, c->n, sizeof *s->filled);
    s->starts[0] = 0;
    for (size_t i = 0; i < c->n; i++)
        s->starts[i + 1] = s->starts[i] + count_of(s->run, c->who[i]);
    memset(s->filled, 0, c->n * sizeof *s->filled);
    s->items = mem_resize(s->items, s->starts[c->n] + 1, sizeof *s->items);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void keep(struct side *s, const struct event *ev)
{
    uint32_t n = roster_find(s->run->engine->roster, ev->subject);
    const struct chosen *c = s->chosen;
    if (c->sides[0].run->people.hash[n] == c->sides[1].run->people.hash[n])
        return;
    const uint32_t *found = bsearch(&n, c->who, c->n, sizeof *c->who, compare_numbers);
    if (!found)
        return;
    size_t i = (size_t)(found - c->who);
    s->items[s->starts[i] + s->filled[i]++] = item_of(ev);
}

static enum err keep_group(void *arg, struct event_group *g, struct errmsg *msg)
{
    struct side *s = arg;
    struct chosen *c = s->chosen;
    for (unsigned i = 0; i < g->n; i++)
        if (g->events[i].subject.p && item_wanted(g->events[i].type))
            keep(s, &g->events[i]);
    c->stopped = c->o->stop && c->o->stop(c->o->arg);
    return c->stopped ? err_set(msg, ERR_END, "it was told to stop") : ERR_OK;
}

static enum err read_side(struct side *s, struct errmsg *msg)
{
    const struct log_span all = LOG_SPAN_ALL;
    lay_out(s);
    enum err err = pipeline_run(s->run->engine->store, &all, keep_group, s, msg);
    return err == ERR_OK && s->chosen->stopped ? ERR_END : err; /* a walk that had enough is a good one */
}

static void tell(struct chosen *c, size_t i, what_if_person_fn *fn, void *arg)
{
    struct what_if_item *items[WHAT_IF_RUNS];
    struct what_if_person told;
    struct person p;
    struct engine *e = c->sides[0].run->engine;
    people_get(e, c->who[i], &p);
    for (int k = 0; k < WHAT_IF_RUNS; k++) {
        items[k] = c->sides[k].items + c->sides[k].starts[i];
        told.n[k] = c->sides[k].filled[i];
    }
    items_part(items[0], &told.n[0], items[1], &told.n[1]);
    for (int k = 0; k < WHAT_IF_RUNS; k++)
        told.only[k] = items[k];
    told.id = p.id;
    told.policy = e->policies.v[p.entry.rec.policy].name;
    fn(arg, &told);
}

static void chosen_done(struct chosen *c)
{
    for (int k = 0; k < WHAT_IF_RUNS; k++) {
        free(c->sides[k].items);
        free(c->sides[k].starts);
        free(c->sides[k].filled);
    }
    free(c->who);
}

enum err people_tell(struct run *before, struct run *after, const struct what_if_options *o, uint64_t most,
                     what_if_person_fn *fn, void *arg, struct errmsg *msg)
{
    struct chosen c = {.sides = {{.run = before, .chosen = &c}, {.run = after, .chosen = &c}}, .o = o};
    enum err err = ERR_OK;
    uint32_t next = 0;
    while (err == ERR_OK && choose(&c, &next, most)) {
        for (int k = 0; k < WHAT_IF_RUNS && err == ERR_OK; k++)
            err = read_side(&c.sides[k], msg);
        for (size_t i = 0; i < c.n && err == ERR_OK; i++)
            tell(&c, i, fn, arg);
        most -= c.n;
    }
    chosen_done(&c);
    return err;
}
