/* Taking up a configuration: what differs from what was last recorded becomes an event (policy.adopted,
 * config.adopted), and everybody under a changed policy is looked at in slices (sweep.c). */
#include <stdio.h>
#include <stdlib.h>

#include "engine/internal.h"

/* --- channels keep their index for good --- */

unsigned adopt_channel_index(struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->n_channels; i++)
        if (str_is(name, e->channels[i].name))
            return i;
    if (e->n_channels == CHANNEL_MAX || name.n >= sizeof e->channels[0].name)
        return CHANNEL_MAX;
    struct engine_channel *c = &e->channels[e->n_channels];
    *c = (struct engine_channel){.heard = INT64_MIN / 2};
    memcpy(c->name, name.p, name.n);
    return e->n_channels++;
}

int adopt_channel(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->n_channels; i++)
        if (e->channels[i].configured && str_is(name, e->channels[i].name))
            return (int)i;
    return -1;
}

/* --- versions of policies --- */

uint8_t adopt_policy(const struct engine *e, struct str name, uint64_t seq)
{
    uint8_t best = POLICY_UNKNOWN;
    for (unsigned i = 0; i < e->policies.n; i++) {
        const struct policies *p = &e->policies;
        if (!str_is(name, p->v[i].name) || p->adopted_seq[i] > seq)
            continue;
        if (seq == UINT64_MAX && !p->current[i])
            continue;
        if (best == POLICY_UNKNOWN || p->adopted_seq[i] > p->adopted_seq[best])
            best = (uint8_t)i;
    }
    return best;
}

/* A free place: a new one, or an old version under which nobody stands any more. */
static int free_version(const struct engine *e)
{
    const struct policies *p = &e->policies;
    if (p->n < POLICY_MAX)
        return (int)p->n;
    /* A checkpoint under way may have copied records that name an old version. */
    for (unsigned i = 0; i < p->n && !e->checkpoint.active; i++)
        if (!p->current[i] && !p->used[i])
            return (int)i;
    return -1;
}

static void add_version(struct engine *e, const struct policy *policy, uint64_t seq, lc_instant at)
{
    struct policies *p = &e->policies;
    int i = free_version(e);
    if (i < 0)
        return; /* refused before the event was made */
    for (unsigned k = 0; k < p->n; k++)
        if (strcmp(p->v[k].name, policy->name) == 0)
            p->current[k] = false;
    if ((unsigned)i < p->n)
        marks_dropped(e->marks, p->v[i].name, p->adopted_seq[i], p->adopted_at[i]);
    p->v[i] = *policy;
    p->adopted_seq[i] = seq;
    p->adopted_at[i] = at;
    p->used[i] = 0;
    p->current[i] = true;
    if ((unsigned)i == p->n)
        p->n++;
}

/* --- events --- */

static void note_config(struct engine *e, const struct event *ev)
{
    struct settings *s = &e->settings;
    s->known = true;
    snprintf(s->timezone, sizeof s->timezone, "%.*s", (int)ev->u.config_adopted.timezone.n,
             ev->u.config_adopted.timezone.p);
    marks_zone(e->marks, ev->u.config_adopted.timezone, ev->time);
    s->brake = ev->u.config_adopted.brake;
    s->clock_jump = ev->u.config_adopted.clock_jump;
    s->max_downtime = ev->u.config_adopted.max_downtime;
    s->n_channels = 0;
    for (unsigned i = 0; i < e->n_channels; i++)
        e->channels[i].configured = false;
    for (uint32_t i = 0; i < ev->u.config_adopted.n_channels && i < CHANNEL_MAX; i++) {
        const struct channel_setting *c = &ev->u.config_adopted.channels[i];
        unsigned k = adopt_channel_index(e, c->name);
        if (k == CHANNEL_MAX)
            continue;
        e->channels[k].configured = true;
        e->channels[k].expect_every = c->expect_every;
        if (e->channels[k].heard < INT64_MIN / 4)
            e->channels[k].heard = ev->time; /* from here on it is expected */
        s->channels[s->n_channels++] = (uint8_t)k;
    }
}

struct policy adopt_read_policy(struct engine *e, const struct event *ev)
{
    struct policy p = *ev->u.policy_adopted.policy;
    p.channels = 0;
    for (uint32_t i = 0; i < ev->u.policy_adopted.n_channels; i++) {
        unsigned k = adopt_channel_index(e, ev->u.policy_adopted.channels[i]);
        if (k < CHANNEL_MAX)
            p.channels |= UINT64_C(1) << k;
    }
    return p;
}

static void note_policy(struct engine *e, const struct event *ev)
{
    struct policy p = adopt_read_policy(e, ev);
    add_version(e, &p, ev->seq, ev->time);
}

void adopt_note(struct engine *e, const struct event *ev)
{
    if (ev->type == EV_CONFIG_ADOPTED)
        note_config(e, ev);
    else
        note_policy(e, ev);
}

static void emit(struct engine *e, struct event *ev)
{
    ev->time = e->env.now;
    ev->offset = e->env.offset;
    ev->today = e->env.today;
    ev->simulated = e->simulated;
    ev->subject = STR_NONE;
    batch_add(e, ev);
    adopt_note(e, ev);
}

