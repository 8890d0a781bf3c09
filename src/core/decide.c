#include "core/decide.h"

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

static void begin(struct decision *d)
{
    d->result = RESULT_UNCHANGED;
    d->reason = REASON_NONE;
    d->n = 0;
    d->n_pays = 0;
}

static struct event *emit(const struct env *env, struct decision *d, enum event_type type)
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

static const struct policy *policy_of(const struct env *env, const struct record *r)
{
    return &env->policies[r->policy];
}

static void apply(const struct env *env, struct record *r, const struct event *e)
{
    record_apply(env->policies, r, e, r->policy);
}

static lc_date due_of(const struct env *env, const struct record *r)
{
    struct dates dates;
    record_dates(policy_of(env, r), r, &dates);
    return dates.due;
}

static lc_date later(lc_date a, lc_date b)
{
    return a > b ? a : b;
}

/* --- rejections --- */

static void reject(const struct env *env, const struct input *in, enum reason reason, struct decision *d)
{
    d->result = RESULT_REJECTED;
    d->reason = reason;
    if (in->op == OP_CERTIFY) {
        struct event *e = emit(env, d, EV_CERT_REJECTED);
        e->u.cert_rejected.ref = in->ref;
        e->u.cert_rejected.channel = in->channel;
        e->u.cert_rejected.evidence = in->evidence;
        e->u.cert_rejected.certified_on = in->certified_on;
        e->u.cert_rejected.received_on = env->today;
        e->u.cert_rejected.reason = reason;
        return;
    }
    struct event *e = emit(env, d, EV_INPUT_REJECTED);
    e->u.input_rejected.op = in->op;
    e->u.input_rejected.reason = reason;
    e->u.input_rejected.input = in;
    e->u.input_rejected.given = STR_NONE;
}

/* --- resumption --- */

static void resume(const struct env *env, struct record *r, enum resume_reason reason, struct decision *d)
{
    const struct policy *p = policy_of(env, r);
    lc_date day = p->resume == RESUME_IMMEDIATE ? env->today : date_addm(date_bom(env->today), 1);
    struct event *e = emit(env, d, EV_RESUMED);
    e->u.resumed.reason = reason;
    e->u.resumed.suspended_on = r->suspended_on;
    e->u.resumed.resumed_on = day;
    pay_withheld(d, &e->u.resumed.back_pay, p, env->history, r->withheld_from, day);
    e->u.resumed.first_period = later(policy_first_paid(p, day), r->withheld_from);
    apply(env, r, e);
}

/* --- enrol --- */

static bool enrolment_dates_good(const struct env *env, const struct input *in)
{
    if (in->approved_on > env->today)
        return false;
    return in->last_certified_on == DATE_NONE ||
           (in->last_certified_on >= in->approved_on && in->last_certified_on <= env->today);
}

void decide_enrol(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    begin(d);
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
    struct event *e = emit(env, d, EV_ENROLLED);
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

static void enrol_again(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    (void)r;
    if (!same_enrolment(in, env->history))
        reject(env, in, REASON_ALREADY_ENROLLED, d);
}

/* --- amend --- */

/* The entry of exactly that month, or NULL. */
static const struct amount_entry *amount_entry_of(const struct history *h, lc_month from)
{
    for (uint32_t i = 0; i < h->n_amounts; i++)
        if (h->amounts[i].from == from)
            return &h->amounts[i];
    return NULL;
}

static lc_month amount_month(const struct env *env, const struct input *in)
{
    return in->amount_from != MONTH_NONE ? in->amount_from : date_month(env->today);
}

static bool amount_changes(const struct env *env, const struct input *in)
{
    const struct amount_entry *entry = amount_entry_of(env->history, amount_month(env, in));
    return !entry || entry->amount != in->amount;
}

static uint32_t changed_members(const struct env *env, const struct record *r, const struct input *in)
{
    uint32_t changed = 0;
    if (in->given & M_POLICY && !str_is(in->policy, policy_of(env, r)->name))
        changed |= M_POLICY;
    if (in->given & M_CATEGORY && !str_eq(in->category, env->category))
        changed |= M_CATEGORY;
    if (in->given & M_UNIT && !str_eq(in->unit, env->unit))
        changed |= M_UNIT;
    if (in->given & M_AMOUNT && amount_changes(env, in))
        changed |= M_AMOUNT;
    if (in->given & M_NAME && !str_eq(in->name, env->contact->name))
        changed |= M_NAME;
    if (in->given & M_PHONE && !str_eq(in->phone, env->contact->phone))
        changed |= M_PHONE;
    return changed;
}

/* The event's policy is policies[to]; afterwards a suspended person may have time left under it. */
static void apply_amendment(const struct env *env, struct record *r, struct event *e, uint8_t to, struct decision *d)
{
    record_apply(env->policies, r, e, to);
    lc_date due = due_of(env, r);
    e->u.amended.due_on = due;
    if (env->history)
        history_add(env->history, e);
    if (e->u.amended.given & M_POLICY && r->status == STATUS_SUSPENDED && env->today <= due + policy_of(env, r)->grace)
        resume(env, r, RESUMED_POLICY_CHANGED, d);
}

static void amend(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status == STATUS_TERMINATED && in->given & (M_POLICY | M_AMOUNT)) {
        reject(env, in, REASON_TERMINATED, d);
        return;
    }
    uint32_t changed = changed_members(env, r, in);
    if (!changed)
        return;
    d->result = RESULT_APPLIED;
    struct event *e = emit(env, d, EV_AMENDED);
    e->u.amended.given = changed & (M_POLICY | M_CATEGORY | M_UNIT | M_AMOUNT);
    e->u.amended.policy = in->policy;
    e->u.amended.category = in->category;
    e->u.amended.unit = in->unit;
    e->u.amended.amount = in->amount;
    e->u.amended.amount_from = amount_month(env, in);
    e->u.amended.personal = changed & (M_NAME | M_PHONE);
    apply_amendment(env, r, e, changed & M_POLICY ? env->input_policy : r->policy, d);
}

