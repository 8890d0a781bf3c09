/* Events about nobody. Settings, policies and holds were adopted and placed by every old shard for itself, at about the
 * same time and in the same order; the new ones get each of them once. */
#include "shards/move/move_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "shards/set.h"

/* A hash of the event as it is, without numbers and time. */
static uint64_t content_of(struct move *m, const struct event *ev)
{
    struct event plain = *ev;
    buf_clear(&m->scratch);
    event_write_data(&m->scratch, &plain);
    return hash_str(buf_str(&m->scratch));
}

/* What was delivered of it is kept with the first one. */
static enum err to_all(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    uint64_t old = ev->seq;
    enum err e = ERR_OK;
    for (unsigned i = 0; i < m->o->n_to && !e; i++)
        e = move_put(m, i, ev, msg);
    if (!e)
        move_delivery_pass(m, source, old, 0, m->to[0].last);
    return e;
}

/* --- settings and policies: one list each of what was adopted; each old shard goes through it at its own time --- */

struct adoption_list {
    char name[POLICY_NAME_MAX + 1]; /* "": the settings */
    uint64_t *contents;
    size_t n, cap;
    size_t *at; /* for each source: how much of the list it has adopted */
};

struct move_adoptions {
    struct adoption_list *v;
    size_t n;
};

static struct adoption_list *list_of(struct move *m, const char *name)
{
    struct move_adoptions *a = m->adoptions;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->v[i].name, name) == 0)
            return &a->v[i];
    a->v = mem_resize(a->v, a->n + 1, sizeof *a->v);
    struct adoption_list *l = &a->v[a->n++];
    *l = (struct adoption_list){.at = mem_zalloc(m->o->n_from, sizeof *l->at)};
    snprintf(l->name, sizeof l->name, "%s", name);
    return l;
}

static enum err adopted(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    struct adoption_list *l = list_of(m, ev->type == EV_POLICY_ADOPTED ? ev->u.policy_adopted.policy->name : "");
    uint64_t content = content_of(m, ev);
    for (size_t i = l->at[source]; i < l->n; i++)
        if (l->contents[i] == content) {
            l->at[source] = i + 1;
            return ERR_OK;
        }
    if (l->n == l->cap)
        l->contents = mem_resize(l->contents, l->cap = l->cap ? 2 * l->cap : 8, sizeof *l->contents);
    l->contents[l->n++] = content;
    l->at[source] = l->n;
    return to_all(m, source, ev, msg);
}

/* --- holds --- */

struct hold_view {
    enum hold_kind kind;
    enum scope_kind scope;
    char name[65];
    bool *on; /* for each source */
    unsigned n_on;
    uint64_t *placed; /* as what it was placed since it was first in force somewhere */
    size_t n_placed, cap_placed;
    int64_t due; /* a lifted brake's, of the sources that have lifted it */
};

struct move_holds {
    struct hold_view *v;
    size_t n;
};

static struct hold_view *hold_of(struct move *m, const struct event *ev)
{
    struct move_holds *h = m->holds;
    struct str name = ev->u.hold.scope.kind == SCOPE_ALL ? STR_LIT("") : ev->u.hold.scope.name;
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i].kind == ev->u.hold.hold && h->v[i].scope == ev->u.hold.scope.kind && str_is(name, h->v[i].name))
            return &h->v[i];
    h->v = mem_resize(h->v, h->n + 1, sizeof *h->v);
    struct hold_view *v = &h->v[h->n++];
    *v = (struct hold_view){.kind = ev->u.hold.hold, .scope = ev->u.hold.scope.kind};
    v->on = mem_zalloc(m->o->n_from, sizeof *v->on);
    snprintf(v->name, sizeof v->name, "%.*s", (int)name.n, name.p);
    return v;
}

static bool placed_so(const struct hold_view *v, uint64_t content)
{
    for (size_t i = 0; i < v->n_placed; i++)
        if (v->placed[i] == content)
            return true;
    return false;
}

/* A moratorium that is placed again is another one; other holds are what they are. */
static enum err placed(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    struct hold_view *v = hold_of(m, ev);
    uint64_t content = content_of(m, ev);
    if (!v->n_on) {
        v->n_placed = 0;
        v->due = 0;
    }
    v->n_on += !v->on[source];
    v->on[source] = true;
    if (v->n_placed && (v->kind != HOLD_MORATORIUM || placed_so(v, content)))
        return ERR_OK;
    if (v->n_placed == v->cap_placed)
        v->placed = mem_resize(v->placed, v->cap_placed = v->cap_placed ? 2 * v->cap_placed : 4, sizeof *v->placed);
    v->placed[v->n_placed++] = content;
    return to_all(m, source, ev, msg);
}

