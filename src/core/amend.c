/* Amendments, and a policy that the configuration changed. */
#include "core/deciding.h"

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
    if (in->given & M_POLICY && !str_is(in->policy, env_policy(env, r)->name))
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
    lc_date due = env_due(env, r);
    e->u.amended.due_on = due;
    if (env->history)
        history_add(env->history, e);
    if (e->u.amended.given & M_POLICY && r->status == STATUS_SUSPENDED && env->today <= due + env_policy(env, r)->grace)
        decision_resume(env, r, RESUMED_POLICY_CHANGED, d);
}

void op_amend(const struct env *env, struct record *r, const struct input *in, struct decision *d)
{
    if (r->status == STATUS_TERMINATED && in->given & (M_POLICY | M_AMOUNT)) {
        decision_reject(env, in, REASON_TERMINATED, d);
        return;
    }
    uint32_t changed = changed_members(env, r, in);
    if (!changed)
        return;
    d->result = RESULT_APPLIED;
    struct event *e = decision_emit(env, d, EV_AMENDED);
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
    decision_begin(d);
    d->result = RESULT_APPLIED;
    struct event *e = decision_emit(env, d, EV_AMENDED);
    e->u.amended.given = M_POLICY;
    e->u.amended.policy = str_of(env->policies[to].name);
    apply_amendment(env, r, e, to, d);
}
