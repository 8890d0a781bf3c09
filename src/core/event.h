/* What was decided: one event of the log (lifecertd-events(7)), as the core makes it and replay reads it.
 * Strings are borrowed: from the input, from the caller's environment, or from the line it was read from. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core/input.h"
#include "core/policy.h"
#include "core/record.h"

enum event_type {
    EV_ENROLLED,
    EV_AMENDED,
    EV_ERASED,
    EV_ACCEPTED,
    EV_CERT_REJECTED,
    EV_INPUT_REJECTED,
    EV_REVOKED,
    EV_LAPSED,
    EV_REMINDER,
    EV_GRACE,
    EV_DEFERRED,
    EV_SUSPENDED,
    EV_RESUMED,
    EV_TERMINATED,
    EV_REINSTATED,
    EV_POLICY_ADOPTED,
    EV_CONFIG_ADOPTED,
    EV_UNIT_RECORDED,
    EV_HOLD_PLACED,
    EV_HOLD_LIFTED,
    EV_UNIT_DIGEST,
    EV_N
};

const char *event_type_text(enum event_type t); /* "beneficiary.enrolled" */

enum cert_effect { EFFECT_RENEWED, EFFECT_SUPERSEDED };
enum revoke_effect { EFFECT_REVERTED, EFFECT_NONE };
enum resume_reason { RESUMED_CERTIFIED_IN_TIME, RESUMED_RECERTIFIED, RESUMED_POLICY_CHANGED };
enum hold_kind { HOLD_BRAKE, HOLD_CLOCK, HOLD_FEED, HOLD_MORATORIUM, HOLD_N };
enum scope_kind { SCOPE_ALL, SCOPE_POLICY, SCOPE_CATEGORY, SCOPE_UNIT, SCOPE_CHANNEL };

const char *cert_effect_text(enum cert_effect e);
const char *revoke_effect_text(enum revoke_effect e);
const char *resume_reason_text(enum resume_reason r);
const char *hold_text(enum hold_kind k);
const char *scope_text(enum scope_kind k); /* "policy", ...; SCOPE_ALL has none: NULL */

struct period_pay {
    lc_month period;
    lc_date payday;
    int64_t amount; /* or AMOUNT_NONE */
};

/* A list of periods with what each is worth. Owned by the decision or the history it stands in. */
struct pay_list {
    struct period_pay *v;
    uint32_t n;
    lc_date pay_on; /* back pay only */
};

/* AMOUNT_NONE when one amount is; 0 for an empty list. */
int64_t pay_total(const struct pay_list *l);

struct scope {
    enum scope_kind kind;
    struct str name; /* of the policy, category, unit or channel */
};

/* The brake's limit: "off", an absolute number, or a percentage in thousandths ("1%" = 1000). */
struct brake_limit {
    enum { BRAKE_OFF, BRAKE_ABSOLUTE, BRAKE_PERCENT } kind;
    int64_t value;
};

struct channel_setting {
    struct str name;
    int64_t expect_every; /* seconds; 0: no feed hold */
};

struct event {
    uint64_t seq, prev;
    lc_instant time;
    int32_t offset; /* of the zone in force, seconds east */
    lc_date today;  /* local date of time */
    bool simulated;
    enum event_type type;
    struct str subject; /* STR_NONE on system events */
    union {
        struct {
            struct str policy, category, unit;
            lc_date approved_on, last_certified_on, due_on;
            int64_t amount;
            lc_month amount_from;
        } enrolled;
        struct {
            uint32_t given; /* of M_POLICY, M_CATEGORY, M_UNIT, M_AMOUNT: what changed */
            struct str policy, category, unit;
            int64_t amount;
            lc_month amount_from;
            bool personal;
            lc_date due_on;
        } amended;
        struct {
            struct str ref, channel, evidence;
            lc_date certified_on, received_on, due_on;
            enum cert_effect effect;
            bool on_behalf;
        } accepted;
        struct {
            struct str ref, channel, evidence;
            lc_date certified_on, received_on;
            enum reason reason;
        } cert_rejected;
        struct {
            enum op op;
            enum reason reason;
            const struct input *input; /* to encode; NULL when read back */
            struct str given;          /* read back: the JSON object as it stands in the log */
        } input_rejected;
        struct {
            struct str ref, channel, reason;
            enum revoke_effect effect;
            lc_date due_on;
            lc_date certified_on; /* the last certified date that remains; not in the log: whoever reads an
                                     event back fills it in from the history */
        } revoked;
        struct {
            lc_date base_on, lapsed_on;
        } lapsed;
        struct {
            lc_date due_on;
            int number, of, missed;
        } reminder;
        struct {
            lc_date due_on, grace_until;
        } grace;
        struct {
            lc_date until, suspend_on;
            struct str reason;
        } deferred;
        struct {
            lc_date due_on, suspended_on;
            lc_month first_withheld_period;
        } suspended; /* reason is always "not-certified" */
        struct {
            enum resume_reason reason;
            lc_date suspended_on, resumed_on;
            lc_month first_period;
            struct pay_list back_pay;
        } resumed;
        struct {
            lc_date died_on, reported_on, certified_after;
            lc_month last_period;
            struct pay_list overpaid, arrears;
        } terminated;
        struct {
            struct str reason;
            uint64_t undoes;
            lc_date terminated_on;
            lc_month first_period; /* MONTH_NONE: null */
            struct pay_list back_pay;
            enum status status;
        } reinstated;
        struct {
            const struct policy *policy;         /* its channels member is not used here: */
            const struct str *channels;          /* their names */
            uint32_t n_channels;
        } policy_adopted;
        struct {
            struct str timezone;
            const struct channel_setting *channels;
            uint32_t n_channels;
            struct brake_limit brake;
            int64_t clock_jump, max_downtime; /* seconds */
        } config_adopted;
        struct {
            struct str unit;
        } unit_recorded;
        struct {
            enum hold_kind hold;
            struct scope scope;
            struct str why, by; /* by: STR_NONE when the daemon did it */
            lc_date until;      /* moratorium */
            int64_t due, limit; /* brake; -1: null */
        } hold;
        struct {
            struct str unit;
            lc_month month;
            int64_t count;
        } digest;
    } u;
};

#endif
