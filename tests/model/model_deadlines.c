/* What happens by itself. */
#include "tests/model/model_parts.h"

struct reminder_plan {
    int n;
    int on[12];
};

static struct reminder_plan plan_reminders(const struct m_world *w, const struct m_person *p)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int due = m_due(w, p);
    struct reminder_plan plan = {0};
    for (int m = policy->remind_ahead; m > 0; m -= policy->remind_every) {
        int on = policy->exact_day ? cal_addm(due, -m) : cal_bom(cal_addm(cal_bom(due), -(m - 1)));
        if (on > m_base(p))
            plan.on[plan.n++] = on;
    }
    return plan;
}

static int64_t reminder_at(const struct m_world *w, const struct m_person *p, int on)
{
    return zone_instant(w->zone, on, m_policy_of(w, p)->remind_at);
}

static void offer(struct m_next *next, enum m_deadline kind, int64_t at)
{
    if (next->kind == MD_NONE || at < next->at)
        *next = (struct m_next){kind, at};
}

static void offer_reminder(const struct m_world *w, const struct m_person *p, int64_t now, struct m_next *next)
{
    struct reminder_plan plan = plan_reminders(w, p);
    if (m_today(w, now) > m_due(w, p))
        return;
    /* the latest one that has come, else the first that is still to come */
    for (int i = plan.n - 1; i >= 0; i--) {
        if (plan.on[i] > p->reminded_on && reminder_at(w, p, plan.on[i]) <= now) {
            offer(next, MD_REMINDER, reminder_at(w, p, plan.on[i]));
            return;
        }
    }
    for (int i = 0; i < plan.n; i++) {
        if (plan.on[i] > p->reminded_on) {
            offer(next, MD_REMINDER, reminder_at(w, p, plan.on[i]));
            return;
        }
    }
}

struct m_next m_next(const struct m_world *w, const struct m_person *p, int64_t now)
{
    struct m_next next = {MD_NONE, CAL_NEVER};
    int due = m_due(w, p), suspend_on = m_suspend_on(w, p), lapse_on = m_lapse_on(w, p);
    if (p->status == MS_ACTIVE)
        offer_reminder(w, p, now, &next);
    if (p->status == MS_ACTIVE && suspend_on > due + 1)
        offer(&next, MD_GRACE, zone_instant(w->zone, due + 1, 0));
    if (p->status == MS_ACTIVE || p->status == MS_GRACE)
        offer(&next, MD_SUSPENSION, zone_instant(w->zone, suspend_on, 0));
    if (p->status == MS_SUSPENDED && lapse_on && !p->lapsed)
        offer(&next, MD_LAPSE, zone_instant(w->zone, lapse_on, 0));
    return next;
}

static void remind(struct m_world *w, struct m_person *p, int64_t now)
{
    struct reminder_plan plan = plan_reminders(w, p);
    int number = 0, passed = 0;
    for (int i = 0; i < plan.n; i++) {
        if (plan.on[i] > p->reminded_on && reminder_at(w, p, plan.on[i]) <= now) {
            number = i + 1;
            passed++;
        }
    }
    struct m_event *e = m_emit(w, p, MT_REMINDER, now);
    e->due_on = m_due(w, p);
    e->number = number;
    e->of = plan.n;
    e->missed = passed - 1;
    p->reminded_on = plan.on[number - 1];
}

static void begin_grace(struct m_world *w, struct m_person *p, int64_t now)
{
    struct m_event *e = m_emit(w, p, MT_GRACE, now);
    e->due_on = m_due(w, p);
    e->grace_until = m_grace_until(w, p);
    p->status = MS_GRACE;
}

static void suspend(struct m_world *w, struct m_person *p, int64_t now)
{
    int last_r = m_last_r(p);
    p->status = MS_SUSPENDED;
    p->suspended_on = m_today(w, now);
    p->withheld_from = m_first_paid(m_policy_of(w, p), p->suspended_on > last_r ? p->suspended_on : last_r);
    struct m_event *e = m_emit(w, p, MT_SUSPENDED, now);
    e->reason = "not-certified";
    e->due_on = m_due(w, p);
    e->suspended_on = p->suspended_on;
    e->first_withheld_period = p->withheld_from;
}

static void lapse(struct m_world *w, struct m_person *p, int64_t now)
{
    struct m_event *e = m_emit(w, p, MT_LAPSED, now);
    e->base_on = m_base(p);
    e->lapsed_on = m_lapse_on(w, p);
    p->lapsed = true;
}

void m_run_deadline(struct m_world *w, struct m_person *p, enum m_deadline kind, int64_t now)
{
    switch (kind) {
    case MD_REMINDER: remind(w, p, now); break;
    case MD_GRACE: begin_grace(w, p, now); break;
    case MD_SUSPENSION: suspend(w, p, now); break;
    case MD_LAPSE: lapse(w, p, now); break;
    case MD_NONE: break;
    }
}
