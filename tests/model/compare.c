#include "tests/model/compare.h"

#include "tests/model/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void report_clear(struct report *out)
{
    out->n = 0;
    out->text[0] = '\0';
}

void report_add(struct report *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out->text + out->n, sizeof out->text - out->n, format, args);
    va_end(args);
    out->n += (size_t)n;
    if (out->n >= sizeof out->text)
        out->n = sizeof out->text - 1;
}

/* Events */

enum shape { S_DAY, S_MONTH, S_INT, S_SERIAL, S_AMOUNT, S_FLAG, S_TEXT, S_WORD, S_LIST, S_BACK_PAY };

/* One member of one type of event: where the core has it and where the model has it. */
struct row {
    enum m_type type;
    const char *name;
    enum shape shape;
    size_t core, model;
    const char *(*word)(int value); /* S_WORD: the enum's text */
    unsigned only;                  /* amended: only when this changed */
};

static const char *word_reason(int v)
{
    return reason_text((enum reason)v);
}

static const char *word_op(int v)
{
    return op_text((enum op)v);
}

static const char *word_cert_effect(int v)
{
    return cert_effect_text((enum cert_effect)v);
}

static const char *word_revoke_effect(int v)
{
    return revoke_effect_text((enum revoke_effect)v);
}

static const char *word_resume(int v)
{
    return resume_reason_text((enum resume_reason)v);
}

static const char *word_status(int v)
{
    return status_text((enum status)v);
}

#define ROW(type, shape, part, member)                                                                         \
    {                                                                                                          \
        type, #member, shape, offsetof(struct event, u.part.member), offsetof(struct m_event, member), NULL, 0 \
    }
#define ROW_WORD(type, part, member, word)                                                                      \
    {                                                                                                           \
        type, #member, S_WORD, offsetof(struct event, u.part.member), offsetof(struct m_event, member), word, 0 \
    }
#define ROW_ONLY(shape, member, only)                                                                                 \
    {                                                                                                                 \
        MT_AMENDED, #member, shape, offsetof(struct event, u.amended.member), offsetof(struct m_event, member), NULL, \
            only                                                                                                      \
    }

