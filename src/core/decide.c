/* What the decisions share, and which file decides what. */
#include "core/deciding.h"

#include <stdlib.h>

#include "base/buf.h"
#include "core/pay.h"

/* The longest lists one decision can make: arrears and overpaid lie behind each other, so all months once, and a
 * few for paydays beyond the last one. */
#define PAYS_MAX (MONTH_MAX + 24)

void decision_init(struct decision *d)
{
    *d = (struct decision){.pays = mem_zalloc(PAYS_MAX, sizeof *d->pays), .cap_pays = PAYS_MAX};
}

void decision_done(struct decision *d)
{
    free(d->pays);
    *d = (struct decision){0};
}

void decision_begin(struct decision *d)
{
    d->result = RESULT_UNCHANGED;
    d->reason = REASON_NONE;
    d->n = 0;
    d->n_pays = 0;
}

struct event *decision_emit(const struct env *env, struct decision *d, enum event_type type)
{
    struct event *e = &d->events[d->n++];
    *e = (struct event){
        .time = env->now,
        .offset = env->offset,
        .today = env->today,
        .simulated = env->simulated,
        .type = type,
        .subject = env->id,
    };
    return e;
}

const struct policy *env_policy(const struct env *env, const struct record *r)
{
    return &env->policies[r->policy];
}

void decision_apply(const struct env *env, struct record *r, const struct event *e)
{
    record_apply(env->policies, r, e, r->policy);
}

lc_date env_due(const struct env *env, const struct record *r)
{
    struct dates dates;
    record_dates(env_policy(env, r), r, &dates);
    return dates.due;
}

void decision_reject(const struct env *env, const struct input *in, enum reason reason, struct decision *d)
{
    d->result = RESULT_REJECTED;
    d->reason = reason;
    if (in->op == OP_CERTIFY) {
        struct event *e = decision_emit(env, d, EV_CERT_REJECTED);
        e->u.cert_rejected.ref = in->ref;
        e->u.cert_rejected.channel = in->channel;
        e->u.cert_rejected.evidence = in->evidence;
        e->u.cert_rejected.certified_on = in->certified_on;
        e->u.cert_rejected.received_on = env->today;
        e->u.cert_rejected.reason = reason;
        return;
    }
    struct event *e = decision_emit(env, d, EV_INPUT_REJECTED);
    e->u.input_rejected.op = in->op;
    e->u.input_rejected.reason = reason;
    e->u.input_rejected.input = in;
    e->u.input_rejected.given = STR_NONE;
}

void decision_resume(const struct env *env, struct record *r, enum resume_reason reason, struct decision *d)
{
    const struct policy *p = env_policy(env, r);
    lc_date day = p->resume == RESUME_IMMEDIATE ? env->today : date_addm(date_bom(env->today), 1);
    struct event *e = decision_emit(env, d, EV_RESUMED);
    e->u.resumed.reason = reason;
    e->u.resumed.suspended_on = r->suspended_on;
    e->u.resumed.resumed_on = day;
    pay_withheld(d, &e->u.resumed.back_pay, p, env->history, r->withheld_from, day);
    e->u.resumed.first_period = date_later(policy_first_paid(p, day), r->withheld_from);
    decision_apply(env, r, e);
}

unsigned decide_needs(const struct record *r, const struct input *in, bool maybe_seen)
{
    switch (in->op) {
    case OP_CERTIFY: return maybe_seen || r->status == STATUS_SUSPENDED ? NEED_HISTORY : 0;
    case OP_AMEND: {
        bool resumes = in->given & M_POLICY && r->status == STATUS_SUSPENDED;
        return (in->given & M_AMOUNT || resumes ? NEED_HISTORY : 0) | (in->given & (M_NAME | M_PHONE) ? NEED_CONTACT : 0);
    }
    case OP_ENROL:
    case OP_REVOKE:
    case OP_REPORT_DEATH:
    case OP_RETRACT_DEATH: return NEED_HISTORY;
    default: return 0;
    }
}

void decide_input(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    static op_handler *const handlers[OP_N] = {
        [OP_ENROL] = op_enrol_again,
        [OP_AMEND] = op_amend,
        [OP_CERTIFY] = op_certify,
        [OP_REVOKE] = op_revoke,
        [OP_DEFER] = op_defer,
        [OP_REPORT_DEATH] = op_report_death,
        [OP_RETRACT_DEATH] = op_retract_death,
        [OP_ERASE] = op_erase,
    };
    decision_begin(d);
    if (in->given & M_POLICY && env->input_policy == POLICY_UNKNOWN)
        decision_reject(env, in, REASON_UNKNOWN_POLICY, d);
    else
        handlers[in->op](env, r, in, d);
}
