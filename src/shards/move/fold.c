#include "shards/move/fold.h"

#include <stdlib.h>

#include "shards/front/raw_json.h"
#include "shards/position.h"

#define SUMS_MAX 32 /* names in one object of numbers */
#define SUM_NAME 64

struct sum {
    char name[SUM_NAME];
    uint64_t n;
};

/* What one member has come to. */
struct folded {
    bool there, lacking; /* somebody has it; somebody's is null */
    struct buf text;
    uint64_t sum;
    struct sum *sums;
    unsigned n_sums, rank;
    struct position place;
    struct fold *inner;
};

struct fold {
    const struct fold_row *rows;
    unsigned n_rows, n_shards;
    struct folded *v;
};

struct fold *fold_new(const struct fold_row *rows, unsigned n_shards)
{
    struct fold *f = mem_zalloc(1, sizeof *f);
    f->rows = rows;
    f->n_shards = n_shards;
    while (rows[f->n_rows].name)
        f->n_rows++;
    f->v = mem_zalloc(f->n_rows, sizeof *f->v);
    return f;
}

void fold_free(struct fold *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->n_rows; i++) {
        buf_done(&f->v[i].text);
        free(f->v[i].sums);
        if (f->v[i].place.v)
            position_done(&f->v[i].place);
        fold_free(f->v[i].inner);
    }
    free(f->v);
    free(f);
}

/* --- one member --- */

static void keep(struct folded *m, struct str value)
{
    buf_clear(&m->text);
    buf_addstr(&m->text, value);
}

static void take_sums(struct folded *m, struct str object)
{
    struct raw_walk w;
    struct str name, value;
    if (!raw_enter(&w, object, '{'))
        return;
    if (!m->sums)
        m->sums = mem_zalloc(SUMS_MAX, sizeof *m->sums);
    while (raw_member(&w, &name, &value)) {
        unsigned i = 0;
        uint64_t n;
        while (i < m->n_sums && !str_is(name, m->sums[i].name))
            i++;
        if (i == SUMS_MAX || name.n >= SUM_NAME || !raw_number(value, &n))
            continue;
        if (i == m->n_sums)
            memcpy(m->sums[m->n_sums++].name, name.p, name.n); /* ended by 0, as it was made */
        m->sums[i].n += n;
    }
}

/* value: with its quotes */
static unsigned rank_of(const struct fold_row *row, struct str value)
{
    unsigned i = 0;
    struct str word = value.n >= 2 ? (struct str){value.p + 1, value.n - 2} : STR_NONE;
    while (row->words[i] && !str_is(word, row->words[i]))
        i++;
    return i;
}

static void take_worst(const struct fold_row *row, struct folded *m, struct str value)
{
    unsigned rank = rank_of(row, value);
    if (m->text.n && rank <= m->rank)
        return;
    m->rank = rank;
    keep(m, value);
}

/* Times of one zone compare as their text does, but for the hour that comes twice. */
static void take_time(struct folded *m, struct str value, bool latest)
{
    size_t n = value.n < m->text.n ? value.n : m->text.n;
    int order = n ? memcmp(value.p, m->text.p, n) : 0;
    if (!m->text.n || (latest ? order > 0 : order < 0))
        keep(m, value);
}

static void take_place(struct fold *f, struct folded *m, unsigned shard, struct str value)
{
    uint64_t n;
    if (!m->place.v)
        position_init(&m->place, f->n_shards);
    if (shard < f->n_shards && raw_number(value, &n))
        m->place.v[shard] = n;
}

static void take_object(const struct fold_row *row, struct fold *f, struct folded *m, unsigned shard, struct str value)
{
    if (!m->inner)
        m->inner = fold_new(row->rows, f->n_shards);
    fold_take(m->inner, shard, value);
}

static void take(struct fold *f, unsigned i, unsigned shard, struct str value)
{
    const struct fold_row *row = &f->rows[i];
    struct folded *m = &f->v[i];
    uint64_t n;
    m->there = true;
    if (str_is(value, "null")) {
        m->lacking = true;
        return;
    }
    switch (row->how) {
    case FOLD_FIRST:
        if (!m->text.n)
            keep(m, value);
        break;
    case FOLD_SUM:
        m->sum += raw_number(value, &n) ? n : 0;
        break;
    case FOLD_SUMS: take_sums(m, value); break;
    case FOLD_WORST: take_worst(row, m, value); break;
    case FOLD_EARLIEST: take_time(m, value, false); break;
    case FOLD_LATEST:
    case FOLD_LAST: take_time(m, value, true); break;
    case FOLD_PLACE: take_place(f, m, shard, value); break;
    case FOLD_OBJECT: take_object(row, f, m, shard, value); break;
    }
}

void fold_take(struct fold *f, unsigned shard, struct str object)
{
    struct raw_walk w;
    struct str name, value;
    if (!raw_enter(&w, object, '{'))
        return;
    while (raw_member(&w, &name, &value))
        for (unsigned i = 0; i < f->n_rows; i++)
            if (str_is(name, f->rows[i].name))
                take(f, i, shard, value);
}

/* --- all of it --- */

static void write_sums(const struct folded *m, struct buf *out)
{
    buf_addc(out, '{');
    for (unsigned i = 0; i < m->n_sums; i++) {
        buf_printf(out, "%s\"%s\":", i ? "," : "", m->sums[i].name);
        buf_add_u64(out, m->sums[i].n);
    }
    buf_addc(out, '}');
}

/* On one shard a number, as ever. */
static void write_place(const struct fold *f, const struct folded *m, struct buf *out)
{
    const char *quote = f->n_shards > 1 ? "\"" : "";
    if (!m->place.v) {
        BUF_LIT(out, "null");
        return;
    }
    buf_adds(out, quote);
    position_write(&m->place, out);
    buf_adds(out, quote);
}

static void write_text(const struct fold_row *row, const struct folded *m, struct buf *out)
{
    if (!m->text.n || (row->how == FOLD_LAST && m->lacking))
        BUF_LIT(out, "null");
    else
        buf_addstr(out, buf_str(&m->text));
}

static void write_member(const struct fold *f, unsigned i, struct buf *out)
{
    const struct folded *m = &f->v[i];
    switch (f->rows[i].how) {
    case FOLD_SUM: buf_add_u64(out, m->sum); break;
    case FOLD_SUMS: write_sums(m, out); break;
    case FOLD_PLACE: write_place(f, m, out); break;
    case FOLD_OBJECT:
        if (m->inner)
            fold_write(m->inner, out);
        else
            BUF_LIT(out, "null");
        break;
    default: write_text(&f->rows[i], m, out);
    }
}

void fold_write(const struct fold *f, struct buf *out)
{
    const char *comma = "";
    buf_addc(out, '{');
    for (unsigned i = 0; i < f->n_rows; i++) {
        if (!f->v[i].there)
            continue;
        buf_printf(out, "%s\"%s\":", comma, f->rows[i].name);
        write_member(f, i, out);
        comma = ",";
    }
    buf_addc(out, '}');
}
