/* A unit's digest: once a month every unit (an employer, a village office) is told how many of its beneficiaries were
 * reminded this month and are not certified yet (lifecertd-rules(7), "Units"). Everybody is counted in slices, then the
 * units follow in the order of their numbers, so that their own events say how far it got.
 *
 * Of several shards each counts its own people, and hands the counts over (office.h). The sums come back once all have
 * counted, and then each shard tells the units that are at home in it, in the order of their codes. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/internal.h"

/* Late enough that most have certified who would by themselves, early enough for the others. */
#define DIGEST_DAY 20
#define DIGEST_SECOND (10 * 3600)

lc_instant digest_due_at(const struct engine *e, lc_month month)
{
    return tz_instant(e->env.tz, month_day(month, DIGEST_DAY), DIGEST_SECOND);
}

/* How far the month's digests have got: later months and later units come after. */
static void advance(struct engine *e, lc_month month, uint32_t next)
{
    if (month > e->digest.month || (month == e->digest.month && next > e->digest.next)) {
        if (month > e->digest.month)
            e->digest.after[0] = '\0';
        e->digest.month = month;
        e->digest.next = next;
    }
}

void digest_note(struct engine *e, const struct event *ev)
{
    if (e->options.office)
        digest_told(e, ev->u.digest.month, ev->u.digest.unit);
    else
        advance(e, ev->u.digest.month, vocab_find(e->units, ev->u.digest.unit) + 1);
}