static const struct row rows[] = {
    ROW(MT_ENROLLED, S_TEXT, enrolled, policy),
    ROW(MT_ENROLLED, S_TEXT, enrolled, category),
    ROW(MT_ENROLLED, S_TEXT, enrolled, unit),
    ROW(MT_ENROLLED, S_DAY, enrolled, approved_on),
    ROW(MT_ENROLLED, S_DAY, enrolled, last_certified_on),
    ROW(MT_ENROLLED, S_DAY, enrolled, due_on),
    ROW(MT_ENROLLED, S_AMOUNT, enrolled, amount),
    ROW(MT_ENROLLED, S_MONTH, enrolled, amount_from),
    ROW_ONLY(S_TEXT, policy, HAS_POLICY),
    ROW_ONLY(S_TEXT, category, HAS_CATEGORY),
    ROW_ONLY(S_TEXT, unit, HAS_UNIT),
    ROW_ONLY(S_AMOUNT, amount, HAS_AMOUNT),
    ROW_ONLY(S_MONTH, amount_from, HAS_AMOUNT),
    ROW(MT_AMENDED, S_FLAG, amended, personal),
    ROW(MT_AMENDED, S_DAY, amended, due_on),
    ROW(MT_ACCEPTED, S_TEXT, accepted, ref),
    ROW(MT_ACCEPTED, S_TEXT, accepted, channel),
    ROW(MT_ACCEPTED, S_TEXT, accepted, evidence),
    ROW(MT_ACCEPTED, S_DAY, accepted, certified_on),
    ROW(MT_ACCEPTED, S_DAY, accepted, received_on),
    ROW(MT_ACCEPTED, S_DAY, accepted, due_on),
    ROW_WORD(MT_ACCEPTED, accepted, effect, word_cert_effect),
    ROW(MT_ACCEPTED, S_FLAG, accepted, on_behalf),
    ROW(MT_CERT_REJECTED, S_TEXT, cert_rejected, ref),
    ROW(MT_CERT_REJECTED, S_TEXT, cert_rejected, channel),
    ROW(MT_CERT_REJECTED, S_TEXT, cert_rejected, evidence),
    ROW(MT_CERT_REJECTED, S_DAY, cert_rejected, certified_on),
    ROW(MT_CERT_REJECTED, S_DAY, cert_rejected, received_on),
    ROW_WORD(MT_CERT_REJECTED, cert_rejected, reason, word_reason),
    ROW_WORD(MT_INPUT_REJECTED, input_rejected, op, word_op),
    ROW_WORD(MT_INPUT_REJECTED, input_rejected, reason, word_reason),
    ROW(MT_REVOKED, S_TEXT, revoked, ref),
    ROW(MT_REVOKED, S_TEXT, revoked, channel),
    ROW(MT_REVOKED, S_TEXT, revoked, reason),
    ROW_WORD(MT_REVOKED, revoked, effect, word_revoke_effect),
    ROW(MT_REVOKED, S_DAY, revoked, due_on),
    ROW(MT_LAPSED, S_DAY, lapsed, base_on),
    ROW(MT_LAPSED, S_DAY, lapsed, lapsed_on),
    ROW(MT_REMINDER, S_DAY, reminder, due_on),
    ROW(MT_REMINDER, S_INT, reminder, number),
    ROW(MT_REMINDER, S_INT, reminder, of),
    ROW(MT_REMINDER, S_INT, reminder, missed),
    ROW(MT_GRACE, S_DAY, grace, due_on),
    ROW(MT_GRACE, S_DAY, grace, grace_until),
    ROW(MT_DEFERRED, S_DAY, deferred, until),
    ROW(MT_DEFERRED, S_DAY, deferred, suspend_on),
    ROW(MT_DEFERRED, S_TEXT, deferred, reason),
    ROW(MT_SUSPENDED, S_DAY, suspended, due_on),
    ROW(MT_SUSPENDED, S_DAY, suspended, suspended_on),
    ROW(MT_SUSPENDED, S_MONTH, suspended, first_withheld_period),
    ROW_WORD(MT_RESUMED, resumed, reason, word_resume),
    ROW(MT_RESUMED, S_DAY, resumed, suspended_on),
    ROW(MT_RESUMED, S_DAY, resumed, resumed_on),
    ROW(MT_RESUMED, S_MONTH, resumed, first_period),
    ROW(MT_RESUMED, S_BACK_PAY, resumed, back_pay),
    ROW(MT_TERMINATED, S_DAY, terminated, died_on),
    ROW(MT_TERMINATED, S_DAY, terminated, reported_on),
    ROW(MT_TERMINATED, S_DAY, terminated, certified_after),
    ROW(MT_TERMINATED, S_MONTH, terminated, last_period),
    ROW(MT_TERMINATED, S_LIST, terminated, overpaid),
    ROW(MT_TERMINATED, S_LIST, terminated, arrears),
    ROW(MT_REINSTATED, S_TEXT, reinstated, reason),
    ROW(MT_REINSTATED, S_SERIAL, reinstated, undoes),
    ROW(MT_REINSTATED, S_DAY, reinstated, terminated_on),
    ROW(MT_REINSTATED, S_MONTH, reinstated, first_period),
    ROW(MT_REINSTATED, S_BACK_PAY, reinstated, back_pay),
    ROW_WORD(MT_REINSTATED, reinstated, status, word_status),
};

static void differ_number(struct report *out, const char *type, const char *name, enum shape shape, int64_t got,
                          int64_t want)
{
    char a[16], b[16];
    if (shape == S_DAY)
        report_add(out, "%s %s: the core has %s, the model %s\n", type, name, day_text((int)got, a),
                   day_text((int)want, b));
    else if (shape == S_MONTH)
        report_add(out, "%s %s: the core has %s, the model %s\n", type, name, month_text((int)got, a),
                   month_text((int)want, b));
    else
        report_add(out, "%s %s: the core has %" PRId64 ", the model %" PRId64 "\n", type, name, got, want);
}

static void compare_number(struct report *out, const char *type, const char *name, enum shape shape, int64_t got,
                           int64_t want)
{
    if (got != want)
        differ_number(out, type, name, shape, got, want);
}

static bool is_text(const struct str *got, const char *want)
{
    if (!got->p || !want)
        return !got->p && !want;
    return got->n == strlen(want) && memcmp(got->p, want, got->n) == 0;
}

static void compare_text(struct report *out, const char *type, const char *name, const struct str *got,
                         const char *want)
{
    if (!is_text(got, want))
        report_add(out, "%s %s: the core has \"%.*s\"%s, the model \"%s\"%s\n", type, name, (int)got->n,
                   got->p ? got->p : "", got->p ? "" : " (null)", want ? want : "", want ? "" : " (null)");
}

static void compare_word(struct report *out, const char *type, const char *name, const char *got, const char *want)
{
    if (!m_same(got, want))
        report_add(out, "%s %s: the core has %s, the model %s\n", type, name, got ? got : "null", want ? want : "null");
}

