#include "codec/event_table.h"

#include <limits.h>

#define WORD(s) {(s), sizeof(s) - 1}
#define WORDS(words) {(words), sizeof(words) / sizeof((words)[0])}

static const struct str cycle_unit_words[] = {[CYCLE_MONTHS] = WORD(" months"), [CYCLE_DAYS] = WORD(" days")};
static const struct str validity_words[] = {
    [VALIDITY_MONTH_END] = WORD("month-end"), [VALIDITY_EXACT_DAY] = WORD("exact-day")};
static const struct str resume_words[] = {
    [RESUME_IMMEDIATE] = WORD("immediate"), [RESUME_NEXT_MONTH] = WORD("next-month")};
static const struct str suspended_words[] = {WORD("not-certified")};

const struct texts cycle_unit_texts = WORDS(cycle_unit_words);
static const struct texts validity_texts = WORDS(validity_words);
static const struct texts resume_texts = WORDS(resume_words);
static const struct texts suspended_texts = WORDS(suspended_words);

#define KEY(name) .key = "\"" name "\":", .key_n = sizeof(name) + 2
#define ROW(name, value_kind, field) KEY(name), .kind = value_kind, .offset = offsetof(struct event, u.field)
#define RULE(name, value_kind, field) \
    KEY(name), .kind = value_kind, .of_policy = true, .offset = offsetof(struct policy, field)

static const struct field enrolled[] = {
    {ROW("policy", FIELD_STR, enrolled.policy)},
    {ROW("category", FIELD_STR, enrolled.category)},
    {ROW("unit", FIELD_STR, enrolled.unit)},
    {ROW("approved_on", FIELD_DATE, enrolled.approved_on)},
    {ROW("last_certified_on", FIELD_DATE, enrolled.last_certified_on)},
    {ROW("amount", FIELD_AMOUNT, enrolled.amount)},
    {ROW("amount_from", FIELD_MONTH, enrolled.amount_from)},
    {ROW("due_on", FIELD_DATE, enrolled.due_on)},
};

static const struct field amended[] = {
    {ROW("policy", FIELD_STR, amended.policy), .when = FIELD_WHEN_GIVEN, .bit = M_POLICY},
    {ROW("category", FIELD_STR, amended.category), .when = FIELD_WHEN_GIVEN, .bit = M_CATEGORY},
    {ROW("unit", FIELD_STR, amended.unit), .when = FIELD_WHEN_GIVEN, .bit = M_UNIT},
    {ROW("amount", FIELD_AMOUNT, amended.amount), .when = FIELD_WHEN_GIVEN, .bit = M_AMOUNT},
    {ROW("amount_from", FIELD_MONTH, amended.amount_from), .when = FIELD_WITH_GIVEN, .bit = M_AMOUNT},
    {ROW("personal", FIELD_TRUE, amended.personal), .when = FIELD_WHEN_TRUE},
    {ROW("due_on", FIELD_DATE, amended.due_on)},
};

static const struct field accepted[] = {
    {ROW("ref", FIELD_STR, accepted.ref)},
    {ROW("channel", FIELD_STR, accepted.channel)},
    {ROW("certified_on", FIELD_DATE, accepted.certified_on)},
    {ROW("received_on", FIELD_DATE, accepted.received_on)},
    {ROW("evidence", FIELD_STR, accepted.evidence)},
    {ROW("effect", FIELD_WORD, accepted.effect), .words = &cert_effect_texts},
    {ROW("due_on", FIELD_DATE, accepted.due_on)},
    {ROW("on_behalf", FIELD_TRUE, accepted.on_behalf), .when = FIELD_WHEN_TRUE},
};

static const struct field cert_rejected[] = {
    {ROW("ref", FIELD_STR, cert_rejected.ref)},
    {ROW("channel", FIELD_STR, cert_rejected.channel)},
    {ROW("certified_on", FIELD_DATE, cert_rejected.certified_on)},
    {ROW("received_on", FIELD_DATE, cert_rejected.received_on)},
    {ROW("evidence", FIELD_STR, cert_rejected.evidence)},
    {ROW("reason", FIELD_WORD, cert_rejected.reason), .words = &reason_texts},
};

static const struct field input_rejected[] = {
    {ROW("op", FIELD_WORD, input_rejected.op), .words = &op_texts},
    {ROW("reason", FIELD_WORD, input_rejected.reason), .words = &reason_texts},
    {ROW("given", FIELD_GIVEN, input_rejected)},
};

static const struct field revoked[] = {
    {ROW("ref", FIELD_STR, revoked.ref)},
    {ROW("channel", FIELD_STR, revoked.channel)},
    {ROW("reason", FIELD_STR, revoked.reason)},
    {ROW("effect", FIELD_WORD, revoked.effect), .words = &revoke_effect_texts},
    {ROW("due_on", FIELD_DATE, revoked.due_on)},
};

static const struct field lapsed[] = {
    {ROW("base_on", FIELD_DATE, lapsed.base_on)},
    {ROW("lapsed_on", FIELD_DATE, lapsed.lapsed_on)},
};

static const struct field reminder[] = {
    {ROW("due_on", FIELD_DATE, reminder.due_on)},
    {ROW("number", FIELD_INT, reminder.number), .max = INT_MAX},
    {ROW("of", FIELD_INT, reminder.of), .max = INT_MAX},
    {ROW("missed", FIELD_INT, reminder.missed), .max = INT_MAX},
};

static const struct field grace[] = {
    {ROW("due_on", FIELD_DATE, grace.due_on)},
    {ROW("grace_until", FIELD_DATE, grace.grace_until)},
};

static const struct field deferred[] = {
    {ROW("until", FIELD_DATE, deferred.until)},
    {ROW("reason", FIELD_STR, deferred.reason)},
    {ROW("suspend_on", FIELD_DATE, deferred.suspend_on)},
};

