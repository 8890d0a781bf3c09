#include "core/policy.h"

struct policy policy_default(void)
{
    return (struct policy){
        .cycle_unit = CYCLE_MONTHS,
        .cycle = 12,
        .validity = VALIDITY_MONTH_END,
        .remind_ahead = 3,
        .remind_every = 1,
        .remind_at = 9 * 3600,
        .grace = 15,
        .payday = 15,
        .resume = RESUME_IMMEDIATE,
        .evidence_after = 24,
        .defer_max = 30,
        .notice = 15,
    };
}

bool policy_accepts(const struct policy *p, unsigned channel)
{
    return p->channels == 0 || (p->channels >> channel & 1);
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
    return a->cycle_unit == b->cycle_unit && a->cycle == b->cycle && a->validity == b->validity &&
           a->remind_ahead == b->remind_ahead && a->remind_every == b->remind_every && a->remind_at == b->remind_at &&
           a->grace == b->grace && a->payday == b->payday && a->resume == b->resume &&
           a->evidence_after == b->evidence_after && a->defer_max == b->defer_max && a->notice == b->notice &&
           a->channels == b->channels;
}

/* eom(addm(bom(base), n)) is the last day of a month: reckoned in months, for this is asked more than anything. */
lc_date policy_due(const struct policy *p, lc_date base)
{
    bool month_end = p->validity == VALIDITY_MONTH_END;
    if (p->cycle_unit == CYCLE_DAYS)
        return month_end ? date_eom(base + p->cycle) : base + p->cycle;
    return month_end ? month_day(date_month(base) + p->cycle, 31) : date_addm(base, p->cycle);
}

void policy_reminders(const struct policy *p, lc_date base, lc_date due, struct reminders *out)
{
    bool month_end = p->validity == VALIDITY_MONTH_END;
    lc_month due_month = month_end ? date_month(due) : MONTH_NONE;
    out->n = 0;
    for (int m = p->remind_ahead; m > 0; m -= p->remind_every) {
        lc_date on = month_end ? month_day(due_month - (m - 1), 1) : date_addm(due, -m);
        if (on > base)
            out->on[out->n++] = on;
    }
}

lc_date policy_payday(const struct policy *p, lc_month period)
{
    return month_day(period, p->payday);
}

lc_month policy_first_paid(const struct policy *p, lc_date d)
{
    lc_month m = date_month(d);
    return policy_payday(p, m) >= d ? m : m + 1;
}

lc_date policy_lapse(const struct policy *p, lc_date base)
{
    return p->evidence_after ? date_addm(base, p->evidence_after) : DATE_NONE;
}
