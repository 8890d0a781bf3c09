/* What falls due by itself, held against the log: whoever is next in the queue must be the next to have an event.
 *
 * The engine's order is fixed but for where a tick ends (tick.c): first holds that begin or end, then those whom a
 * lifted hold kept back, then deadlines in the order of the queue, then digests, then inputs and what operators ask
 * for, then changed policies. So whatever is neither a deadline's nor may come at a start finds the queue empty up to
 * its own instant; unless more was due than a tick takes (TICK_DEADLINES), or a hold was lifted in that tick, or the
 * zone changed and the queue's instants with it. Then nothing is said about the order; but whoever was left out is
 * still in the queue when that is over, and is missed then. */
#include <inttypes.h>

#include "engine/verify/verifying.h"

/* A tick takes 16384 deadlines, and as many of the held. Less than that is done whole within one. */
#define ONE_TICK 12000
/* A policy that changed and a zone that did are taken up by everybody within so many instants at which anything was
 * recorded; many more than there are ticks to it, for a full batch holds it up. */
#define PATIENCE(people) (64 + (people) / 1024)

uint8_t verify_newer(const struct verify *v, const struct record *r)
{
    const struct engine *e = v->e;
    if (e->policies.current[r->policy])
        return POLICY_UNKNOWN;
    uint8_t to = adopt_policy(e, str_of(e->policies.v[r->policy].name), UINT64_MAX);
    return to == r->policy ? POLICY_UNKNOWN : to;
}

static struct deadline next_of(const struct verify *v, const struct record *r)
{
    const struct engine *e = v->e;
    return record_next(&e->policies.v[r->policy], r, e->env.tz, e->env.now, e->env.today);
}

static bool keeps(const struct verify *v, const struct entry *entry)
{
    return holds_brake_on(v->e) || holds_cover(v->e, entry);
}

bool sweep_keeps(const struct verify *v, const struct entry *entry)
{
    return v->sweep.releasing || keeps(v, entry);
}

void sweep_schedule(struct verify *v, const struct person *p)
{
    struct deadline d = next_of(v, &p->entry.rec);
    if (d.kind == DEADLINE_SUSPENSION && d.at <= v->e->env.now && keeps(v, &p->entry))
        roster_hold(v->e->roster, p->n, d.at);
    else
        roster_schedule(v->e->roster, p->n, d);
}

/* --- time --- */

static void add_count(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count)
{
    (void)at, (void)kind;
    *(uint64_t *)arg += count;
}

static uint64_t due_now(const struct verify *v)
{
    uint64_t due = 0;
    if (roster_next_instant(v->e->roster) <= v->e->env.now)
        roster_buckets(v->e->roster, INT64_MIN, v->e->env.now + 1, add_count, &due);
    return due + roster_held_count(v->e->roster);
}

/* Nobody alive stands under an old version any more. */
static enum err all_adopted(struct verify *v)
{
    uint32_t count = roster_count(v->e->roster);
    for (uint32_t n = 0; n < count; n++) {
        struct person p;
        people_get(v->e, n, &p);
        if (p.entry.rec.status != STATUS_TERMINATED && verify_newer(v, &p.entry.rec) != POLICY_UNKNOWN)
            return differ(v, "", STR_NONE, "the policy of %.*s changed long before: they had to be brought under it",
                          (int)p.id.n, p.id.p);
    }
    return ERR_OK;
}

enum err sweep_time(struct verify *v)
{
    struct sweep_view *s = &v->sweep;
    bool much = due_now(v) > ONE_TICK;
    s->at = INT64_MIN;
    s->waiting = false;
    s->behind = much;
    s->releasing = s->releasing && much;
    if (s->rezoning)
        s->rezoning--;
    if (!s->adopting || ++s->adopting_for < PATIENCE(roster_count(v->e->roster)))
        return ERR_OK;
    s->adopting = false;
    return all_adopted(v);
}

void sweep_adopted(struct verify *v)
{
    v->sweep.adopting = roster_count(v->e->roster) > 0;
    v->sweep.adopting_for = 0;
}

void sweep_rezoned(struct verify *v)
{
    struct engine *e = v->e;
    uint32_t count = roster_count(e->roster);
    for (uint32_t n = 0; n < count; n++) {
        struct person p;
        people_get(e, n, &p);
        sweep_schedule(v, &p);
    }
    if (count)
        v->sweep.rezoning = PATIENCE(count);
}

