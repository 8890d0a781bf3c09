/* The town's holds, policies and zone, folded from the events that are nobody's. */
#include "tests/sim/town_inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/trace.h"

/* --- holds --- */

static bool covers(const struct keeping *h, const struct neighbour *n)
{
    const struct m_person *p = &n->person;
    const struct m_policy *policy = &n->world.policies[p->policy];
    switch (h->scope) {
    case SCOPE_ALL: return true;
    case SCOPE_POLICY: return m_same(h->name, m_policy_names[p->policy]);
    case SCOPE_CATEGORY: return m_same(h->name, p->category);
    case SCOPE_UNIT: return m_same(h->name, p->unit);
    case SCOPE_CHANNEL:
        for (int i = 0; i < M_CHANNELS; i++)
            if (m_same(h->name, m_channel_names[i]))
                return !policy->channels || policy->channels & 1u << i;
    }
    return false;
}

bool town_holds(const struct town *t, const struct neighbour *n)
{
    for (unsigned i = 0; i < t->n_holds; i++)
        if (covers(&t->holds[i], n))
            return true;
    return false;
}

static int hold_find(const struct town *t, const struct event *e)
{
    for (unsigned i = 0; i < t->n_holds; i++)
        if (t->holds[i].kind == e->u.hold.hold && t->holds[i].scope == e->u.hold.scope.kind &&
            (e->u.hold.scope.kind == SCOPE_ALL || str_is(e->u.hold.scope.name, t->holds[i].name)))
            return (int)i;
    return -1;
}

static void take_hold(struct town *t, const struct event *e)
{
    int i = hold_find(t, e);
    if (e->type == EV_HOLD_LIFTED) {
        if (i < 0)
            trace_fail("event %" PRIu64 " lifts a hold that was not in force", e->seq);
        t->holds[i] = t->holds[--t->n_holds];
        t->lifted_at = e->time;
        return;
    }
    if (i < 0)
        i = (int)t->n_holds++;
    struct keeping *h = &t->holds[i];
    h->kind = e->u.hold.hold;
    h->scope = e->u.hold.scope.kind;
    snprintf(h->name, sizeof h->name, "%.*s", (int)e->u.hold.scope.name.n, e->u.hold.scope.name.p);
    if (h->kind == HOLD_CLOCK)
        t->clock_hold_expected = false;
}

void town_expect_clock_hold(struct town *t, lc_instant at)
{
    for (unsigned i = 0; i < t->n_holds; i++)
        if (t->holds[i].kind == HOLD_CLOCK)
            return;
    t->clock_hold_expected = at != INSTANT_NONE;
    t->jumped_at = at;
}

const char *town_hold(const struct town *t, struct rng *dice, char name[160])
{
    if (t->n_holds == 0)
        return NULL;
    const struct keeping *h = &t->holds[rng_below(dice, t->n_holds)];
    if (h->kind == HOLD_FEED)
        snprintf(name, 160, "feed:%s", h->name);
    else if (h->scope == SCOPE_ALL)
        snprintf(name, 160, "%s", hold_text(h->kind));
    else
        snprintf(name, 160, "%s:%s:%s", hold_text(h->kind), scope_text(h->scope), h->name);
    return name;
}

/* --- policies and zones --- */

static unsigned channels_of(const struct event *e)
{
    unsigned mask = 0;
    for (uint32_t k = 0; k < e->u.policy_adopted.n_channels; k++)
        for (int i = 0; i < M_CHANNELS; i++)
            if (str_is(e->u.policy_adopted.channels[k], m_channel_names[i]))
                mask |= 1u << i;
    return mask;
}

static void take_policy(struct town *t, const struct event *e)
{
    const struct policy *from = e->u.policy_adopted.policy;
    struct m_policy to = {
        .in_days = from->cycle_unit == CYCLE_DAYS,
        .cycle = from->cycle,
        .exact_day = from->validity == VALIDITY_EXACT_DAY,
        .remind_ahead = from->remind_ahead,
        .remind_every = from->remind_every,
        .remind_at = from->remind_at,
        .grace = from->grace,
        .payday = from->payday,
        .next_month = from->resume == RESUME_NEXT_MONTH,
        .evidence_after = from->evidence_after,
        .defer_max = from->defer_max,
        .notice = from->notice,
        .channels = channels_of(e),
    };
    int which = 0;
    while (which < M_POLICIES && !m_same(m_policy_names[which], from->name))
        which++;
    if (which == M_POLICIES)
        trace_fail("event %" PRIu64 " adopts a policy that no configuration has", e->seq);
    t->world.policies[which] = to;
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        struct neighbour *n = &t->v[i];
        if (!n->person.enrolled)
            continue;
        if (n->person.policy == which && n->person.status != MS_TERMINATED)
            n->pending[which] = true;
        else
            n->world.policies[which] = to;
    }
}

static void take_config(struct town *t, const struct event *e)
{
    for (int i = 0; i < ZONES; i++)
        if (str_is(e->u.config_adopted.timezone, zone_get(i)->name))
            t->world.zone = zone_get(i);
    for (int i = 0; i < TOWN_PEOPLE; i++)
        t->v[i].world.zone = t->world.zone;
}

void town_take_system(struct town *t, const struct event *e)
{
    switch (e->type) {
    case EV_HOLD_PLACED:
    case EV_HOLD_LIFTED: take_hold(t, e); break;
    case EV_POLICY_ADOPTED: take_policy(t, e); break;
    case EV_CONFIG_ADOPTED: take_config(t, e); break;
    default: break;
    }
}
