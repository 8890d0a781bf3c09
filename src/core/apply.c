/* How each event moves a record: the only place that changes one. Replay is this file and nothing else. */
#include "core/decide.h"

/* "Notice is given". Nothing takes notice away. */
static void give_notice(const struct policy *p, struct record *r, lc_date today)
{
    if (r->notice_until < today + p->notice)
        r->notice_until = today + p->notice;
}

static void apply_enrolled(const struct policy *policies, struct record *r, const struct event *e, uint8_t policy)
{
    *r = (struct record){
        .status = STATUS_ACTIVE,
        .policy = policy,
        .approved_on = e->u.enrolled.approved_on,
        .certified_on = e->u.enrolled.last_certified_on,
    };
    give_notice(&policies[policy], r, e->today);
}

static void apply_policy(const struct policy *policies, struct record *r, const struct event *e, uint8_t policy)
{
    struct dates before, after;
    record_dates(&policies[r->policy], r, &before);
    r->policy = policy;
    if (r->status != STATUS_SUSPENDED)
        give_notice(&policies[policy], r, e->today);
    record_dates(&policies[policy], r, &after);
    if (after.due != before.due)
        r->reminded_on = DATE_NONE;
    if (r->status == STATUS_GRACE && (after.due != before.due || after.suspend_on != before.suspend_on))
        r->status = STATUS_ACTIVE;
}

static void apply_amended(const struct policy *policies, struct record *r, const struct event *e, uint8_t policy)
{
    if (e->u.amended.personal)
        r->erased = false;
    if (e->u.amended.given & M_POLICY)
        apply_policy(policies, r, e, policy);
}

/* A suspended one stays so until the benefit.resumed that follows. */
static void apply_accepted(struct record *r, const struct event *e)
{
    if (e->u.accepted.effect != EFFECT_RENEWED)
        return;
    lc_date base = r->certified_on != DATE_NONE ? r->certified_on : r->approved_on;
    if (e->u.accepted.certified_on != base)
        r->lapsed = false;
    r->certified_on = e->u.accepted.certified_on;
    r->reminded_on = e->today;
    if (r->status == STATUS_GRACE)
        r->status = STATUS_ACTIVE;
}

static void apply_revoked(const struct policy *policies, struct record *r, const struct event *e)
{
    r->certified_on = e->u.revoked.certified_on;
    if (e->u.revoked.effect != EFFECT_REVERTED)
        return;
    r->reminded_on = DATE_NONE;
    r->lapsed = false;
    if (r->status == STATUS_SUSPENDED)
        return;
    r->deferred_until = DATE_NONE;
    give_notice(&policies[r->policy], r, e->today);
    r->status = STATUS_ACTIVE;
}

static void apply_reminder(const struct policy *policies, struct record *r, const struct event *e)
{
    struct dates dates;
    struct reminders all;
    record_dates(&policies[r->policy], r, &dates);
    policy_reminders(&policies[r->policy], dates.base, dates.due, &all);
    int i = e->u.reminder.number - 1;
    if (i >= 0 && i < all.n)
        r->reminded_on = all.on[i];
}

static void apply_suspended(struct record *r, const struct event *e)
{
    r->status = STATUS_SUSPENDED;
    r->suspended_on = e->u.suspended.suspended_on;
    r->withheld_from = e->u.suspended.first_withheld_period;
}

static void end_suspension(struct record *r)
{
    r->suspended_on = DATE_NONE;
    r->withheld_from = MONTH_NONE;
}

static void apply_resumed(const struct policy *policies, struct record *r, const struct event *e)
{
    r->status = STATUS_ACTIVE;
    r->resumed_on = e->u.resumed.resumed_on;
    r->paid_apart = r->paid_apart || e->u.resumed.back_pay.n;
    end_suspension(r);
    give_notice(&policies[r->policy], r, e->today);
}

static void apply_terminated(struct record *r, const struct event *e)
{
    r->suspended_at_death = r->status == STATUS_SUSPENDED;
    r->status = STATUS_TERMINATED;
    r->terminated_on = e->u.terminated.reported_on;
    r->paid_apart = r->paid_apart || e->u.terminated.arrears.n;
    if (r->suspended_at_death && r->withheld_from <= e->u.terminated.last_period)
        r->withheld_from = e->u.terminated.last_period + 1;
}

static void apply_reinstated(const struct policy *policies, struct record *r, const struct event *e, uint8_t policy)
{
    r->policy = policy;
    r->status = e->u.reinstated.status;
    r->paid_apart = r->paid_apart || e->u.reinstated.back_pay.n;
    r->terminated_on = DATE_NONE;
    r->suspended_at_death = false;
    r->erased = false;
    if (r->status == STATUS_ACTIVE)
        give_notice(&policies[policy], r, e->today);
}

void record_apply(const struct policy *policies, struct record *r, const struct event *e, uint8_t policy)
{
    switch (e->type) {
    case EV_ENROLLED: apply_enrolled(policies, r, e, policy); break;
    case EV_AMENDED: apply_amended(policies, r, e, policy); break;
    case EV_ERASED: r->erased = true; break;
    case EV_ACCEPTED: apply_accepted(r, e); break;
    case EV_REVOKED: apply_revoked(policies, r, e); break;
    case EV_LAPSED: r->lapsed = true; break;
    case EV_REMINDER: apply_reminder(policies, r, e); break;
    case EV_GRACE: r->status = STATUS_GRACE; break;
    case EV_DEFERRED: r->deferred_until = e->u.deferred.until; break;
    case EV_SUSPENDED: apply_suspended(r, e); break;
    case EV_RESUMED: apply_resumed(policies, r, e); break;
    case EV_TERMINATED: apply_terminated(r, e); break;
    case EV_REINSTATED: apply_reinstated(policies, r, e, policy); break;
    default: break;
    }
}
