/* The model's dates: all worked out from the person's lists at every call. */
#include "tests/model/model.h"

#include <string.h>

bool m_same(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

static int later(int a, int b)
{
    return a > b ? a : b;
}

int m_last_certified(const struct m_person *p)
{
    int last = p->last_certified_on;
    for (int i = 0; i < p->n_certs; i++)
        if (!p->certs[i].revoked)
            last = later(last, p->certs[i].on);
    return last;
}

int m_base(const struct m_person *p)
{
    int last = m_last_certified(p);
    return last ? last : p->approved_on;
}

int m_due_of(const struct m_policy *policy, int base)
{
    if (policy->in_days)
        return policy->exact_day ? base + policy->cycle : cal_eom(base + policy->cycle);
    return policy->exact_day ? cal_addm(base, policy->cycle) : cal_eom(cal_addm(cal_bom(base), policy->cycle));
}

int m_due(const struct m_world *w, const struct m_person *p)
{
    return m_due_of(&w->policies[p->policy], m_base(p));
}

int m_grace_until(const struct m_world *w, const struct m_person *p)
{
    int until = m_due(w, p) + w->policies[p->policy].grace;
    until = later(until, p->deferred_until);
    return later(until, p->notice_until);
}

int m_suspend_on(const struct m_world *w, const struct m_person *p)
{
    return m_grace_until(w, p) + 1;
}

int m_lapse_on(const struct m_world *w, const struct m_person *p)
{
    int months = w->policies[p->policy].evidence_after;
    return months ? cal_addm(m_base(p), months) : 0;
}

const struct m_event *m_latest(const struct m_person *p, enum m_type type)
{
    for (int i = p->n_events - 1; i >= 0; i--)
        if (p->events[i].type == type)
            return &p->events[i];
    return NULL;
}

int m_last_r(const struct m_person *p)
{
    const struct m_event *resumed = m_latest(p, MT_RESUMED);
    return resumed ? resumed->resumed_on : 0;
}

int m_payday(const struct m_policy *policy, int period)
{
    return cal_month_day(period, policy->payday);
}

int m_first_paid(const struct m_policy *policy, int day)
{
    int period = cal_month(day);
    while (m_payday(policy, period) < day)
        period++;
    return period;
}

const struct m_cert *m_find(const struct m_person *p, const char *channel, const char *ref)
{
    for (int i = 0; i < p->n_certs; i++)
        if (m_same(p->certs[i].channel, channel) && m_same(p->certs[i].ref, ref))
            return &p->certs[i];
    return NULL;
}