void sweep_lifted(struct verify *v)
{
    struct engine *e = v->e;
    uint32_t numbers[TAKE_MAX];
    size_t n;
    while ((n = roster_held(e->roster, 0, numbers, TAKE_MAX)) > 0)
        for (size_t i = 0; i < n; i++) {
            struct entry entry;
            roster_get(e->roster, numbers[i], &entry);
            roster_schedule(e->roster, numbers[i], next_of(v, &entry.rec));
        }
    v->sweep.releasing = true;
    v->sweep.at = INT64_MIN;
}

/* --- one of several shards --- */

/* office_judges() in office.c; where the brake is off a start waits for orders */
static bool office_decides(const struct verify *v)
{
    const struct engine *e = v->e;
    return v->o->sharded && !holds_brake_on(e) && !holds_clock_on(e);
}

bool sweep_waits(struct verify *v, struct deadline d)
{
    bool waits = d.kind == DEADLINE_SUSPENSION && office_decides(v);
    v->sweep.waiting = v->sweep.waiting || waits;
    return waits;
}

/* --- the queue --- */

/* The queue has come to that instant: how many suspensions are due by then is counted before the first is run. */
static void begin_instant(struct verify *v, lc_instant at)
{
    if (v->sweep.at == at)
        return;
    v->sweep.at = at;
    v->sweep.at_due = roster_suspensions_until(v->e->roster, at);
}

/* Who is next to have an event by itself, and of which kind (DEADLINE_NONE: a changed policy). Whoever only moves
 * within the queue, or is held, does so on the way. false: nobody is due. */
static bool find_next(struct verify *v, struct person *p, struct deadline *d)
{
    struct roster *roster = v->e->roster;
    for (;;) {
        lc_instant at = roster_next_instant(roster);
        if (at > v->e->env.now)
            return false;
        begin_instant(v, at);
        people_get(v->e, roster_first(roster, at), p);
        *d = next_of(v, &p->entry.rec);
        bool newer = verify_newer(v, &p->entry.rec) != POLICY_UNKNOWN;
        if (d->kind != DEADLINE_NONE && d->at > at) {
            roster_schedule(roster, p->n, *d); /* a start reckons anew, also before a policy that changed is taken up */
        } else if (!newer && d->kind == DEADLINE_SUSPENSION && keeps(v, &p->entry)) {
            roster_hold(roster, p->n, d->at);
        } else {
            if (newer)
                d->kind = DEADLINE_NONE;
            return true;
        }
    }
}

static enum err missed(struct verify *v, const struct person *p, const struct deadline *d)
{
    char at[25];
    if (d->kind == DEADLINE_NONE)
        return differ(v, "type", STR_NONE, "the policy of %.*s has changed: they had to be brought under it before",
                      (int)p->id.n, p->id.p);
    instant_format(d->at, v->e->env.offset, at);
    return differ(v, "type", STR_NONE, "%s of %.*s fell due at %.25s, and had to come before this",
                  deadline_text(d->kind), (int)p->id.n, p->id.p, at);
}

enum err sweep_caught_up(struct verify *v, uint32_t n)
{
    struct person p;
    struct deadline d;
    const struct sweep_view *s = &v->sweep;
    if (!find_next(v, &p, &d) || p.n == n || s->behind || s->releasing || s->rezoning)
        return ERR_OK;
    /* Other people's inputs of the same tick go on behind one that brought a suspension about. */
    if (s->waiting && d.kind == DEADLINE_SUSPENSION)
        return ERR_OK;
    return missed(v, &p, &d);
}

enum err sweep_end(struct verify *v)
{
    struct person p;
    struct deadline d;
    const struct sweep_view *s = &v->sweep;
    if (s->behind || s->releasing || s->rezoning || s->adopting || !find_next(v, &p, &d))
        return ERR_OK;
    /* A sweep may stand at an instant for many commits, until all shards have come to it. */
    if (office_decides(v) && roster_suspensions_until(v->e->roster, s->at))
        return ERR_OK;
    char at[25];
    instant_format(d.at, v->e->env.offset, at);
    return differ_beside(v, "the log's end", "%s of %.*s fell due at %.25s, before the last event, and is missing",
                         deadline_text(d.kind), (int)p.id.n, p.id.p, at);
}

/* --- the brake --- */