void decide_adoption(const struct env *env, struct record *r, uint8_t to, struct decision *d)
{
    begin(d);
    d->result = RESULT_APPLIED;
    struct event *e = emit(env, d, EV_AMENDED);
    e->u.amended.given = M_POLICY;
    e->u.amended.policy = str_of(env->policies[to].name);
    apply_amendment(env, r, e, to, d);
}

/* --- certify --- */

/* The checks in the order of the manual, from the third on. */
static enum reason certify_fault(const struct env *env, const struct record *r, const struct input *in, bool revoked)
{
    const struct policy *p = policy_of(env, r);
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

static void certify(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    const struct certification *seen = env->history ? history_find(env->history, in->channel, in->ref) : NULL;
    if (seen && !seen->revoked)
        return;
    enum reason fault = certify_fault(env, r, in, seen != NULL);
    if (fault != REASON_NONE) {
        reject(env, in, fault, d);
        return;
    }
    struct dates before;
    record_dates(policy_of(env, r), r, &before);
    d->result = RESULT_APPLIED;
    bool superseded = r->certified_on != DATE_NONE && in->certified_on <= r->certified_on;
    struct event *e = emit(env, d, EV_ACCEPTED);
    e->u.accepted.ref = in->ref;
    e->u.accepted.channel = in->channel;
    e->u.accepted.evidence = in->evidence;
    e->u.accepted.certified_on = in->certified_on;
    e->u.accepted.received_on = env->today;
    e->u.accepted.effect = superseded ? EFFECT_SUPERSEDED : EFFECT_RENEWED;
    e->u.accepted.due_on = superseded ? before.due : policy_due(policy_of(env, r), in->certified_on);
    e->u.accepted.on_behalf = in->by.p != NULL;
    apply(env, r, e);
    if (!superseded && r->status == STATUS_SUSPENDED)
        resume(env, r, in->certified_on <= before.grace_until ? RESUMED_CERTIFIED_IN_TIME : RESUMED_RECERTIFIED, d);
}

/* --- revoke, defer --- */

static void revoke(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status == STATUS_TERMINATED) {
        reject(env, in, REASON_TERMINATED, d);
        return;
    }
    const struct certification *c = history_find(env->history, in->channel, in->ref);
    if (!c || c->revoked) {
        reject(env, in, REASON_NO_SUCH_CERTIFICATION, d);
        return;
    }
    lc_date old_base = r->certified_on != DATE_NONE ? r->certified_on : r->approved_on;
    lc_date certified_on = history_certified(env->history, c);
    lc_date base = certified_on != DATE_NONE ? certified_on : r->approved_on;
    d->result = RESULT_APPLIED;
    struct event *e = emit(env, d, EV_REVOKED);
    e->u.revoked.ref = in->ref;
    e->u.revoked.channel = in->channel;
    e->u.revoked.reason = in->reason;
    e->u.revoked.effect = base == old_base ? EFFECT_NONE : EFFECT_REVERTED;
    e->u.revoked.due_on = policy_due(policy_of(env, r), base);
    e->u.revoked.certified_on = certified_on;
    apply(env, r, e);
}

static void defer(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    const struct policy *p = policy_of(env, r);
    struct dates dates;
    record_dates(p, r, &dates);
    lc_date last = later(dates.due + p->grace, r->notice_until) + p->defer_max;
    bool deferrable = r->status == STATUS_ACTIVE || r->status == STATUS_GRACE;
    if (!deferrable || in->until < env->today || in->until > last) {
        reject(env, in, REASON_NOT_DEFERRABLE, d);
        return;
    }
    if (in->until <= dates.grace_until)
        return;
    d->result = RESULT_APPLIED;
    struct event *e = emit(env, d, EV_DEFERRED);
    e->u.deferred.until = in->until;
    e->u.deferred.suspend_on = in->until + 1;
    e->u.deferred.reason = in->reason;
    apply(env, r, e);
}

