/* A question to many shards at once. */
#include "shards/front/front_inside.h"

#include <stdlib.h>

#include "shards/front/merge.h"

static void gather_free(struct gather *g)
{
    for (unsigned i = 0; i < g->n; i++)
        buf_done(&g->parts[i].body);
    free(g->parts);
    free(g);
}

static void part_over(struct gather *g)
{
    if (atomic_fetch_sub(&g->left, 1) != 1)
        return;
    g->then(g);
    gather_free(g);
}

static void part_done(struct request *part)
{
    part_over(part->owner);
}

/* Of the members of a request that questions to all shards have. */
static struct request part_of(const struct request *r, enum request_kind kind, struct gather *g)
{
    return (struct request){
        .kind = kind, .from = r->from, .to = r->to, .by_month = r->by_month, .done = part_done, .owner = g};
}

void gather_begin(struct front *f, enum request_kind kind, struct request *r, unsigned first, unsigned n, void *owner,
                  void (*then)(struct gather *g))
{
    struct gather *g = mem_zalloc(1, sizeof *g);
    *g = (struct gather){.front = f, .r = r, .owner = owner, .first = first, .n = n, .then = then};
    g->parts = mem_zalloc(n, sizeof *g->parts);
    atomic_store(&g->left, n + 1);
    for (unsigned i = 0; i < n; i++) {
        g->parts[i] = part_of(r, kind, g);
        if (shard_submit(&f->shards[first + i], &g->parts[i], NULL, false))
            continue;
        g->parts[i].err = err_set(&g->parts[i].msg, ERR_IO, "shard %u has too much to do", first + i);
        part_over(g);
    }
    part_over(g);
}

enum err gather_error(const struct gather *g, struct request *r)
{
    r->err = ERR_OK;
    for (unsigned i = 0; i < g->n && !r->err; i++) {
        r->err = g->parts[i].err;
        if (r->err)
            r->msg = g->parts[i].msg;
    }
    return r->err;
}

struct str *gather_bodies(const struct gather *g)
{
    struct str *bodies = mem_alloc(g->n * sizeof *bodies);
    for (unsigned i = 0; i < g->n; i++)
        bodies[i] = g->parts[i].err ? STR_NONE : buf_str(&g->parts[i].body);
    return bodies;
}

/* --- one answer of all of them --- */

static bool merge(struct front *f, enum request_kind kind, const struct str *bodies, unsigned n, struct buf *out)
{
    struct buf members = BUF_INIT;
    bool good = false;
    switch (kind) {
    case REQUEST_DUE: return merge_due(bodies, n, out);
    case REQUEST_HOLDS: return merge_holds(bodies, n, out);
    default: break;
    }
    office_write_members(f->options.office, &members);
    good = merge_status(bodies, n, buf_str(&members), out);
    buf_done(&members);
    return good;
}

/* Where nobody answers for a shard, the status is that of the others: then it is needed most. */
static enum err error_of(const struct gather *g, struct request *r)
{
    bool spoken = false;
    gather_error(g, r);
    for (unsigned i = 0; i < g->n; i++) {
        if (g->parts[i].err && g->parts[i].err != ERR_IO)
            return r->err;
        spoken |= !g->parts[i].err;
    }
    if (r->kind == REQUEST_STATUS && spoken)
        r->err = ERR_OK;
    return r->err;
}

static void answer(struct gather *g)
{
    struct request *r = g->r;
    if (error_of(g, r) == ERR_OK) {
        struct str *bodies = gather_bodies(g);
        if (!merge(g->front, r->kind, bodies, g->n, &r->body))
            r->err = err_set(&r->msg, ERR_DAMAGED, "a shard's answer is not what was expected");
        free(bodies);
    }
    r->done(r);
}

void front_ask_all(struct front *f, struct request *r)
{
    gather_begin(f, r->kind, r, 0, f->n, NULL, answer);
}
