/* What happens by itself: one deadline that is due. */
#include "core/deciding.h"

static void remind(const struct env *env, const struct record *r, struct decision *d)
{
    const struct policy *p = env_policy(env, r);
    struct dates dates;
    struct reminders all;
    int missed;
    record_dates(p, r, &dates);
    policy_reminders(p, dates.base, dates.due, &all);
    int i = record_reminder(p, r, env->tz, env->now, env->today, &all, &missed);
    if (i < 0)
        return;
    struct event *e = decision_emit(env, d, EV_REMINDER);
    e->u.reminder.due_on = dates.due;
    e->u.reminder.number = i + 1;
    e->u.reminder.of = all.n;
    e->u.reminder.missed = missed;
}

static void start_grace(const struct env *env, const struct record *r, struct decision *d)
{
    struct dates dates;
    record_dates(env_policy(env, r), r, &dates);
    struct event *e = decision_emit(env, d, EV_GRACE);
    e->u.grace.due_on = dates.due;
    e->u.grace.grace_until = dates.grace_until;
}

static void suspend(const struct env *env, const struct record *r, struct decision *d)
{
    const struct policy *p = env_policy(env, r);
    struct event *e = decision_emit(env, d, EV_SUSPENDED);
    e->u.suspended.due_on = env_due(env, r);
    e->u.suspended.suspended_on = env->today;
    e->u.suspended.first_withheld_period = policy_first_paid(p, date_later(env->today, r->resumed_on));
}

static void lapse(const struct env *env, const struct record *r, struct decision *d)
{
    struct dates dates;
    record_dates(env_policy(env, r), r, &dates);
    struct event *e = decision_emit(env, d, EV_LAPSED);
    e->u.lapsed.base_on = dates.base;
    e->u.lapsed.lapsed_on = policy_lapse(env_policy(env, r), dates.base);
}

void decide_deadline(const struct env *env, struct record *r, enum deadline_kind kind, struct decision *d)
{
    typedef void handler(const struct env *, const struct record *, struct decision *);
    static handler *const handlers[DEADLINE_N] = {
        [DEADLINE_REMINDER] = remind,
        [DEADLINE_GRACE] = start_grace,
        [DEADLINE_SUSPENSION] = suspend,
        [DEADLINE_LAPSE] = lapse,
    };
    decision_begin(d);
    handlers[kind](env, r, d);
    if (d->n)
        decision_apply(env, r, &d->events[0]);
}
