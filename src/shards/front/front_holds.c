/* Holds for all shards. Placing: one shard says what day it is and how many holds there are, the office orders it,
 * all shards are asked what they have. Lifting: all are asked whether there is such a hold before the office is.
 *
 * The answer is the hold as the engines show it. Where not every shard has carried the order out within the
 * office's ten seconds, as one without an owner, the hold has a further member "pending": the shards that will, as
 * soon as they have one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/hold_check.h"
#include "shards/front/front_inside.h"
#include "shards/front/merge.h"
#include "shards/front/raw_json.h"

struct hold_job {
    struct office_call call; /* the first member: its completion is turned back into the job */
    struct front *front;
    struct request *r;
    struct hold_wish wish;
    char name[160];   /* "moratorium:policy:beijing" */
    struct buf shown; /* LIFT: the hold as it was */
};

static struct hold_job *job_new(struct front *f, struct request *r)
{
    struct hold_job *j = mem_zalloc(1, sizeof *j);
    j->front = f;
    j->r = r;
    j->wish = (struct hold_wish){r->hold.scope, r->hold.until, r->hold.name, r->hold.why, r->hold.by};
    r->err = ERR_OK;
    pthread_mutex_lock(&f->lock);
    f->n_holds++;
    pthread_mutex_unlock(&f->lock);
    return j;
}

static void job_over(struct hold_job *j)
{
    struct front *f = j->front;
    struct request *r = j->r;
    buf_done(&j->shown);
    free(j);
    r->done(r);
    pthread_mutex_lock(&f->lock);
    f->n_holds--;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* --- what the shards have --- */

static struct str *bodies_or_none(const struct gather *g)
{
    struct str *bodies = gather_bodies(g);
    for (unsigned i = 0; i < g->n; i++)
        if (g->parts[i].err)
            bodies[i] = STR_LIT("{\"holds\":[]}");
    return bodies;
}

/* Behind the hold, which is an object. */
static void write_pending(const struct gather *g, const bool *has, bool lifted, struct buf *out)
{
    const char *comma = "";
    out->n--;
    BUF_LIT(out, ",\"pending\":[");
    for (unsigned i = 0; i < g->n; i++)
        if (g->parts[i].err || has[i] == lifted) {
            buf_printf(out, "%s%u", comma, g->first + i);
            comma = ",";
        }
    BUF_LIT(out, "]}");
}

static void show_ordered(struct gather *g)
{
    struct hold_job *j = g->owner;
    bool lifted = j->r->kind == REQUEST_HOLD_LIFT, *has = mem_zalloc(g->n, sizeof *has);
    struct str *bodies = bodies_or_none(g);
    struct buf *out = &j->r->body, now = BUF_INIT;
    bool found = merge_find_hold(bodies, g->n, str_of(j->name), has, &now);
    if (lifted)
        buf_addstr(out, buf_str(&j->shown));
    else if (found)
        buf_addstr(out, buf_str(&now));
    else {
        BUF_LIT(out, "{\"name\":");
        buf_add_json(out, str_of(j->name));
        buf_addc(out, '}');
    }
    if (j->call.err == ERR_MORE)
        write_pending(g, has, lifted, out);
    buf_done(&now);
    free(bodies);
    free(has);
    job_over(j);
}

/* --- the order --- */

/* On the front's thread. */
static void on_ordered(struct completion *done)
{
    struct hold_job *j = (struct hold_job *)done;
    struct request *r = j->r;
    if (j->call.err == ERR_OK && r->kind == REQUEST_HOLD_LIFT)
        buf_addstr(&r->body, buf_str(&j->shown));
    else if (j->call.err == ERR_OK || j->call.err == ERR_MORE) {
        gather_begin(j->front, REQUEST_HOLDS, r, 0, j->front->n, j, show_ordered);
        return;
    } else {
        r->err = j->call.err;
        r->msg = j->call.msg;
    }
    job_over(j);
}

static void order(struct hold_job *j)
{
    j->call.done.run = on_ordered;
    j->call.done.queue = j->front->queue;
    j->call.order = (struct office_order){
        .lift = j->r->kind == REQUEST_HOLD_LIFT,
        .hold = HOLD_MORATORIUM,
        .scope = j->wish.scope,
        .until = j->wish.until,
        .name = j->wish.name,
        .why = j->wish.why,
        .by = j->wish.by,
    };
    office_order(j->front->options.office, &j->call);
}

/* --- placing --- */

static unsigned count_holds(struct str status)
{
    struct raw_walk w;
    struct str ignored;
    unsigned n = 0;
    if (raw_enter(&w, raw_find(status, "holds"), '['))
        while (raw_item(&w, &ignored))
            n++;
    return n;
}

static void check_and_order(struct gather *g)
{
    struct hold_job *j = g->owner;
    struct request *r = j->r;
    struct str status = buf_str(&g->parts[0].body), now = raw_find(status, "now");
    lc_date today;
    if (gather_error(g, r) == ERR_OK) {
        if (!now.p || now.n < 12 || !date_parse(now.p + 1, 10, &today)) /* of the instant, in local time */
            r->err = err_set(&r->msg, ERR_DAMAGED, "shard %u does not say what time it is", g->first);
        else
            r->err = hold_check_place(&j->wish, today, count_holds(status), &r->msg);
    }
    if (r->err)
        job_over(j);
    else
        order(j);
}

/* One that is most likely to answer. */
static unsigned any_shard(struct front *f)
{
    for (unsigned i = 0; i < f->n; i++) {
        struct shard *s = &f->shards[i];
        pthread_mutex_lock(&s->lock);
        bool own = s->engine != NULL;
        pthread_mutex_unlock(&s->lock);
        if (own)
            return i;
    }
    return 0;
}

static void name_hold(struct hold_job *j)
{
    const struct scope *s = &j->wish.scope;
    if (s->kind == SCOPE_ALL)
        snprintf(j->name, sizeof j->name, "%s", hold_text(HOLD_MORATORIUM));
    else
        snprintf(j->name, sizeof j->name, "%s:%s:%.*s", hold_text(HOLD_MORATORIUM), scope_text(s->kind),
                 (int)(s->name.n < 64 ? s->name.n : 64), s->name.p ? s->name.p : "");
}

void front_hold_place(struct front *f, struct request *r)
{
    struct hold_job *j = job_new(f, r);
    r->err = hold_check_asker(&j->wish, &r->msg);
    if (r->err) {
        job_over(j);
        return;
    }
    name_hold(j);
    gather_begin(f, REQUEST_STATUS, r, any_shard(f), 1, j, check_and_order);
}

/* --- lifting --- */

static void find_and_order(struct gather *g)
{
    struct hold_job *j = g->owner;
    struct request *r = j->r;
    struct str *bodies = bodies_or_none(g);
    bool found = merge_find_hold(bodies, g->n, j->wish.name, NULL, &j->shown);
    free(bodies);
    if (!found && gather_error(g, r) == ERR_OK)
        r->err = err_set(&r->msg, ERR_ABSENT, "no such hold");
    if (r->err)
        job_over(j);
    else
        order(j);
}

void front_hold_lift(struct front *f, struct request *r)
{
    struct hold_job *j = job_new(f, r);
    r->err = hold_check_asker(&j->wish, &r->msg);
    if (r->err) {
        job_over(j);
        return;
    }
    snprintf(j->name, sizeof j->name, "%.*s", (int)(r->hold.name.n < sizeof j->name ? r->hold.name.n : 0),
             r->hold.name.p);
    gather_begin(f, REQUEST_HOLDS, r, 0, f->n, j, find_and_order);
}
