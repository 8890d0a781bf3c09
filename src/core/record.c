#include "core/record.h"

void record_dates(const struct policy *p, const struct record *r, struct dates *out)
{
    out->base = r->certified_on != DATE_NONE ? r->certified_on : r->approved_on;
    out->due = policy_due(p, out->base);
    /* DATE_NONE is below every date, so what is not set does not count. */
    out->grace_until = date_later(out->due + p->grace, date_later(r->deferred_until, r->notice_until));
    out->suspend_on = out->grace_until + 1;
}

static lc_instant reminder_instant(const struct policy *p, const struct tz *tz, lc_date on)
{
    return tz_instant(tz, on, p->remind_at);
}

/* Has the reminder's instant come? Today's is the only one for which the time of day matters. */
static bool has_come(const struct policy *p, const struct tz *tz, lc_date on, lc_instant now, lc_date today)
{
    return on < today || (on == today && reminder_instant(p, tz, on) <= now);
}

int record_reminder(const struct policy *p, const struct record *r, const struct tz *tz, lc_instant now, lc_date today,
                    const struct reminders *all, int *missed)
{
    int pick = -1, come = 0;
    for (int i = 0; i < all->n; i++) {
        if (all->on[i] <= r->reminded_on)
            continue;
        if (has_come(p, tz, all->on[i], now, today)) {
            pick = i;
            come++;
        } else if (pick < 0) {
            pick = i;
            break;
        }
    }
    *missed = come > 1 ? come - 1 : 0;
    return pick;
}

static struct deadline at_midnight(enum deadline_kind kind, const struct tz *tz, lc_date on)
{
    return (struct deadline){kind, tz_instant(tz, on, 0)};
}

static struct deadline next_of_active(const struct policy *p, const struct record *r, const struct tz *tz,
                                      lc_instant now, lc_date today)
{
    struct dates dates;
    record_dates(p, r, &dates);
    if (today <= dates.due && p->remind_ahead) {
        struct reminders all;
        int missed;
        policy_reminders(p, dates.base, dates.due, &all);
        int i = record_reminder(p, r, tz, now, today, &all, &missed);
        if (i >= 0)
            return (struct deadline){DEADLINE_REMINDER, reminder_instant(p, tz, all.on[i])};
    }
    if (dates.suspend_on > dates.due + 1)
        return at_midnight(DEADLINE_GRACE, tz, dates.due + 1);
    return at_midnight(DEADLINE_SUSPENSION, tz, dates.suspend_on);
}

static struct deadline next_of_grace(const struct policy *p, const struct record *r, const struct tz *tz)
{
    struct dates dates;
    record_dates(p, r, &dates);
    return at_midnight(DEADLINE_SUSPENSION, tz, dates.suspend_on);
}

static struct deadline next_of_suspended(const struct policy *p, const struct record *r, const struct tz *tz)
{
    struct dates dates;
    record_dates(p, r, &dates);
    lc_date lapse = policy_lapse(p, dates.base);
    if (lapse == DATE_NONE || r->lapsed)
        return (struct deadline){DEADLINE_NONE, INSTANT_NONE};
    return at_midnight(DEADLINE_LAPSE, tz, date_later(lapse, r->suspended_on));
}

struct deadline record_next(const struct policy *p, const struct record *r, const struct tz *tz, lc_instant now,
                            lc_date today)
{
    switch (r->status) {
    case STATUS_ACTIVE: return next_of_active(p, r, tz, now, today);
    case STATUS_GRACE: return next_of_grace(p, r, tz);
    case STATUS_SUSPENDED: return next_of_suspended(p, r, tz);
    default: return (struct deadline){DEADLINE_NONE, INSTANT_NONE};
    }
}
