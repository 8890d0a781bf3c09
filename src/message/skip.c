/* When a message is to the point (lifecertd-rules(7), "Messages to people"). An event was true when it was decided;
 * what counts is the state at the moment of sending. In doubt nothing is sent: what took the event's place has a message
 * of its own behind it in the queue. */
#include "message/message.h"
#include "message/variables.h"

static const char *const words[SKIP_N] = {
    [SKIP_NOT] = "",
    [SKIP_NO_MESSAGE] = "no-message",
    [SKIP_CERTIFIED] = "certified",
    [SKIP_TERMINATED] = "terminated",
    [SKIP_SUPERSEDED] = "superseded",
    [SKIP_CHANGED] = "changed",
    [SKIP_ERASED] = "erased",
    [SKIP_NO_PHONE] = "no-phone",
};

const char *skip_text(enum skip s)
{
    return (unsigned)s < SKIP_N ? words[s] : NULL;
}

/* Dates moved since the event: because of a certification, or for another reason? A base date lies before what is
 * decided because of it, so a date certified on the event's day or later is a new base. An older one, handed in late,
 * shows in reminded_on, which a renewal sets to its own day (what else moves the due date clears it), and in that the
 * dates lie later than they did. */
static enum skip moved(const struct event *e, const struct recipient *r, bool later)
{
    const struct record *rec = r->record;
    if (rec->certified_on == DATE_NONE)
        return SKIP_CHANGED;
    if (rec->certified_on >= e->today)
        return SKIP_CERTIFIED;
    return later && rec->reminded_on >= e->today ? SKIP_CERTIFIED : SKIP_CHANGED;
}

/* Was a reminder of a later date emitted, or a certification renewed, after this reminder? Either leaves its date in
 * reminded_on. What is dated after the event's day came after it. On that very day it may be this reminder itself or,
 * when this one was late, the next: then the schedule tells, unless an amendment has made another one meanwhile. */
static bool newer_reminder(const struct event *e, const struct recipient *r)
{
    if (r->record->reminded_on != e->today)
        return r->record->reminded_on > e->today;
    struct reminders all;
    policy_reminders(r->policy, r->dates.base, r->dates.due, &all);
    int i = e->u.reminder.number - 1;
    return all.n == e->u.reminder.of && i >= 0 && i < all.n && all.on[i] < e->today;
}

static enum skip skip_reminder(const struct event *e, const struct recipient *r)
{
    if (r->dates.due != e->u.reminder.due_on)
        return moved(e, r, r->dates.due > e->u.reminder.due_on);
    if (r->record->status != STATUS_ACTIVE || newer_reminder(e, r))
        return SKIP_SUPERSEDED;
    return r->today > r->dates.due ? SKIP_CHANGED : SKIP_NOT;
}

/* In grace again after a renewal that did not move the due date, or until another day: another notice follows. */
static enum skip skip_grace(const struct event *e, const struct recipient *r)
{
    if (r->dates.due != e->u.grace.due_on)
        return moved(e, r, r->dates.due > e->u.grace.due_on);
    if (r->record->status == STATUS_SUSPENDED || r->record->reminded_on > e->today ||
        r->dates.grace_until != e->u.grace.grace_until)
        return SKIP_SUPERSEDED;
    /* Past its end in grace: a hold keeps the suspension back, yet the time given is over. */
    return r->record->status != STATUS_GRACE || r->today > r->dates.grace_until ? SKIP_CHANGED : SKIP_NOT;
}

/* The due date may have moved without ending the suspension: the notice still holds. */
static enum skip skip_suspended(const struct event *e, const struct recipient *r)
{
    if (r->record->status != STATUS_SUSPENDED)
        return moved(e, r, r->dates.due > e->u.suspended.due_on);
    return r->record->suspended_on != e->u.suspended.suspended_on ? SKIP_SUPERSEDED : SKIP_NOT;
}

