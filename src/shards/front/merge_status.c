/* The status of all shards. What one engine writes is gone through member by member, and a table says what becomes of
 * each; members that are not in it are summed up when they are numbers, else the first shard's stands for all. */
#include <stdlib.h>

#include "shards/front/merge_inside.h"
#include "shards/position.h"

#define NEXT_SHOWN 5    /* as one engine shows: so the first ones of all are among the first ones of each */
#define ACCEPTED_MAX 64 /* days of a channel */

/* --- one member of every body --- */

static bool sum(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        uint64_t v;
        if (!merge_number(raw_find(bodies[i], name), &v))
            return false;
        total += v;
    }
    buf_add_u64(out, total);
    return true;
}

static bool largest(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < n; i++) {
        uint64_t v;
        if (!merge_number(raw_find(bodies[i], name), &v))
            return false;
        most = v > most ? v : most;
    }
    buf_add_u64(out, most);
    return true;
}

static bool first(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    (void)n;
    buf_addstr(out, raw_find(bodies[0], name));
    return true;
}

static bool latest(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    struct str best = STR_NONE;
    for (unsigned i = 0; i < n; i++) {
        struct str value = raw_find(bodies[i], name);
        if (merge_is_later(value, best))
            best = value;
    }
    buf_addstr(out, best);
    return best.p;
}

/* A number where there is one shard, as always; text where there are several. In the log of a shard that is silent it is
 * the beginning: whoever reads on from there misses nothing. */
static bool position(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    struct position p;
    bool good = true;
    position_init(&p, n);
    for (unsigned i = 0; good && i < n; i++)
        good = !bodies[i].p || merge_number(raw_find(bodies[i], name), &p.v[i]);
    if (n > 1)
        buf_addc(out, '"');
    position_write(&p, out);
    if (n > 1)
        buf_addc(out, '"');
    position_done(&p);
    return good;
}

/* --- the next deadlines --- */

struct next_row {
    lc_instant at;
    struct str kind, at_text;
    uint64_t count;
    size_t place; /* so that those of one instant keep the engine's order */
};

