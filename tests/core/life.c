#include "tests/core/life.h"

#include "core/decide.h"
#include "tests/lib/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 24
#define VERSIONS_MAX 16

static const char *const channel_names[] = {"face", "counter", "data-match"};

struct life {
    struct policy policies[VERSIONS_MAX];
    unsigned n_policies;
    struct tz *tz;
    struct record record;
    struct history history;
    struct decision decision;
    lc_instant now;
    uint64_t seq;
    bool enrolled, held, silent;
    char category[64], unit[64], name[64], phone[64];
    struct buf *tale;
};

/* One statement's words; a word of a "key=value" has its value. */
struct words {
    char line[512];
    unsigned n;
    char *key[WORDS_MAX], *value[WORDS_MAX];
};

static void split(const char *line, size_t length, struct words *w)
{
    if (length >= sizeof w->line)
        bail_out("too long a statement: %.*s", (int)length, line);
    memcpy(w->line, line, length);
    w->line[length] = '\0';
    w->n = 0;
    for (char *save = NULL, *word = strtok_r(w->line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (w->n == WORDS_MAX)
            bail_out("too many words: %.*s", (int)length, line);
        char *equals = strchr(word, '=');
        w->key[w->n] = word;
        w->value[w->n] = equals ? equals + 1 : NULL;
        w->n++;
        if (equals)
            *equals = '\0';
    }
}

static lc_date date_of(const char *text)
{
    lc_date d = DATE_NONE;
    if (strcmp(text, "null") != 0 && !date_parse(text, strlen(text), &d))
        bail_out("%s is not a date", text);
    return d;
}

static lc_instant instant_of(const struct life *l, const char *text)
{
    char date[11] = "";
    int hour = 12, minute = 0, second = 0;
    if (sscanf(text, "%10sT%d:%d:%d", date, &hour, &minute, &second) < 1)
        bail_out("%s is not a time", text);
    return tz_instant(l->tz, date_of(date), hour * 3600 + minute * 60 + second);
}

/* Policies */

static void set_cycle(struct policy *p, const char *value)
{
    p->cycle = atoi(value);
    p->cycle_unit = strchr(value, 'd') ? CYCLE_DAYS : CYCLE_MONTHS;
}

static void set_parameter(struct policy *p, const char *key, const char *value)
{
    const struct {
        const char *key;
        int *at;
    } numbers[] = {{"remind_ahead", &p->remind_ahead},
                   {"remind_every", &p->remind_every},
                   {"grace", &p->grace},
                   {"payday", &p->payday},
                   {"defer_max", &p->defer_max},
                   {"notice", &p->notice},
                   {"evidence_after", &p->evidence_after},
                   {"remind_at", &p->remind_at}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            *numbers[i].at = atoi(value);
            return;
        }
    }
    if (strcmp(key, "cycle") == 0)
        set_cycle(p, value);
    else if (strcmp(key, "validity") == 0)
        p->validity = strcmp(value, "exact-day") == 0 ? VALIDITY_EXACT_DAY : VALIDITY_MONTH_END;
    else if (strcmp(key, "resume") == 0)
        p->resume = strcmp(value, "next-month") == 0 ? RESUME_NEXT_MONTH : RESUME_IMMEDIATE;
    else if (strcmp(key, "channels") == 0)
        p->channels = strtoull(value, NULL, 0);
    else
        bail_out("%s is not a parameter", key);
}

static uint8_t find_policy(const struct life *l, struct str name)
{
    for (unsigned i = l->n_policies; i-- > 0;)
        if (str_is(name, l->policies[i].name))
            return (uint8_t)i;
    return POLICY_UNKNOWN;
}

static void set_parameters(struct policy *p, const struct words *w, unsigned from)
{
    for (unsigned i = from; i < w->n; i++)
        set_parameter(p, w->key[i], w->value[i]);
}

/* The tale */

static void tell_date(struct buf *out, const char *name, lc_date d)
{
    char text[11] = "null";
    if (d != DATE_NONE)
        date_format(d, text);
    buf_printf(out, " %s=%s", name, text);
}

static void tell_month(struct buf *out, const char *name, lc_month m)
{
    char text[8] = "null";
    if (m != MONTH_NONE)
        month_format(m, text);
    buf_printf(out, " %s=%s", name, text);
}

