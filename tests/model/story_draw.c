/* What stories are made of: policies of every kind, and days near which something turns. */
#include "tests/model/story_parts.h"

int draw_below(struct author *a, int n)
{
    return n > 0 ? (int)rng_below(&a->rng, (uint64_t)n) : 0;
}

int draw_between(struct author *a, int low, int high)
{
    return low + draw_below(a, high - low + 1);
}

bool draw_chance(struct author *a, int percent)
{
    return draw_below(a, 100) < percent;
}

static const struct m_policy national = {.cycle = 12,
                                         .remind_ahead = 3,
                                         .remind_every = 1,
                                         .remind_at = 9 * 3600,
                                         .grace = 15,
                                         .payday = 15,
                                         .evidence_after = 24,
                                         .defer_max = 30,
                                         .notice = 15};

struct m_policy draw_preset(struct author *a)
{
    struct m_policy policy = national;
    switch (draw_below(a, 4)) {
    case 0: policy.grace = 0; break;
    case 1:
        policy.in_days = true;
        policy.cycle = 365;
        policy.exact_day = true;
        break;
    case 2: policy.cycle = 6; break;
    default: break;
    }
    return policy;
}

/* A number of 0..max: often an end of the range, often small. */
static int extent(struct author *a, int max)
{
    switch (draw_below(a, 5)) {
    case 0: return 0;
    case 1: return max;
    case 2: return draw_below(a, max + 1);
    default: return draw_below(a, max < 20 ? max + 1 : 20);
    }
}

struct m_policy draw_policy(struct author *a)
{
    bool small = draw_chance(a, 70);
    struct m_policy policy = {
        .in_days = draw_chance(a, 40),
        .exact_day = draw_chance(a, 50),
        .remind_ahead = draw_below(a, 13),
        .remind_every = draw_between(a, 1, draw_chance(a, 60) ? 2 : 12),
        .remind_at = draw_chance(a, 30)   ? 0
                     : draw_chance(a, 20) ? 86340
                                          : 60 * draw_below(a, 1440),
        .grace = extent(a, 365),
        .payday = draw_chance(a, 30) ? draw_between(a, 28, 31) : draw_between(a, 1, 31),
        .next_month = draw_chance(a, 40),
        .evidence_after = extent(a, small ? 24 : 600),
        .defer_max = extent(a, 365),
        .notice = extent(a, 365),
        .channels = draw_chance(a, 50) ? 0 : (unsigned)draw_between(a, 1, (1 << M_CHANNELS) - 1),
    };
    if (policy.in_days)
        policy.cycle = small ? draw_between(a, 1, 100) : draw_between(a, 1, 3660);
    else
        policy.cycle = small ? draw_between(a, 1, 14) : draw_between(a, 1, 120);
    return policy;
}

struct m_policy draw_change(struct author *a, const struct m_policy *from)
{
    struct m_policy other = draw_policy(a), policy = *from;
    switch (draw_below(a, 9)) {
    case 0: policy.cycle = policy.in_days ? draw_between(a, 1, 400) : draw_between(a, 1, 24); break;
    case 1: policy.exact_day = !policy.exact_day; break;
    case 2: policy.grace = other.grace; break;
    case 3: policy.payday = other.payday; break;
    case 4: policy.notice = other.notice; break;
    case 5:
        policy.remind_ahead = other.remind_ahead;
        policy.remind_every = other.remind_every;
        policy.remind_at = other.remind_at;
        break;
    case 6:
        policy.evidence_after = other.evidence_after;
        policy.next_month = !policy.next_month;
        break;
    default: return other;
    }
    return policy;
}

int story_clip(int day)
{
    int last = cal_day(2199, 12, 31);
    return day < 1 ? 1 : day > last ? last : day;
}

int story_today(const struct author *a, const struct m_world *w)
{
    return zone_day(w->zone, a->now);
}

int draw_nearly_stale(struct author *a, const struct m_policy *policy, int today)
{
    int end = story_clip(today - policy->grace - draw_below(a, 2));
    int day = policy->in_days ? end - policy->cycle : cal_addm(end, -policy->cycle);
    if (policy->exact_day)
        return story_clip(day + draw_between(a, -1, 1));
    day = story_clip(day);
    return story_clip((draw_chance(a, 50) ? cal_bom(day) : cal_eom(day)) + draw_between(a, -1, 1));
}

static int leap_day_near(int day)
{
    int year = cal_date(day).year;
    while (!cal_day(year, 2, 29))
        year++;
    return cal_day(year, 2, 29);
}

int draw_turning_day(struct author *a, const struct m_world *w, const struct m_person *p)
{
    int today = story_today(a, w), day = today;
    const struct m_policy *policy = &w->policies[p->policy];
    const struct m_event *death = m_latest(p, MT_TERMINATED), *resumed = m_latest(p, MT_RESUMED);
    switch (p->enrolled ? draw_below(a, 19) : draw_between(a, 11, 15)) {
    case 0: day = m_due(w, p); break;
    case 1: day = m_due(w, p) + policy->grace; break;
    case 2: day = m_suspend_on(w, p); break;
    case 3: day = m_base(p); break;
    case 4: day = m_last_certified(p) ? m_last_certified(p) : p->approved_on; break;
    case 5: day = p->approved_on; break;
    case 6:
    case 7: day = m_lapse_on(w, p) ? m_lapse_on(w, p) : today; break;
    case 8: day = p->notice_until; break;
    case 9: day = p->deferred_until ? p->deferred_until : today; break;
    case 10: day = p->withheld_from ? m_payday(policy, p->withheld_from) : today; break;
    case 11: day = m_payday(policy, cal_month(today) + draw_between(a, -1, 1)); break;
    case 12: day = cal_eom(today); break;
    case 13: day = leap_day_near(today); break;
    case 14:
    case 15: day = draw_nearly_stale(a, policy, today); break;
    case 16: day = death ? (draw_chance(a, 50) ? death->died_on : death->reported_on) : today; break;
    case 17: day = resumed ? (draw_chance(a, 50) ? resumed->resumed_on : resumed->back_pay.pay_on) : today; break;
    default: day = p->enrolled_on; break;
    }
    if (draw_chance(a, 35))
        day += draw_between(a, -1, 1);
    else if (draw_chance(a, 15))
        day += draw_between(a, -20, 20);
    return story_clip(day);
}