static int by_instant(const void *a, const void *b)
{
    const struct next_row *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Adds it to the one of its kind and instant, or behind. */
static bool add_next(struct next_row *v, size_t *n, struct str object)
{
    struct next_row row = {.kind = raw_find(object, "kind"), .at_text = raw_find(object, "at"), .place = *n};
    if (!row.kind.p || !merge_instant(row.at_text, &row.at) || !merge_number(raw_find(object, "count"), &row.count))
        return false;
    for (size_t i = 0; i < *n; i++)
        if (v[i].at == row.at && str_eq(v[i].kind, row.kind)) {
            v[i].count += row.count;
            return true;
        }
    v[(*n)++] = row;
    return true;
}

static void write_next(const struct next_row *v, size_t n, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < n && i < NEXT_SHOWN; i++) {
        buf_adds(out, i ? ",{\"kind\":" : "{\"kind\":");
        buf_addstr(out, v[i].kind);
        BUF_LIT(out, ",\"at\":");
        buf_addstr(out, v[i].at_text);
        BUF_LIT(out, ",\"count\":");
        buf_add_u64(out, v[i].count);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

static bool next(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    struct merge_rows rows;
    size_t n_next = 0;
    bool good = merge_take(&rows, bodies, n, name, "at");
    struct next_row *v = mem_alloc((rows.n + 1) * sizeof *v);
    for (size_t i = 0; good && i < rows.n; i++)
        good = add_next(v, &n_next, rows.v[i].object);
    if (n_next)
        qsort(v, n_next, sizeof *v, by_instant);
    write_next(v, n_next, out);
    free(v);
    merge_rows_done(&rows);
    return good;
}

/* --- channels --- */

struct accepted {
    uint64_t v[ACCEPTED_MAX];
    unsigned n;
};

static bool add_accepted(struct accepted *a, struct str array)
{
    struct raw_walk w;
    struct str item;
    unsigned i = 0;
    if (!raw_enter(&w, array, '['))
        return false;
    for (; i < ACCEPTED_MAX && raw_item(&w, &item); i++) {
        uint64_t v;
        if (!merge_number(item, &v))
            return false;
        a->v[i] += v;
    }
    a->n = i > a->n ? i : a->n;
    return true;
}

static bool write_channel(const struct merge_group *g, struct buf *out)
{
    struct accepted accepted = {.n = 0};
    struct str heard = STR_NONE;
    for (size_t i = 0; i < g->n; i++) {
        struct str value = raw_find(g->v[i].object, "heard_at");
        if (merge_is_later(value, heard))
            heard = value;
        if (!add_accepted(&accepted, raw_find(g->v[i].object, "accepted")))
            return false;
    }
    BUF_LIT(out, "{\"name\":");
    buf_addstr(out, g->v->key);
    BUF_LIT(out, ",\"heard_at\":");
    buf_addstr(out, heard);
    BUF_LIT(out, ",\"expect_every\":");
    buf_addstr(out, raw_find(g->v->object, "expect_every"));
    BUF_LIT(out, ",\"accepted\":[");
    for (unsigned i = 0; i < accepted.n; i++) {
        if (i)
            buf_addc(out, ',');
        buf_add_u64(out, accepted.v[i]);
    }
    BUF_LIT(out, "]}");
    return heard.p;
}

static bool channels(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    struct merge_rows rows;
    struct merge_group *groups;
    bool good = merge_take(&rows, bodies, n, name, "name");
    size_t n_groups = merge_groups(&rows, &groups);
    buf_addc(out, '[');
    for (size_t i = 0; good && i < n_groups; i++) {
        if (i)
            buf_addc(out, ',');
        good = write_channel(&groups[i], out);
    }
    buf_addc(out, ']');
    free(groups);
    merge_rows_done(&rows);
    return good;
}

static bool holds(const struct str *bodies, unsigned n, const char *name, struct buf *out)
{
    (void)name;
    return merge_hold_rows(bodies, n, out);
}

/* --- all of it --- */

static const struct way {
    const char *name;
    bool (*merge)(const struct str *bodies, unsigned n, const char *name, struct buf *out);
} ways[] = {
    {"now", latest},  {"lag_seconds", largest},
    {"next", next}, {"holds", holds}, {"channels", channels},
};

static bool merge_one(const struct str *bodies, unsigned n, const char *name, struct str value, struct buf *out)
{
    uint64_t ignored;
    for (const struct way *w = ways; w < ways + sizeof ways / sizeof *ways; w++)
        if (strcmp(w->name, name) == 0)
            return w->merge(bodies, n, name, out);
    return (merge_number(value, &ignored) ? sum : first)(bodies, n, name, out);
}

/* Those that are there, in their order; the caller frees the list. */
static struct str *spoken(const struct str *bodies, unsigned n, unsigned *n_out)
{
    struct str *v = mem_zalloc(n, sizeof *v);
    *n_out = 0;
    for (unsigned i = 0; i < n; i++)
        if (bodies[i].p)
            v[(*n_out)++] = bodies[i];
    return v;
}

static void write_silent(const struct str *bodies, unsigned n, struct buf *out)
{
    const char *comma = "";
    BUF_LIT(out, ",\"silent\":[");
    for (unsigned i = 0; i < n; i++)
        if (!bodies[i].p) {
            buf_printf(out, "%s%u", comma, i);
            comma = ",";
        }
    buf_addc(out, ']');
}

/* Every member but the position, which needs to know who is silent. */
static bool merge_members(const struct str *bodies, unsigned n, const struct str *there, unsigned n_there,
                          struct buf *out)
{
    struct raw_walk w;
    struct str name, value;
    bool good = n_there && raw_enter(&w, there[0], '{');
    char before = '{';
    while (good && raw_member(&w, &name, &value)) {
        char text[32];
        if (name.n >= sizeof text)
            return false;
        memcpy(text, name.p, name.n);
        text[name.n] = '\0';
        buf_addc(out, before);
        buf_printf(out, "\"%s\":", text);
        good = strcmp(text, "position") == 0 ? position(bodies, n, text, out)
                                             : merge_one(there, n_there, text, value, out);
        before = ',';
    }
    return good && before == ',';
}

bool merge_status(const struct str *bodies, unsigned n, struct str members, struct buf *out)
{
    unsigned n_there;
    struct str *there = spoken(bodies, n, &n_there);
    bool good = merge_members(bodies, n, there, n_there, out);
    write_silent(bodies, n, out);
    BUF_LIT(out, ",\"shards\":");
    buf_addstr(out, members);
    buf_addc(out, '}');
    free(there);
    return good;
}
