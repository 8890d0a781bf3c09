/* What is not so any more is not said: each rule by itself, and lives lived by the core. */
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "tests/lib/tap.h"
#include "tests/message/queue.h"
#include "tests/message/sample.h"

/* Where the state differs from the one after the sample event, "KEY=VALUE ..."; the day is the event's. */
static const struct {
    enum event_type type;
    const char *what, *differs, *skip;
} rows[] = {
    {EV_REMINDER, "at once", "", ""},
    {EV_REMINDER, "on the due date", "today=2026-05-31", ""},
    {EV_REMINDER, "after the due date", "today=2026-06-01", "changed"},
    {EV_REMINDER, "after a certification", "certified_on=2026-05-02 reminded_on=2026-05-02", "certified"},
    {EV_REMINDER, "after one of the same day", "certified_on=2026-05-01", "certified"},
    {EV_REMINDER, "after one handed in late", "certified_on=2026-04-20 reminded_on=2026-05-01", "certified"},
    {EV_REMINDER, "after one and a changed policy", "certified_on=2026-05-02 reminded_on=none cycle=6", "certified"},
    {EV_REMINDER, "when a policy moved the due date on", "cycle=13 reminded_on=none", "changed"},
    {EV_REMINDER, "when a policy moved it on and reminded again", "cycle=13 reminded_on=2026-04-30", "changed"},
    {EV_REMINDER, "when a policy moved it back", "cycle=11 reminded_on=none", "changed"},
    {EV_REMINDER, "when the certification is gone", "certified_on=2025-04-01 reminded_on=none", "changed"},
    {EV_REMINDER, "when none is left", "certified_on=none approved_on=2025-04-01", "changed"},
    {EV_REMINDER, "when none is left, and the due date lies later",
     "certified_on=none approved_on=2025-06-01 reminded_on=2026-05-02", "changed"},
    {EV_REMINDER, "in grace", "status=grace today=2026-06-01", "superseded"},
    {EV_REMINDER, "when suspended", "status=suspended today=2026-06-16", "superseded"},
    {EV_REMINDER, "after a later reminder", "reminded_on=2026-05-02", "superseded"},
    {EV_REMINDER, "after a renewal that left the due date", "certified_on=2025-05-20 reminded_on=2026-05-03",
     "superseded"},
    {EV_REMINDER, "that was late", "reminded_on=2026-04-01", ""},
    {EV_REMINDER, "when it may come again", "reminded_on=none", ""},
    {EV_REMINDER, "when terminated", "status=terminated", "terminated"},
    {EV_REMINDER, "when terminated after a certification", "status=terminated certified_on=2026-05-02", "terminated"},
    {EV_REMINDER, "when erased", "status=terminated erased=1", "erased"},
    {EV_REMINDER, "when another policy has other reminders", "remind_ahead=6", ""},
    {EV_REMINDER, "when another policy has none", "remind_ahead=0", ""},
    {EV_REMINDER, "without a phone", "phone=none", "no-phone"},
    {EV_REMINDER, "without a phone, after a certification", "phone=none certified_on=2026-05-02", "certified"},
    {EV_REMINDER, "of nobody known", "record=none", "changed"},

    {EV_GRACE, "at once", "", ""},
    {EV_GRACE, "on its last day", "today=2026-06-15", ""},
    {EV_GRACE, "held past its last day", "today=2026-06-16", "changed"},
    {EV_GRACE, "after a certification", "status=active certified_on=2026-06-02", "certified"},
    {EV_GRACE, "after one handed in late", "status=active certified_on=2026-04-20 reminded_on=2026-06-02", "certified"},
    {EV_GRACE, "when a policy moved the due date", "status=active cycle=13 reminded_on=none", "changed"},
    {EV_GRACE, "when the certification is gone", "certified_on=2025-04-01 reminded_on=none", "changed"},
    {EV_GRACE, "when suspended", "status=suspended today=2026-06-16", "superseded"},
    {EV_GRACE, "when a home visit is booked", "deferred_until=2026-07-10", "superseded"},
    {EV_GRACE, "when notice was given", "notice_until=2026-06-30", "superseded"},
    {EV_GRACE, "when a policy shortened it", "grace=10", "superseded"},
    {EV_GRACE, "after a renewal that left the due date", "certified_on=2025-05-20 reminded_on=2026-06-03",
     "superseded"},
    {EV_GRACE, "after one of the same day", "certified_on=2025-05-20 reminded_on=2026-06-01", ""},
    {EV_GRACE, "when no longer in it", "status=active", "changed"},
    {EV_GRACE, "when terminated", "status=terminated", "terminated"},
    {EV_GRACE, "without a phone", "phone=none", "no-phone"},

    {EV_SUSPENDED, "at once", "", ""},
    {EV_SUSPENDED, "a year later", "today=2027-06-16", ""},
    {EV_SUSPENDED, "when a policy moved the due date", "cycle=11", ""},
    {EV_SUSPENDED, "after a certification", "status=active certified_on=2026-06-17 suspended_on=none", "certified"},
    {EV_SUSPENDED, "after one handed in late",
     "status=active certified_on=2026-05-30 reminded_on=2026-06-17 suspended_on=none", "certified"},
    {EV_SUSPENDED, "when a policy ended it", "status=active cycle=14 reminded_on=none suspended_on=none", "changed"},
    {EV_SUSPENDED, "when in grace again", "status=grace suspended_on=none grace=30", "changed"},
    {EV_SUSPENDED, "after a later one", "suspended_on=2026-08-01", "superseded"},
    {EV_SUSPENDED, "when terminated", "status=terminated", "terminated"},
    {EV_SUSPENDED, "without a phone", "phone=none", "no-phone"},

    {EV_RESUMED, "at once", "", ""},
    {EV_RESUMED, "on the payday", "today=2026-09-15", ""},
    {EV_RESUMED, "after the payday", "today=2026-09-16", "changed"},
    {EV_RESUMED, "in grace", "status=grace", ""},
    {EV_RESUMED, "when another policy moved the due date", "cycle=13", ""},
    {EV_RESUMED, "when suspended again", "status=suspended", "superseded"},
    {EV_RESUMED, "after a later one", "resumed_on=2026-08-25", "superseded"},
    {EV_RESUMED, "when terminated", "status=terminated", "terminated"},
    {EV_RESUMED, "without a phone", "phone=none", "no-phone"},

    {EV_ACCEPTED, "at once", "", ""},
    {EV_ACCEPTED, "on the due date", "today=2027-08-31", ""},
    {EV_ACCEPTED, "after the due date", "today=2027-09-01", "changed"},
    {EV_ACCEPTED, "after a later certification", "certified_on=2026-09-01", "superseded"},
    {EV_ACCEPTED, "after a later one of the same month", "certified_on=2026-08-21", "superseded"},
    {EV_ACCEPTED, "when it is gone", "certified_on=2025-05-10", "changed"},
    {EV_ACCEPTED, "when it is gone, but the due date is the same", "certified_on=2026-08-19", "changed"},
    {EV_ACCEPTED, "when none is left", "certified_on=none", "changed"},
    {EV_ACCEPTED, "when a policy moved the due date", "cycle=6", "changed"},
    {EV_ACCEPTED, "when terminated", "status=terminated", "terminated"},
    {EV_ACCEPTED, "when erased", "status=terminated erased=1", "erased"},
    {EV_ACCEPTED, "without a phone", "phone=none", "no-phone"},

    {EV_REVOKED, "at once", "", ""},
    {EV_REVOKED, "on the last day given", "today=2026-06-15", ""},
    {EV_REVOKED, "in grace", "status=grace today=2026-06-02", ""},
    {EV_REVOKED, "past the last day given", "status=grace today=2026-06-16", "changed"},
    {EV_REVOKED, "after a certification", "certified_on=2026-05-20", "certified"},
    {EV_REVOKED, "after one handed in late", "certified_on=2026-04-20 reminded_on=2026-05-21", "certified"},
    {EV_REVOKED, "when the one before is gone too", "certified_on=2025-03-01 reminded_on=none", "changed"},
    {EV_REVOKED, "when a policy moved the due date", "cycle=13", "changed"},
    {EV_REVOKED, "when suspended before", "status=suspended suspended_on=2026-05-19", "changed"},
    {EV_REVOKED, "when suspended the same day", "status=suspended suspended_on=2026-05-20", "superseded"},
    {EV_REVOKED, "when suspended after", "status=suspended suspended_on=2026-06-16 today=2026-06-16", "superseded"},
    {EV_REVOKED, "when terminated", "status=terminated", "terminated"},
    {EV_REVOKED, "without a phone", "phone=none", "no-phone"},

    {EV_DEFERRED, "at once", "", ""},
    {EV_DEFERRED, "in grace", "status=grace", ""},
    {EV_DEFERRED, "on its last day", "today=2026-07-10", ""},
    {EV_DEFERRED, "held past its last day", "today=2026-07-11", "changed"},
    {EV_DEFERRED, "when suspended", "status=suspended", "superseded"},
    {EV_DEFERRED, "when booked anew", "deferred_until=2026-07-12", "superseded"},
    {EV_DEFERRED, "when cleared by a revocation", "deferred_until=none", "changed"},
    {EV_DEFERRED, "after a certification", "certified_on=2026-06-02", "certified"},
    {EV_DEFERRED, "after one handed in late", "certified_on=2026-05-30 reminded_on=2026-06-03", "certified"},
    {EV_DEFERRED, "when notice was given for longer", "notice_until=2026-07-11", "changed"},
    {EV_DEFERRED, "when a policy gives longer grace", "grace=60", "changed"},
    {EV_DEFERRED, "when terminated", "status=terminated", "terminated"},
    {EV_DEFERRED, "without a phone", "phone=none", "no-phone"},

    {EV_ENROLLED, "", "", "no-message"},
    {EV_AMENDED, "", "", "no-message"},
    {EV_ERASED, "", "status=terminated erased=1", "no-message"},
    {EV_CERT_REJECTED, "", "", "no-message"},
    {EV_INPUT_REJECTED, "", "", "no-message"},
    {EV_LAPSED, "", "", "no-message"},
    {EV_TERMINATED, "", "status=terminated", "no-message"},
    {EV_REINSTATED, "", "", "no-message"},
    {EV_POLICY_ADOPTED, "", "record=none", "no-message"},
    {EV_CONFIG_ADOPTED, "", "record=none", "no-message"},
    {EV_UNIT_RECORDED, "", "record=none", "no-message"},
    {EV_HOLD_PLACED, "", "record=none", "no-message"},
    {EV_HOLD_LIFTED, "", "record=none", "no-message"},
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static const struct {
    const char *key;
    size_t at;
} dates[] = {
    {"approved_on", offsetof(struct person, record.approved_on)},
    {"certified_on", offsetof(struct person, record.certified_on)},
    {"reminded_on", offsetof(struct person, record.reminded_on)},
    {"deferred_until", offsetof(struct person, record.deferred_until)},
    {"notice_until", offsetof(struct person, record.notice_until)},
    {"suspended_on", offsetof(struct person, record.suspended_on)},
    {"resumed_on", offsetof(struct person, record.resumed_on)},
    {"today", offsetof(struct person, is.today)},
    {"cycle", offsetof(struct person, policy.cycle)}, /* these are numbers */
    {"grace", offsetof(struct person, policy.grace)},
    {"remind_ahead", offsetof(struct person, policy.remind_ahead)},
};

#define N_DATES 8

static bool set_number(struct person *p, const char *key, const char *value)
{
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        if (strcmp(dates[i].key, key) != 0)
            continue;
        int32_t v = i >= N_DATES ? atoi(value) : strcmp(value, "none") == 0 ? DATE_NONE : on(value);
        memcpy((char *)p + dates[i].at, &v, sizeof v);
        return true;
    }
    return false;
}