static const struct field suspended[] = {
    {KEY("reason"), .kind = FIELD_FIXED, .words = &suspended_texts},
    {ROW("due_on", FIELD_DATE, suspended.due_on)},
    {ROW("suspended_on", FIELD_DATE, suspended.suspended_on)},
    {ROW("first_withheld_period", FIELD_MONTH, suspended.first_withheld_period)},
};

static const struct field resumed[] = {
    {ROW("reason", FIELD_WORD, resumed.reason), .words = &resume_reason_texts},
    {ROW("suspended_on", FIELD_DATE, resumed.suspended_on)},
    {ROW("resumed_on", FIELD_DATE, resumed.resumed_on)},
    {ROW("first_period", FIELD_MONTH, resumed.first_period)},
    {ROW("back_pay", FIELD_BACK_PAY, resumed.back_pay)},
};

static const struct field terminated[] = {
    {ROW("died_on", FIELD_DATE, terminated.died_on)},
    {ROW("reported_on", FIELD_DATE, terminated.reported_on)},
    {ROW("last_period", FIELD_MONTH, terminated.last_period)},
    {ROW("overpaid", FIELD_PAYS, terminated.overpaid)},
    {ROW("arrears", FIELD_PAYS, terminated.arrears)},
    {ROW("certified_after", FIELD_DATE, terminated.certified_after)},
};

static const struct field reinstated[] = {
    {ROW("reason", FIELD_STR, reinstated.reason)},
    {ROW("undoes", FIELD_SEQ, reinstated.undoes)},
    {ROW("terminated_on", FIELD_DATE, reinstated.terminated_on)},
    {ROW("first_period", FIELD_MONTH, reinstated.first_period)},
    {ROW("back_pay", FIELD_BACK_PAY, reinstated.back_pay)},
    {ROW("status", FIELD_WORD, reinstated.status), .words = &status_texts},
};

static const struct field policy_adopted[] = {
    {RULE("policy", FIELD_NAME, name)},
    {RULE("cycle", FIELD_CYCLE, cycle)},
    {RULE("validity", FIELD_WORD, validity), .words = &validity_texts},
    {RULE("remind_ahead", FIELD_INT, remind_ahead), .max = 12},
    {RULE("remind_every", FIELD_INT, remind_every), .max = 12},
    {RULE("remind_at", FIELD_CLOCK_TIME, remind_at)},
    {RULE("grace", FIELD_INT, grace), .max = 365},
    {RULE("payday", FIELD_INT, payday), .max = 31},
    {RULE("resume", FIELD_WORD, resume), .words = &resume_texts},
    {RULE("evidence_after", FIELD_INT, evidence_after), .max = 600},
    {RULE("defer_max", FIELD_INT, defer_max), .max = 365},
    {RULE("notice", FIELD_INT, notice), .max = 365},
    {ROW("channels", FIELD_NAMES, policy_adopted)},
};

static const struct field config_adopted[] = {
    {ROW("timezone", FIELD_STR, config_adopted.timezone)},
    {ROW("channels", FIELD_CHANNELS, config_adopted)},
    {ROW("brake_limit", FIELD_BRAKE, config_adopted.brake)},
    {ROW("clock_jump", FIELD_NUMBER, config_adopted.clock_jump)},
    {ROW("max_downtime", FIELD_NUMBER, config_adopted.max_downtime)},
};

static const struct field unit_recorded[] = {
    {ROW("unit", FIELD_STR, unit_recorded.unit)},
};

static const struct field hold[] = {
    {ROW("hold", FIELD_WORD, hold.hold), .words = &hold_texts},
    {ROW("why", FIELD_STR, hold.why)},
    {ROW("scope", FIELD_SCOPE, hold.scope)},
    {ROW("until", FIELD_DATE, hold.until)},
    {ROW("by", FIELD_STR, hold.by)},
    {ROW("due", FIELD_COUNT, hold.due)},
    {ROW("limit", FIELD_COUNT, hold.limit)},
};

static const struct field digest[] = {
    {ROW("unit", FIELD_STR, digest.unit)},
    {ROW("month", FIELD_MONTH, digest.month)},
    {ROW("count", FIELD_NUMBER, digest.count)},
};

#define FIELDS(list) {(list), sizeof(list) / sizeof((list)[0])}

const struct field_list event_fields[EV_N] = {
    [EV_ENROLLED] = FIELDS(enrolled),
    [EV_AMENDED] = FIELDS(amended),
    [EV_ERASED] = {NULL, 0},
    [EV_ACCEPTED] = FIELDS(accepted),
    [EV_CERT_REJECTED] = FIELDS(cert_rejected),
    [EV_INPUT_REJECTED] = FIELDS(input_rejected),
    [EV_REVOKED] = FIELDS(revoked),
    [EV_LAPSED] = FIELDS(lapsed),
    [EV_REMINDER] = FIELDS(reminder),
    [EV_GRACE] = FIELDS(grace),
    [EV_DEFERRED] = FIELDS(deferred),
    [EV_SUSPENDED] = FIELDS(suspended),
    [EV_RESUMED] = FIELDS(resumed),
    [EV_TERMINATED] = FIELDS(terminated),
    [EV_REINSTATED] = FIELDS(reinstated),
    [EV_POLICY_ADOPTED] = FIELDS(policy_adopted),
    [EV_CONFIG_ADOPTED] = FIELDS(config_adopted),
    [EV_UNIT_RECORDED] = FIELDS(unit_recorded),
    [EV_HOLD_PLACED] = FIELDS(hold),
    [EV_HOLD_LIFTED] = FIELDS(hold),
    [EV_UNIT_DIGEST] = FIELDS(digest),
};
