/* Certifications: accepted, superseded or rejected; what was false, revoked; a home visit booked. */
#include "core/deciding.h"

/* The checks in the order of the manual, from the third on. */
static enum reason certify_fault(const struct env *env, const struct record *r, const struct input *in, bool revoked)
{
    const struct policy *p = env_policy(env, r);
    lc_date c = in->certified_on;
    if (r->status == STATUS_TERMINATED)
        return REASON_TERMINATED;
    if (revoked)
        return REASON_REVOKED;
    if (!policy_accepts(p, env->input_channel))
        return REASON_CHANNEL_NOT_ACCEPTED;
    if (c > env->today)
        return REASON_IN_FUTURE;
    if (c < r->approved_on)
        return REASON_BEFORE_APPROVAL;
    if (r->status == STATUS_SUSPENDED && !in->evidence.p) {
        struct dates dates;
        record_dates(p, r, &dates);
        lc_date lapse = policy_lapse(p, dates.base);
        if (lapse != DATE_NONE && c >= lapse)
            return REASON_EVIDENCE_REQUIRED;
    }
    if (r->certified_on != DATE_NONE && c <= r->certified_on)
        return REASON_NONE; /* superseded */
    return env->today > policy_due(p, c) + p->grace ? REASON_STALE : REASON_NONE;
}

void op_certify(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    const struct certification *seen = env->history ? history_find(env->history, in->channel, in->ref) : NULL;
    if (seen && !seen->revoked)
        return;
    enum reason fault = certify_fault(env, r, in, seen != NULL);
    if (fault != REASON_NONE) {
        decision_reject(env, in, fault, d);
        return;
    }
    struct dates before;
    record_dates(env_policy(env, r), r, &before);
    d->result = RESULT_APPLIED;
    bool superseded = r->certified_on != DATE_NONE && in->certified_on <= r->certified_on;
    struct event *e = decision_emit(env, d, EV_ACCEPTED);
    e->u.accepted.ref = in->ref;
    e->u.accepted.channel = in->channel;
    e->u.accepted.evidence = in->evidence;
    e->u.accepted.certified_on = in->certified_on;
    e->u.accepted.received_on = env->today;
    e->u.accepted.effect = superseded ? EFFECT_SUPERSEDED : EFFECT_RENEWED;
    e->u.accepted.due_on = superseded ? before.due : policy_due(env_policy(env, r), in->certified_on);
    e->u.accepted.on_behalf = in->by.p != NULL;
    decision_apply(env, r, e);
    if (!superseded && r->status == STATUS_SUSPENDED)
        decision_resume(env, r, in->certified_on <= before.grace_until ? RESUMED_CERTIFIED_IN_TIME : RESUMED_RECERTIFIED, d);
}

void op_revoke(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status == STATUS_TERMINATED) {
        decision_reject(env, in, REASON_TERMINATED, d);
        return;
    }
    const struct certification *c = history_find(env->history, in->channel, in->ref);
    if (!c || c->revoked) {
        decision_reject(env, in, REASON_NO_SUCH_CERTIFICATION, d);
        return;
    }
    lc_date old_base = r->certified_on; /* this one's at least */
    lc_date certified_on = history_certified(env->history, c);
    lc_date base = certified_on != DATE_NONE ? certified_on : r->approved_on;
    d->result = RESULT_APPLIED;
    struct event *e = decision_emit(env, d, EV_REVOKED);
    e->u.revoked.ref = in->ref;
    e->u.revoked.channel = in->channel;
    e->u.revoked.reason = in->reason;
    e->u.revoked.effect = base == old_base ? EFFECT_NONE : EFFECT_REVERTED;
    e->u.revoked.due_on = policy_due(env_policy(env, r), base);
    e->u.revoked.certified_on = certified_on;
    decision_apply(env, r, e);
}

void op_defer(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    const struct policy *p = env_policy(env, r);
    struct dates dates;
    record_dates(p, r, &dates);
    lc_date last = date_later(dates.due + p->grace, r->notice_until) + p->defer_max;
    bool deferrable = r->status == STATUS_ACTIVE || r->status == STATUS_GRACE;
    if (!deferrable || in->until < env->today || in->until > last) {
        decision_reject(env, in, REASON_NOT_DEFERRABLE, d);
        return;
    }
    if (in->until <= dates.grace_until)
        return;
    d->result = RESULT_APPLIED;
    struct event *e = decision_emit(env, d, EV_DEFERRED);
    e->u.deferred.until = in->until;
    e->u.deferred.suspend_on = in->until + 1;
    e->u.deferred.reason = in->reason;
    decision_apply(env, r, e);
}