static void set(struct person *p, const char *key, const char *value)
{
    unsigned status;
    if (set_number(p, key, value))
        return;
    if (strcmp(key, "status") == 0 && texts_find(&status_texts, str_of(value), &status))
        p->record.status = (enum status)status;
    else if (strcmp(key, "erased") == 0)
        p->record.erased = true;
    else if (strcmp(key, "phone") == 0)
        p->is.contact.phone = STR_NONE;
    else if (strcmp(key, "record") == 0)
        p->is.record = NULL;
    else
        bail_out("no such key: %s", key);
}

static void change(struct person *p, const char *differs)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", differs);
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        set(p, word, equals + 1);
    }
    person_reckon(p, p->is.today);
}

static void check_rows(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        struct person p;
        struct event e = sample_event(rows[i].type);
        person_init(&p);
        if (message_type(e.type))
            person_after(&p, &e);
        change(&p, rows[i].differs);
        is_str(skip_text(message_skip(&e, &p.is)), rows[i].skip, "%s %s", event_type_text(rows[i].type), rows[i].what);
    }
}

/* A late reminder, sent on the morning of the next one's day. */
static void check_late_reminder(void)
{
    struct person p;
    struct event e = sample_event(EV_REMINDER);
    e.u.reminder.number = 2;
    person_init(&p);
    is_str(skip_text(message_skip(&e, &p.is)), "superseded", "a late reminder is not sent when the next came that day");
    p.record.reminded_on = on("2026-04-01");
    is_str(skip_text(message_skip(&e, &p.is)), "", "but it is as long as that one has not come");
    p.record.reminded_on = on("2026-05-01");
    e.u.reminder.of = 4;
    is_str(skip_text(message_skip(&e, &p.is)), "", "numbers of another policy's schedule are not compared");
    e.u.reminder.of = 3;
    e.u.reminder.number = 0;
    is_str(skip_text(message_skip(&e, &p.is)), "", "nor is a number that no schedule has");
    e.u.reminder.number = 4;
    is_str(skip_text(message_skip(&e, &p.is)), "", "be it beyond the last");
    e.u.reminder.number = 1;
    is_str(skip_text(message_skip(&e, &p.is)), "superseded", "the first reminder may be the late one");
}

