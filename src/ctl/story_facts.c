#include "ctl/story_facts.h"

#include <stdlib.h>

#include "base/date.h"
#include "ctl/template.h"
#include "ctl/text.h"

#define PERIODS_NAMED 4 /* one by one */

static void set_day(char out[DAY_TEXT], const char *day)
{
    size_t n = day ? strnlen(day, DAY_TEXT - 1) : 0;
    memcpy(out, day ? day : "", n);
    out[n] = '\0';
}

/* Days from one date to another; 0 when either is none. */
static int days_between(const char *from, const char *to)
{
    lc_date a, b;
    bool good = from && to && date_parse(from, strlen(from), &a) && date_parse(to, strlen(to), &b);
    return good ? b - a : 0;
}

static void add_days(struct buf *b, int days)
{
    buf_printf(b, "%d %s", days, days == 1 ? "day" : "days");
}

/* Between the items of "a, b and c". */
static const char *between(size_t i, size_t n)
{
    return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

/* --- what is kept --- */

static void forget_cycle(struct story *s)
{
    s->n_reminders = 0;
    s->grace_until[0] = s->visit[0] = s->visit_suspends[0] = '\0';
    buf_clear(&s->rejected);
}

static struct told_cert *find_cert(const struct story *s, const char *channel, const char *ref)
{
    for (size_t i = s->n_certs; channel && ref && i-- > 0;)
        if (strcmp(s->certs[i].channel, channel) == 0 && strcmp(s->certs[i].ref, ref) == 0)
            return &s->certs[i];
    return NULL;
}

static void keep_cert(struct story *s, const struct json *data)
{
    const char *channel = json_text(data, "channel"), *ref = json_text(data, "ref");
    if (!channel || !ref)
        return;
    s->certs = mem_resize(s->certs, s->n_certs + 1, sizeof *s->certs);
    struct told_cert *c = &s->certs[s->n_certs++];
    *c = (struct told_cert){.channel = mem_strdup(channel), .ref = mem_strdup(ref)};
    set_day(c->certified_on, json_text(data, "certified_on"));
}

static void note_enrolled(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    set_day(s->base, json_text(data, "last_certified_on"));
}

static void note_accepted(struct story *s, const char *day, const struct json *data)
{
    const char *effect = json_text(data, "effect");
    (void)day;
    keep_cert(s, data);
    if (!effect || strcmp(effect, "renewed") != 0)
        return;
    forget_cycle(s);
    set_day(s->base, json_text(data, "certified_on"));
    set_day(s->received, json_text(data, "received_on"));
}

static void note_rejected(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    buf_clear(&s->rejected);
    template_fill(&s->rejected, "a certification of {certified_on} by {channel} was rejected: {@reason}", data,
                  story_fact, s);
}

/* Which certification counts now, or that none does, no event says. */
static void note_revoked(struct story *s, const char *day, const struct json *data)
{
    const char *effect = json_text(data, "effect");
    (void)day;
    if (!effect || strcmp(effect, "reverted") != 0)
        return;
    forget_cycle(s);
    s->base[0] = s->received[0] = '\0';
}

static void note_reminder(struct story *s, const char *day, const struct json *data)
{
    (void)data;
    if (s->n_reminders < REMINDERS_KEPT)
        set_day(s->reminders[s->n_reminders++], day);
}

static void note_grace(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    set_day(s->grace_until, json_text(data, "grace_until"));
}

static void note_deferred(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    set_day(s->visit, json_text(data, "until"));
    set_day(s->visit_suspends, json_text(data, "suspend_on"));
}

static void note_suspended(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    (void)data;
    s->due_since[0] = '\0';
    buf_clear(&s->holds);
}

static void note_resumed(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    (void)data;
    forget_cycle(s);
}

static void note_terminated(struct story *s, const char *day, const struct json *data)
{
    (void)day;
    set_day(s->died_on, json_text(data, "died_on"));
}

void story_note(struct story *s, const char *type, const char *day, const struct json *data)
{
    static const struct {
        const char *type;
        void (*note)(struct story *s, const char *day, const struct json *data);
    } rows[] = {
        {"beneficiary.enrolled", note_enrolled},   {"certification.accepted", note_accepted},
        {"certification.rejected", note_rejected}, {"certification.revoked", note_revoked},
        {"reminder.due", note_reminder},           {"grace.started", note_grace},
        {"suspension.deferred", note_deferred},    {"benefit.suspended", note_suspended},
        {"benefit.resumed", note_resumed},         {"benefit.terminated", note_terminated},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].type, type) == 0)
            rows[i].note(s, day, data);
}

/* --- what is said --- */

static bool say_day(struct buf *b, const char *day)
{
    text_add_safe(b, day);
    return day[0] != '\0';
}

static bool add_base(const struct story *s, struct buf *b)
{
    return say_day(b, s->base);
}