static void print_list(struct report *out, const char *who, const struct m_paid *v, unsigned n)
{
    char a[16], b[16];
    report_add(out, "  %s:", who);
    for (unsigned i = 0; i < n && i < 40; i++)
        report_add(out, " %s on %s %" PRId64 ";", month_text(v[i].period, a), day_text(v[i].payday, b), v[i].amount);
    report_add(out, " %u in all\n", n);
}

static void differ_list(struct report *out, const char *type, const char *name, const struct pay_list *got,
                        const struct m_list *want)
{
    struct m_paid v[40];
    for (uint32_t i = 0; i < got->n && i < 40; i++)
        v[i] = (struct m_paid){got->v[i].period, got->v[i].payday, got->v[i].amount};
    report_add(out, "%s %s differs\n", type, name);
    print_list(out, "core", v, got->n);
    print_list(out, "model", want->v, (unsigned)want->n);
}

static void compare_list(struct report *out, const char *type, const char *name, enum shape shape,
                         const struct pay_list *got, const struct m_list *want)
{
    bool same = got->n == (uint32_t)want->n;
    for (int i = 0; same && i < want->n; i++)
        same = got->v[i].period == want->v[i].period && got->v[i].payday == want->v[i].payday &&
               got->v[i].amount == want->v[i].amount;
    if (!same)
        differ_list(out, type, name, got, want);
    else
        compare_number(out, type, "total", S_AMOUNT, pay_total(got), want->total);
    if (shape == S_BACK_PAY)
        compare_number(out, type, "pay_on", S_DAY, got->pay_on, want->pay_on);
}

static int int_at(const void *p)
{
    int v;
    memcpy(&v, p, sizeof v);
    return v;
}