static void tell_amount(struct buf *out, const char *name, int64_t amount)
{
    if (amount == AMOUNT_NONE)
        buf_printf(out, "%snull", name);
    else
        buf_printf(out, "%s%" PRId64, name, amount);
}

static void tell_text(struct buf *out, const char *name, struct str s)
{
    buf_printf(out, " %s=%.*s", name, s.p ? (int)s.n : 4, s.p ? s.p : "null");
}

static void tell_list(struct buf *out, const char *name, const struct pay_list *list)
{
    buf_printf(out, " %s=[", name);
    for (uint32_t i = 0; i < list->n; i++) {
        char period[8] = "", payday[11] = "";
        month_format(list->v[i].period, period);
        date_format(list->v[i].payday, payday);
        buf_printf(out, "%s%s@%s", i ? " " : "", period, payday + 5);
        tell_amount(out, ":", list->v[i].amount);
    }
    tell_amount(out, "]=", pay_total(list));
}

static void tell_enrolment(struct buf *out, const struct event *e)
{
    tell_text(out, "policy", e->u.enrolled.policy);
    tell_date(out, "approved_on", e->u.enrolled.approved_on);
    tell_date(out, "last_certified_on", e->u.enrolled.last_certified_on);
    tell_amount(out, " amount=", e->u.enrolled.amount);
    tell_month(out, "amount_from", e->u.enrolled.amount_from);
    tell_date(out, "due_on", e->u.enrolled.due_on);
}

static void tell_amendment(struct buf *out, const struct event *e)
{
    uint32_t given = e->u.amended.given;
    if (given & M_POLICY)
        tell_text(out, "policy", e->u.amended.policy);
    if (given & M_CATEGORY)
        tell_text(out, "category", e->u.amended.category);
    if (given & M_UNIT)
        tell_text(out, "unit", e->u.amended.unit);
    if (given & M_AMOUNT) {
        tell_amount(out, " amount=", e->u.amended.amount);
        tell_month(out, "amount_from", e->u.amended.amount_from);
    }
    if (e->u.amended.personal)
        buf_adds(out, " personal");
    tell_date(out, "due_on", e->u.amended.due_on);
}

static void tell_certification(struct buf *out, const struct event *e)
{
    buf_printf(out, " %s", cert_effect_text(e->u.accepted.effect));
    tell_date(out, "certified_on", e->u.accepted.certified_on);
    tell_date(out, "due_on", e->u.accepted.due_on);
    if (e->u.accepted.on_behalf)
        buf_adds(out, " on_behalf");
}

static void tell_revocation(struct buf *out, const struct event *e)
{
    buf_printf(out, " %s", revoke_effect_text(e->u.revoked.effect));
    tell_date(out, "due_on", e->u.revoked.due_on);
}

static void tell_lapse(struct buf *out, const struct event *e)
{
    tell_date(out, "base_on", e->u.lapsed.base_on);
    tell_date(out, "lapsed_on", e->u.lapsed.lapsed_on);
}

static void tell_reminder(struct buf *out, const struct event *e)
{
    buf_printf(out, " %d/%d missed=%d", e->u.reminder.number, e->u.reminder.of, e->u.reminder.missed);
    tell_date(out, "due_on", e->u.reminder.due_on);
}

static void tell_grace(struct buf *out, const struct event *e)
{
    tell_date(out, "due_on", e->u.grace.due_on);
    tell_date(out, "grace_until", e->u.grace.grace_until);
}

static void tell_deferral(struct buf *out, const struct event *e)
{
    tell_date(out, "until", e->u.deferred.until);
    tell_date(out, "suspend_on", e->u.deferred.suspend_on);
}

static void tell_suspension(struct buf *out, const struct event *e)
{
    tell_date(out, "due_on", e->u.suspended.due_on);
    tell_date(out, "suspended_on", e->u.suspended.suspended_on);
    tell_month(out, "first_withheld_period", e->u.suspended.first_withheld_period);
}

static void tell_resumption(struct buf *out, const struct event *e)
{
    buf_printf(out, " %s", resume_reason_text(e->u.resumed.reason));
    tell_date(out, "suspended_on", e->u.resumed.suspended_on);
    tell_date(out, "resumed_on", e->u.resumed.resumed_on);
    tell_month(out, "first_period", e->u.resumed.first_period);
    tell_list(out, "back_pay", &e->u.resumed.back_pay);
    tell_date(out, "pay_on", e->u.resumed.back_pay.pay_on);
}