/* What holds.c counts for the local day of now. */
struct brake_day {
    int64_t limit, applied, allowed;
};

static struct brake_day brake_day(const struct verify *v)
{
    const struct engine *e = v->e;
    bool today = e->holds.day == e->env.today;
    int64_t drawing = (int64_t)roster_count(e->roster) - roster_status_count(e->roster, STATUS_TERMINATED);
    return (struct brake_day){
        .limit = brake_allowance(&e->settings.brake, drawing),
        .applied = today ? e->holds.applied : 0,
        .allowed = today ? e->holds.allowed : 0,
    };
}

static int64_t counting(const struct brake_day *day, int64_t due)
{
    return (due > day->allowed ? due - day->allowed : 0) + day->applied;
}

enum err sweep_brake(struct verify *v, lc_instant at)
{
    struct brake_day day = brake_day(v);
    if (day.limit == INT64_MAX || v->o->sharded)
        return ERR_OK;
    /* A start lets those who were held be due again, so the engine may have counted more, but never less. */
    int64_t due = v->sweep.rezoning ? 1 : (int64_t)roster_suspensions_until(v->e->roster, at);
    int64_t count = counting(&day, due > 0 ? due : 1);
    if (count <= day.limit)
        return ERR_OK;
    return differ(v, "", STR_NONE,
                  "the brake had to be placed first: with this suspension %" PRId64
                  " were due or applied on that day, and the limit was %" PRId64,
                  count, day.limit);
}

struct tally {
    uint64_t sum;
    int64_t wanted;
    bool met;
};

static void try_count(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count)
{
    struct tally *t = arg;
    (void)at;
    if (kind != DEADLINE_SUSPENSION)
        return;
    t->sum += count;
    t->met = t->met || (int64_t)t->sum == t->wanted || (int64_t)t->sum + 1 == t->wanted;
}

/* Can it have been that many which were due, when the brake was placed? */
static bool may_be_due(struct verify *v, int64_t due)
{
    struct sweep_view *s = &v->sweep;
    struct person p;
    struct deadline d;
    struct tally t = {.wanted = due, .met = due == 1};
    (void)find_next(v, &p, &d); /* as far as the sweep has come */
    roster_buckets(v->e->roster, INT64_MIN, v->e->env.now + 1, try_count, &t);
    uint64_t held = roster_held_count(v->e->roster);
    if (held || s->behind || s->releasing || s->rezoning)
        return due >= 1 && (uint64_t)due <= t.sum + held + 1;
    return t.met || (s->at > INT64_MIN && (uint64_t)due == s->at_due);
}

enum err sweep_brake_placed(struct verify *v, int64_t *due, int64_t *limit)
{
    struct brake_day day = brake_day(v);
    int64_t told = v->ev->u.hold.due - day.applied;
    *limit = day.limit;
    *due = v->ev->u.hold.due;
    if (v->o->sharded) {
        *limit = v->ev->u.hold.limit;
        return *due > *limit && *limit >= 0
                   ? ERR_OK
                   : differ(v, "data.due", STR_NONE, "%" PRId64 " do not exceed the limit of %" PRId64, *due, *limit);
    }
    if (day.limit == INT64_MAX)
        return differ(v, "data.hold", STR_NONE, "the brake is off");
    if (v->ev->u.hold.due <= day.limit)
        return differ(v, "data.due", STR_NONE, "%" PRId64 " do not exceed the limit of %" PRId64, *due, day.limit);
    if (!may_be_due(v, told + day.allowed))
        return differ(v, "data.due", STR_NONE,
                      "%" PRId64 " suspensions were not due: %" PRIu64 " are in the queue, %" PRIu64 " held", told,
                      roster_suspensions_until(v->e->roster, v->e->env.now), (uint64_t)roster_held_count(v->e->roster));
    return ERR_OK;
}

int64_t sweep_applied(const struct verify *v)
{
    return brake_day(v).applied;
}

/* What the lifted brake lets through: everybody held or due. */
bool sweep_may_let(const struct verify *v, int64_t due)
{
    int64_t all =
        (int64_t)roster_held_count(v->e->roster) + (int64_t)roster_suspensions_until(v->e->roster, v->e->env.now);
    const struct sweep_view *s = &v->sweep;
    return s->behind || s->rezoning ? due >= 0 && due <= (int64_t)roster_count(v->e->roster) : due == all;
}
