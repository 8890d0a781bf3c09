/* What happens by itself, over everybody, in bounded slices: due deadlines in the order of their instants, a changed
 * policy taken up, the held looked at again. */
#include "engine/internal.h"

static enum err take(struct engine *e, lc_instant at, unsigned *left, struct errmsg *msg)
{
    uint32_t numbers[TAKE_MAX];
    size_t n = roster_take(e->roster, at, numbers, *left < TAKE_MAX ? *left : TAKE_MAX);
    *left -= (unsigned)n;
    for (size_t i = 0; i < n; i++) {
        struct person p;
        people_get(e, numbers[i], &p);
        enum err err = people_settle(e, &p, at, msg);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* Before the first suspension of the instant. false: the sweep stands there until the office says more. */
static bool may_go_on(struct engine *e, lc_instant at)
{
    if (e->options.office)
        return office_allows(e, at);
    if (!holds_brake_on(e))
        holds_brake_check(e, at, 0);
    return true;
}

enum err sweep_deadlines(struct engine *e, unsigned budget, uint64_t *taken, struct errmsg *msg)
{
    unsigned whole = budget;
    /* While the held are coming back the brake cannot be reckoned: nothing is suspended until all of them are here. */
    while (budget && !batch_full(e) && !e->releasing) {
        lc_instant at = roster_next_instant(e->roster);
        if (at > e->env.now)
            break;
        if (roster_suspensions_until(e->roster, at) && !may_go_on(e, at))
            break;
        e->taking = at;
        enum err err = take(e, at, &budget, msg);
        e->taking = e->office.granted = INT64_MIN;
        if (err != ERR_OK)
            return err;
    }
    *taken = whole - budget;
    return ERR_OK;
}

enum err sweep_adoption(struct engine *e, unsigned budget, struct errmsg *msg)
{
    uint32_t count = roster_count(e->roster);
    while (e->adopting && budget-- && !batch_full(e)) {
        if (e->adopt_from >= count) {
            e->adopting = false;
            break;
        }
        struct person p;
        people_get(e, e->adopt_from++, &p);
        /* Nothing is due "up to" the beginning of time: the policy is taken up and the queue set right, no more. */
        enum err err = people_settle(e, &p, INT64_MIN, msg);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

void sweep_release(struct engine *e, unsigned budget)
{
    uint32_t numbers[TAKE_MAX];
    while (e->releasing && budget >= TAKE_MAX) {
        size_t n = roster_held(e->roster, e->release_from, numbers, TAKE_MAX);
        if (n == 0) {
            e->releasing = false;
            break;
        }
        budget -= (unsigned)n;
        for (size_t i = 0; i < n; i++) {
            struct entry entry;
            roster_get(e->roster, numbers[i], &entry);
            roster_schedule(e->roster, numbers[i],
                            record_next(&e->policies.v[entry.rec.policy], &entry.rec, e->env.tz, e->env.now,
                                        e->env.today));
        }
        e->release_from = numbers[n - 1] + 1;
    }
}