/* --- death, and its retraction --- */

static void terminate(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    const struct policy *p = policy_of(env, r);
    lc_month last = date_month(in->died_on);
    d->result = RESULT_APPLIED;
    struct event *e = emit(env, d, EV_TERMINATED);
    e->u.terminated.died_on = in->died_on;
    e->u.terminated.reported_on = env->today;
    e->u.terminated.last_period = last;
    pay_overpaid(d, &e->u.terminated.overpaid, p, env->history, r, last, env->today);
    pay_arrears(d, &e->u.terminated.arrears, p, env->history, r, last);
    e->u.terminated.certified_after = r->certified_on > in->died_on ? r->certified_on : DATE_NONE;
    apply(env, r, e);
}

static void report_death(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (in->died_on > env->today)
        reject(env, in, REASON_IN_FUTURE, d);
    else if (in->died_on < r->approved_on)
        reject(env, in, REASON_BEFORE_APPROVAL, d);
    else if (r->status != STATUS_TERMINATED)
        terminate(env, r, in, d);
    else if (in->died_on != env->history->died_on)
        reject(env, in, REASON_TERMINATED, d);
}

static void retract_death(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status != STATUS_TERMINATED) {
        reject(env, in, REASON_NOT_TERMINATED, d);
        return;
    }
    const struct history *h = env->history;
    const struct policy *p = policy_of(env, r);
    d->result = RESULT_APPLIED;
    struct event *e = emit(env, d, EV_REINSTATED);
    e->u.reinstated.reason = in->reason;
    e->u.reinstated.undoes = h->terminated_seq;
    e->u.reinstated.terminated_on = r->terminated_on;
    pay_reinstated(d, &e->u.reinstated.back_pay, p, h, r, env->today);
    e->u.reinstated.first_period =
        r->suspended_at_death ? MONTH_NONE : later(policy_first_paid(p, env->today), h->last_period + 1);
    e->u.reinstated.status = r->suspended_at_death ? STATUS_SUSPENDED : STATUS_ACTIVE;
    apply(env, r, e);
}

static void erase(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status != STATUS_TERMINATED) {
        reject(env, in, REASON_NOT_TERMINATED, d);
        return;
    }
    if (r->erased)
        return;
    d->result = RESULT_APPLIED;
    apply(env, r, emit(env, d, EV_ERASED));
}

/* --- all inputs --- */

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
    typedef void handler(const struct env *, struct record *, const struct input *, struct decision *);
    static handler *const handlers[OP_N] = {
        [OP_ENROL] = enrol_again,
        [OP_AMEND] = amend,
        [OP_CERTIFY] = certify,
        [OP_REVOKE] = revoke,
        [OP_DEFER] = defer,
        [OP_REPORT_DEATH] = report_death,
        [OP_RETRACT_DEATH] = retract_death,
        [OP_ERASE] = erase,
    };
    begin(d);
    if (in->given & M_POLICY && env->input_policy == POLICY_UNKNOWN)
        reject(env, in, REASON_UNKNOWN_POLICY, d);
    else
        handlers[in->op](env, r, in, d);
}

/* --- deadlines --- */

static void remind(const struct env *env, const struct record *r, struct decision *d)
{
    const struct policy *p = policy_of(env, r);
    struct dates dates;
    struct reminders all;
    int missed;
    record_dates(p, r, &dates);
    policy_reminders(p, dates.base, dates.due, &all);
    int i = record_reminder(p, r, env->tz, env->now, env->today, &all, &missed);
    if (i < 0)
        return;
    struct event *e = emit(env, d, EV_REMINDER);
    e->u.reminder.due_on = dates.due;
    e->u.reminder.number = i + 1;
    e->u.reminder.of = all.n;
    e->u.reminder.missed = missed;
}

static void start_grace(const struct env *env, const struct record *r, struct decision *d)
{
    struct dates dates;
    record_dates(policy_of(env, r), r, &dates);
    struct event *e = emit(env, d, EV_GRACE);
    e->u.grace.due_on = dates.due;
    e->u.grace.grace_until = dates.grace_until;
}

static void suspend(const struct env *env, const struct record *r, struct decision *d)
{
    const struct policy *p = policy_of(env, r);
    struct event *e = emit(env, d, EV_SUSPENDED);
    e->u.suspended.due_on = due_of(env, r);
    e->u.suspended.suspended_on = env->today;
    e->u.suspended.first_withheld_period = policy_first_paid(p, later(env->today, r->resumed_on));
}

static void lapse(const struct env *env, const struct record *r, struct decision *d)
{
    struct dates dates;
    record_dates(policy_of(env, r), r, &dates);
    struct event *e = emit(env, d, EV_LAPSED);
    e->u.lapsed.base_on = dates.base;
    e->u.lapsed.lapsed_on = policy_lapse(policy_of(env, r), dates.base);
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
    begin(d);
    handlers[kind](env, r, d);
    if (d->n)
        apply(env, r, &d->events[0]);
}
