/* The brake over all shards. Nobody is suspended before every shard has come to that instant and what all of them have
 * due and have applied, read in one go, is within the limit; else an order places the brake. What a shard has due goes
 * over into what it has applied, so that the sum holds while they all suspend. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "core/hold.h"

#define OWNERLESS_MS 30000 /* a shard without an owner for so long is told of, */
#define TELL_MS 60000      /* again and again */

bool office_seat_may_suspend(void *arg, lc_instant at)
{
    struct office_seat *seat = arg;
    struct office *o = seat->office;
    pthread_mutex_lock(&o->lock);
    bool granted = o->rules.brake.kind == BRAKE_OFF ? seat->sent_any : at <= o->granted;
    bool may = seat->open && granted && seat->carried >= o->last_order;
    if (seat->open && !may) {
        seat->asked = true;
        seat->wanted = at;
        if (!o->dirty && seat->sent_wanted != at) {
            o->dirty = true;
            pthread_cond_signal(&o->wake);
        }
    }
    pthread_mutex_unlock(&o->lock);
    return may;
}

struct sums {
    bool whole; /* every shard is there, and has carried out every order; and ours have no more than was read */
    lc_instant now;
    lc_date day;
    int64_t due, applied, drawing;
};

/* An engine that has more due by now than what was read is read again first. */
static bool has_more(const struct office_seat *seat, const struct office_report *read)
{
    return seat->open && seat->reported && office_report_exceeds(&seat->report, read);
}

/* The earliest that a shard of ours is in. */
static lc_date our_day(const struct office *o)
{
    lc_date day = DATE_NONE;
    for (unsigned i = 0; i < o->set->n; i++)
        if (o->seats[i].open && o->seats[i].reported && (day == DATE_NONE || o->seats[i].report.day < day))
            day = o->seats[i].report.day;
    return day;
}

/* What was applied on an earlier day than ours counts no more. A day that is later than ours takes nothing away: a
 * clock may run ahead. */
static struct sums sum_up(const struct office *o)
{
    struct sums s = {.whole = o->read_at != 0, .now = INSTANT_NONE, .day = our_day(o)};
    for (unsigned i = 0; i < o->set->n && s.whole; i++) {
        const struct office_report *r = &o->read[i].r;
        s.whole = o->read[i].there && r->ordered >= o->last_order && !has_more(&o->seats[i], r);
        s.now = r->now < s.now ? r->now : s.now;
        s.due += r->due;
        s.applied += r->day >= s.day ? r->applied : 0;
        s.drawing += r->drawing;
    }
    return s;
}

/* The earliest that an engine of ours waits for, and is not granted. */
lc_instant office_brake_wanted(const struct office *o)
{
    lc_instant at = INSTANT_NONE;
    for (unsigned i = 0; i < o->set->n; i++)
        if (o->seats[i].open && o->seats[i].wanted > o->granted && o->seats[i].wanted < at)
            at = o->seats[i].wanted;
    return at;
}

static bool is_ordered(const struct office *o)
{
    for (const struct pending_order *p = o->orders; p; p = p->next)
        if (!p->call)
            return true;
    return false;
}

static void order_brake(struct office *o, const struct sums *s, int64_t limit)
{
    struct pending_order *p = mem_zalloc(1, sizeof *p);
    snprintf(p->why, sizeof p->why,
             "%" PRId64 " suspensions due and %" PRId64 " applied today exceed the limit of %" PRId64, s->due,
             s->applied, limit);
    p->order = (struct office_order){
        .hold = HOLD_BRAKE,
        .scope = {SCOPE_ALL, STR_NONE},
        .until = DATE_NONE,
        .due = s->due + s->applied,
        .limit = limit,
        .why = str_of(p->why),
        .by = STR_NONE,
    };
    p->version = o->version;
    office_orders_add(o, p);
}

/* --- shards that nobody has --- */

static int ownerless(const struct office *o, int64_t now, int64_t *ms)
{
    for (unsigned i = 0; i < o->set->n; i++) {
        const struct read_report *r = &o->read[i];
        *ms = (now - (r->there ? o->read_at : o->wait_since)) / NS_PER_MS + (r->there ? r->age_ms : 0);
        if (*ms > OWNERLESS_MS)
            return (int)i;
    }
    return -1;
}

static void tell_ownerless(struct office *o, int shard, int64_t ms, int64_t now)
{
    if (shard < 0 || (o->ownerless_told && now - o->ownerless_told < TELL_MS * NS_PER_MS))
        return;
    o->ownerless_told = now;
    office_tell(o, "shard %d has had no owner for %" PRId64 " s: nobody is suspended, in any shard, before it has one",
                shard, ms / 1000);
}

/* --- */

static void judge(struct office *o, lc_instant wanted)
{
    struct sums s = sum_up(o);
    if (!s.whole || wanted > s.now || o->trouble != TROUBLE_NONE)
        return;
    int64_t limit = brake_allowance(&o->rules.brake, s.drawing);
    if (limit == INT64_MAX || s.due + s.applied <= limit)
        o->granted = s.now;
    else if (!is_ordered(o))
        order_brake(o, &s, limit);
}

void office_brake_judge(struct office *o)
{
    int shard = -1;
    int64_t ms = 0, now = clock_boot_ns();
    pthread_mutex_lock(&o->lock);
    lc_instant wanted = office_brake_wanted(o);
    if (wanted == INSTANT_NONE)
        o->wait_since = 0;
    else {
        o->wait_since = o->wait_since ? o->wait_since : now;
        judge(o, wanted);
        shard = o->granted < wanted ? ownerless(o, now, &ms) : -1;
    }
    pthread_mutex_unlock(&o->lock);
    tell_ownerless(o, shard, ms, now);
}