/* What was due when the brake was lifted goes through; each new shard has its share of it. */
static enum err lifted(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    struct hold_view *v = hold_of(m, ev);
    if (!v->on[source])
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " lifts a hold that was not in force", ev->seq);
    v->on[source] = false;
    v->n_on--;
    v->due += ev->u.hold.due > 0 ? ev->u.hold.due : 0;
    if (v->n_on)
        return ERR_OK;
    enum err e = ERR_OK;
    for (unsigned i = 0; i < m->o->n_to && !e; i++) {
        if (v->kind == HOLD_BRAKE)
            ev->u.hold.due = v->due / m->o->n_to + (i < v->due % m->o->n_to);
        e = move_put(m, i, ev, msg);
    }
    return e;
}

/* --- units --- */

static enum err recorded(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    struct str code = ev->u.unit_recorded.unit;
    unsigned shard = m->same ? source : shard_of(code, m->o->n_to);
    uint64_t old = ev->seq;
    struct move_person *unit = move_people_find(&m->units, code);
    if (!unit)
        unit = move_people_add(&m->units, code);
    unit->shard = (uint16_t)shard;
    unit->had_row = true;
    enum err e = m->same ? ERR_OK : move_put(m, shard, ev, msg);
    unit->touched = m->same ? old : m->to[shard].last;
    if (!e && !m->same) {
        move_keys_pass(m, source, old, shard, unit->touched);
        move_delivery_pass(m, source, old, shard, unit->touched);
    }
    return e;
}

static enum err digest(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    unsigned shard = shard_of(ev->u.digest.unit, m->o->n_to);
    uint64_t old = ev->seq;
    enum err e = move_put(m, shard, ev, msg);
    if (!e)
        move_delivery_pass(m, source, old, shard, m->to[shard].last);
    return e;
}

enum err move_system(struct move *m, unsigned source, struct event *ev, struct errmsg *msg)
{
    if (m->same)
        return ev->type == EV_UNIT_RECORDED ? recorded(m, source, ev, msg) : ERR_OK;
    switch (ev->type) {
    case EV_CONFIG_ADOPTED:
    case EV_POLICY_ADOPTED: return adopted(m, source, ev, msg);
    case EV_HOLD_PLACED: return placed(m, source, ev, msg);
    case EV_HOLD_LIFTED: return lifted(m, source, ev, msg);
    case EV_UNIT_RECORDED: return recorded(m, source, ev, msg);
    case EV_UNIT_DIGEST: return digest(m, source, ev, msg);
    default: return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is about nobody", ev->seq);
    }
}

/* --- the end, and life --- */

static enum err check_adopted(const struct move *m, const struct adoption_list *l, struct errmsg *msg)
{
    for (unsigned i = 0; i < m->o->n_from; i++)
        if (l->at[i] != l->n)
            return err_set(msg, ERR_INVALID,
                           "shard %u has not taken up %s%s as the others have: let the daemons run until all have", i,
                           l->name[0] ? "the policy " : "the settings", l->name);
    return ERR_OK;
}

static enum err check_hold(const struct move *m, const struct hold_view *v, struct errmsg *msg)
{
    if (!v->n_on || v->n_on == m->o->n_from)
        return ERR_OK;
    return err_set(
        msg, ERR_INVALID,
        "the hold \"%s%s%s\" is in force in %u of %u shards: whom it covers could not be told apart; lift it "
        "first, or let it end",
        hold_text(v->kind), v->name[0] ? ":" : "", v->name, v->n_on, m->o->n_from);
}

enum err move_system_end(const struct move *m, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < m->adoptions->n && !e; i++)
        e = check_adopted(m, &m->adoptions->v[i], msg);
    for (size_t i = 0; i < m->holds->n && !e; i++)
        e = check_hold(m, &m->holds->v[i], msg);
    return e;
}

void move_system_init(struct move *m)
{
    m->adoptions = mem_zalloc(1, sizeof *m->adoptions);
    m->holds = mem_zalloc(1, sizeof *m->holds);
}

void move_system_done(struct move *m)
{
    for (size_t i = 0; i < m->adoptions->n; i++) {
        free(m->adoptions->v[i].contents);
        free(m->adoptions->v[i].at);
    }
    for (size_t i = 0; i < m->holds->n; i++) {
        free(m->holds->v[i].on);
        free(m->holds->v[i].placed);
    }
    free(m->adoptions->v);
    free(m->adoptions);
    free(m->holds->v);
    free(m->holds);
}
