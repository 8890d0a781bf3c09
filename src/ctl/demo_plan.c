#include "ctl/demo_plan.h"

#include <stdbool.h>

#define DAY 86400
#define HOUR 3600
#define YEAR_DAYS 395 /* acts are planned for so long: the year, and the months in which its late ones come back */

enum { CH_MATCH, CH_FACE, CH_KIOSK, CH_COUNTER, CH_BANK, CH_VISIT, CH_CONSULATE, CH_BATCH };

static const char *const channels[] = {"data-match", "face",      "kiosk",      "counter",
                                       "bank",       "home-visit", "consulate", "unit-batch"};

/* How people keep to their due dates, in thousandths. */
enum habit { HABIT_DIES, HABIT_NEVER, HABIT_LATE, HABIT_IN_GRACE, HABIT_VISIT, HABIT_ABROAD, HABIT_IN_TIME };
static const unsigned habit_share[] = {15, 8, 20, 40, 10, 4};

struct plan {
    struct demo_act *out;
    unsigned n;
    uint64_t rng;
    uint32_t person;
    lc_date start;
};

static void act(struct plan *p, enum demo_act_kind kind, lc_date day, int second, unsigned channel, unsigned which, lc_date on)
{
    if (p->n == DEMO_ACTS_MAX || day < p->start || day > p->start + YEAR_DAYS)
        return;
    p->out[p->n++] = (struct demo_act){
        .at = (int64_t)day * DAY + second,
        .person = p->person,
        .kind = (uint8_t)kind,
        .channel = (uint8_t)channel,
        .which = (uint8_t)which,
        .on = on,
    };
}

static int office_hours(struct plan *p)
{
    return 8 * HOUR + (int)demo_below(&p->rng, 10 * HOUR);
}

static enum habit pick_habit(struct plan *p)
{
    unsigned roll = demo_below(&p->rng, 1000), habit = 0;
    while (habit < HABIT_IN_TIME && roll >= habit_share[habit])
        roll -= habit_share[habit++];
    return (enum habit)habit;
}

static unsigned pick_channel(struct plan *p)
{
    if (demo_below(&p->rng, 3) == 0)
        return CH_MATCH;
    static const uint8_t others[] = {CH_FACE, CH_FACE, CH_FACE, CH_KIOSK, CH_COUNTER, CH_COUNTER, CH_BANK, CH_BATCH};
    return others[demo_below(&p->rng, sizeof others)];
}

static void certify(struct plan *p, lc_date day, int second, unsigned channel, unsigned which, lc_date on)
{
    act(p, ACT_CERTIFY, day, second, channel, which, on);
    unsigned roll = demo_below(&p->rng, 10000);
    if (roll < 50)
        act(p, ACT_CERTIFY, day, second + 30, channel, which, on); /* sent twice */
    else if (roll < 54 && channel == CH_FACE)
        act(p, ACT_REVOKE, day + 20, office_hours(p), channel, which, on);
}

/* The data-matching job runs on the 5th of each month for those due in it. In the sixth month of the year it does not
 * run, and makes up for it on the 18th of the seventh: this is what the brake is for. */
static lc_date match_day(const struct plan *p, lc_date due)
{
    lc_month missed = date_month(p->start) + 5;
    return date_month(due) == missed ? month_day(missed + 1, 18) : month_day(date_month(due), 5);
}

static void in_time(struct plan *p, lc_date due, unsigned which)
{
    unsigned channel = pick_channel(p);
    lc_date day = channel == CH_MATCH ? match_day(p, due) : due - (lc_date)demo_below(&p->rng, 85);
    int second = channel == CH_MATCH ? 2 * HOUR + (int)demo_below(&p->rng, HOUR) : office_hours(p);
    if (day < p->start)
        day = p->start + (lc_date)demo_below(&p->rng, (uint32_t)(due - p->start) + 1);
    certify(p, day, second, channel, which, day);
}

static void late(struct plan *p, lc_date due, int grace, unsigned which)
{
    lc_date day = due + grace + 1 + (lc_date)demo_below(&p->rng, 120);
    certify(p, day, office_hours(p), pick_channel(p) == CH_MATCH ? CH_COUNTER : CH_FACE, which, day);
}

static void visited(struct plan *p, lc_date due, int grace, unsigned which)
{
    act(p, ACT_DEFER, due - (lc_date)demo_below(&p->rng, 20), office_hours(p), 0, which, due + grace + 25);
    lc_date day = due + grace + 1 + (lc_date)demo_below(&p->rng, 24);
    certify(p, day, office_hours(p), CH_VISIT, which, day);
}

static void abroad(struct plan *p, lc_date due, int grace, unsigned which)
{
    lc_date on = due - (lc_date)demo_below(&p->rng, 20);
    certify(p, due + grace + 5 + (lc_date)demo_below(&p->rng, 40), office_hours(p), CH_CONSULATE, which, on);
}

/* The dead do not certify; a few are reported dead who are alive, and show up. */
static void drop_after(struct plan *p, lc_date died)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < p->n; i++)
        if (p->out[i].kind != ACT_CERTIFY || p->out[i].on <= died)
            p->out[kept++] = p->out[i];
    p->n = kept;
}

static void dies(struct plan *p)
{
    lc_date died = p->start + 1 + (lc_date)demo_below(&p->rng, 360);
    lc_date told = died + 1 + (lc_date)demo_below(&p->rng, 60);
    bool wrongly = demo_below(&p->rng, 50) == 0;
    if (!wrongly)
        drop_after(p, died);
    act(p, ACT_DEATH, told, office_hours(p), 0, 0, died);
    if (wrongly)
        act(p, ACT_RETRACT, told + 5 + (lc_date)demo_below(&p->rng, 20), office_hours(p), 0, 0, died);
}

static void amends(struct plan *p, lc_date enrolled)
{
    if (demo_below(&p->rng, 100) < 6)
        act(p, ACT_AMEND, enrolled + 1 + (lc_date)demo_below(&p->rng, 340), office_hours(p), 0, demo_below(&p->rng, 3), 0);
}

unsigned demo_plan(uint64_t seed, const struct demo_person *person, lc_date start, struct demo_act out[DEMO_ACTS_MAX])
{
    struct plan p = {.out = out, .rng = demo_stream(seed, person->number, DEMO_YEAR), .person = person->number, .start = start};
    struct policy policy = demo_policy(person->preset);
    bool newly = person->last_certified_on == DATE_NONE;
    lc_date enrolled = newly ? person->approved_on + 5 : start;
    act(&p, ACT_ENROL, enrolled, newly ? office_hours(&p) : 0, 0, 0, DATE_NONE);
    enum habit habit = pick_habit(&p);
    amends(&p, enrolled);
    lc_date due = policy_due(&policy, newly ? person->approved_on : person->last_certified_on);
    for (unsigned which = 1; due <= start + 364 && which <= 2; which++) {
        switch (habit) {
        case HABIT_NEVER: break;
        case HABIT_LATE: late(&p, due, policy.grace, which); break;
        case HABIT_IN_GRACE: certify(&p, due + 1 + (lc_date)demo_below(&p.rng, 14), office_hours(&p), CH_COUNTER, which, due + 1); break;
        case HABIT_VISIT: visited(&p, due, policy.grace, which); break;
        case HABIT_ABROAD: abroad(&p, due, policy.grace, which); break;
        default: in_time(&p, due, which); break;
        }
        due = policy_due(&policy, due);
    }
    if (habit == HABIT_DIES && !newly)
        dies(&p);
    return p.n;
}

const char *demo_channel(unsigned channel)
{
    return channels[channel];
}