/* "received on 2026-06-20, 31 days later"; nothing when it came in on its day. */
static bool add_received(const struct story *s, struct buf *b)
{
    const char *certified = json_text(s->data, "certified_on"), *received = json_text(s->data, "received_on");
    int days = days_between(certified, received);
    if (days <= 0)
        return false;
    buf_adds(b, "received on ");
    text_add_safe(b, received);
    buf_adds(b, ", ");
    add_days(b, days);
    buf_adds(b, " later");
    return true;
}

static bool add_reminded(const struct story *s, struct buf *b)
{
    for (unsigned i = 0; i < s->n_reminders; i++) {
        buf_adds(b, between(i, s->n_reminders));
        text_add_safe(b, s->reminders[i]);
    }
    return s->n_reminders > 0;
}

/* Where a home visit is what moved it, that is said instead. */
static bool add_grace(const struct story *s, struct buf *b)
{
    return !s->visit[0] && say_day(b, s->grace_until);
}

static bool add_visit(const struct story *s, struct buf *b)
{
    return say_day(b, s->visit);
}

/* "held back from 2026-06-16 by moratorium" */
static bool add_held(const struct story *s, struct buf *b)
{
    if (!s->due_since[0])
        return false;
    buf_printf(b, s->holds.n ? "held back from %s by " : "due since %s", s->due_since);
    buf_addstr(b, buf_str(&s->holds));
    return true;
}

static bool add_rejected(const struct story *s, struct buf *b)
{
    buf_addstr(b, buf_str(&s->rejected));
    return s->rejected.n > 0;
}

static bool add_struck(const struct story *s, struct buf *b)
{
    const struct told_cert *c = find_cert(s, json_text(s->data, "channel"), json_text(s->data, "ref"));
    return c && say_day(b, c->certified_on);
}

static bool add_reported(const struct story *s, struct buf *b)
{
    int days = days_between(json_text(s->data, "died_on"), json_text(s->data, "reported_on"));
    if (days > 0)
        add_days(b, days);
    return days > 0;
}

static bool add_died(const struct story *s, struct buf *b)
{
    return say_day(b, s->died_on);
}

static const char *period(const struct json *list, size_t i)
{
    const char *text = json_text(json_item(list, i), "period");
    return text ? text : "?";
}

/* "2026-06, 2026-07 and 2026-08"; of many the first and the last. */
static bool add_periods(const struct json *list, struct buf *b)
{
    size_t n = json_count(list);
    if (n > PERIODS_NAMED) {
        text_add_safe(b, period(list, 0));
        buf_adds(b, " to ");
        text_add_safe(b, period(list, n - 1));
        buf_printf(b, " (%zu periods)", n);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, between(i, n));
        text_add_safe(b, period(list, i));
    }
    return n > 0;
}

static bool add_back_pay(const struct story *s, struct buf *b)
{
    return add_periods(json_get(s->data, "back_pay.periods"), b);
}

static bool add_arrears(const struct story *s, struct buf *b)
{
    return add_periods(json_get(s->data, "arrears.periods"), b);
}

static bool add_overpaid(const struct story *s, struct buf *b)
{
    return add_periods(json_get(s->data, "overpaid.periods"), b);
}

/* Why an input was rejected; the word itself where there is nothing better. */
static bool add_reason(const struct story *s, struct buf *b)
{
    static const char *const words[][2] = {
        {"unknown-policy", "no policy of that name is configured"},
        {"already-enrolled", "enrolled already, with other details"},
        {"bad-date", "the dates are out of order"},
        {"terminated", "the benefit has ended"},
        {"revoked", "it had been revoked"},
        {"channel-not-accepted", "the policy does not accept that channel"},
        {"in-future", "the date lay in the future"},
        {"before-approval", "the date lies before the approval"},
        {"evidence-required", "after so long, evidence is needed"},
        {"stale", "it would have run out by then, grace and all"},
        {"no-such-certification", "there is no such certification"},
        {"not-deferrable", "the status or the date does not allow it"},
        {"not-terminated", "the benefit has not ended"},
    };
    const char *reason = json_text(s->data, "reason");
    for (size_t i = 0; reason && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], reason) == 0)
            reason = words[i][1];
    text_add_safe(b, reason ? reason : "");
    return reason != NULL;
}

bool story_fact(void *arg, const char *name, struct buf *b)
{
    static const struct {
        const char *name;
        bool (*add)(const struct story *s, struct buf *b);
    } rows[] = {
        {"base", add_base},         {"received", add_received}, {"reminded", add_reminded}, {"grace", add_grace},
        {"visit", add_visit},       {"held", add_held},         {"rejected", add_rejected}, {"struck", add_struck},
        {"reported", add_reported}, {"died", add_died},         {"back_pay", add_back_pay}, {"arrears", add_arrears},
        {"overpaid", add_overpaid}, {"reason", add_reason},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].add(arg, b);
    return false;
}
