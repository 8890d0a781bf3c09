/* A unit's digest: once a month every unit (an employer, a village office) is told how many of its beneficiaries were
 * reminded this month and are not certified yet (lifecertd-rules(7), "Units"). Everybody is counted in slices, then the
 * units follow in the order of their numbers, so that their own events say how far it got. */
#include <stdlib.h>

#include "engine/internal.h"

/* Late enough that most have certified who would by themselves, early enough for the others. */
#define DIGEST_DAY 20
#define DIGEST_SECOND (10 * 3600)

static lc_instant instant_of(const struct engine *e, lc_month month)
{
    return tz_instant(e->env.tz, month_day(month, DIGEST_DAY), DIGEST_SECOND);
}

/* How far the month's digests have got: later months and later units come after. */
static void advance(struct engine *e, lc_month month, uint32_t next)
{
    if (month > e->digest.month || (month == e->digest.month && next > e->digest.next)) {
        e->digest.month = month;
        e->digest.next = next;
    }
}

void digest_note(struct engine *e, const struct event *ev)
{
    uint32_t unit = vocab_find(e->units, ev->u.digest.unit);
    advance(e, ev->u.digest.month, unit + 1);
}

void digest_reached(struct engine *e, lc_month month, uint32_t next)
{
    advance(e, month, next);
}

lc_instant digest_next(const struct engine *e)
{
    lc_month month = date_month(e->env.today);
    /* A clock that is not to be trusted must not use a month up. */
    if (vocab_count(e->units) == 0 || holds_clock_on(e))
        return INSTANT_NONE;
    bool done = e->digest.month > month || (e->digest.month == month && e->digest.next == DIGEST_DONE);
    return instant_of(e, done ? month + 1 : month);
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

static void emit(struct engine *e, uint32_t unit)
{
    struct event ev = {
        .time = e->env.now,
        .offset = e->env.offset,
        .today = e->env.today,
        .simulated = e->simulated,
        .type = EV_UNIT_DIGEST,
        .subject = STR_NONE,
    };
    ev.u.digest.unit = vocab_text(e->units, unit);
    ev.u.digest.month = e->digest.of;
    ev.u.digest.count = e->digest.counts[unit];
    batch_add(e, &ev);
}

static void finish(struct engine *e)
{
    digest_done(e);
    advance(e, e->digest.of, DIGEST_DONE);
}

void digest_run(struct engine *e, unsigned budget)
{
    if (!e->digest.running) {
        if (digest_next(e) > e->env.now)
            return;
        begin(e);
    }
    if (e->digest.person < roster_count(e->roster)) {
        count(e, budget);
        return;
    }
    while (e->digest.next < e->digest.n_counts && budget-- && !batch_full(e)) {
        uint32_t unit = e->digest.next;
        if (e->digest.counts[unit])
            emit(e, unit);
        advance(e, e->digest.of, unit + 1);
    }
    if (e->digest.next >= e->digest.n_counts)
        finish(e);
    e->stamp_at = 0; /* how far it got is durable together with the events */
}

void digest_done(struct engine *e)
{
    free(e->digest.counts);
    e->digest.counts = NULL;
    e->digest.running = false;
}
