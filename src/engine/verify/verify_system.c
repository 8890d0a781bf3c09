/* Events about nobody: policies, settings, holds, units. What an operator, a configuration or a clock brought about has
 * no input in the log; so the event as it stands is taken for one, and it is checked that it could come then, and
 * whatever in it follows from the state. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/verify/verifying.h"

/* --- settings and policies --- */

/* The zone is needed from here on, also for this event's own time. */
static enum err take_zone(struct verify *v)
{
    struct engine *e = v->e;
    char name[128];
    struct errmsg why;
    struct tz *tz;
    snprintf(name, sizeof name, "%.*s", (int)v->ev->u.config_adopted.timezone.n, v->ev->u.config_adopted.timezone.p);
    if (tz_load(name, &tz, &why) != ERR_OK)
        return differ(v, "data.timezone", STR_NONE, "%s", why.text);
    tz_free(v->tz);
    v->tz = tz;
    e->env.tz = tz;
    return ERR_OK;
}

static bool same_settings(const struct engine *e, const struct event *ev)
{
    const struct settings *s = &e->settings;
    if (!s->known || !str_is(ev->u.config_adopted.timezone, s->timezone) ||
        s->brake.kind != ev->u.config_adopted.brake.kind || s->brake.value != ev->u.config_adopted.brake.value ||
        s->clock_jump != ev->u.config_adopted.clock_jump || s->max_downtime != ev->u.config_adopted.max_downtime ||
        s->n_channels != ev->u.config_adopted.n_channels)
        return false;
    for (unsigned i = 0; i < s->n_channels; i++) {
        const struct engine_channel *c = &e->channels[s->channels[i]];
        const struct channel_setting *now = &ev->u.config_adopted.channels[i];
        if (!str_is(now->name, c->name) || now->expect_every != c->expect_every)
            return false;
    }
    return true;
}

static enum err config_adopted(struct verify *v)
{
    struct engine *e = v->e;
    if (same_settings(e, v->ev))
        return differ(v, "data", STR_NONE, "nothing in it differs from what was in force already");
    bool rezoned = e->settings.known && !str_is(v->ev->u.config_adopted.timezone, e->settings.timezone);
    enum err err = !e->settings.known || rezoned ? take_zone(v) : ERR_OK;
    if (err != ERR_OK)
        return err;
    adopt_note(e, v->ev);
    if (rezoned)
        sweep_rezoned(v);
    v->digest_at = INT64_MIN;
    return ERR_OK;
}

/* Its channels must be configured: the settings came before it. */
static enum err policy_adopted(struct verify *v)
{
    struct engine *e = v->e;
    struct policy p = *v->ev->u.policy_adopted.policy;
    p.channels = 0;
    for (uint32_t i = 0; i < v->ev->u.policy_adopted.n_channels; i++) {
        int channel = adopt_channel(e, v->ev->u.policy_adopted.channels[i]);
        if (channel < 0)
            return differ(v, "data.channels", STR_NONE, "channel %.*s is not configured",
                          (int)v->ev->u.policy_adopted.channels[i].n, v->ev->u.policy_adopted.channels[i].p);
        p.channels |= UINT64_C(1) << channel;
    }
    /* A policy under which nobody stands may have been left out and come back: no event says the former. */
    uint8_t now = adopt_policy(e, str_of(p.name), UINT64_MAX);
    if (now != POLICY_UNKNOWN && e->policies.used[now] && policy_equal(&e->policies.v[now], &p))
        return differ(v, "data", STR_NONE, "nothing in it differs from what was in force already");
    adopt_note(e, v->ev);
    if (adopt_policy(e, str_of(p.name), UINT64_MAX) == now)
        return differ(v, "data", STR_NONE, "there were more versions of policies in use than there can be");
    sweep_adopted(v);
    return ERR_OK;
}

/* --- holds --- */

static int find_hold(const struct engine *e, const struct event *ev)
{
    for (unsigned i = 0; i < e->holds.n; i++) {
        const struct hold *h = &e->holds.v[i];
        if (h->kind == ev->u.hold.hold && h->scope.kind == ev->u.hold.scope.kind &&
            (h->scope.kind == SCOPE_ALL || str_eq(h->scope.name, ev->u.hold.scope.name)))
            return (int)i;
    }
    return -1;
}

