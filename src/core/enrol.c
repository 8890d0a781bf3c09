/* Enrolment, and an enrolment sent again. */
#include "core/deciding.h"

static bool enrolment_dates_good(const struct env *env, const struct input *in)
{
    if (in->approved_on > env->today)
        return false;
    return in->last_certified_on == DATE_NONE ||
           (in->last_certified_on >= in->approved_on && in->last_certified_on <= env->today);
}

void decide_enrol(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    decision_begin(d);
    d->result = RESULT_REJECTED;
    if (env->input_policy == POLICY_UNKNOWN) {
        d->reason = REASON_UNKNOWN_POLICY;
        return;
    }
    if (!enrolment_dates_good(env, in)) {
        d->reason = REASON_BAD_DATE;
        return;
    }
    d->result = RESULT_APPLIED;
    bool amount = in->amount != AMOUNT_NONE;
    struct event *e = decision_emit(env, d, EV_ENROLLED);
    lc_date base = in->last_certified_on != DATE_NONE ? in->last_certified_on : in->approved_on;
    e->u.enrolled.policy = in->policy;
    e->u.enrolled.category = in->category;
    e->u.enrolled.unit = in->unit;
    e->u.enrolled.approved_on = in->approved_on;
    e->u.enrolled.last_certified_on = in->last_certified_on;
    e->u.enrolled.amount = in->amount;
    e->u.enrolled.amount_from = !amount                         ? MONTH_NONE
                                : in->amount_from != MONTH_NONE ? in->amount_from
                                                                : date_month(in->approved_on);
    e->u.enrolled.due_on = policy_due(&env->policies[env->input_policy], base);
    record_apply(env->policies, r, e, env->input_policy);
}

/* Does every member given equal what the enrolment recorded? Name and phone do not count. */
static bool same_enrolment(const struct input *in, const struct history *h)
{
    uint32_t g = in->given;
    return (!(g & M_POLICY) || str_eq(in->policy, h->policy)) &&
           (!(g & M_APPROVED_ON) || in->approved_on == h->approved_on) &&
           (!(g & M_LAST_CERTIFIED_ON) || in->last_certified_on == h->last_certified_on) &&
           (!(g & M_CATEGORY) || str_eq(in->category, h->category)) && (!(g & M_UNIT) || str_eq(in->unit, h->unit)) &&
           (!(g & M_AMOUNT) || in->amount == h->amount) &&
           (!(g & M_AMOUNT_FROM) || in->amount == AMOUNT_NONE || in->amount_from == h->amount_from);
}

void op_enrol_again(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    (void)r;
    if (!same_enrolment(in, env->history))
        decision_reject(env, in, REASON_ALREADY_ENROLLED, d);
}
