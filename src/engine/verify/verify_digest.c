/* A month's digests of units. They are counted over slices of everybody, at some tick from the 20th at ten on, while
 * inputs go on: which changes a count has seen no event says. So both bounds are kept: what is certain to have been
 * counted, and what may have been. When nothing changes in between, as under a simulated clock, they are one. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/verify/verifying.h"

void digest_view_done(struct digest_view *d)
{
    free(d->low);
    free(d->high);
    *d = (struct digest_view){.month = MONTH_NONE, .unknown = d->unknown};
}

static void count_all(struct verify *v)
{
    struct engine *e = v->e;
    struct digest_view *d = &v->digest;
    digest_view_done(d);
    d->month = date_month(e->env.today);
    d->n = vocab_count(e->units) + 1;
    d->low = mem_zalloc(d->n, sizeof *d->low);
    d->high = mem_zalloc(d->n, sizeof *d->high);
    uint32_t count = roster_count(e->roster);
    for (uint32_t n = 0; n < count; n++) {
        struct entry entry;
        roster_get(e->roster, n, &entry);
        if (entry.unit && digest_counts(e, &entry.rec))
            d->high[entry.unit] = ++d->low[entry.unit];
    }
}

/* Asked before every event: what keeps digests from being due (no units, the clock's hold) may end at any. */
void digest_view_time(struct verify *v)
{
    struct engine *e = v->e;
    if (e->env.now < v->digest_at)
        return;
    v->digest_at = digest_next(e);
    if (v->digest_at == INSTANT_NONE)
        v->digest_at = e->env.now;
    if (v->digest_at > e->env.now || vocab_count(e->units) == 0 || holds_clock_on(e))
        return;
    lc_month month = date_month(e->env.today);
    if (v->digest.month != month)
        count_all(v);
    v->digest_at = tz_instant(e->env.tz, month_day(month + 1, 1), 0);
}

static void grow(struct digest_view *d, uint32_t unit)
{
    if (unit < d->n)
        return;
    d->low = mem_resize(d->low, unit + 1, sizeof *d->low);
    d->high = mem_resize(d->high, unit + 1, sizeof *d->high);
    for (; d->n <= unit; d->n++)
        d->low[d->n] = d->high[d->n] = 0;
}

void digest_view_person(struct verify *v, const struct entry *from, const struct entry *to)
{
    struct digest_view *d = &v->digest;
    if (d->month == MONTH_NONE || d->month != date_month(v->e->env.today))
        return;
    uint32_t was = from && from->unit && digest_counts(v->e, &from->rec) ? from->unit : 0;
    uint32_t is = to->unit && digest_counts(v->e, &to->rec) ? to->unit : 0;
    if (was == is)
        return;
    grow(d, was > is ? was : is);
    if (was)
        d->low[was]--;
    if (is)
        d->high[is]++;
}

/* A machine that was put to sleep between two ticks may have counted in one month and told in the next: of that count
 * nothing is known. */
static bool is_out_of_sight(const struct verify *v, lc_month month)
{
    const struct engine *e = v->e;
    bool late = month + 1 == date_month(e->env.today) && month >= e->digest.month && month != v->digest.month;
    int64_t count = v->ev->u.digest.count;
    return (month == v->digest.unknown || late) && count > 0 && count <= roster_count(e->roster);
}

/* One of several shards: who counted how many elsewhere no event of this one says. Each unit is told once a month, in
 * the order of codes, when the month's digests are due, and of no fewer people than were counted here. */
static enum err check_sum(struct verify *v)
{
    const struct engine *e = v->e;
    struct digest_view *d = &v->digest;
    struct str code = v->ev->u.digest.unit;
    lc_month month = v->ev->u.digest.month;
    uint32_t unit = vocab_find(e->units, code);
    if (code.n == 0 || code.n >= sizeof d->told)
        return differ(v, "data.unit", STR_NONE, "this is no unit's code");
    if (month < e->digest.month || digest_due_at(e, month) > e->env.now)
        return differ(v, "data.month", STR_NONE, "no unit's digest of that month was due then");
    if (month == e->digest.month && digest_compare(code, str_of(d->told)) <= 0)
        return differ(v, "data.unit", STR_NONE, "this unit does not come next");
    bool known = unit && unit < d->n && month == d->month && month == date_month(e->env.today) && month != d->unknown;
    int64_t low = known && d->low[unit] > 1 ? d->low[unit] : 1;
    if (v->ev->u.digest.count < low)
        return differ(v, "data.count", STR_NONE, "expected at least %" PRId64 " reminded and not yet certified", low);
    memcpy(d->told, code.p, code.n);
    d->told[code.n] = '\0';
    digest_reached(v->e, month, 1);
    return ERR_OK;
}

enum err digest_view_check(struct verify *v)
{
    if (v->o->sharded)
        return check_sum(v);
    struct engine *e = v->e;
    const struct digest_view *d = &v->digest;
    uint32_t unit = vocab_find(e->units, v->ev->u.digest.unit);
    lc_month month = v->ev->u.digest.month;
    int64_t count = v->ev->u.digest.count;
    if (unit && is_out_of_sight(v, month)) {
        digest_note(e, v->ev);
        return ERR_OK;
    }
    if (month != d->month)
        return differ(v, "data.month", STR_NONE, "no unit's digest of that month was due then");
    if (!unit || (e->digest.month == month && unit < e->digest.next))
        return differ(v, "data.unit", STR_NONE, "this unit does not come next");
    for (uint32_t i = e->digest.month == month ? e->digest.next : 1; i < unit; i++)
        if (i < d->n && d->low[i] > 0) {
            struct str left_out = vocab_text(e->units, i);
            return differ(v, "data.unit", STR_NONE, "the digest of unit %.*s comes before it", (int)left_out.n,
                          left_out.p);
        }
    int64_t low = unit < d->n ? d->low[unit] : 0, high = unit < d->n ? d->high[unit] : 0;
    if (count < 1 || count < low || count > high)
        return differ(v, "data.count", STR_NONE, "expected %" PRId64 " to %" PRId64 " reminded and not yet certified",
                      low > 1 ? low : 1, high);
    digest_note(e, v->ev);
    return ERR_OK;
}
