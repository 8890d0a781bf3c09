/* A log whose older events were moved away: nothing is known of how what is left began, but what a checkpoint says. So
 * it is taken for true as of its own number, and everything behind that is decided again; before it, only the chain of
 * seals, the numbering and the times are checked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/verify/verifying.h"

/* The older of the two reaches further back. */
static int oldest(const struct verify *v)
{
    for (int i = CHECKPOINTS - 1; i >= 0; i--)
        if (v->checkpoints[i].e && !v->checkpoints[i].beyond && v->checkpoints[i].read.after + 1 >= v->out->first)
            return i;
    return -1;
}

enum err verify_chain_group(void *arg, struct event_group *g, struct errmsg *msg)
{
    struct verify *v = arg;
    (void)msg;
    for (unsigned i = 0; i < g->n; i++) {
        v->ev = &g->events[i];
        v->line = group_line(g, i);
        v->bytes += v->line.n + 1;
        v->out->events++;
        if (v->ev->simulated != v->e->simulated)
            return differ(v, "simulated", STR_NONE, "this store's clock is another");
        if (v->begun && v->ev->time < v->e->last_time)
            return differ(v, "time", STR_NONE, "times never go back, and the event before is later than this one");
        v->e->last_time = v->ev->time;
        v->e->last_seq = v->ev->seq;
        v->begun = true;
    }
    return verify_take_seal(v, g);
}

/* What the checkpoint says, and the events between the number from which a replay begins and its own. */
static enum err take_state(struct verify *v, struct checkpoint_view *c, struct errmsg *msg)
{
    struct log_span span = {.after = c->read.after, .upto = c->read.system_seq, .until = INT64_MAX};
    struct engine *e = c->e;
    c->e = NULL; /* it is not compared with itself */
    e->store = v->store;
    e->simulated = e->env.simulated = v->e->simulated;
    verify_engine_free(v->e);
    v->e = e;
    enum err err = replay_span(e, &span, c->read.system_seq, msg);
    e->last_seq = c->read.system_seq;
    return err;
}

static enum err take_zone(struct verify *v, struct errmsg *msg)
{
    struct engine *e = v->e;
    struct tz *tz;
    enum err err = tz_load(e->settings.timezone, &tz, msg);
    if (err != ERR_OK)
        return err;
    tz_free(v->tz);
    e->env.tz = v->tz = tz;
    e->env.now = e->last_time;
    e->env.offset = tz_offset(v->tz, e->last_time);
    e->env.today = tz_date(v->tz, e->last_time);
    return ERR_OK;
}

/* Everybody gets a place in the queue, as at a start; a newer checkpoint may know them so already. */
static enum err place_everybody(struct verify *v)
{
    struct engine *e = v->e;
    uint32_t count = roster_count(e->roster);
    memset(e->policies.used, 0, sizeof e->policies.used);
    for (uint32_t n = 0; n < count; n++) {
        struct person p;
        people_get(e, n, &p);
        e->policies.used[p.entry.rec.policy]++;
        sweep_schedule(v, &p);
        enum err err = checkpoints_person(v, &p, 0);
        if (err != ERR_OK)
            return err;
    }
    sweep_adopted(v);
    return ERR_OK;
}

enum err verify_go_on(struct verify *v, struct errmsg *msg)
{
    enum err err = take_zone(v, msg);
    if (err != ERR_OK)
        return err;
    v->begun = true;
    v->digest.unknown = date_month(v->e->env.today);
    return place_everybody(v);
}

static void tell(struct verify *v, uint64_t from)
{
    struct buf *notes = &v->out->notes;
    if (from > v->end)
        buf_printf(notes,
                   "events up to %" PRIu64
                   " were archived, and no checkpoint says how things stood: nothing was decided"
                   " again\n",
                   v->out->first - 1);
    else
        buf_printf(notes,
                   "events up to %" PRIu64 " were archived; those up to %" PRIu64
                   " were not decided again: a checkpoint was"
                   " taken for true\n",
                   v->out->first - 1, from - 1);
}

/* Of what was archived the store has one seal, the last. */
enum err archived_seal(struct verify *v)
{
    struct store_info info;
    store_info(v->store, &info);
    enum err err = info.archived.seq + 1 == v->out->first ? seals_met(v, &info.archived) : ERR_OK;
    const struct seal *expect = v->o->expect;
    if (err != ERR_OK || !expect || expect->seq >= v->out->first || expect->seq == info.archived.seq)
        return err;
    return differ_beside(v, "--expect-seal", "event %" PRIu64 " was archived: --archive FOLDER looks for it there",
                         expect->seq);
}

enum err archived_begin(struct verify *v, struct errmsg *msg)
{
    int which = oldest(v);
    uint64_t upto = which < 0 ? v->end : v->checkpoints[which].read.system_seq;
    enum err err = verify_walk(v, verify_chain_group, v->out->first - 1, upto, msg);
    v->decided_from = upto + 1;
    deliveries_view_skip(v); /* rows outlive what was archived */
    tell(v, v->decided_from);
    if (err != ERR_OK || which < 0)
        return err;
    err = take_state(v, &v->checkpoints[which], msg);
    return err == ERR_OK ? verify_go_on(v, msg) : err;
}
