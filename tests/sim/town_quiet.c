/* When all is quiet: nothing is undone, and everybody is as the model has them. */
#include "tests/sim/town_inside.h"

#include <inttypes.h>

#include "tests/sim/trace.h"

/* Nobody lapses before the day on which they were suspended: between zones a day may come twice. */
struct m_next town_next(const struct neighbour *n, lc_instant now)
{
    struct m_next next = m_next(&n->world, &n->person, now);
    if (next.kind == MD_LAPSE && zone_day(n->world.zone, now) < n->person.suspended_on)
        next.at = zone_instant(n->world.zone, n->person.suspended_on, 0);
    return next;
}

void town_check_done(struct town *t, lc_instant now)
{
    town_take_silent(t, t->last + 1);
    if (t->n_decisions)
        trace_fail("a decision about %s never came to be durable", town_id(t->decisions[0].person));
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        const struct neighbour *n = &t->v[i];
        if (!n->person.enrolled)
            continue;
        if (n->pending[n->person.policy] && n->person.status != MS_TERMINATED)
            trace_fail("the changed policy never came to %s", town_id(i));
        struct m_next next = town_next(n, now);
        if (next.kind == MD_NONE || next.at > now || (next.kind == MD_SUSPENSION && town_holds(t, n)))
            continue;
        trace_fail("a deadline of %s (kind %d) has passed by %" PRId64 " s, and nothing came of it", town_id(i),
                   (int)next.kind, now - next.at);
    }
}

static bool same_text(struct str got, const char *want)
{
    return want ? str_is(got, want) : !got.p || !got.n;
}

void town_check_people(struct town *t, const struct person_view people[TOWN_PEOPLE])
{
    static struct policy policies[256];
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        const struct person_view *v = &people[i];
        const struct neighbour *n = &t->v[i];
        if (v->found != n->person.enrolled)
            trace_fail("%s is %sknown to the engine", town_id(i), v->found ? "" : "not ");
        if (!v->found)
            continue;
        policies[v->rec.policy] = v->policy;
        report_clear(&t->report);
        compare_state(policies, &v->rec, &n->world, &n->person, &t->report);
        if (t->report.n)
            trace_fail("%s:\n%s", town_id(i), t->report.text);
        bool gone = n->person.erased;
        if (!same_text(v->contact.name, gone ? NULL : n->person.name) ||
            !same_text(v->contact.phone, gone ? NULL : n->person.phone) ||
            !same_text(v->contact.by, gone ? NULL : n->person.by))
            trace_fail("%s has another contact than was given", town_id(i));
    }
}