static void tell_death(struct buf *out, const struct event *e)
{
    tell_date(out, "died_on", e->u.terminated.died_on);
    tell_month(out, "last_period", e->u.terminated.last_period);
    tell_list(out, "overpaid", &e->u.terminated.overpaid);
    tell_list(out, "arrears", &e->u.terminated.arrears);
    tell_date(out, "certified_after", e->u.terminated.certified_after);
}

static void tell_return(struct buf *out, const struct event *e)
{
    buf_printf(out, " %s undoes=%" PRIu64, status_text(e->u.reinstated.status), e->u.reinstated.undoes);
    tell_date(out, "terminated_on", e->u.reinstated.terminated_on);
    tell_month(out, "first_period", e->u.reinstated.first_period);
    tell_list(out, "back_pay", &e->u.reinstated.back_pay);
    tell_date(out, "pay_on", e->u.reinstated.back_pay.pay_on);
}

static void tell_event(struct life *l, const struct event *e)
{
    static void (*const members[EV_N])(struct buf *, const struct event *) = {
        [EV_ENROLLED] = tell_enrolment, [EV_AMENDED] = tell_amendment, [EV_ACCEPTED] = tell_certification,
        [EV_REVOKED] = tell_revocation, [EV_LAPSED] = tell_lapse,      [EV_REMINDER] = tell_reminder,
        [EV_GRACE] = tell_grace,        [EV_DEFERRED] = tell_deferral, [EV_SUSPENDED] = tell_suspension,
        [EV_RESUMED] = tell_resumption, [EV_TERMINATED] = tell_death,  [EV_REINSTATED] = tell_return,
    };
    /* of a rejection the answer is told */
    if (l->silent || e->type == EV_CERT_REJECTED || e->type == EV_INPUT_REJECTED)
        return;
    char time[25];
    instant_format(e->time, e->offset, time);
    buf_printf(l->tale, "%.10s %s", time, event_type_text(e->type));
    if (members[e->type])
        members[e->type](l->tale, e);
    buf_addc(l->tale, '\n');
}

/* Living */

static struct env environment(struct life *l)
{
    return (struct env){
        .policies = l->policies,
        .tz = l->tz,
        .now = l->now,
        .today = tz_date(l->tz, l->now),
        .offset = tz_offset(l->tz, l->now),
        .id = STR_LIT("330902-0000001"),
        .category = l->category[0] ? str_of(l->category) : STR_NONE,
        .unit = l->unit[0] ? str_of(l->unit) : STR_NONE,
        .history = &l->history,
        .input_policy = POLICY_UNKNOWN,
        .input_channel = CHANNEL_MAX,
    };
}

static void keep(char to[64], struct str s)
{
    snprintf(to, 64, "%.*s", s.p ? (int)s.n : 0, s.p ? s.p : "");
}

static void record_events(struct life *l)
{
    for (unsigned i = 0; i < l->decision.n; i++) {
        struct event *e = &l->decision.events[i];
        e->seq = ++l->seq;
        history_add(&l->history, e);
        tell_event(l, e);
        if (e->type == EV_ENROLLED) {
            keep(l->category, e->u.enrolled.category);
            keep(l->unit, e->u.enrolled.unit);
        }
        if (e->type == EV_AMENDED && (e->u.amended.given & M_CATEGORY))
            keep(l->category, e->u.amended.category);
        if (e->type == EV_AMENDED && (e->u.amended.given & M_UNIT))
            keep(l->unit, e->u.amended.unit);
    }
}

static struct deadline next_deadline(const struct life *l)
{
    return record_next(&l->policies[l->record.policy], &l->record, l->tz, l->now, tz_date(l->tz, l->now));
}

static bool is_held(const struct life *l, const struct deadline *d)
{
    return l->held && d->kind == DEADLINE_SUSPENSION;
}

static void run_due(struct life *l)
{
    struct deadline d = next_deadline(l);
    for (int i = 0; i < 100 && d.kind != DEADLINE_NONE && d.at <= l->now && !is_held(l, &d); i++) {
        struct env env = environment(l);
        decide_deadline(&env, &l->record, d.kind, &l->decision);
        record_events(l);
        d = next_deadline(l);
    }
}

