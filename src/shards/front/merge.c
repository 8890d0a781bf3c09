#include "shards/front/merge.h"

#include <stdlib.h>

#include "core/record.h"
#include "shards/front/merge_inside.h"

/* --- what all of them need --- */

bool merge_number(struct str value, uint64_t *out)
{
    return value.p && value.n && raw_number(value, out);
}

bool merge_instant(struct str value, lc_instant *out)
{
    int32_t offset;
    return value.p && value.n > 2 && value.p[0] == '"' && instant_parse(value.p + 1, value.n - 2, out, &offset);
}

bool merge_is_later(struct str value, struct str best)
{
    lc_instant a, b;
    return merge_instant(value, &a) && (!merge_instant(best, &b) || a > b);
}

bool merge_is_earlier(struct str value, struct str best)
{
    lc_instant a, b;
    return merge_instant(value, &a) && (!merge_instant(best, &b) || a < b);
}

void merge_rows_done(struct merge_rows *rows)
{
    free(rows->v);
    *rows = (struct merge_rows){.v = NULL};
}

static bool take_body(struct merge_rows *rows, struct str body, unsigned number, const char *name, const char *key)
{
    struct raw_walk w;
    struct str object;
    if (!raw_enter(&w, raw_find(body, name), '['))
        return false;
    while (raw_item(&w, &object)) {
        struct str value = raw_find(object, key);
        if (!value.p)
            return false;
        if (rows->n == rows->cap) {
            rows->cap = rows->cap ? 2 * rows->cap : 64;
            rows->v = mem_resize(rows->v, rows->cap, sizeof *rows->v);
        }
        rows->v[rows->n] = (struct merge_row){value, object, number, rows->n};
        rows->n++;
    }
    return true;
}

/* Days and months as text have the order of time. */
static int by_key(const void *a, const void *b)
{
    const struct merge_row *x = a, *y = b;
    int order = memcmp(x->key.p, y->key.p, x->key.n < y->key.n ? x->key.n : y->key.n);
    if (order || x->key.n != y->key.n)
        return order ? order : x->key.n < y->key.n ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

bool merge_take(struct merge_rows *rows, const struct str *bodies, unsigned n, const char *name, const char *key)
{
    *rows = (struct merge_rows){.v = NULL};
    bool good = true;
    for (unsigned i = 0; good && i < n; i++)
        good = take_body(rows, bodies[i], i, name, key);
    if (rows->n)
        qsort(rows->v, rows->n, sizeof *rows->v, by_key);
    return good;
}

static int by_place(const void *a, const void *b)
{
    const struct merge_group *x = a, *y = b;
    return (x->v->place > y->v->place) - (x->v->place < y->v->place);
}

size_t merge_groups(const struct merge_rows *rows, struct merge_group **groups)
{
    struct merge_group *v = mem_alloc((rows->n + 1) * sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (i && str_eq(rows->v[i].key, rows->v[i - 1].key))
            v[n - 1].n++;
        else
            v[n++] = (struct merge_group){&rows->v[i], 1};
    }
    if (n)
        qsort(v, n, sizeof *v, by_place);
    *groups = v;
    return n;
}

/* --- what is due --- */

/* The rows of one day, from v[0] on; returns how many, 0 when one of them is none. */
static size_t sum_day(const struct merge_row *v, size_t n, uint64_t counts[DEADLINE_N])
{
    size_t i = 0;
    memset(counts, 0, DEADLINE_N * sizeof *counts);
    for (; i < n && str_eq(v[i].key, v[0].key); i++)
        for (int k = DEADLINE_NONE + 1; k < DEADLINE_N; k++) {
            uint64_t count;
            if (!merge_number(raw_find(v[i].object, deadline_text((enum deadline_kind)k)), &count))
                return 0;
            counts[k] += count;
        }
    return i;
}

static bool write_days(const struct merge_rows *rows, struct buf *out)
{
    for (size_t i = 0, n; i < rows->n; i += n) {
        uint64_t counts[DEADLINE_N];
        n = sum_day(&rows->v[i], rows->n - i, counts);
        if (!n)
            return false;
        buf_adds(out, i ? ",{\"on\":" : "{\"on\":");
        buf_addstr(out, rows->v[i].key);
        for (int k = DEADLINE_NONE + 1; k < DEADLINE_N; k++) {
            buf_printf(out, ",\"%s\":", deadline_text((enum deadline_kind)k));
            buf_add_u64(out, counts[k]);
        }
        buf_addc(out, '}');
    }
    return true;
}

bool merge_due(const struct str *bodies, unsigned n, struct buf *out)
{
    struct merge_rows rows;
    uint64_t held = 0;
    bool good = merge_take(&rows, bodies, n, "rows", "on");
    for (unsigned i = 0; good && i < n; i++) {
        uint64_t more;
        good = merge_number(raw_find(bodies[i], "held"), &more);
        held += good ? more : 0;
    }
    struct str by = raw_find(bodies[0], "by");
    if (good && by.p) {
        BUF_LIT(out, "{\"by\":");
        buf_addstr(out, by);
        BUF_LIT(out, ",\"rows\":[");
        good = write_days(&rows, out);
        BUF_LIT(out, "],\"held\":");
        buf_add_u64(out, held);
        buf_addc(out, '}');
    }
    merge_rows_done(&rows);
    return good && by.p;
}
