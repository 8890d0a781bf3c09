/* What the model makes of each input: a function is a paragraph of lifecertd-rules(7). */
#include "tests/model/model_parts.h"

struct m_answer m_reject(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now,
                         const char *reason)
{
    if (!p->enrolled)
        return (struct m_answer){"rejected", reason};
    if (in->op == MO_CERTIFY) {
        struct m_event *e = m_emit(w, p, MT_CERT_REJECTED, now);
        e->ref = in->ref;
        e->channel = in->channel;
        e->certified_on = in->certified_on;
        e->received_on = m_today(w, now);
        e->evidence = in->evidence;
        e->reason = reason;
    } else {
        struct m_event *e = m_emit(w, p, MT_INPUT_REJECTED, now);
        e->op = m_op_names[in->op];
        e->reason = reason;
    }
    return (struct m_answer){"rejected", reason};
}

static int policy_index(const char *name)
{
    for (int i = 0; i < M_POLICIES; i++)
        if (m_same(m_policy_names[i], name))
            return i;
    return -1;
}

static bool enrolled_alike(const struct m_person *p, const struct m_input *in)
{
    return m_same(in->policy, p->first_policy) && in->approved_on == p->approved_on &&
           (!(in->has & HAS_LAST_CERTIFIED_ON) || in->last_certified_on == p->last_certified_on) &&
           (!(in->has & HAS_CATEGORY) || m_same(in->category, p->first_category)) &&
           (!(in->has & HAS_UNIT) || m_same(in->unit, p->first_unit)) &&
           (!(in->has & HAS_AMOUNT) || in->amount == p->first_amount) &&
           (!(in->has & HAS_AMOUNT_FROM) || in->amount_from == p->first_amount_from);
}

static struct m_answer enrol(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    int today = m_today(w, now);
    if (p->enrolled)
        return enrolled_alike(p, in) ? m_unchanged : m_reject(w, p, in, now, "already-enrolled");
    if (in->approved_on > today)
        return m_reject(w, p, in, now, "bad-date");
    if (in->last_certified_on && (in->last_certified_on < in->approved_on || in->last_certified_on > today))
        return m_reject(w, p, in, now, "bad-date");

    p->enrolled = true;
    p->enrolled_on = today;
    p->policy = policy_index(in->policy);
    p->first_policy = in->policy;
    p->category = p->first_category = in->category;
    p->unit = p->first_unit = in->unit;
    p->name = in->name;
    p->phone = in->phone;
    p->approved_on = in->approved_on;
    p->last_certified_on = in->last_certified_on;
    p->first_amount = M_AMOUNT_NULL;
    if ((in->has & HAS_AMOUNT) && in->amount != M_AMOUNT_NULL) {
        p->first_amount = in->amount;
        p->first_amount_from = (in->has & HAS_AMOUNT_FROM) ? in->amount_from : cal_month(in->approved_on);
        m_set_amount(p, p->first_amount_from, p->first_amount);
    }
    p->status = MS_ACTIVE;
    m_give_notice(w, p, today);

    struct m_event *e = m_emit(w, p, MT_ENROLLED, now);
    e->policy = in->policy;
    e->category = in->category;
    e->unit = in->unit;
    e->approved_on = in->approved_on;
    e->last_certified_on = in->last_certified_on;
    e->amount = p->first_amount;
    e->amount_from = p->first_amount_from;
    e->due_on = m_due(w, p);
    return m_applied;
}

/* Regular payment starts again: what was withheld is paid. Emits the event; the status is active after it. */
static void resume(struct m_world *w, struct m_person *p, int64_t now, const char *reason)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int today = m_today(w, now);
    int r = policy->next_month ? cal_eom(today) + 1 : today;
    struct m_event *e = m_emit(w, p, MT_RESUMED, now);
    e->reason = reason;
    e->suspended_on = p->suspended_on;
    e->resumed_on = r;
    for (int period = p->withheld_from; m_payday(policy, period) < r; period++)
        m_list_add(w, p, &e->back_pay, period);
    int first = m_first_paid(policy, r);
    e->back_pay.pay_on = m_payday(policy, first);
    e->first_period = first > p->withheld_from ? first : p->withheld_from;
    p->status = MS_ACTIVE;
    p->suspended_on = 0;
    p->withheld_from = 0;
    m_give_notice(w, p, today);
}