static void check_effects(void)
{
    struct person p;
    person_init(&p);
    struct event e = sample_event(EV_ACCEPTED);
    e.u.accepted.effect = EFFECT_SUPERSEDED;
    is_str(skip_text(message_skip(&e, &p.is)), "no-message", "a superseded certification brings no message");
    p.record.status = STATUS_TERMINATED;
    is_str(skip_text(message_skip(&e, &p.is)), "no-message", "not one to count when terminated either");
    person_init(&p);
    e = sample_event(EV_REVOKED);
    e.u.revoked.effect = EFFECT_NONE;
    is_str(skip_text(message_skip(&e, &p.is)), "no-message", "a revocation that changes nothing brings no message");
}

/* Suspended on the 16th, a day after the payday: the first period withheld is paid a month later, nothing is owed. */
static void check_payday(void)
{
    struct person p;
    struct event e = sample_event(EV_RESUMED);
    e.u.resumed.back_pay.n = 0;
    e.u.resumed.first_period = of("2026-10");
    person_init(&p);
    person_after(&p, &e);
    p.is.today = on("2026-10-15");
    is_str(skip_text(message_skip(&e, &p.is)), "", "without back pay the first regular payday counts");
    p.is.today = on("2026-10-16");
    is_str(skip_text(message_skip(&e, &p.is)), "changed", "and a resumption is old after that");
}

