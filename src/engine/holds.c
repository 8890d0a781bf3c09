/* Holds: what keeps suspensions back (lifecertd-rules(7), "Holds"). Each placing and lifting is an event; the list
 * of those in force is what the events say. */
#include <stdio.h>

#include "engine/internal.h"

#define HEARD_SECONDS 3 /* until all shards know that a channel was heard in one */

static struct event system_event(const struct engine *e, enum event_type type)
{
    return (struct event){
        .time = e->env.now,
        .offset = e->env.offset,
        .today = e->env.today,
        .simulated = e->simulated,
        .type = type,
        .subject = STR_NONE,
    };
}

/* --- the list --- */

static void set_text(char *out, size_t size, struct str s)
{
    size_t n = s.n < size - 1 ? s.n : size - 1;
    if (s.p)
        memcpy(out, s.p, n);
    out[s.p ? n : 0] = '\0';
}

static bool same(const struct hold *h, enum hold_kind kind, const struct scope *scope)
{
    return h->kind == kind && h->scope.kind == scope->kind &&
           (scope->kind == SCOPE_ALL || str_eq(h->scope.name, scope->name));
}

static int find(const struct engine *e, enum hold_kind kind, const struct scope *scope)
{
    for (unsigned i = 0; i < e->holds.n; i++)
        if (same(&e->holds.v[i], kind, scope))
            return (int)i;
    return -1;
}

static const struct scope everyone = {SCOPE_ALL, {NULL, 0}};

static struct scope channel_scope(const struct engine *e, unsigned channel)
{
    return (struct scope){SCOPE_CHANNEL, str_of(e->channels[channel].name)};
}

bool holds_brake_on(const struct engine *e)
{
    return find(e, HOLD_BRAKE, &everyone) >= 0;
}

bool holds_clock_on(const struct engine *e)
{
    return find(e, HOLD_CLOCK, &everyone) >= 0;
}

void holds_name(const struct hold *h, char out[160])
{
    if (h->kind == HOLD_FEED)
        snprintf(out, 160, "feed:%s", h->scope_name);
    else if (h->scope.kind == SCOPE_ALL)
        snprintf(out, 160, "%s", hold_text(h->kind));
    else
        snprintf(out, 160, "%s:%s:%s", hold_text(h->kind), scope_text(h->scope.kind), h->scope_name);
}

int holds_find(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->holds.n; i++) {
        char text[160];
        holds_name(&e->holds.v[i], text);
        if (str_is(name, text))
            return (int)i;
    }
    return -1;
}

static void note_placed(struct engine *e, const struct event *ev)
{
    int i = find(e, ev->u.hold.hold, &ev->u.hold.scope);
    bool is_new = i < 0;
    if (is_new) {
        if (e->holds.n == HOLDS_MAX)
            return;
        i = (int)e->holds.n++;
    }
    struct hold *h = &e->holds.v[i];
    *h = (struct hold){
        .kind = ev->u.hold.hold,
        .scope = {.kind = ev->u.hold.scope.kind},
        .until = ev->u.hold.until,
        .due = ev->u.hold.due,
        .limit = ev->u.hold.limit,
        .since = ev->time,
    };
    set_text(h->scope_name, sizeof h->scope_name, ev->u.hold.scope.name);
    set_text(h->why, sizeof h->why, ev->u.hold.why);
    set_text(h->by, sizeof h->by, ev->u.hold.by);
    if (h->scope.kind != SCOPE_ALL)
        h->scope.name = str_of(h->scope_name);
    if (h->scope.kind == SCOPE_CHANNEL)
        h->channel = adopt_channel_index(e, h->scope.name);
    if (is_new)
        marks_hold(e->marks, h, ev->time, false);
}

/* The names inside point into their own struct, so moving one sets them right. */
static void move(struct hold *to, const struct hold *from)
{
    *to = *from;
    if (to->scope.kind != SCOPE_ALL)
        to->scope.name = str_of(to->scope_name);
}

static void remove_at(struct holds *holds, unsigned i)
{
    move(&holds->v[i], &holds->v[--holds->n]);
}

void holds_copy(struct holds *to, const struct holds *from)
{
    for (unsigned i = 0; i < from->n; i++)
        move(&to->v[i], &from->v[i]);
    to->n = from->n;
    to->day = from->day;
    to->applied = from->applied;
    to->allowed = from->allowed;
}

