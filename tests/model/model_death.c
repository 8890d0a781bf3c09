/* Death, its retraction, and forgetting the dead. */
#include "tests/model/model_parts.h"

static void list_arrears(const struct m_world *w, struct m_person *p, struct m_event *e)
{
    for (int period = p->withheld_from; period <= e->last_period; period++)
        m_list_add(w, p, &e->arrears, period);
}

static void list_overpaid(const struct m_world *w, struct m_person *p, const struct m_event *resumed, struct m_event *e)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int64_t today = e->reported_on;
    for (int period = e->last_period + 1; period <= cal_month(e->reported_on); period++) {
        int payday = m_payday(policy, period);
        if (payday >= today || payday < p->enrolled_on)
            continue;
        if (p->status == MS_SUSPENDED && period >= p->withheld_from)
            continue;
        if (resumed && resumed->back_pay.pay_on >= today && m_list_has(&resumed->back_pay, period))
            continue;
        m_list_add(w, p, &e->overpaid, period);
    }
}

struct m_answer m_report_death(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    int today = m_today(w, now);
    if (in->died_on > today)
        return m_reject(w, p, in, now, "in-future");
    if (in->died_on < p->approved_on)
        return m_reject(w, p, in, now, "before-approval");
    if (p->status == MS_TERMINATED)
        return m_latest(p, MT_TERMINATED)->died_on == in->died_on ? m_unchanged : m_reject(w, p, in, now, "terminated");

    const struct m_event *resumed = m_latest(p, MT_RESUMED);
    struct m_event *e = m_emit(w, p, MT_TERMINATED, now);
    e->died_on = in->died_on;
    e->reported_on = today;
    e->last_period = cal_month(in->died_on);
    e->certified_after = m_last_certified(p) > in->died_on ? m_last_certified(p) : 0;
    list_overpaid(w, p, resumed, e);
    if (p->status == MS_SUSPENDED) {
        list_arrears(w, p, e);
        if (p->withheld_from <= e->last_period)
            p->withheld_from = e->last_period + 1;
    }
    p->suspended_at_report = p->status == MS_SUSPENDED;
    p->status = MS_TERMINATED;
    return m_applied;
}

static void list_reinstated(const struct m_world *w, struct m_person *p, const struct m_event *death,
                            const struct m_event *resumed, struct m_event *e)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int from = death->reported_on > m_last_r(p) ? death->reported_on : m_last_r(p);
    int end = cal_month(e->today);
    if (resumed && resumed->back_pay.n && resumed->back_pay.v[resumed->back_pay.n - 1].period > end)
        end = resumed->back_pay.v[resumed->back_pay.n - 1].period;
    for (int period = death->last_period + 1; period <= end; period++) {
        int payday = m_payday(policy, period);
        bool cut = resumed && resumed->back_pay.pay_on >= death->reported_on && m_list_has(&resumed->back_pay, period);
        bool missed = !p->suspended_at_report && payday >= from && payday < e->today;
        if (cut || missed)
            m_list_add(w, p, &e->back_pay, period);
    }
}

struct m_answer m_retract_death(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    const struct m_policy *policy = m_policy_of(w, p);
    int today = m_today(w, now);
    if (p->status != MS_TERMINATED)
        return m_reject(w, p, in, now, "not-terminated");
    const struct m_event *death = m_latest(p, MT_TERMINATED), *resumed = m_latest(p, MT_RESUMED);
    struct m_event *e = m_emit(w, p, MT_REINSTATED, now);
    e->reason = in->reason;
    e->undoes = death->seq;
    e->terminated_on = death->reported_on;
    list_reinstated(w, p, death, resumed, e);
    int first = m_first_paid(policy, today);
    e->back_pay.pay_on = m_payday(policy, first);
    p->erased = false;
    if (p->suspended_at_report) {
        e->status = "suspended";
        p->status = MS_SUSPENDED;
    } else {
        e->status = "active";
        e->first_period = first > death->last_period + 1 ? first : death->last_period + 1;
        p->status = MS_ACTIVE;
        m_give_notice(w, p, today);
    }
    p->suspended_at_report = false;
    return m_applied;
}

struct m_answer m_erase(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now)
{
    if (p->status != MS_TERMINATED)
        return m_reject(w, p, in, now, "not-terminated");
    if (p->erased)
        return m_unchanged;
    m_emit(w, p, MT_ERASED, now);
    p->name = p->phone = p->by = NULL;
    p->erased = true;
    return m_applied;
}