static struct m_answer certify(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int today = m_today(w, now), on = in->certified_on;
    const struct m_cert *earlier = m_find(p, in->channel, in->ref);
    if (earlier && !earlier->revoked)
        return m_unchanged;
    if (p->status == MS_TERMINATED)
        return m_reject(w, p, in, now, "terminated");
    if (earlier)
        return m_reject(w, p, in, now, "revoked");
    int channel = 0;
    while (!m_same(m_channel_names[channel], in->channel))
        channel++;
    if (policy->channels && !(policy->channels & 1u << channel))
        return m_reject(w, p, in, now, "channel-not-accepted");
    if (on > today)
        return m_reject(w, p, in, now, "in-future");
    if (on < p->approved_on)
        return m_reject(w, p, in, now, "before-approval");
    if (p->status == MS_SUSPENDED && policy->evidence_after > 0 && on >= m_lapse_on(w, p) && !in->evidence)
        return m_reject(w, p, in, now, "evidence-required");

    bool superseded = m_last_certified(p) && on <= m_last_certified(p);
    if (!superseded && today > m_due_of(policy, on) + policy->grace)
        return m_reject(w, p, in, now, "stale");

    int old_base = m_base(p), old_grace_until = m_grace_until(w, p);
    bool was_suspended = p->status == MS_SUSPENDED;
    p->certs[p->n_certs++] = (struct m_cert){in->channel, in->ref, on, false};
    if (in->has & HAS_PHONE)
        p->phone = in->phone;
    if (in->has & HAS_BY)
        p->by = in->by;
    struct m_event *e = m_emit(w, p, MT_ACCEPTED, now);
    e->ref = in->ref;
    e->channel = in->channel;
    e->certified_on = on;
    e->received_on = today;
    e->evidence = in->evidence;
    e->effect = superseded ? "superseded" : "renewed";
    e->due_on = m_due(w, p);
    e->on_behalf = in->by != NULL;
    if (superseded)
        return m_applied;
    p->status = MS_ACTIVE;
    p->reminded_on = today;
    if (m_base(p) != old_base)
        p->lapsed = false;
    if (was_suspended)
        resume(w, p, now, on <= old_grace_until ? "certified-in-time" : "recertified");
    return m_applied;
}

/* What happens to someone whose policy has changed, by an amendment or under their feet; old_* as they were before. */
static void policy_changed(struct m_world *w, struct m_person *p, int64_t now, int old_due, int old_suspend_on)
{
    int today = m_today(w, now);
    if (p->status == MS_SUSPENDED) {
        if (today <= m_due(w, p) + m_policy_of(w, p)->grace)
            resume(w, p, now, "policy-changed");
        return;
    }
    m_give_notice(w, p, today);
    if (p->status == MS_GRACE && (m_due(w, p) != old_due || m_suspend_on(w, p) != old_suspend_on))
        p->status = MS_ACTIVE;
}

static unsigned what_changes(const struct m_person *p, const struct m_input *in, int from)
{
    unsigned changes = 0;
    const struct m_amount *entry = m_amount_entry(p, from);
    if ((in->has & HAS_POLICY) && !m_same(in->policy, m_policy_names[p->policy]))
        changes |= HAS_POLICY;
    if ((in->has & HAS_CATEGORY) && !m_same(in->category, p->category))
        changes |= HAS_CATEGORY;
    if ((in->has & HAS_UNIT) && !m_same(in->unit, p->unit))
        changes |= HAS_UNIT;
    if ((in->has & HAS_NAME) && !m_same(in->name, p->name))
        changes |= HAS_NAME;
    if ((in->has & HAS_PHONE) && !m_same(in->phone, p->phone))
        changes |= HAS_PHONE;
    if ((in->has & HAS_AMOUNT) && !(entry && entry->amount == in->amount))
        changes |= HAS_AMOUNT;
    return changes;
}