static void note_lifted(struct engine *e, const struct event *ev)
{
    int i = find(e, ev->u.hold.hold, &ev->u.hold.scope);
    if (i < 0)
        return;
    if (ev->u.hold.hold == HOLD_BRAKE) {
        /* What was due goes through; the rest of the day counts from here. */
        e->holds.day = ev->today;
        e->holds.applied = 0;
        e->holds.allowed = ev->u.hold.due > 0 ? ev->u.hold.due : 0;
    }
    /* Whoever lifts a feed hold answers for the silence so far: it counts anew from here. */
    if (ev->u.hold.hold == HOLD_FEED && e->channels[e->holds.v[i].channel].heard < ev->time)
        e->channels[e->holds.v[i].channel].heard = ev->time;
    marks_hold(e->marks, &e->holds.v[i], ev->time, true);
    remove_at(&e->holds, (unsigned)i);
}

void holds_note(struct engine *e, const struct event *ev)
{
    if (ev->type == EV_HOLD_PLACED)
        note_placed(e, ev);
    else
        note_lifted(e, ev);
}

static void new_day(struct engine *e, lc_date today)
{
    if (e->holds.day == today)
        return;
    e->holds.day = today;
    e->holds.applied = 0;
    e->holds.allowed = 0;
}

void holds_note_suspension(struct engine *e, const struct event *ev)
{
    new_day(e, ev->today);
    if (e->holds.allowed)
        e->holds.allowed--;
    else
        e->holds.applied++;
}

/* --- placing and lifting --- */

void holds_place(struct engine *e, const struct event *proto)
{
    struct event ev = system_event(e, EV_HOLD_PLACED);
    ev.u = proto->u;
    batch_add(e, &ev);
    holds_note(e, &ev);
}

static void place(struct engine *e, enum hold_kind kind, struct scope scope, const char *why, int64_t due,
                  int64_t limit)
{
    struct event ev = {.type = EV_HOLD_PLACED};
    ev.u.hold.hold = kind;
    ev.u.hold.scope = scope;
    ev.u.hold.why = str_of(why);
    ev.u.hold.by = STR_NONE;
    ev.u.hold.until = DATE_NONE;
    ev.u.hold.due = due;
    ev.u.hold.limit = limit;
    holds_place(e, &ev);
}

void holds_clock(struct engine *e, const char *why)
{
    if (find(e, HOLD_CLOCK, &everyone) < 0)
        place(e, HOLD_CLOCK, everyone, why, -1, -1);
}

/* Those not terminated. */
int64_t holds_drawing(const struct engine *e)
{
    return (int64_t)roster_count(e->roster) - roster_status_count(e->roster, STATUS_TERMINATED);
}

/* A day begins with its first suspension: asking leaves nothing behind. */
int64_t holds_brake_applied(const struct engine *e)
{
    return e->holds.day == e->env.today ? e->holds.applied : 0;
}

static int64_t due_less_allowed(const struct engine *e, lc_instant at, int64_t extra)
{
    int64_t allowed = e->holds.day == e->env.today ? e->holds.allowed : 0;
    int64_t due = (int64_t)roster_suspensions_until(e->roster, at) + extra;
    return due > allowed ? due - allowed : 0;
}

int64_t holds_brake_due(const struct engine *e, lc_instant at)
{
    return due_less_allowed(e, at, 0);
}

bool holds_brake_check(struct engine *e, lc_instant at, int64_t extra)
{
    int64_t limit = brake_allowance(&e->settings.brake, holds_drawing(e));
    if (limit == INT64_MAX)
        return true;
    int64_t applied = holds_brake_applied(e), counting = due_less_allowed(e, at, extra);
    if (counting + applied <= limit)
        return true;
    char why[160];
    snprintf(why, sizeof why, "%lld suspensions due and %lld applied today exceed the limit of %lld",
             (long long)counting, (long long)applied, (long long)limit);
    place(e, HOLD_BRAKE, everyone, why, counting + applied, limit);
    return false;
}