static void advance(struct life *l, lc_instant to)
{
    struct deadline d = next_deadline(l);
    for (int i = 0; i < 1000 && d.kind != DEADLINE_NONE && d.at <= to && !is_held(l, &d); i++) {
        if (d.at > l->now)
            l->now = d.at;
        run_due(l);
        d = next_deadline(l);
    }
    l->now = to;
}

static void set_member(struct input *in, const char *key, const char *value)
{
    const bool null = strcmp(value, "null") == 0;
    const struct {
        const char *key;
        uint32_t member;
        struct str *text;
        lc_date *date;
    } members[] = {
        {"policy", M_POLICY, &in->policy, NULL},
        {"category", M_CATEGORY, &in->category, NULL},
        {"name", M_NAME, &in->name, NULL},
        {"phone", M_PHONE, &in->phone, NULL},
        {"unit", M_UNIT, &in->unit, NULL},
        {"channel", M_CHANNEL, &in->channel, NULL},
        {"ref", M_REF, &in->ref, NULL},
        {"evidence", M_EVIDENCE, &in->evidence, NULL},
        {"by", M_BY, &in->by, NULL},
        {"reason", M_REASON, &in->reason, NULL},
        {"approved_on", M_APPROVED_ON, NULL, &in->approved_on},
        {"last_certified_on", M_LAST_CERTIFIED_ON, NULL, &in->last_certified_on},
        {"certified_on", M_CERTIFIED_ON, NULL, &in->certified_on},
        {"until", M_UNTIL, NULL, &in->until},
        {"died_on", M_DIED_ON, NULL, &in->died_on},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (strcmp(key, members[i].key) != 0)
            continue;
        in->given |= members[i].member;
        if (members[i].text)
            *members[i].text = null ? STR_NONE : str_of(value);
        else
            *members[i].date = date_of(value);
        return;
    }
    if (strcmp(key, "amount") == 0) {
        in->given |= M_AMOUNT;
        in->amount = null ? AMOUNT_NONE : atoll(value);
    } else if (strcmp(key, "amount_from") == 0 && month_parse(value, strlen(value), &in->amount_from)) {
        in->given |= M_AMOUNT_FROM;
    } else {
        bail_out("%s=%s is no member", key, value);
    }
}

static struct input read_input(const struct words *w)
{
    struct input in = {.at = INSTANT_NONE, .amount = AMOUNT_NONE, .op = OP_N};
    for (int op = 0; op < OP_N; op++)
        if (strcmp(op_text((enum op)op), w->key[1]) == 0)
            in.op = (enum op)op;
    if (in.op == OP_N)
        bail_out("%s is not an op", w->key[1]);
    in.given = M_ID | M_OP;
    /* what an example does not turn on may be left out of it */
    if (in.op == OP_ENROL)
        set_member(&in, "policy", "national");
    if (in.op == OP_CERTIFY || in.op == OP_REVOKE)
        set_member(&in, "channel", "face");
    if (in.op == OP_REVOKE || in.op == OP_DEFER || in.op == OP_RETRACT_DEATH)
        set_member(&in, "reason", "said_so");
    for (unsigned i = 2; i < w->n; i++)
        set_member(&in, w->key[i], w->value[i]);
    return in;
}

static void tell_answer(struct life *l)
{
    if (l->silent || l->decision.result == RESULT_APPLIED)
        return;
    buf_printf(l->tale, "%s %s\n", result_text(l->decision.result),
               l->decision.reason == REASON_NONE ? "" : reason_text(l->decision.reason));
    if (l->decision.reason == REASON_NONE)
        l->tale->p[l->tale->n - 2] = '\n', l->tale->n--;
}

static void keep_contact(struct life *l, const struct input *in)
{
    if (l->decision.result != RESULT_APPLIED)
        return;
    if (in->given & M_NAME)
        keep(l->name, in->name);
    if (in->given & M_PHONE)
        keep(l->phone, in->phone);
    if (in->op == OP_ERASE)
        l->name[0] = l->phone[0] = '\0';
}