/* The hold's event with those members, everything else as it stands there. */
static enum err same_hold(struct verify *v, const char *why, int64_t due, int64_t limit, lc_date until)
{
    struct event ev = *v->ev;
    if (why)
        ev.u.hold.why = str_of(why);
    ev.u.hold.due = due;
    ev.u.hold.limit = limit;
    ev.u.hold.until = until;
    buf_clear(&v->expected);
    event_write(&v->expected, &ev);
    struct str line = {v->expected.p, v->expected.n - 1};
    v->coming = v->expected.n;
    return str_eq(line, v->line) ? ERR_OK : differ_line(v, line);
}

static bool is_text(struct str s, size_t max)
{
    return s.p && s.n > 0 && s.n <= max;
}

static enum err brake_placed(struct verify *v)
{
    int64_t due, limit, applied = sweep_applied(v);
    char why[160];
    if (v->ev->u.hold.scope.kind != SCOPE_ALL || v->ev->u.hold.by.p)
        return differ(v, "data", STR_NONE, "the brake is nobody's, and for everyone");
    enum err err = sweep_brake_placed(v, &due, &limit);
    if (err != ERR_OK)
        return err;
    if (v->o->sharded) /* the office's words, and its count */
        return is_text(v->ev->u.hold.why, 256) ? same_hold(v, NULL, due, limit, DATE_NONE)
                                               : differ(v, "data.why", STR_NONE, "the brake's hold says why");
    snprintf(why, sizeof why, "%" PRId64 " suspensions due and %" PRId64 " applied today exceed the limit of %" PRId64,
             due - applied, applied, limit);
    return same_hold(v, why, due, limit, DATE_NONE);
}

