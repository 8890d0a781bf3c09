/* Holds as operators ask for them, of this engine alone or, by a numbered order, of all shards; and what other shards
 * have heard of channels. */
#include <stdio.h>

#include "engine/hold_check.h"
#include "engine/internal.h"

void orders_holds(struct engine *e, struct request *r)
{
    BUF_LIT(&r->body, "{\"holds\":");
    query_holds(e, &r->body);
    buf_addc(&r->body, '}');
}

/* --- what is asked --- */

static void place(struct engine *e, struct request *r, const struct hold_wish *w)
{
    r->err = hold_check_place(w, e->env.today, e->holds.n, &r->msg);
    if (r->err != ERR_OK)
        return;
    struct event ev = {.type = EV_HOLD_PLACED};
    ev.u.hold.hold = HOLD_MORATORIUM;
    ev.u.hold.scope = w->scope;
    ev.u.hold.why = w->why;
    ev.u.hold.by = w->by;
    ev.u.hold.until = w->until;
    ev.u.hold.due = -1;
    ev.u.hold.limit = -1;
    holds_place(e, &ev);
}

/* --- of this engine alone --- */

static struct hold_wish asked(const struct request *r)
{
    return (struct hold_wish){r->hold.scope, r->hold.until, r->hold.name, r->hold.why, r->hold.by};
}

static void write_placed(struct engine *e, struct request *r)
{
    for (unsigned i = 0; i < e->holds.n; i++)
        if (e->holds.v[i].kind == HOLD_MORATORIUM && e->holds.v[i].since == e->env.now &&
            e->holds.v[i].scope.kind == r->hold.scope.kind &&
            (r->hold.scope.kind == SCOPE_ALL || str_eq(e->holds.v[i].scope.name, r->hold.scope.name)))
            holds_write(e, &e->holds.v[i], &r->body);
}

void orders_place(struct engine *e, struct request *r)
{
    struct hold_wish w = asked(r);
    place(e, r, &w);
    if (r->err == ERR_OK)
        write_placed(e, r);
}

void orders_lift(struct engine *e, struct request *r)
{
    struct hold_wish w = asked(r);
    r->err = hold_check_asker(&w, &r->msg);
    if (r->err != ERR_OK)
        return;
    int i = holds_find(e, w.name);
    if (i < 0) {
        r->err = err_set(&r->msg, ERR_ABSENT, "no such hold");
        return;
    }
    holds_write(e, &e->holds.v[i], &r->body);
    holds_lift(e, (unsigned)i, w.why, w.by);
}

/* --- of all shards (office.h) --- */

static void place_brake(struct engine *e, const struct office_order *o)
{
    struct event ev = {.type = EV_HOLD_PLACED};
    if (holds_brake_on(e))
        return;
    ev.u.hold.hold = HOLD_BRAKE;
    ev.u.hold.scope.kind = SCOPE_ALL;
    ev.u.hold.why = o->why;
    ev.u.hold.by = STR_NONE;
    ev.u.hold.until = DATE_NONE;
    ev.u.hold.due = o->due;
    ev.u.hold.limit = o->limit;
    holds_place(e, &ev);
}

static void carry_out(struct engine *e, struct request *r, const struct office_order *o)
{
    struct hold_wish w = {o->scope, o->until, o->name, o->why, o->by};
    int i = o->lift ? holds_find(e, o->name) : -1;
    if (i >= 0 && (r->err = hold_check_asker(&w, &r->msg)) == ERR_OK)
        holds_lift(e, (unsigned)i, w.why, w.by);
    else if (o->lift)
        return;
    else if (o->hold == HOLD_BRAKE)
        place_brake(e, o);
    else if (w.until >= e->env.today) /* a shard that had no owner for long may come to it when it is over */
        place(e, r, &w);
}

/* An order that is refused is used up all the same: those behind it must not wait for it. That it was carried out is
 * durable together with what came of it. */
void orders_carry_out(struct engine *e, struct request *r)
{
    const struct office_order *o = r->order;
    if (o->number <= e->office.ordered)
        return;
    carry_out(e, r, o);
    e->office.ordered = e->cur->ordered = o->number;
    watch_stamp(e, &e->cur->stamp);
}

void orders_heard(struct engine *e, struct request *r)
{
    for (uint32_t i = 0; i < r->n_heard; i++) {
        int channel = adopt_channel(e, r->heard[i].channel);
        if (channel >= 0)
            holds_heard_at(e, (unsigned)channel, r->heard[i].at);
    }
}