static void check_digest(void)
{
    struct event e = sample_event(EV_UNIT_DIGEST);
    struct recipient u = sample_unit();
    is_str(skip_text(message_skip(&e, &u)), "", "a digest is sent within its month");
    u.today = on("2026-05-31");
    is_str(skip_text(message_skip(&e, &u)), "", "to its last day");
    u.today = on("2026-06-01");
    is_str(skip_text(message_skip(&e, &u)), "changed", "and not in the next");
    u.today = on("2026-05-26");
    u.contact.phone = STR_NONE;
    is_str(skip_text(message_skip(&e, &u)), "no-phone", "a unit may have no phone");
    u = sample_unit();
    e.u.digest.count = 0;
    is_str(skip_text(message_skip(&e, &u)), "no-message", "a digest of nobody brings no message");
}

static void check_words(void)
{
    bool differ = true;
    for (int i = 0; i < SKIP_N; i++)
        for (int k = 0; k < i; k++)
            differ &= strcmp(skip_text((enum skip)i), skip_text((enum skip)k)) != 0;
    ok(differ, "each reason has a word of its own");
    ok(skip_text(SKIP_N) == NULL, "what is no reason has none");
    unsigned n = 0;
    for (int t = 0; t < EV_N; t++)
        n += message_type((enum event_type)t);
    is_int(n, 8, "eight types of events bring messages");
    ok(!message_type(EV_N), "what is no type brings none");
}

