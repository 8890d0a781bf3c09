/* An engine's end of the office: what the engine calls, and what it is given to do. */
#include "shards/office/office_inside.h"

#include <stdlib.h>

void office_seats_init(struct office *o)
{
    o->seats = mem_zalloc(o->set->n, sizeof *o->seats);
    for (unsigned i = 0; i < o->set->n; i++) {
        struct office_seat *seat = &o->seats[i];
        seat->office = o;
        seat->shard = i;
        seat->wanted = seat->sent_wanted = INSTANT_NONE;
        seat->hooks = (struct engine_office){
            .arg = seat,
            .shard = i,
            .n_shards = o->set->n,
            .report = office_seat_report,
            .may_suspend = office_seat_may_suspend,
            .count_units = office_seat_count_units,
            .unit_totals = office_seat_unit_totals,
        };
    }
}

/* --- errands --- */

struct errand *office_errand_new(struct office_seat *seat, enum request_kind kind, void (*done)(struct request *))
{
    struct errand *e = mem_zalloc(1, sizeof *e);
    e->seat = seat;
    e->request.kind = kind;
    e->request.done = done;
    e->request.owner = e;
    return e;
}

void office_errand_free(struct errand *e)
{
    if (!e)
        return;
    buf_done(&e->request.body);
    buf_done(&e->texts);
    free(e->heard);
    free(e);
}

bool office_errand_give(struct errand *e, struct errand **place)
{
    struct office *o = e->seat->office;
    pthread_mutex_lock(&o->lock);
    *place = e;
    pthread_mutex_unlock(&o->lock);
    if (e->seat->engine && engine_submit(e->seat->engine, &e->request))
        return true;
    pthread_mutex_lock(&o->lock);
    *place = NULL;
    pthread_mutex_unlock(&o->lock);
    office_errand_free(e);
    return false;
}

void office_wake_engine(struct office_seat *seat)
{
    pthread_mutex_lock(&seat->office->engines);
    if (seat->engine)
        engine_wake(seat->engine);
    pthread_mutex_unlock(&seat->office->engines);
}

/* --- an engine comes and goes --- */

/* What the engine before was closed with. */
static void clear(struct office_seat *seat)
{
    office_errand_free(seat->order);
    office_errand_free(seat->heard);
    office_totals_free(seat->totals_new);
    office_totals_free(seat->totals);
    seat->order = seat->heard = NULL;
    seat->totals_new = seat->totals = NULL;
    seat->totals_wanted = MONTH_NONE;
    seat->reported = seat->asked = seat->open = seat->sent_any = false;
    seat->wanted = INSTANT_NONE;
    seat->carried = 0;
}

const struct engine_office *office_engine(struct office *o, unsigned shard)
{
    struct office_seat *seat = &o->seats[shard];
    pthread_mutex_lock(&o->lock);
    clear(seat);
    seat->open = seat->claim = true;
    pthread_mutex_unlock(&o->lock);
    return &seat->hooks;
}

void office_attach(struct office *o, unsigned shard, struct engine *e)
{
    pthread_mutex_lock(&o->engines);
    o->seats[shard].engine = e;
    pthread_mutex_unlock(&o->engines);
    pthread_mutex_lock(&o->lock);
    office_hurry(o);
    pthread_mutex_unlock(&o->lock);
}

void office_drop(struct office *o, unsigned shard)
{
    struct office_seat *seat = &o->seats[shard];
    pthread_mutex_lock(&o->engines);
    seat->engine = NULL;
    pthread_mutex_unlock(&o->engines);
    pthread_mutex_lock(&o->lock);
    seat->open = false;
    seat->wanted = INSTANT_NONE;
    pthread_mutex_unlock(&o->lock);
}

void office_seats_done(struct office *o)
{
    for (unsigned i = 0; i < o->set->n; i++)
        clear(&o->seats[i]);
    free(o->seats);
}