static bool settings_equal(const struct engine *e, const struct config *c)
{
    const struct settings *s = &e->settings;
    if (!s->known || strcmp(s->timezone, c->timezone) != 0 || s->brake.kind != c->brake.kind ||
        s->brake.value != c->brake.value || s->clock_jump != c->clock_jump || s->max_downtime != c->max_downtime ||
        s->n_channels != c->n_channels)
        return false;
    for (unsigned i = 0; i < c->n_channels; i++) {
        const struct engine_channel *k = &e->channels[s->channels[i]];
        if (strcmp(k->name, c->channels[i].name) != 0 || k->expect_every != c->channels[i].expect_every)
            return false;
    }
    return true;
}

static void emit_config(struct engine *e, const struct config *c)
{
    struct channel_setting settings[CHANNEL_MAX];
    for (unsigned i = 0; i < c->n_channels; i++)
        settings[i] = (struct channel_setting){str_of(c->channels[i].name), c->channels[i].expect_every};
    struct event ev = {.type = EV_CONFIG_ADOPTED};
    ev.u.config_adopted.timezone = str_of(c->timezone);
    ev.u.config_adopted.channels = settings;
    ev.u.config_adopted.n_channels = c->n_channels;
    ev.u.config_adopted.brake = c->brake;
    ev.u.config_adopted.clock_jump = c->clock_jump;
    ev.u.config_adopted.max_downtime = c->max_downtime;
    emit(e, &ev);
}

static void emit_policy(struct engine *e, const struct config *c, const struct policy *p)
{
    struct str names[CHANNEL_MAX];
    uint32_t n = 0;
    for (unsigned i = 0; i < c->n_channels; i++)
        if (p->channels >> i & 1)
            names[n++] = str_of(c->channels[i].name);
    struct event ev = {.type = EV_POLICY_ADOPTED};
    ev.u.policy_adopted.policy = p;
    ev.u.policy_adopted.channels = names;
    ev.u.policy_adopted.n_channels = n;
    emit(e, &ev);
}

/* The configuration's policy over the engine's channel indices. */
static struct policy translated(struct engine *e, const struct config *c, const struct policy *p)
{
    struct policy out = *p;
    out.channels = 0;
    for (unsigned i = 0; i < c->n_channels; i++)
        if (p->channels >> i & 1)
            out.channels |= UINT64_C(1) << adopt_channel_index(e, str_of(c->channels[i].name));
    return out;
}

/* --- what is refused --- */

static enum err check_policies(const struct engine *e, const struct config *c, struct errmsg *msg)
{
    for (unsigned i = 0; i < e->policies.n; i++) {
        const char *name = e->policies.v[i].name;
        if (e->policies.used[i] && config_policy(c, str_of(name)) < 0)
            return err_set(msg, ERR_INVALID, "%s: policy \"%s\" is left out, but %llu beneficiaries stand under it",
                           c->file, name, (unsigned long long)e->policies.used[i]);
    }
    return ERR_OK;
}

/* Room for every channel and version that taking up c could add. */
static enum err check_room(struct engine *e, const struct config *c, struct errmsg *msg)
{
    for (unsigned i = 0; i < c->n_channels; i++)
        if (adopt_channel_index(e, str_of(c->channels[i].name)) == CHANNEL_MAX)
            return err_set(msg, ERR_INVALID, "%s: channel \"%s\": this store has known %d channels already", c->file,
                           c->channels[i].name, CHANNEL_MAX);
    unsigned room = POLICY_MAX - e->policies.n;
    for (unsigned i = 0; i < e->policies.n && !e->checkpoint.active; i++)
        if (!e->policies.current[i] && !e->policies.used[i])
            room++;
    if (room < c->n_policies)
        return err_set(msg, ERR_INVALID, "%s: too many versions of policies are in use: try again later", c->file);
    return ERR_OK;
}

static void drop_left_out(struct engine *e, const struct config *c)
{
    for (unsigned i = 0; i < e->policies.n; i++)
        if (config_policy(c, str_of(e->policies.v[i].name)) < 0)
            e->policies.current[i] = false;
}

enum err adopt_config(struct engine *e, struct config *c, struct errmsg *msg)
{
    enum err err = check_policies(e, c, msg);
    if (err == ERR_OK)
        err = check_room(e, c, msg);
    if (err != ERR_OK)
        return err;
    bool zone_changed = !e->settings.known || strcmp(e->settings.timezone, c->timezone) != 0;
    bool changed = zone_changed;
    e->env.tz = c->tz;
    e->env.offset = tz_offset(c->tz, e->env.now);
    e->env.today = tz_date(c->tz, e->env.now);
    if (!settings_equal(e, c))
        emit_config(e, c);
    drop_left_out(e, c);
    for (unsigned i = 0; i < c->n_policies; i++) {
        struct policy p = translated(e, c, &c->policies[i]);
        uint8_t now = adopt_policy(e, str_of(p.name), UINT64_MAX);
        if (now != POLICY_UNKNOWN && policy_equal(&e->policies.v[now], &p))
            continue;
        emit_policy(e, c, &c->policies[i]);
        changed = true;
    }
    if (changed && roster_count(e->roster)) {
        e->adopting = true;
        e->adopt_from = 0;
    }
    if (e->config != c)
        config_free(e->config);
    e->config = c;
    return ERR_OK;
}
