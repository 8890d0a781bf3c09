/* What becomes of an event when it is known who it is about: filters, and messages to people. A message is written from
 * what is known at this moment; its intent is durable before it is sent. */
#include <stdio.h>

#include "codec/event_json.h"
#include "deliver/inside.h"

#define CAP_AGAIN_SECONDS 1 /* nobody could say whether its number may get it */

/* --- filters --- */

static bool listed(const struct text_list *l, const char *name)
{
    for (unsigned i = 0; i < l->n; i++)
        if (strcmp(l->v[i], name) == 0)
            return true;
    return l->n == 0;
}

/* By policy, category and unit as they are now. A unit's digest has a unit only. */
bool person_passes(const struct outlet *o, const struct person_view *v)
{
    const struct endpoint *e = o->outfit->config;
    if (v->unit) {
        char code[ID_BYTES + 1];
        snprintf(code, sizeof code, "%.*s", (int)v->id.n, v->id.p);
        return listed(&e->units, code) && !e->policies.n && !e->categories.n;
    }
    if (!v->found) /* about nobody: an event of the system */
        return !e->policies.n && !e->categories.n && !e->units.n;
    return listed(&e->policies, v->policy.name) && listed(&e->categories, v->category) &&
           listed(&e->units, v->unit_code);
}

/* --- messages --- */

static void skipped(struct outlet *o, struct item *i, enum skip skip)
{
    o->skipped++;
    o->skips[skip]++;
    o->changed = true;
    book_row(o, i, DELIVERY_SKIPPED, o->deliver->now + KEEP_MS, str_of(skip_text(skip)), STR_NONE);
    say_item(o, i, SAID_SKIPPED, skip_text(skip), NULL, 0);
    track_settle(o->track, i);
}

/* Its number has had its share of that day. */
static void deferred(struct outlet *o, struct item *i, int32_t day)
{
    static const char why[] = "daily cap";
    track_retry(o->track, i, caps_day_after(o->deliver, day));
    book_row(o, i, DELIVERY_RETRY, i->at, STR_LIT(why), STR_NONE);
    say_item(o, i, SAID_DEFERRED, why, NULL, 0);
}

/* "+8613800001234" as "+86138****1234": for logs. */
static void mask_phone(struct str phone, char out[24])
{
    size_t n = phone.n < 20 ? phone.n : 20, shown = n > 8 ? 4 : 0, hidden = shown ? 4 : n;
    size_t before = n - shown - hidden;
    snprintf(out, 24, "%.*s%.*s%.*s", (int)before, phone.p, (int)hidden, "********************", (int)shown,
             phone.p + n - shown);
}

static void intend(struct flight *f)
{
    struct outlet *o = f->outlet;
    struct deliver *d = o->deliver;
    struct item *i = f->items[0];
    i->attempts++;
    track_give_row(o->track, i);
    book_row(o, i, DELIVERY_SENDING, 0, STR_NONE, STR_NONE);
    f->then = d->intents;
    d->intents = f;
}

/* Nothing was booked yet: it waits as before. */
static void not_now(struct flight *f)
{
    struct outlet *o = f->outlet;
    track_give_back(o->track, f->items[0]);
    pace_throttled(&o->pace, o->deliver->now, CAP_AGAIN_SECONDS);
}

static void on_cap(struct deliver_cap *c)
{
    struct flight *f = (struct flight *)((char *)c - offsetof(struct flight, cap));
    struct outlet *o = f->outlet;
    flights_called(o->deliver);
    f->asking = false;
    if (c->err == ERR_OK && c->taken) {
        intend(f);
        return;
    }
    if (c->err != ERR_OK)
        not_now(f);
    else
        deferred(o, f->items[0], f->day);
    breaker_forget(&o->breaker);
    flight_free(f);
}

static enum err render(struct flight *f, const struct item *i, const struct sms *sms, struct errmsg *msg)
{
    struct notice notice;
    char id[NOTICE_ID];
    struct deliver *d = f->outlet->deliver;
    if (!notice_read(d, buf_str(&i->line), id, &d->text, &notice))
        return err_set(msg, ERR_INVALID, "its line in the log cannot be read");
    return flight_render(f, &notice, 1, sms, msg);
}

static void send_message(struct outlet *o, struct item *i, const struct sms *sms)
{
    struct deliver *d = o->deliver;
    struct errmsg msg = {""};
    struct flight *f = flight_new(o, FLIGHT_MESSAGE);
    f->items[0] = i;
    f->n = 1;
    f->day = d->day;
    i->number = caps_number(d, sms->phone);
    if (render(f, i, sms, &msg) != ERR_OK) {
        flight_free(f);
        outcome_dead(o, i, msg.text, NULL, 0);
        return;
    }
    mask_phone(sms->phone, f->phone);
    if (!d->options.caps && !caps_take(d, i->number)) {
        flight_free(f);
        deferred(o, i, d->day);
        return;
    }
    outlet_sent(o);
    if (d->options.caps)
        caps_ask(f, on_cap);
    else
        intend(f);
}

static struct recipient recipient_of(const struct person_view *v, lc_date today)
{
    return (struct recipient){
        .record = v->unit ? NULL : &v->rec,
        .policy = v->unit ? NULL : &v->policy,
        .dates = v->dates,
        .today = today,
        .id = v->id,
        .contact = v->contact,
    };
}

void person_message(struct outlet *o, struct item *i, const struct person_view *v, lc_date today)
{
    struct deliver *d = o->deliver;
    struct recipient r = recipient_of(v, today);
    struct errmsg msg = {""};
    struct event e;
    struct sms sms;
    size_t where;
    if (i->confirmed) {
        outcome_confirmed(o, i);
        return;
    }
    if (event_read(buf_str(&i->line), &e, &d->arena, &where) != ERR_OK) {
        outcome_dead(o, i, "its line in the log cannot be read", NULL, 0);
        return;
    }
    enum skip skip = message_skip(&e, &r);
    if (skip == SKIP_NO_MESSAGE) {
        outlet_let_go(o, i);
        return;
    }
    if (skip != SKIP_NOT) {
        skipped(o, i, skip);
        return;
    }
    buf_clear(&d->message);
    enum err err = message_render(o->outfit->settings->texts, o->outfit->config, &e, &r, &d->message, &sms, &msg);
    if (err == ERR_OK)
        send_message(o, i, &sms);
    else if (err == ERR_ABSENT)
        outlet_let_go(o, i);
    else
        outcome_dead(o, i, msg.text, NULL, 0);
}