int digest_compare(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

void digest_told(struct engine *e, lc_month month, struct str unit)
{
    advance(e, month, 1);
    if (month != e->digest.month || unit.n >= sizeof e->digest.after ||
        digest_compare(unit, str_of(e->digest.after)) <= 0)
        return;
    memcpy(e->digest.after, unit.p, unit.n);
    e->digest.after[unit.n] = '\0';
}

void digest_reached(struct engine *e, lc_month month, uint32_t next)
{
    advance(e, month, next);
}

void digest_stamp(const struct engine *e, struct buf *out)
{
    buf_printf(out, "digest %" PRId64 " %" PRIu32 "\n", (int64_t)e->digest.month, e->digest.next);
    if (e->digest.after[0] && e->digest.next != DIGEST_DONE)
        buf_printf(out, "told %" PRId64 " %s\n", (int64_t)e->digest.month, e->digest.after);
}

lc_instant digest_next(const struct engine *e)
{
    lc_month month = date_month(e->env.today);
    if (e->digest.telling)
        return e->env.now;
    /* A clock that is not to be trusted must not use a month up. */
    if ((vocab_count(e->units) == 0 && !e->options.office) || holds_clock_on(e))
        return INSTANT_NONE;
    bool done = e->digest.month > month || (e->digest.month == month && e->digest.next == DIGEST_DONE) ||
                (e->digest.handed && e->digest.of == month); /* the office wakes us when the sums are there */
    return digest_due_at(e, done ? month + 1 : month);
}

bool digest_counts(const struct engine *e, const struct record *r)
{
    const struct policy *p = &e->policies.v[r->policy];
    struct reminders scheduled;
    struct dates dates;
    if ((r->status != STATUS_ACTIVE && r->status != STATUS_GRACE) || r->reminded_on == DATE_NONE ||
        r->reminded_on < date_bom(e->env.today) || r->reminded_on > e->env.today)
        return false;
    /* A certification puts reminded_on to its own day: only a date of the schedule is a reminder's. */
    record_dates(p, r, &dates);
    policy_reminders(p, dates.base, dates.due, &scheduled);
    for (int i = 0; i < scheduled.n; i++)
        if (scheduled.on[i] == r->reminded_on)
            return true;
    return false;
}

static void begin(struct engine *e)
{
    lc_month month = date_month(e->env.today);
    e->digest.running = true;
    e->digest.person = 0;
    e->digest.n_counts = vocab_count(e->units) + 1;
    e->digest.counts = mem_zalloc(e->digest.n_counts, sizeof *e->digest.counts);
    e->digest.of = month;
    advance(e, month, 1);
}

static void count(struct engine *e, unsigned budget)
{
    uint32_t n = roster_count(e->roster);
    for (; e->digest.person < n && budget; budget--) {
        struct entry entry;
        roster_get(e->roster, e->digest.person++, &entry);
        if (entry.unit && entry.unit < e->digest.n_counts && digest_counts(e, &entry.rec))
            e->digest.counts[entry.unit]++;
    }
}

static void emit(struct engine *e, struct str unit, uint32_t n)
{
    struct event ev = {
        .time = e->env.now,
        .offset = e->env.offset,
        .today = e->env.today,
        .simulated = e->simulated,
        .type = EV_UNIT_DIGEST,
        .subject = STR_NONE,
    };
    ev.u.digest.unit = unit;
    ev.u.digest.month = e->digest.of;
    ev.u.digest.count = n;
    batch_add(e, &ev);
}

static void finish(struct engine *e)
{
    digest_done(e);
    advance(e, e->digest.of, DIGEST_DONE);
}

/* --- alone --- */

static void tell_units(struct engine *e, unsigned budget)
{
    while (e->digest.next < e->digest.n_counts && budget-- && !batch_full(e)) {
        uint32_t unit = e->digest.next;
        if (e->digest.counts[unit])
            emit(e, vocab_text(e->units, unit), e->digest.counts[unit]);
        advance(e, e->digest.of, unit + 1);
    }
    if (e->digest.next >= e->digest.n_counts)
        finish(e);
}

/* --- one of several shards --- */

static int by_unit(const void *a, const void *b)
{
    return digest_compare(((const struct unit_count *)a)->unit, ((const struct unit_count *)b)->unit);
}

static void hand_over(struct engine *e)
{
    const struct engine_office *o = e->options.office;
    struct unit_count *v = mem_alloc(e->digest.n_counts * sizeof *v);
    unsigned n = 0;
    for (uint32_t unit = 1; unit < e->digest.n_counts; unit++)
        if (e->digest.counts[unit])
            v[n++] = (struct unit_count){vocab_text(e->units, unit), e->digest.counts[unit]};
    qsort(v, n, sizeof *v, by_unit);
    o->count_units(o->arg, e->digest.of, v, n);
    free(v);
    e->digest.handed = true;
}

/* The first of them that was not told before a restart. */
static uint32_t first_left(const struct engine *e, const struct unit_count *v, unsigned n)
{
    uint32_t low = 0, high = n;
    struct str after = str_of(e->digest.month == e->digest.of ? e->digest.after : "");
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (digest_compare(v[middle].unit, after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void tell_sums(struct engine *e, unsigned budget)
{
    const struct engine_office *o = e->options.office;
    const struct unit_count *v;
    unsigned n;
    if (!e->digest.handed)
        hand_over(e);
    if (!o->unit_totals(o->arg, e->digest.of, &v, &n))
        return;
    if (!e->digest.telling)
        e->digest.at = first_left(e, v, n);
    e->digest.telling = true;
    for (; e->digest.at < n && budget && !batch_full(e); e->digest.at++, budget--) {
        const struct unit_count *c = &v[e->digest.at];
        if (c->count)
            emit(e, c->unit, c->count);
        digest_told(e, e->digest.of, c->unit);
    }
    e->stamp_at = 0;
    if (e->digest.at >= n)
        finish(e);
}

/* --- both --- */

void digest_run(struct engine *e, unsigned budget)
{
    bool due = digest_next(e) <= e->env.now;
    /* Shards that do not count for the rest of a month leave the others without its sums. */
    if (e->digest.handed && !e->digest.telling && due)
        digest_done(e);
    if (!e->digest.running) {
        if (!due)
            return;
        begin(e);
    }
    if (e->digest.person < roster_count(e->roster)) {
        count(e, budget);
        return;
    }
    if (e->options.office) {
        tell_sums(e, budget);
        return;
    }
    tell_units(e, budget);
    e->stamp_at = 0; /* how far it got is durable together with the events */
}

void digest_done(struct engine *e)
{
    free(e->digest.counts);
    e->digest.counts = NULL;
    e->digest.running = e->digest.handed = e->digest.telling = false;
}
