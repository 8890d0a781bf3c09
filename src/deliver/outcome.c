/* What came of a request: its events are settled, wait for another attempt, or are given up; the endpoint gets faster,
 * slower, or is left alone. */
#include <stdio.h>

#include "deliver/inside.h"
#include "deliver/schedule.h"

#define TOO_MANY_REQUESTS 429

/* --- the endpoint --- */

static void note_error(struct outlet *o, const char *why)
{
    snprintf(o->last_error, sizeof o->last_error, "%s", why);
    o->last_error_at = o->deliver->now;
}

static void endpoint_well(struct outlet *o)
{
    struct outlet *live = outlet_live(o);
    live->last_ok_at = o->deliver->now;
    pace_succeeded(&live->pace);
    if (o->live)
        breaker_succeeded(&o->breaker);
    if (breaker_succeeded(&live->breaker))
        say_outlet(live, SAID_CLOSED, "");
}

/* What fails when it comes again need not fail when it comes first: a redelivery stops by a breaker of its own, and
 * counts for the endpoint's only where that was open already. */
static void endpoint_failed(struct outlet *o, const char *why)
{
    struct outlet *live = outlet_live(o);
    note_error(o, why);
    if (o->live)
        breaker_failed(&o->breaker, o->deliver->now);
    if ((!o->live || live->breaker.open) && breaker_failed(&live->breaker, o->deliver->now))
        say_outlet(live, SAID_OPENED, why);
}

/* It said nothing of whether it works. */
static void endpoint_unjudged(struct outlet *o, const char *why)
{
    note_error(o, why);
    breaker_forget(&o->breaker);
    breaker_forget(&outlet_live(o)->breaker);
}

/* What the outcome says of the endpoint, whatever becomes of the events. */
static void judge_endpoint(struct outlet *o, const struct verdict *v, const struct answer *a)
{
    struct outlet *live = outlet_live(o);
    live->outcomes[v->outcome]++;
    switch (v->outcome) {
    case OUTCOME_DELIVERED:
    case OUTCOME_FAILED: /* it read what it refused */
        endpoint_well(o);
        break;
    case OUTCOME_THROTTLED:
        pace_throttled(&live->pace, o->deliver->now, v->retry_after);
        if (a->status == TOO_MANY_REQUESTS)
            endpoint_unjudged(o, v->why);
        else
            endpoint_failed(o, v->why);
        break;
    case OUTCOME_GONE:
        endpoint_unjudged(o, v->why);
        if (!live->paused[0])
            outlet_pause(live, v->why, STR_LIT("the endpoint"));
        break;
    default:
        endpoint_failed(o, v->why);
    }
}

/* --- events --- */

void outcome_dead(struct outlet *o, struct item *i, const char *why, const struct flight *f, int status)
{
    o->dead++;
    o->changed = true;
    if (o->live) {
        note_error(o, why);
        book_remove(o, i->seq);
    } else {
        book_row(o, i, DELIVERY_DEAD, 0, str_of(why), STR_NONE);
        gaps_owe(o, track_subject(i), i->seq);
    }
    say_item(o, i, SAID_DEAD, why, f, status);
    outlet_bury(o, i);
}

void outcome_failed(struct outlet *o, struct item *i, const struct verdict *v, const struct flight *f, int status)
{
    struct deliver *d = o->deliver;
    int64_t delay = schedule_delay(o->outfit->config, i->attempts, v->retry_after, deliver_random(d));
    if (delay < 0) {
        outcome_dead(o, i, v->why, f, status);
        return;
    }
    track_retry(o->track, i, d->now + delay);
    book_row(o, i, DELIVERY_RETRY, i->at, str_of(v->why), STR_NONE);
    say_item(o, i, SAID_RETRY, v->why, f, status);
}

static void delivered(struct outlet *o, struct item *i, const struct flight *f, int status)
{
    o->delivered++;
    o->changed = true;
    if (i->row)
        book_remove(o, i->seq);
    gaps_pay(o, track_subject(i), i->seq);
    say_item(o, i, SAID_DELIVERED, "", f, status);
    track_settle(o->track, i);
}

/* The endpoint wants nothing: what it was sent keeps its attempts for when it is resumed. */
static void given_back(struct outlet *o, struct item *i, const struct verdict *v, const struct flight *f, int status)
{
    i->attempts--;
    track_retry(o->track, i, o->deliver->now);
    book_row(o, i, DELIVERY_RETRY, i->at, str_of(v->why), STR_NONE);
    say_item(o, i, SAID_RETRY, v->why, f, status);
}

void outcome_events(struct flight *f, const struct answer *a)
{
    struct outlet *o = f->outlet;
    struct verdict v = {.retry_after = -1};
    f->outfit->adapter->judge(f->outfit->state, a, &v);
    judge_endpoint(o, &v, a);
    for (unsigned k = 0; k < f->n; k++) {
        struct item *i = f->items[k];
        if (v.outcome == OUTCOME_DELIVERED)
            delivered(o, i, f, a->status);
        else if (v.outcome == OUTCOME_FAILED)
            outcome_dead(o, i, v.why, f, a->status);
        else if (v.outcome == OUTCOME_GONE)
            given_back(o, i, &v, f, a->status);
        else
            outcome_failed(o, i, &v, f, a->status);
    }
}

/* --- messages --- */

static void sent(struct outlet *o, struct item *i, const struct verdict *v, const struct flight *f, int status)
{
    o->delivered++;
    o->changed = true;
    book_row(o, i, DELIVERY_SENT, o->deliver->now + KEEP_MS, STR_NONE, v->ref[0] ? str_of(v->ref) : STR_NONE);
    say_item(o, i, SAID_DELIVERED, "", f, status);
    track_settle(o->track, i);
}

void outcome_confirmed(struct outlet *o, struct item *i)
{
    struct verdict v = {.retry_after = -1};
    sent(o, i, &v, NULL, 0);
}

/* It may have been sent: nobody's later messages wait for it, and it is never sent again by itself. */
static void unknown(struct outlet *o, struct item *i, const struct verdict *v, const struct flight *f, int status)
{
    track_set_apart(o->track, i, o->deliver->now + f->outfit->config->receipt_within * 1000);
    book_row(o, i, DELIVERY_UNKNOWN, i->at, str_of(v->why), v->ref[0] ? str_of(v->ref) : STR_NONE);
    say_item(o, i, SAID_UNKNOWN, v->why, f, status);
}

void outcome_message(struct flight *f, const struct answer *a)
{
    struct outlet *o = f->outlet;
    struct item *i = f->items[0];
    struct verdict v = {.retry_after = -1};
    f->outfit->adapter->judge(f->outfit->state, a, &v);
    judge_endpoint(o, &v, a);
    if (v.outcome == OUTCOME_DELIVERED || i->confirmed) {
        sent(o, i, &v, f, a->status);
        return;
    }
    if (v.outcome == OUTCOME_UNKNOWN) {
        unknown(o, i, &v, f, a->status);
        return;
    }
    caps_give_back(o, i, f->day); /* it was certainly not sent */
    if (v.outcome == OUTCOME_FAILED)
        outcome_dead(o, i, v.why, f, a->status);
    else if (v.outcome == OUTCOME_GONE)
        given_back(o, i, &v, f, a->status);
    else
        outcome_failed(o, i, &v, f, a->status);
}
