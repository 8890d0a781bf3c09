/* What was in force when, beside what people's own events say: the holds, the zone, and the versions of policies whose
 * place was needed for another. From the log's events, so that a replay finds the same; in memory and in the
 * checkpoint, so that nobody searches the log for it, nor misses what was archived.
 *
 * Bounds: HOLD_MARKS_MAX placings and liftings are told apart, 16 bytes each: half a mebibyte, and 22 years of four a
 * day. The older half is folded into one list when they are reached: before its end holds are not known. ZONES_MAX
 * zones and DROPPED_MAX versions (80 bytes each), the oldest of which are forgotten. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "engine/internal.h"

#define HOLD_MARKS_MAX 32768
#define ZONES_MAX 64
#define DROPPED_MAX 4096

/* What tells one hold from another. */
struct hold_name {
    enum hold_kind kind;
    enum scope_kind scope;
    char name[65];
    unsigned channel; /* SCOPE_CHANNEL */
};

/* One more in force, at the list's end, or one less, whose place the last one takes: as holds.c keeps its list. */
struct hold_mark {
    lc_instant at;
    uint32_t name;
    bool lifted;
};

struct zone_mark {
    lc_instant since;
    char name[128];
};

struct dropped {
    uint64_t seq; /* of its policy.adopted */
    lc_instant at;
    char name[POLICY_NAME_MAX + 1];
};

/* Names of those in force, in their order. */
struct hold_list {
    uint32_t v[HOLDS_MAX];
    unsigned n;
};

struct marks {
    bool loaded;           /* from a checkpoint that has them */
    lc_instant known_from; /* holds: before that they are not known; INT64_MIN: always were */
    struct hold_list base; /* then */
    struct hold_name *names;
    struct hold_mark *holds; /* since, in order of time */
    uint32_t n_names, n_holds;
    struct zone_mark *zones;
    struct dropped *dropped;
    uint32_t n_zones, n_dropped;
};

struct marks *marks_new(void)
{
    struct marks *m = mem_zalloc(1, sizeof *m);
    m->known_from = INT64_MIN;
    return m;
}

void marks_free(struct marks *m)
{
    if (!m)
        return;
    free(m->names);
    free(m->holds);
    free(m->zones);
    free(m->dropped);
    free(m);
}

/* Room for one more of n; what is allocated grows by doubling from 16. */
static void *grown(void *v, uint32_t n, size_t size)
{
    bool full = n == 0 || (n >= 16 && (n & (n - 1)) == 0);
    return full ? mem_resize(v, n ? 2 * (size_t)n : 16, size) : v;
}

/* --- holds --- */

static uint32_t name_of(struct marks *m, const struct hold *h)
{
    for (uint32_t i = 0; i < m->n_names; i++) {
        const struct hold_name *name = &m->names[i];
        if (name->kind == h->kind && name->scope == h->scope.kind && strcmp(name->name, h->scope_name) == 0)
            return i;
    }
    m->names = grown(m->names, m->n_names, sizeof *m->names);
    m->names[m->n_names] = (struct hold_name){.kind = h->kind, .scope = h->scope.kind, .channel = h->channel};
    memcpy(m->names[m->n_names].name, h->scope_name, sizeof h->scope_name);
    return m->n_names++;
}

static void step(struct hold_list *list, const struct hold_mark *mark)
{
    unsigned i = 0;
    if (!mark->lifted) {
        if (list->n < HOLDS_MAX)
            list->v[list->n++] = mark->name;
        return;
    }
    while (i < list->n && list->v[i] != mark->name)
        i++;
    if (i < list->n)
        list->v[i] = list->v[--list->n];
}

static uint32_t keep_name(struct marks *m, const struct hold_name *old, uint32_t *places, uint32_t i)
{
    if (places[i] == UINT32_MAX) {
        m->names = grown(m->names, m->n_names, sizeof *m->names);
        m->names[m->n_names] = old[i];
        places[i] = m->n_names++;
    }
    return places[i];
}

/* Names that nothing refers to any more are forgotten. */
static void keep_names(struct marks *m)
{
    struct hold_name *old = m->names;
    uint32_t *places = mem_alloc((size_t)m->n_names * sizeof *places);
    memset(places, 0xff, (size_t)m->n_names * sizeof *places);
    m->names = NULL;
    m->n_names = 0;
    for (unsigned i = 0; i < m->base.n; i++)
        m->base.v[i] = keep_name(m, old, places, m->base.v[i]);
    for (uint32_t i = 0; i < m->n_holds; i++)
        m->holds[i].name = keep_name(m, old, places, m->holds[i].name);
    free(places);
    free(old);
}