static void give(struct life *l, const struct words *w)
{
    struct input in = read_input(w);
    struct env env = environment(l);
    struct contact contact = {l->name[0] ? str_of(l->name) : STR_NONE, l->phone[0] ? str_of(l->phone) : STR_NONE,
                              STR_NONE};
    env.contact = &contact;
    env.input_policy = find_policy(l, in.policy);
    for (uint8_t i = 0; i < sizeof channel_names / sizeof *channel_names; i++)
        if (str_is(in.channel, channel_names[i]))
            env.input_channel = i;
    if (l->enrolled)
        decide_input(&env, &l->record, &in, &l->decision);
    else
        decide_enrol(&env, &l->record, &in, &l->decision);
    l->enrolled = l->enrolled || l->decision.result == RESULT_APPLIED;
    tell_answer(l);
    keep_contact(l, &in);
    record_events(l);
}

static void adopt(struct life *l, const struct words *w)
{
    uint8_t from = find_policy(l, str_of(w->key[2])), to = (uint8_t)l->n_policies;
    if (from == POLICY_UNKNOWN || to == VERSIONS_MAX)
        bail_out("cannot adopt %s", w->key[2]);
    l->policies[l->n_policies++] = l->policies[from];
    set_parameters(&l->policies[to], w, 3);
    if (l->record.status == STATUS_TERMINATED) {
        l->record.policy = to;
        return;
    }
    struct env env = environment(l);
    decide_adoption(&env, &l->record, to, &l->decision);
    record_events(l);
}

static void show(struct life *l, bool seconds)
{
    struct dates dates;
    struct deadline d = next_deadline(l);
    record_dates(&l->policies[l->record.policy], &l->record, &dates);
    if (!seconds) {
        buf_adds(l->tale, status_text(l->record.status));
        tell_date(l->tale, "base", dates.base);
        tell_date(l->tale, "due", dates.due);
        tell_date(l->tale, "grace_until", dates.grace_until);
        tell_date(l->tale, "suspend_on", dates.suspend_on);
        buf_addc(l->tale, ' ');
    }
    char at[25] = "";
    if (d.kind == DEADLINE_NONE) {
        buf_adds(l->tale, "next=none\n");
        return;
    }
    instant_format(d.at, tz_offset(l->tz, d.at), at);
    buf_printf(l->tale, "next=%s %.*s\n", deadline_text(d.kind), seconds ? 19 : 10, at);
}

static void live(struct life *l, const struct words *w)
{
    lc_instant to = instant_of(l, w->key[0]);
    const char *what = w->n > 1 ? w->key[1] : "run";
    if (strcmp(what, "sleep") == 0)
        l->now = to;
    else if (l->enrolled)
        advance(l, to);
    else
        l->now = to;
    if (l->enrolled)
        run_due(l);
    if (strcmp(what, "hold") == 0 || strcmp(what, "lift") == 0)
        l->held = strcmp(what, "hold") == 0;
    else if (strcmp(what, "adopt") == 0)
        adopt(l, w);
    else if (strcmp(what, "show") == 0 || strcmp(what, "seconds") == 0)
        show(l, strcmp(what, "seconds") == 0);
    else if (strcmp(what, "run") != 0 && strcmp(what, "sleep") != 0)
        give(l, w);
    if (l->enrolled)
        run_due(l);
}

static void statement(struct life *l, const char *line, size_t length)
{
    struct words w;
    l->silent = line[0] == '~';
    split(line + l->silent, length - l->silent, &w);
    if (w.n == 0 || w.key[0][0] == '#')
        return;
    if (strcmp(w.key[0], "policy") != 0) {
        live(l, &w);
        return;
    }
    uint8_t i = find_policy(l, str_of(w.key[1]));
    if (i == POLICY_UNKNOWN)
        bail_out("%s is not a policy", w.key[1]);
    set_parameters(&l->policies[i], &w, 2);
}

static void begin_life(struct life *l, struct buf *tale)
{
    struct errmsg msg;
    *l = (struct life){.n_policies = 2, .tale = tale};
    if (tz_load("Asia/Shanghai", &l->tz, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    l->policies[0] = l->policies[1] = policy_default();
    strcpy(l->policies[0].name, "national");
    strcpy(l->policies[1].name, "other");
    history_init(&l->history);
    decision_init(&l->decision);
}

void life_tell(const char *script, struct buf *tale)
{
    struct life l;
    begin_life(&l, tale);
    for (const char *line = script; *line;) {
        size_t length = strcspn(line, "\n");
        statement(&l, line, length);
        line += length + (line[length] == '\n');
    }
    buf_addc(tale, '\0');
    history_done(&l.history);
    decision_done(&l.decision);
    tz_free(l.tz);
}