/* What is in the queue, and what would become of each now: "reminder.due changed, grace.started". */
static const char *story(const struct queue *q, struct buf *b)
{
    buf_clear(b);
    for (unsigned i = 0; i < q->n; i++) {
        enum skip s = queue_skip(q, &q->events[i]);
        if (s != SKIP_NO_MESSAGE)
            buf_printf(b, "%s%s%s%s", b->n ? ", " : "", event_type_text(q->events[i].type), s == SKIP_NOT ? "" : " ",
                       skip_text(s));
    }
    buf_addc(b, '\0');
    return b->p;
}

/* Certified in May 2025, then nothing; NULL: asleep all the time. */
static void begin(struct queue *q, const char *until)
{
    queue_init(q, on("2025-05-10"));
    queue_pass(q, on(until), 12 * 3600, false);
}

#define REMINDED "reminder.due superseded, reminder.due superseded, reminder.due superseded, "
#define CERTIFIED "reminder.due certified, reminder.due certified, reminder.due certified, "

static void check_suspension(struct buf *b)
{
    struct queue q;
    begin(&q, "2026-05-02");
    is_str(story(&q, b), "reminder.due superseded, reminder.due superseded, reminder.due",
           "of several reminders the last one is sent");
    queue_pass(&q, on("2026-06-02"), 0, false);
    is_str(story(&q, b), REMINDED "grace.started", "a grace notice takes the place of reminders");
    queue_defer(&q, on("2026-06-20"));
    is_str(story(&q, b), REMINDED "grace.started superseded, suspension.deferred",
           "a home visit that of the grace notice");
    queue_pass(&q, on("2026-06-21"), 0, false);
    is_str(story(&q, b), REMINDED "grace.started superseded, suspension.deferred superseded, benefit.suspended",
           "the suspension comes last");
    queue_certify(&q, on("2026-06-21"), "1");
    is_str(story(&q, b),
           CERTIFIED "grace.started certified, suspension.deferred certified, benefit.suspended certified, "
                     "certification.accepted, benefit.resumed",
           "and after a certification only good news goes out");
    queue_revoke(&q, "1");
    is_str(story(&q, b),
           REMINDED "grace.started superseded, suspension.deferred changed, benefit.suspended changed, "
                    "certification.accepted changed, benefit.resumed, certification.revoked, grace.started",
           "until it turns out to be false");
    queue_die(&q, on("2026-06-20"));
    ok(!strstr(story(&q, b), "grace.started,") &&
           strstr(b->p, "benefit.resumed terminated, certification.revoked term"),
       "nobody who died is written to");
    queue_done(&q);
}

static void check_hold(struct buf *b)
{
    struct queue q;
    queue_init(&q, on("2025-05-10"));
    q.held = true;
    queue_pass(&q, on("2026-06-15"), 0, false);
    is_str(story(&q, b), REMINDED "grace.started", "a grace notice goes out to its last day");
    queue_pass(&q, on("2026-06-16"), 0, false);
    is_str(story(&q, b), REMINDED "grace.started changed",
           "what it says is over when a hold keeps the suspension back");
    queue_done(&q);
}

static void check_downtime(struct buf *b)
{
    struct queue q;
    begin(&q, "2026-02-01");
    queue_pass(&q, on("2026-05-01"), 8 * 3600, true);
    is_str(story(&q, b), "reminder.due", "a late reminder is sent");
    queue_pass(&q, on("2026-05-01"), 10 * 3600, false);
    is_str(story(&q, b), "reminder.due superseded, reminder.due", "until the next one comes, be it on the same day");
    queue_pass(&q, on("2026-07-01"), 0, true);
    is_str(story(&q, b),
           "reminder.due superseded, reminder.due superseded, grace.started superseded, benefit.suspended",
           "whoever passes through grace overnight gets one message");
    queue_done(&q);
}