static void forget_half(struct marks *m)
{
    uint32_t half = HOLD_MARKS_MAX / 2;
    for (uint32_t i = 0; i < half; i++)
        step(&m->base, &m->holds[i]);
    m->known_from = m->holds[half - 1].at;
    m->n_holds -= half;
    memmove(m->holds, m->holds + half, m->n_holds * sizeof *m->holds);
    keep_names(m);
}

static void add_mark(struct marks *m, const struct hold_mark *mark)
{
    m->holds = grown(m->holds, m->n_holds, sizeof *m->holds);
    m->holds[m->n_holds++] = *mark;
    if (m->n_holds == HOLD_MARKS_MAX)
        forget_half(m);
}

void marks_hold(struct marks *m, const struct hold *h, lc_instant at, bool lifted)
{
    add_mark(m, &(struct hold_mark){.at = at, .name = name_of(m, h), .lifted = lifted});
}

static void put_hold(struct holds *out, const struct hold_name *name)
{
    struct hold *h = &out->v[out->n++];
    h->kind = name->kind;
    h->channel = name->channel;
    memcpy(h->scope_name, name->name, sizeof h->scope_name);
    h->scope = (struct scope){name->scope, name->scope == SCOPE_ALL ? STR_NONE : str_of(h->scope_name)};
}

bool marks_holds_at(const struct marks *m, lc_instant at, struct holds *out)
{
    if (at < m->known_from)
        return false;
    struct hold_list list = m->base;
    for (uint32_t i = 0; i < m->n_holds && m->holds[i].at <= at; i++)
        step(&list, &m->holds[i]);
    out->n = 0;
    for (unsigned i = 0; i < list.n; i++)
        put_hold(out, &m->names[list.v[i]]);
    return true;
}

void marks_loaded(struct marks *m, const struct holds *now, lc_instant from)
{
    if (m->loaded)
        return;
    m->known_from = from;
    m->n_holds = 0;
    m->base.n = 0;
    for (unsigned i = 0; i < now->n; i++)
        m->base.v[m->base.n++] = name_of(m, &now->v[i]);
}

/* --- zones --- */

void marks_zone(struct marks *m, struct str name, lc_instant since)
{
    if (m->n_zones && str_is(name, m->zones[m->n_zones - 1].name))
        return;
    if (m->n_zones == ZONES_MAX)
        memmove(m->zones, m->zones + 1, --m->n_zones * sizeof *m->zones);
    else
        m->zones = grown(m->zones, m->n_zones, sizeof *m->zones);
    struct zone_mark *z = &m->zones[m->n_zones++];
    z->since = since;
    snprintf(z->name, sizeof z->name, "%.*s", (int)name.n, name.p);
}

const char *marks_zone_at(const struct marks *m, lc_instant at)
{
    uint32_t i = m->n_zones;
    while (i > 1 && m->zones[i - 1].since > at)
        i--;
    return i ? m->zones[i - 1].name : NULL;
}

/* --- dropped versions --- */

void marks_dropped(struct marks *m, const char *name, uint64_t seq, lc_instant at)
{
    if (m->n_dropped == DROPPED_MAX)
        memmove(m->dropped, m->dropped + 1, --m->n_dropped * sizeof *m->dropped);
    else
        m->dropped = grown(m->dropped, m->n_dropped, sizeof *m->dropped);
    struct dropped *d = &m->dropped[m->n_dropped++];
    d->seq = seq;
    d->at = at;
    snprintf(d->name, sizeof d->name, "%s", name);
}

uint64_t marks_dropped_find(const struct marks *m, struct str name, uint64_t seq, lc_instant at)
{
    uint64_t best = 0;
    for (uint32_t i = 0; i < m->n_dropped; i++) {
        const struct dropped *d = &m->dropped[i];
        if (d->seq > best && d->seq <= seq && d->at <= at && str_is(name, d->name))
            best = d->seq;
    }
    return best;
}

/* --- in the checkpoint: "t KNOWN_FROM", then "k KIND SCOPE NAME" for each name of a hold, "i NAME" for each in force
 * then, "m AT NAME LIFTED", "z SINCE NAME", "d SEQ AT NAME" --- */