static int64_t long_at(const void *p)
{
    int64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static const char *pointer_at(const void *p)
{
    const char *v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void compare_member(const struct row *row, const struct event *got, const struct m_event *want,
                           struct report *out)
{
    const char *type = m_type_names[row->type];
    const void *core = (const char *)got + row->core, *model = (const char *)want + row->model;
    switch (row->shape) {
    case S_DAY:
    case S_MONTH:
    case S_INT: compare_number(out, type, row->name, row->shape, int_at(core), int_at(model)); break;
    case S_SERIAL:
    case S_AMOUNT: compare_number(out, type, row->name, row->shape, long_at(core), long_at(model)); break;
    case S_FLAG: compare_number(out, type, row->name, row->shape, *(const bool *)core, *(const bool *)model); break;
    case S_TEXT: compare_text(out, type, row->name, core, pointer_at(model)); break;
    case S_WORD: compare_word(out, type, row->name, row->word(int_at(core)), pointer_at(model)); break;
    case S_LIST:
    case S_BACK_PAY: compare_list(out, type, row->name, row->shape, core, model); break;
    }
}

static unsigned changed_of(uint32_t given)
{
    return (given & M_POLICY ? HAS_POLICY : 0u) | (given & M_CATEGORY ? HAS_CATEGORY : 0u) |
           (given & M_UNIT ? HAS_UNIT : 0u) | (given & M_AMOUNT ? HAS_AMOUNT : 0u);
}

void compare_event(const struct event *got, const struct m_event *want, struct report *out)
{
    const char *type = m_type_names[want->type];
    if (!m_same(event_type_text(got->type), type)) {
        report_add(out, "the core emits %s, the model %s\n", event_type_text(got->type), type);
        return;
    }
    compare_number(out, type, "time", S_SERIAL, got->time, want->time);
    compare_number(out, type, "today", S_DAY, got->today, want->today);
    if (want->type == MT_AMENDED)
        compare_number(out, type, "changed", S_INT, changed_of(got->u.amended.given), want->changed);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == want->type && (!rows[i].only || (want->changed & rows[i].only)))
            compare_member(&rows[i], got, want, out);
}

/* States */

static bool knows_suspension(const struct m_person *p)
{
    return p->status == MS_SUSPENDED || (p->status == MS_TERMINATED && p->suspended_at_report);
}

static bool was_paid_apart(const struct m_person *p)
{
    for (int i = 0; i < p->n_events; i++)
        if (p->events[i].back_pay.n || p->events[i].arrears.n)
            return true;
    return false;
}

void compare_state(const struct policy *policies, const struct record *r, const struct m_world *w,
                   const struct m_person *p, struct report *out)
{
    static const char *const statuses[] = {"active", "grace", "suspended", "terminated"};
    struct dates dates;
    record_dates(&policies[r->policy], r, &dates);
    compare_word(out, "state", "status", status_text(r->status), statuses[p->status]);
    compare_word(out, "state", "policy", policies[r->policy].name, m_policy_names[p->policy]);
    compare_number(out, "state", "approved_on", S_DAY, r->approved_on, p->approved_on);
    compare_number(out, "state", "base_on", S_DAY, dates.base, m_base(p));
    compare_number(out, "state", "due_on", S_DAY, dates.due, m_due(w, p));
    compare_number(out, "state", "grace_until", S_DAY, dates.grace_until, m_grace_until(w, p));
    compare_number(out, "state", "suspend_on", S_DAY, dates.suspend_on, m_suspend_on(w, p));
    compare_number(out, "state", "certified_on", S_DAY, r->certified_on, m_last_certified(p));
    compare_number(out, "state", "reminded_on", S_DAY, r->reminded_on, p->reminded_on);
    compare_number(out, "state", "deferred_until", S_DAY, r->deferred_until, p->deferred_until);
    compare_number(out, "state", "notice_until", S_DAY, r->notice_until, p->notice_until);
    compare_number(out, "state", "resumed_on", S_DAY, r->resumed_on, m_last_r(p));
    compare_number(out, "state", "erased", S_FLAG, r->erased, p->erased);
    compare_number(out, "state", "lapsed", S_FLAG, r->lapsed, p->lapsed);
    compare_number(out, "state", "paid_apart", S_FLAG, r->paid_apart, was_paid_apart(p));
    if (knows_suspension(p)) {
        compare_number(out, "state", "suspended_on", S_DAY, r->suspended_on, p->suspended_on);
        compare_number(out, "state", "withheld_from", S_MONTH, r->withheld_from, p->withheld_from);
    }
    if (p->status == MS_TERMINATED) {
        compare_number(out, "state", "suspended_at_death", S_FLAG, r->suspended_at_death, p->suspended_at_report);
        compare_number(out, "state", "terminated_on", S_DAY, r->terminated_on, m_latest(p, MT_TERMINATED)->reported_on);
    }
}

void compare_next(const struct deadline *got, const struct m_next *want, const struct zone *z, int64_t now,
                  struct report *out)
{
    static const char *const kinds[] = {NULL, "reminder", "grace", "suspension", "lapse"};
    compare_word(out, "next deadline", "kind", got->kind == DEADLINE_NONE ? NULL : deadline_text(got->kind),
                 kinds[want->kind]);
    /* a lapse that came before the suspension is due at once, whatever instant is said to be its own */
    if (want->kind == MD_LAPSE && want->at <= now && got->at <= now)
        return;
    /* the model does not know what the zone's offset was before its first year */
    if (want->kind != MD_NONE && cal_date(zone_day(z, want->at)).year > z->first_year)
        compare_number(out, "next deadline", "at", S_SERIAL, got->at, want->at);
    else if (want->kind == MD_NONE)
        compare_number(out, "next deadline", "at", S_SERIAL, got->at, INSTANT_NONE);
}

void compare_replayed(const struct record *decided, const struct record *replayed, struct report *out)
{
    struct record a = *decided;
    const struct record *b = replayed;
    if (a.status == STATUS_TERMINATED)
        a.policy = b->policy;
    bool same = a.status == b->status && a.policy == b->policy && a.lapsed == b->lapsed && a.erased == b->erased &&
                a.suspended_at_death == b->suspended_at_death && a.paid_apart == b->paid_apart &&
                a.approved_on == b->approved_on &&
                a.certified_on == b->certified_on && a.reminded_on == b->reminded_on &&
                a.deferred_until == b->deferred_until && a.notice_until == b->notice_until &&
                a.suspended_on == b->suspended_on && a.resumed_on == b->resumed_on &&
                a.terminated_on == b->terminated_on && a.withheld_from == b->withheld_from;
    if (!same)
        report_add(
            out,
            "replay differs (decided/replayed): status %d/%d policy %d/%d lapsed %d/%d erased %d/%d at_death %d/%d "
            "approved %d/%d certified %d/%d reminded %d/%d deferred %d/%d notice %d/%d suspended %d/%d resumed %d/%d "
            "terminated %d/%d withheld_from %d/%d\n",
            a.status, b->status, a.policy, b->policy, a.lapsed, b->lapsed, a.erased, b->erased, a.suspended_at_death,
            b->suspended_at_death, a.approved_on, b->approved_on, a.certified_on, b->certified_on, a.reminded_on,
            b->reminded_on, a.deferred_until, b->deferred_until, a.notice_until, b->notice_until, a.suspended_on,
            b->suspended_on, a.resumed_on, b->resumed_on, a.terminated_on, b->terminated_on, a.withheld_from,
            b->withheld_from);
}
