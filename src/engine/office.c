/* One of several shards (office.h): what the others are told of this one, and the wait for their consent before anybody
 * is suspended. The brake's limit is over all shards, so no engine can say alone whether it is kept. */
#include "engine/internal.h"

void office_start(struct engine *e)
{
    const struct engine_office *o = e->options.office;
    e->office.granted = INT64_MIN;
    e->office.since = e->env.now;
    if (!o)
        return;
    /* Where orders began for a shard that is new must be durable before the first of them is. */
    if (!e->office.ordered_known)
        e->office.ordered = o->ordered;
    e->office.ordered_durable = e->office.ordered;
    watch_stamp(e, &e->cur->stamp);
    /* Those who were held before must not count as if they fell due now. */
    schedule_hold_back(e);
}

void office_report(struct engine *e)
{
    const struct engine_office *o = e->options.office;
    struct office_report *r = &e->office.report;
    if (!o)
        return;
    r->applied = holds_brake_applied(e);
    r->drawing = holds_drawing(e);
    r->ordered = e->office.ordered_durable;
    r->now = INT64_MIN;
    /* While the held are coming back what is due cannot be reckoned: this shard has come to no instant yet. */
    if (!e->releasing) {
        r->now = e->env.now;
        r->day = e->env.today;
        r->due = holds_brake_due(e, e->env.now);
    }
    o->report(o->arg, r);
}

bool office_judges(const struct engine *e)
{
    bool brake = e->settings.brake.kind != BRAKE_OFF;
    return e->options.office && (brake || !e->office.asked) && !holds_brake_on(e) && !holds_clock_on(e);
}

static bool is_news(const struct engine *e)
{
    const struct office_report *r = &e->office.report;
    return r->now != e->env.now || r->day != e->env.today ||
           r->due + r->applied < holds_brake_due(e, e->env.now) + holds_brake_applied(e);
}

/* Those whom a hold kept back fell due long ago, when nobody counted them: the others must have come to its end. */
bool office_allows(struct engine *e, lc_instant at)
{
    const struct engine_office *o = e->options.office;
    if (!office_judges(e))
        return true;
    if (is_news(e))
        office_report(e); /* nothing may be granted for fewer than there are */
    e->office.standing = !o->may_suspend(o->arg, at > e->office.since ? at : e->office.since);
    if (e->office.standing)
        return false;
    e->office.granted = at;
    e->office.asked = true;
    return true;
}

bool office_stands(const struct engine *e)
{
    return e->office.standing && !e->releasing && office_judges(e);
}

bool office_blocks(const struct engine *e)
{
    return office_judges(e) && !e->releasing && roster_suspensions_until(e->roster, e->env.now) > 0;
}