static void check_death(struct buf *b)
{
    struct queue q;
    begin(&q, "2026-06-17");
    queue_die(&q, on("2026-06-10"));
    queue_erase(&q);
    is_str(
        story(&q, b),
        "reminder.due erased, reminder.due erased, reminder.due erased, grace.started erased, benefit.suspended erased",
        "nobody who was erased is written to");
    queue_retract(&q);
    is_str(story(&q, b), REMINDED "grace.started superseded, benefit.suspended",
           "whoever is reinstated as suspended is told of it");
    queue_done(&q);
}

static void check_adoption(struct buf *b)
{
    struct queue q;
    begin(&q, "2026-05-02");
    struct policy longer = q.policies[0], back = q.policies[0];
    longer.cycle = 24;
    queue_adopt(&q, &longer);
    is_str(story(&q, b), "reminder.due changed, reminder.due changed, reminder.due changed",
           "a longer cycle leaves nothing to remind of");
    queue_adopt(&q, &back);
    is_str(story(&q, b), "reminder.due superseded, reminder.due superseded, reminder.due, reminder.due",
           "back in the old one the reminder is due again");
    longer.cycle = 12;
    longer.grace = 40;
    queue_pass(&q, on("2026-06-03"), 0, false);
    queue_adopt(&q, &longer);
    is_str(story(&q, b), REMINDED "reminder.due superseded, grace.started superseded, grace.started",
           "another grace brings another notice, and takes the first one's place");
    queue_done(&q);
}

/* Random lives: whatever is said is so, and whatever is so is said. */
struct findings {
    unsigned untrue, unsaid, lives, sent, skipped;
};

static const struct event *last_of(const struct queue *q, enum event_type type)
{
    for (unsigned i = q->n; i > 0; i--)
        if (q->events[i - 1].type == type)
            return &q->events[i - 1];
    return NULL;
}

static bool is_true(const struct queue *q, const struct event *e, const struct dates *d)
{
    const struct record *r = &q->record;
    lc_date today = queue_today(q);
    switch (e->type) {
    case EV_REMINDER: return r->status == STATUS_ACTIVE && d->due == e->u.reminder.due_on && today <= d->due;
    case EV_GRACE:
        return r->status == STATUS_GRACE && d->due == e->u.grace.due_on && d->grace_until == e->u.grace.grace_until &&
               today <= d->grace_until;
    case EV_SUSPENDED: return r->status == STATUS_SUSPENDED && r->suspended_on == e->u.suspended.suspended_on;
    case EV_RESUMED: return r->status != STATUS_SUSPENDED && r->status != STATUS_TERMINATED;
    case EV_ACCEPTED:
        return e->u.accepted.effect == EFFECT_RENEWED && r->certified_on == e->u.accepted.certified_on &&
               d->due == e->u.accepted.due_on && today <= d->due;
    case EV_REVOKED: return r->status != STATUS_SUSPENDED && d->due == e->u.revoked.due_on && today <= d->grace_until;
    case EV_DEFERRED:
        return r->status != STATUS_SUSPENDED && d->suspend_on == e->u.deferred.suspend_on && today < d->suspend_on;
    default: return false;
    }
}

/* The latest of its kind, when it is so and no message behind it says more. */
static bool must_be_said(const struct queue *q, const struct event *e, const struct dates *d)
{
    if (e != last_of(q, e->type) || !is_true(q, e, d) || q->record.status == STATUS_TERMINATED)
        return false;
    if (e->type == EV_RESUMED)
        return queue_today(q) <= e->u.resumed.back_pay.pay_on;
    if (e->type != EV_REMINDER && e->type != EV_GRACE)
        return true;
    const struct event *renewed = last_of(q, EV_ACCEPTED);
    return !renewed || renewed < e; /* one that left the due date says more */
}