/* What watch.c says; each ends in " by N s". */
static bool is_clock_word(struct str why)
{
    static const char *const words[] = {
        "the clock moved back by ",
        "the clock moved forward by ",
        "at start the clock stands before the moment at which the daemon was last alive by ",
        "at start the clock stands after the moment at which the daemon was last alive by ",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (why.n > strlen(words[i]) && memcmp(why.p, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static enum err clock_placed(struct verify *v)
{
    if (v->ev->u.hold.scope.kind != SCOPE_ALL || v->ev->u.hold.by.p || !is_clock_word(v->ev->u.hold.why))
        return differ(v, "data", STR_NONE, "the clock's hold is nobody's, for everyone, and says how the clock moved");
    if (v->ev->simulated)
        return differ(v, "data.hold", STR_NONE, "a simulated clock never jumps");
    return same_hold(v, NULL, -1, -1, DATE_NONE);
}

/* Inputs that changed nothing leave no event: the channel may have been heard later than the log knows, not earlier. */
static enum err feed_placed(struct verify *v)
{
    struct engine *e = v->e;
    char why[160];
    int channel = v->ev->u.hold.scope.kind == SCOPE_CHANNEL ? adopt_channel(e, v->ev->u.hold.scope.name) : -1;
    const struct engine_channel *c = &e->channels[channel < 0 ? 0 : channel];
    if (channel < 0 || !c->expect_every || v->ev->u.hold.by.p)
        return differ(v, "data.scope", STR_NONE, "no such channel is configured, or it may be silent");
    if (c->heard + c->expect_every >= e->env.now) {
        char at[25];
        instant_format(c->heard, e->env.offset, at);
        return differ(v, "time", STR_NONE, "the channel was heard at %.25s, and may be silent for %" PRId64 " s", at,
                      c->expect_every);
    }
    snprintf(why, sizeof why, "nothing has come for longer than %" PRId64 " s", c->expect_every);
    return same_hold(v, why, -1, -1, DATE_NONE);
}

static enum err moratorium_placed(struct verify *v)
{
    if (!is_text(v->ev->u.hold.why, 256) || !is_text(v->ev->u.hold.by, 128))
        return differ(v, "data.by", STR_NONE, "somebody places a moratorium, and says why");
    if (v->ev->u.hold.scope.kind == SCOPE_CHANNEL)
        return differ(v, "data.scope", STR_NONE, "a moratorium is for everyone, a policy, a category or a unit");
    if (v->ev->u.hold.until < v->e->env.today)
        return differ(v, "data.until", STR_NONE, "that day has passed");
    return same_hold(v, NULL, -1, -1, v->ev->u.hold.until);
}

static enum err hold_placed(struct verify *v)
{
    static enum err (*const checks[HOLD_N])(struct verify *) = {
        [HOLD_BRAKE] = brake_placed,
        [HOLD_CLOCK] = clock_placed,
        [HOLD_FEED] = feed_placed,
        [HOLD_MORATORIUM] = moratorium_placed,
    };
    enum hold_kind kind = v->ev->u.hold.hold;
    if (kind != HOLD_MORATORIUM && find_hold(v->e, v->ev) >= 0)
        return differ(v, "data.hold", STR_NONE, "this hold is in force already");
    enum err err = checks[kind](v);
    if (err == ERR_OK)
        holds_note(v->e, v->ev);
    return err;
}

/* Lifted by nobody: a moratorium whose last day has passed, a feed's that speaks again. */
static enum err lifted_by_itself(struct verify *v, const struct hold *h)
{
    const struct engine *e = v->e;
    if (h->kind == HOLD_FEED)
        return same_hold(v, "the channel speaks again", -1, -1, h->until);
    if (h->kind != HOLD_MORATORIUM)
        return differ(v, "data.by", STR_NONE, "only an operator lifts this hold");
    if (h->until == DATE_NONE || tz_instant(e->env.tz, h->until + 1, 0) > e->env.now)
        return differ(v, "time", STR_NONE, "its last day has not passed");
    return same_hold(v, "its last day has passed", -1, -1, h->until);
}

static enum err lifted_by_somebody(struct verify *v, const struct hold *h)
{
    if (!is_text(v->ev->u.hold.why, 256) || !is_text(v->ev->u.hold.by, 128))
        return differ(v, "data.by", STR_NONE, "whoever lifts a hold says why");
    if (h->kind != HOLD_BRAKE)
        return same_hold(v, NULL, -1, -1, h->until);
    int64_t due = v->ev->u.hold.due;
    if (!sweep_may_let(v, due))
        return differ(v, "data.due", STR_NONE, "%" PRIu64 " suspensions were due, and %" PRIu64 " kept back",
                      roster_suspensions_until(v->e->roster, v->e->env.now), (uint64_t)roster_held_count(v->e->roster));
    return same_hold(v, NULL, due, h->limit, h->until);
}

static enum err hold_lifted(struct verify *v)
{
    int i = find_hold(v->e, v->ev);
    if (i < 0)
        return differ(v, "data.hold", STR_NONE, "no such hold is in force");
    const struct hold *h = &v->e->holds.v[i];
    enum err err = v->ev->u.hold.by.p ? lifted_by_somebody(v, h) : lifted_by_itself(v, h);
    if (err != ERR_OK)
        return err;
    holds_note(v->e, v->ev);
    sweep_lifted(v);
    return ERR_OK;
}

/* --- units --- */

static enum err unit_recorded(struct verify *v)
{
    if (!is_text(v->ev->u.unit_recorded.unit, 64))
        return differ(v, "data.unit", STR_NONE, "this is no unit's code");
    enum err err = sweep_caught_up(v, ROSTER_NONE);
    if (err != ERR_OK)
        return err;
    if (vocab_intern(v->e->units, v->ev->u.unit_recorded.unit) == UINT32_MAX)
        return differ(v, "data.unit", STR_NONE, "there are more units than there can be");
    return contacts_view_unit(v);
}

static enum err unit_digest(struct verify *v)
{
    enum err err = sweep_caught_up(v, ROSTER_NONE);
    return err == ERR_OK ? digest_view_check(v) : err;
}

enum err redecide_system(struct verify *v, struct errmsg *msg)
{
    (void)msg;
    bool brake = v->ev->type == EV_HOLD_PLACED && v->ev->u.hold.hold == HOLD_BRAKE;
    if (v->must.n != ROSTER_NONE && !(brake && v->must.kind == DEADLINE_SUSPENSION)) {
        char id[ID_MAX];
        struct str who = roster_id(v->e->roster, v->must.n, id);
        return differ(v, "type", STR_NONE, "%s of %.*s had to come at once", deadline_text(v->must.kind), (int)who.n,
                      who.p);
    }
    v->must.n = ROSTER_NONE;
    v->loose = v->ev->type != EV_UNIT_RECORDED && v->ev->type != EV_UNIT_DIGEST;
    switch (v->ev->type) {
    case EV_POLICY_ADOPTED: return policy_adopted(v);
    case EV_CONFIG_ADOPTED: return config_adopted(v);
    case EV_HOLD_PLACED: return hold_placed(v);
    case EV_HOLD_LIFTED: return hold_lifted(v);
    case EV_UNIT_RECORDED: return unit_recorded(v);
    case EV_UNIT_DIGEST: return unit_digest(v);
    default: return differ(v, "type", STR_NONE, "an event of this type is about a beneficiary");
    }
}