/* Once the payday is over, the money has said it. */
static enum skip skip_resumed(const struct event *e, const struct recipient *r)
{
    if (r->record->status == STATUS_SUSPENDED || r->record->resumed_on != e->u.resumed.resumed_on)
        return SKIP_SUPERSEDED;
    return r->today > resumption_payday(e, r->policy) ? SKIP_CHANGED : SKIP_NOT;
}

static enum skip skip_accepted(const struct event *e, const struct recipient *r)
{
    if (e->u.accepted.effect != EFFECT_RENEWED)
        return SKIP_NO_MESSAGE;
    if (r->record->certified_on > e->u.accepted.certified_on)
        return SKIP_SUPERSEDED; /* by the confirmation of a later one */
    bool stands = r->record->certified_on == e->u.accepted.certified_on && r->dates.due == e->u.accepted.due_on;
    return !stands || r->today > r->dates.due ? SKIP_CHANGED : SKIP_NOT;
}

/* It gives a day by which to certify, which a suspended person does not have. */
static enum skip skip_revoked(const struct event *e, const struct recipient *r)
{
    if (e->u.revoked.effect != EFFECT_REVERTED)
        return SKIP_NO_MESSAGE;
    if (r->dates.due != e->u.revoked.due_on)
        return moved(e, r, r->dates.due > e->u.revoked.due_on);
    if (r->record->status == STATUS_SUSPENDED)
        return r->record->suspended_on >= e->today ? SKIP_SUPERSEDED : SKIP_CHANGED;
    return r->today > r->dates.grace_until ? SKIP_CHANGED : SKIP_NOT;
}

static enum skip skip_deferred(const struct event *e, const struct recipient *r)
{
    if (r->record->status == STATUS_SUSPENDED)
        return SKIP_SUPERSEDED;
    if (r->record->deferred_until != e->u.deferred.until)
        return r->record->deferred_until == DATE_NONE ? SKIP_CHANGED : SKIP_SUPERSEDED;
    if (r->dates.suspend_on != e->u.deferred.suspend_on)
        return moved(e, r, r->dates.due + r->policy->grace > e->u.deferred.until);
    return r->today > e->u.deferred.until ? SKIP_CHANGED : SKIP_NOT;
}

static enum skip skip_digest(const struct event *e, const struct recipient *r)
{
    if (e->u.digest.count <= 0)
        return SKIP_NO_MESSAGE;
    return date_month(r->today) != e->u.digest.month ? SKIP_CHANGED : SKIP_NOT;
}

typedef enum skip rule(const struct event *e, const struct recipient *r);

static rule *const rules[EV_N] = {
    [EV_REMINDER] = skip_reminder, [EV_GRACE] = skip_grace,        [EV_SUSPENDED] = skip_suspended,
    [EV_RESUMED] = skip_resumed,   [EV_ACCEPTED] = skip_accepted,  [EV_REVOKED] = skip_revoked,
    [EV_DEFERRED] = skip_deferred, [EV_UNIT_DIGEST] = skip_digest,
};

bool message_type(enum event_type t)
{
    return (unsigned)t < EV_N && rules[t] != NULL;
}

/* The end of the benefit goes before every other reason, but what brings no message at all is not counted. */
static enum skip skip_person(const struct event *e, const struct recipient *r)
{
    if (!r->record)
        return SKIP_CHANGED; /* nobody is known by that id */
    enum skip s = rules[e->type](e, r);
    if (s == SKIP_NO_MESSAGE || r->record->status != STATUS_TERMINATED)
        return s;
    return r->record->erased ? SKIP_ERASED : SKIP_TERMINATED;
}

enum skip message_skip(const struct event *e, const struct recipient *r)
{
    if (!message_type(e->type))
        return SKIP_NO_MESSAGE;
    enum skip s = e->type == EV_UNIT_DIGEST ? skip_digest(e, r) : skip_person(e, r);
    return s == SKIP_NOT && r->contact.phone.n == 0 ? SKIP_NO_PHONE : s;
}