static void judge(const struct queue *q, struct findings *f)
{
    struct dates d;
    record_dates(&q->policies[q->record.policy], &q->record, &d);
    for (unsigned i = 0; i < q->n; i++) {
        const struct event *e = &q->events[i];
        enum skip s = queue_skip(q, e);
        if (s == SKIP_NO_MESSAGE)
            continue;
        bool wrong =
            s == SKIP_NOT ? !is_true(q, e, &d) || q->record.status == STATUS_TERMINATED : must_be_said(q, e, &d);
        f->sent += s == SKIP_NOT;
        f->skipped += s != SKIP_NOT;
        f->untrue += wrong && s == SKIP_NOT;
        f->unsaid += wrong && s != SKIP_NOT;
        if (wrong)
            diag("life %u: %s of day %d is %s on day %d", f->lives, event_type_text(e->type), (int)e->today,
                 s == SKIP_NOT ? "said" : skip_text(s), (int)queue_today(q));
    }
}

static void adopt_some(struct queue *q, struct rng *rng)
{
    struct policy p = q->policies[q->record.policy];
    p.cycle = 6 + (int)rng_below(rng, 10);
    p.grace = (int)rng_below(rng, 40);
    p.notice = (int)rng_below(rng, 30);
    p.remind_ahead = (int)rng_below(rng, 5);
    p.validity = rng_below(rng, 2) ? VALIDITY_MONTH_END : VALIDITY_EXACT_DAY;
    p.resume = rng_below(rng, 2) ? RESUME_IMMEDIATE : RESUME_NEXT_MONTH;
    if (q->n_policies < QUEUE_VERSIONS)
        queue_adopt(q, &p);
}

static void act(struct queue *q, struct rng *rng, unsigned *refs)
{
    static const char *const ref[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
    lc_date today = queue_today(q);
    switch (rng_below(rng, 12)) {
    case 0:
    case 1:
    case 2: queue_certify(q, today - (lc_date)rng_below(rng, 40), ref[(*refs)++ % 16]); break;
    case 3:
    case 4: queue_revoke(q, ref[rng_below(rng, 16)]); break;
    case 5:
    case 6: queue_defer(q, today + (lc_date)rng_below(rng, 60)); break;
    case 7: queue_die(q, today - (lc_date)rng_below(rng, 20)); break;
    case 8: queue_retract(q); break;
    case 9: q->held = !q->held; break;
    default: adopt_some(q, rng); break;
    }
}

static void live(uint64_t seed, struct findings *f)
{
    struct rng rng = rng_seed(seed);
    struct queue q;
    unsigned refs = 0;
    queue_init(&q, on("2025-05-10") + (lc_date)rng_below(&rng, 365));
    for (int step = 0; step < 40; step++) {
        lc_date to = queue_today(&q) + (lc_date)rng_below(&rng, rng_below(&rng, 2) ? 8 : 90);
        queue_pass(&q, to, (int)rng_below(&rng, 86400) | 1, rng_below(&rng, 4) == 0);
        judge(&q, f);
        act(&q, &rng, &refs);
        judge(&q, f);
    }
    f->lives++;
    queue_done(&q);
}

static void check_random_lives(void)
{
    struct findings f = {0, 0, 0, 0, 0};
    for (uint64_t seed = 1; seed <= 400 && f.untrue + f.unsaid < 10; seed++)
        live(seed, &f);
    is_int(f.untrue, 0, "in random lives nothing is said that is not so");
    is_int(f.unsaid, 0, "and what is so is said");
    ok(f.lives == 400 && f.sent > 10000 && f.skipped > 10000, "of messages there were enough (%u sent, %u skipped)",
       f.sent, f.skipped);
}

int main(void)
{
    plan(N_ROWS + 6 + 3 + 2 + 5 + 4 + 7 + 2 + 3 + 2 + 3 + 3);
    struct buf b = BUF_INIT;
    check_rows();
    check_late_reminder();
    check_effects();
    check_payday();
    check_digest();
    check_words();
    check_suspension(&b);
    check_hold(&b);
    check_downtime(&b);
    check_death(&b);
    check_adoption(&b);
    check_random_lives();
    buf_done(&b);
    return tap_end();
}