static struct m_answer amend(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    int from = (in->has & HAS_AMOUNT_FROM) ? in->amount_from : cal_month(m_today(w, now));
    if (p->status == MS_TERMINATED && (in->has & (HAS_POLICY | HAS_AMOUNT)))
        return m_reject(w, p, in, now, "terminated");
    unsigned changes = what_changes(p, in, from);
    if (!changes)
        return m_unchanged;

    int old_due = m_due(w, p), old_suspend_on = m_suspend_on(w, p);
    struct m_event *e = m_emit(w, p, MT_AMENDED, now);
    e->changed = changes & (HAS_POLICY | HAS_CATEGORY | HAS_UNIT | HAS_AMOUNT);
    if (changes & HAS_POLICY) {
        e->policy = in->policy;
        p->policy = policy_index(in->policy);
    }
    if (changes & HAS_CATEGORY)
        e->category = p->category = in->category;
    if (changes & HAS_UNIT)
        e->unit = p->unit = in->unit;
    if (changes & HAS_NAME)
        p->name = in->name;
    if (changes & HAS_PHONE)
        p->phone = in->phone;
    if (changes & HAS_AMOUNT) {
        e->amount = in->amount;
        e->amount_from = from;
        m_set_amount(p, from, in->amount);
    }
    if (changes & (HAS_NAME | HAS_PHONE)) {
        e->personal = true;
        p->erased = false;
    }
    e->due_on = m_due(w, p);
    if (m_due(w, p) != old_due)
        p->reminded_on = 0;
    if (changes & HAS_POLICY)
        policy_changed(w, p, now, old_due, old_suspend_on);
    return m_applied;
}

void m_adopt(struct m_world *w, struct m_person *p, int policy, const struct m_policy *to, int64_t now)
{
    if (!p->enrolled || p->policy != policy || p->status == MS_TERMINATED) {
        w->policies[policy] = *to;
        return;
    }
    int old_due = m_due(w, p), old_suspend_on = m_suspend_on(w, p);
    w->policies[policy] = *to;
    struct m_event *e = m_emit(w, p, MT_AMENDED, now);
    e->changed = HAS_POLICY;
    e->policy = m_policy_names[policy];
    e->due_on = m_due(w, p);
    if (m_due(w, p) != old_due)
        p->reminded_on = 0;
    policy_changed(w, p, now, old_due, old_suspend_on);
}

static struct m_answer revoke(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    if (p->status == MS_TERMINATED)
        return m_reject(w, p, in, now, "terminated");
    struct m_cert *cert = (struct m_cert *)m_find(p, in->channel, in->ref);
    if (!cert || cert->revoked)
        return m_reject(w, p, in, now, "no-such-certification");
    int old_base = m_base(p);
    cert->revoked = true;
    bool reverted = m_base(p) != old_base;
    struct m_event *e = m_emit(w, p, MT_REVOKED, now);
    e->ref = in->ref;
    e->channel = in->channel;
    e->reason = in->reason;
    e->effect = reverted ? "reverted" : "none";
    e->due_on = m_due(w, p);
    if (!reverted)
        return m_applied;
    p->lapsed = false;
    p->reminded_on = 0;
    if (p->status != MS_SUSPENDED) {
        p->deferred_until = 0;
        m_give_notice(w, p, m_today(w, now));
        p->status = MS_ACTIVE;
    }
    return m_applied;
}

static struct m_answer defer(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int today = m_today(w, now);
    int limit = m_due(w, p) + policy->grace;
    if (p->notice_until > limit)
        limit = p->notice_until;
    limit += policy->defer_max;
    if ((p->status != MS_ACTIVE && p->status != MS_GRACE) || in->until < today || in->until > limit)
        return m_reject(w, p, in, now, "not-deferrable");
    int before = p->deferred_until, suspend_on = m_suspend_on(w, p);
    p->deferred_until = in->until;
    if (m_suspend_on(w, p) <= suspend_on) {
        p->deferred_until = before;
        return m_unchanged;
    }
    struct m_event *e = m_emit(w, p, MT_DEFERRED, now);
    e->until = in->until;
    e->reason = in->reason;
    e->suspend_on = m_suspend_on(w, p);
    return m_applied;
}

struct m_answer m_input(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    if (!p->enrolled && in->op != MO_ENROL)
        return (struct m_answer){"rejected", "not-enrolled"};
    bool names_policy = in->op == MO_ENROL || (in->op == MO_AMEND && (in->has & HAS_POLICY));
    if (names_policy && policy_index(in->policy) < 0)
        return m_reject(w, p, in, now, "unknown-policy");
    static struct m_answer (*const decide[MO_N])(struct m_world *, struct m_person *, const struct m_input *,
                                                 int64_t) = {enrol, amend,          certify,         revoke,
                                                             defer, m_report_death, m_retract_death, m_erase};
    return decide[in->op](w, p, in, now);
}