static const char no_scope[] = "all";

void marks_save(const struct marks *m, struct buf *out)
{
    buf_printf(out, "t%" PRId64 "\n", m->known_from);
    for (uint32_t i = 0; i < m->n_names; i++) {
        const struct hold_name *name = &m->names[i];
        const char *scope = scope_text(name->scope);
        buf_printf(out, "k%s %s %s\n", hold_text(name->kind), scope ? scope : no_scope, name->name);
    }
    for (unsigned i = 0; i < m->base.n; i++)
        buf_printf(out, "i%" PRIu32 "\n", m->base.v[i]);
    for (uint32_t i = 0; i < m->n_holds; i++)
        buf_printf(out, "m%" PRId64 " %" PRIu32 " %d\n", m->holds[i].at, m->holds[i].name, m->holds[i].lifted);
    for (uint32_t i = 0; i < m->n_zones; i++)
        buf_printf(out, "z%" PRId64 " %s\n", m->zones[i].since, m->zones[i].name);
    for (uint32_t i = 0; i < m->n_dropped; i++)
        buf_printf(out, "d%" PRIu64 " %" PRId64 " %s\n", m->dropped[i].seq, m->dropped[i].at, m->dropped[i].name);
}

/* What the lines before it left (the holds and the settings in force make marks too) gives way. */
static bool load_begin(struct marks *m, const char *text)
{
    m->n_names = m->n_holds = m->n_zones = m->n_dropped = 0;
    m->base.n = 0;
    m->loaded = true;
    return sscanf(text, "%" SCNd64, &m->known_from) == 1;
}

static bool load_name(struct engine *e, const char *text)
{
    struct hold h = {.scope = {SCOPE_ALL, STR_NONE}};
    char kind[16], scope[16];
    unsigned word;
    int at = 0;
    if (sscanf(text, "%15s %15s%n", kind, scope, &at) != 2 || !texts_find(&hold_texts, str_of(kind), &word) ||
        text[at] != ' ' || strlen(text + at + 1) >= sizeof h.scope_name)
        return false;
    memcpy(h.scope_name, text + at + 1, strlen(text + at + 1));
    h.kind = (enum hold_kind)word;
    if (strcmp(scope, no_scope) != 0) {
        if (!texts_find(&scope_texts, str_of(scope), &word) || !h.scope_name[0])
            return false;
        h.scope.kind = (enum scope_kind)word;
    }
    if (h.scope.kind == SCOPE_CHANNEL)
        h.channel = adopt_channel_index(e, str_of(h.scope_name));
    return name_of(e->marks, &h) == e->marks->n_names - 1;
}

static bool load_base(struct marks *m, const char *text)
{
    uint32_t name;
    if (m->base.n == HOLDS_MAX || sscanf(text, "%" SCNu32, &name) != 1 || name >= m->n_names)
        return false;
    m->base.v[m->base.n++] = name;
    return true;
}

static bool load_mark(struct marks *m, const char *text)
{
    struct hold_mark mark;
    int lifted;
    if (sscanf(text, "%" SCNd64 " %" SCNu32 " %d", &mark.at, &mark.name, &lifted) != 3 || mark.name >= m->n_names)
        return false;
    mark.lifted = lifted == 1;
    add_mark(m, &mark);
    return true;
}

static bool load_zone(struct marks *m, const char *text)
{
    int64_t since;
    char name[128];
    if (sscanf(text, "%" SCNd64 " %127[^\n]", &since, name) != 2)
        return false;
    marks_zone(m, str_of(name), since);
    return true;
}

static bool load_dropped(struct marks *m, const char *text)
{
    uint64_t seq;
    int64_t at;
    char name[POLICY_NAME_MAX + 1];
    if (sscanf(text, "%" SCNu64 " %" SCNd64 " %64[^\n]", &seq, &at, name) != 3)
        return false;
    marks_dropped(m, name, seq, at);
    return true;
}

bool marks_load(struct engine *e, char tag, const char *text)
{
    switch (tag) {
    case 't': return load_begin(e->marks, text);
    case 'k': return load_name(e, text);
    case 'i': return load_base(e->marks, text);
    case 'm': return load_mark(e->marks, text);
    case 'z': return load_zone(e->marks, text);
    case 'd': return load_dropped(e->marks, text);
    default: return false;
    }
}