void holds_lift(struct engine *e, unsigned i, struct str why, struct str by)
{
    struct hold *h = &e->holds.v[i];
    char scope_name[65];
    memcpy(scope_name, h->scope_name, sizeof scope_name);
    struct event ev = system_event(e, EV_HOLD_LIFTED);
    ev.u.hold.hold = h->kind;
    ev.u.hold.scope = h->scope;
    if (h->scope.kind != SCOPE_ALL)
        ev.u.hold.scope.name = str_of(scope_name);
    ev.u.hold.until = h->until;
    ev.u.hold.why = why;
    ev.u.hold.by = by;
    ev.u.hold.due = -1;
    ev.u.hold.limit = -1;
    if (h->kind == HOLD_BRAKE) {
        ev.u.hold.due =
            (int64_t)roster_held_count(e->roster) + (int64_t)roster_suspensions_until(e->roster, e->env.now);
        ev.u.hold.limit = h->limit;
    }
    lc_instant since = e->env.now + (h->kind == HOLD_FEED && e->clock.mode == CLOCK_MODE_SYSTEM ? HEARD_SECONDS : 0);
    e->office.since = since > e->office.since ? since : e->office.since;
    batch_add(e, &ev);
    holds_note(e, &ev);
    e->releasing = true;
    e->release_from = 0;
}

/* --- whom they cover --- */

bool holds_cover(const struct engine *e, const struct entry *entry)
{
    if (e->holds.n == 0)
        return false;
    struct scope_subject who = {
        .policy = &e->policies.v[entry->rec.policy],
        .category = vocab_text(e->categories, entry->category),
        .unit = vocab_text(e->units, entry->unit),
    };
    for (unsigned i = 0; i < e->holds.n; i++)
        if (scope_covers(&e->holds.v[i].scope, e->holds.v[i].channel, &who))
            return true;
    return false;
}

/* --- by themselves: moratoria end, channels fall silent and speak again --- */

/* The instant at which the channel has been silent for longer than it may. */
static lc_instant silent_at(const struct engine_channel *c)
{
    return c->configured && c->expect_every ? c->heard + c->expect_every + 1 : INSTANT_NONE;
}

static lc_instant ends_at(const struct engine *e, const struct hold *h)
{
    return h->kind == HOLD_MORATORIUM && h->until != DATE_NONE ? tz_instant(e->env.tz, h->until + 1, 0) : INSTANT_NONE;
}

lc_instant holds_next(const struct engine *e)
{
    lc_instant next = INSTANT_NONE;
    for (unsigned i = 0; i < e->holds.n; i++) {
        lc_instant at = ends_at(e, &e->holds.v[i]);
        next = at < next ? at : next;
    }
    for (unsigned i = 0; i < e->n_channels; i++) {
        lc_instant at = silent_at(&e->channels[i]);
        if (at < next) {
            struct scope scope = channel_scope(e, i);
            if (find(e, HOLD_FEED, &scope) < 0)
                next = at;
        }
    }
    return next;
}

void holds_run(struct engine *e)
{
    for (unsigned i = e->holds.n; i-- > 0;)
        if (ends_at(e, &e->holds.v[i]) <= e->env.now)
            holds_lift(e, i, STR_LIT("its last day has passed"), STR_NONE);
    for (unsigned i = 0; i < e->n_channels; i++) {
        struct scope scope = channel_scope(e, i);
        if (silent_at(&e->channels[i]) > e->env.now || find(e, HOLD_FEED, &scope) >= 0)
            continue;
        char why[160];
        snprintf(why, sizeof why, "nothing has come for longer than %lld s", (long long)e->channels[i].expect_every);
        place(e, HOLD_FEED, scope, why, -1, -1);
    }
}

void holds_heard(struct engine *e, unsigned channel)
{
    if (e->channels[channel].heard < e->env.now)
        e->channels[channel].heard = e->env.now;
    struct scope scope = channel_scope(e, channel);
    int i = e->holds.n ? find(e, HOLD_FEED, &scope) : -1;
    if (i >= 0)
        holds_lift(e, (unsigned)i, STR_LIT("the channel speaks again"), STR_NONE);
}

void holds_heard_at(struct engine *e, unsigned channel, lc_instant at)
{
    struct engine_channel *c = &e->channels[channel];
    /* Another machine's clock may be mad; simulated clocks are only apart. */
    if (e->clock.mode == CLOCK_MODE_SYSTEM && at > e->env.now)
        at = e->env.now;
    if (at <= c->heard)
        return;
    c->heard = at;
    struct scope scope = channel_scope(e, channel);
    int i = find(e, HOLD_FEED, &scope);
    if (i >= 0 && silent_at(c) > e->env.now)
        holds_lift(e, (unsigned)i, STR_LIT("the channel speaks again"), STR_NONE);
}
