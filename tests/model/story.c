/* A story from its beginning to its end: when what happens. */
#include "tests/model/story_parts.h"

#define DAY 86400

/* By so much on average the rest of the story must move on to reach its goal. */
static int64_t stride(struct author *a)
{
    int64_t rest = STORY_INPUTS + 2 - a->inputs;
    int64_t way = (a->goal ? a->goal : a->now + DAY) - a->now;
    if (way < 2 * DAY)
        way = 2 * DAY;
    return rest > 0 ? 2 * way / rest + 1 : way + DAY;
}

static int64_t move_on(struct author *a, const struct m_world *w, const struct m_person *p)
{
    static const int seconds[] = {0, 0, -1, 1, 43200, 86399};
    struct m_next next = {MD_NONE, CAL_NEVER};
    if (p->enrolled)
        next = m_next(w, p, a->now);
    int64_t far = a->now + 3 * stride(a);
    switch (draw_below(a, 10)) {
    case 0: return a->now;
    case 1: return a->now + draw_below(a, 120);
    case 2: return a->now + (int64_t)draw_below(a, 10 * DAY);
    case 3:
    case 4:
        if (next.at < far)
            return next.at + draw_between(a, -1, 1);
        break;
    case 5:
    case 6: {
        int64_t at = zone_instant(w->zone, draw_turning_day(a, w, p), 0) + PICK(a, seconds);
        if (at >= a->now && at < far)
            return at;
        break;
    }
    default: break;
    }
    return a->now + (int64_t)rng_below(&a->rng, (uint64_t)stride(a));
}

void author_begin(struct author *a, struct story *s, uint64_t seed)
{
    a->rng = rng_seed(seed);
    a->inputs = a->fresh_refs = 0;
    a->goal = 0;
    a->held = false;
    a->forgetful = draw_chance(a, 40);
    s->seed = seed;
    s->n = 0;
    s->zone = draw_chance(a, 50) ? 1 : draw_below(a, ZONES);
    const struct zone *z = zone_get(s->zone);
    for (int i = 0; i < M_POLICIES; i++)
        s->policies[i] = draw_chance(a, 50) ? draw_preset(a) : draw_policy(a);
    int year = draw_between(a, z->first_year + 6, draw_chance(a, 80) ? 2040 : 2150);
    a->now = zone_instant(z, cal_day(year, draw_between(a, 1, 12), draw_between(a, 1, 28)), draw_below(a, DAY));
    a->last = zone_instant(z, cal_day(2199, 12, 1), 0);
}

/* Where the story must get to: three cycles, whatever they are, after the enrolment. */
static void set_goal(struct author *a, const struct m_world *w, const struct m_person *p)
{
    const struct m_policy *policy = &w->policies[p->policy];
    int days = policy->in_days ? policy->cycle : policy->cycle * 31;
    a->goal = a->now + (int64_t)(STORY_CYCLES * days + 31 + draw_below(a, days + 400)) * DAY;
}

bool author_step(struct author *a, struct story *s, const struct m_world *w, const struct m_person *p)
{
    if (p->enrolled && !a->goal)
        set_goal(a, w, p);
    if (s->n == STEPS_MAX || (a->inputs >= STORY_INPUTS && a->goal && a->now >= a->goal))
        return false;
    struct step *step = &s->steps[s->n++];
    *step = (struct step){.kind = STEP_INPUT};
    int64_t at = move_on(a, w, p);
    if (at > a->last)
        at = a->last;
    if (at > a->now)
        a->now = at;
    step->now = a->now;
    step->cautious = draw_chance(a, 20);
    step->restart = draw_chance(a, 5);

    int roll = draw_below(a, 100);
    if (p->enrolled && roll < 6) {
        step->kind = STEP_TICK;
    } else if (p->enrolled && roll < 10) {
        step->kind = STEP_ADOPT;
        step->policy = draw_chance(a, 80) ? p->policy : draw_below(a, M_POLICIES);
        step->to = draw_change(a, &w->policies[step->policy]);
    } else if (roll < (a->held ? 20 : 12)) {
        step->kind = a->held ? STEP_LIFT : STEP_HOLD;
        a->held = !a->held;
    } else {
        draw_input(a, w, p, &step->in);
        a->inputs++;
    }
    return true;
}
