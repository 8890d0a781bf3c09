/* Deaths reported and retracted, and the erasure that may follow. */
#include "core/deciding.h"
#include "core/pay.h"

static void terminate(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    const struct policy *p = env_policy(env, r);
    lc_month last = date_month(in->died_on);
    d->result = RESULT_APPLIED;
    struct event *e = decision_emit(env, d, EV_TERMINATED);
    e->u.terminated.died_on = in->died_on;
    e->u.terminated.reported_on = env->today;
    e->u.terminated.last_period = last;
    pay_overpaid(d, &e->u.terminated.overpaid, p, env->history, r, last, env->today);
    pay_arrears(d, &e->u.terminated.arrears, p, env->history, r, last);
    e->u.terminated.certified_after = r->certified_on > in->died_on ? r->certified_on : DATE_NONE;
    decision_apply(env, r, e);
}

void op_report_death(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (in->died_on > env->today)
        decision_reject(env, in, REASON_IN_FUTURE, d);
    else if (in->died_on < r->approved_on)
        decision_reject(env, in, REASON_BEFORE_APPROVAL, d);
    else if (r->status != STATUS_TERMINATED)
        terminate(env, r, in, d);
    else if (in->died_on != env->history->died_on)
        decision_reject(env, in, REASON_TERMINATED, d);
}

void op_retract_death(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status != STATUS_TERMINATED) {
        decision_reject(env, in, REASON_NOT_TERMINATED, d);
        return;
    }
    const struct history *h = env->history;
    const struct policy *p = env_policy(env, r);
    d->result = RESULT_APPLIED;
    struct event *e = decision_emit(env, d, EV_REINSTATED);
    e->u.reinstated.reason = in->reason;
    e->u.reinstated.undoes = h->terminated_seq;
    e->u.reinstated.terminated_on = r->terminated_on;
    pay_reinstated(d, &e->u.reinstated.back_pay, p, h, r, env->today);
    e->u.reinstated.first_period =
        r->suspended_at_death ? MONTH_NONE : date_later(policy_first_paid(p, env->today), h->last_period + 1);
    e->u.reinstated.status = r->suspended_at_death ? STATUS_SUSPENDED : STATUS_ACTIVE;
    decision_apply(env, r, e);
}

void op_erase(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status != STATUS_TERMINATED) {
        decision_reject(env, in, REASON_NOT_TERMINATED, d);
        return;
    }
    if (r->erased)
        return;
    d->result = RESULT_APPLIED;
    decision_apply(env, r, decision_emit(env, d, EV_ERASED));
}
