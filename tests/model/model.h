/* A second, naive model of the rules, written from lifecertd-rules(7) alone: one beneficiary's whole life kept as
 * lists, everything worked out from them anew each time, in the most obvious way. It shares no code with src/.
 *
 * Strings are borrowed and must outlive the person; NULL is null. Days, months and instants are calendar.h's. */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include "tests/model/calendar.h"

#include <stddef.h>

#define M_POLICIES 4
#define M_CHANNELS 5
#define M_AMOUNT_NULL INT64_MIN

extern const char *const m_policy_names[M_POLICIES];
extern const char *const m_channel_names[M_CHANNELS];

struct m_policy {
    bool in_days; /* the cycle */
    int cycle;
    bool exact_day;
    int remind_ahead, remind_every, remind_at;
    int grace, payday;
    bool next_month;
    int evidence_after, defer_max, notice;
    unsigned channels; /* bit i: channel i counts; 0: all do */
};

struct m_world {
    const struct zone *zone;
    struct m_policy policies[M_POLICIES]; /* as configured now, by the index of their names */
    uint64_t seq;                         /* of the last event */
};

enum m_op { MO_ENROL, MO_AMEND, MO_CERTIFY, MO_REVOKE, MO_DEFER, MO_REPORT_DEATH, MO_RETRACT_DEATH, MO_ERASE, MO_N };

extern const char *const m_op_names[MO_N];

/* Members that need not stand in every input of their op. */
enum m_has {
    HAS_POLICY = 1,
    HAS_LAST_CERTIFIED_ON = 2,
    HAS_CATEGORY = 4,
    HAS_NAME = 8,
    HAS_PHONE = 16,
    HAS_UNIT = 32,
    HAS_AMOUNT = 64,
    HAS_AMOUNT_FROM = 128,
    HAS_EVIDENCE = 256,
    HAS_BY = 512,
};

struct m_input {
    enum m_op op;
    unsigned has;
    const char *policy, *category, *name, *phone, *unit, *channel, *ref, *evidence, *by, *reason;
    int approved_on, last_certified_on, certified_on, until, died_on;
    int64_t amount;
    int amount_from;
};

enum m_type {
    MT_ENROLLED,
    MT_AMENDED,
    MT_ERASED,
    MT_ACCEPTED,
    MT_CERT_REJECTED,
    MT_INPUT_REJECTED,
    MT_REVOKED,
    MT_LAPSED,
    MT_REMINDER,
    MT_GRACE,
    MT_DEFERRED,
    MT_SUSPENDED,
    MT_RESUMED,
    MT_TERMINATED,
    MT_REINSTATED,
    MT_N
};

extern const char *const m_type_names[MT_N];

struct m_paid {
    int period, payday;
    int64_t amount;
};

struct m_list {
    struct m_paid *v; /* owned by the person */
    int n, capacity;
    int64_t total; /* M_AMOUNT_NULL: null */
    int pay_on;    /* back pay only */
};

/* One event with the members of its type; the rest are zero. */
struct m_event {
    enum m_type type;
    uint64_t seq;
    int64_t time;
    int today;
    unsigned changed; /* amended: of HAS_POLICY, HAS_CATEGORY, HAS_UNIT, HAS_AMOUNT */
    bool personal, on_behalf;
    const char *policy, *category, *unit, *ref, *channel, *evidence, *reason, *effect, *op, *status;
    int approved_on, last_certified_on, due_on, certified_on, received_on, base_on, lapsed_on, grace_until, until,
        suspend_on, suspended_on, resumed_on, died_on, reported_on, certified_after, terminated_on;
    int amount_from, first_withheld_period, first_period, last_period;
    int64_t amount;
    int number, of, missed;
    uint64_t undoes;
    struct m_list back_pay, overpaid, arrears;
};

enum m_status { MS_ACTIVE, MS_GRACE, MS_SUSPENDED, MS_TERMINATED };

struct m_cert {
    const char *channel, *ref;
    int on;
    bool revoked;
};

struct m_amount {
    int from;
    int64_t amount;
};

#define M_CERTS_MAX 256
#define M_AMOUNTS_MAX 256
#define M_EVENTS_MAX 2048

struct m_person {
    bool enrolled;
    /* as enrolled */
    const char *first_policy, *first_category, *first_unit;
    int approved_on, last_certified_on, first_amount_from, enrolled_on;
    int64_t first_amount;
    /* as it stands */
    int policy;
    const char *category, *unit, *name, *phone, *by;
    enum m_status status;
    bool suspended_at_report, erased, lapsed;
    int reminded_on, deferred_until, notice_until, suspended_on, withheld_from;
    struct m_cert certs[M_CERTS_MAX];
    int n_certs;
    struct m_amount amounts[M_AMOUNTS_MAX];
    int n_amounts;
    struct m_event *events; /* M_EVENTS_MAX */
    int n_events;
};

void m_person_init(struct m_person *p);
/* Forgets the person and begins another life. */
void m_person_clear(struct m_person *p);
void m_person_done(struct m_person *p);

/* Dates that follow from the lists. */
int m_base(const struct m_person *p);
int m_last_certified(const struct m_person *p); /* 0: none */
int m_due_of(const struct m_policy *policy, int base);
int m_due(const struct m_world *w, const struct m_person *p);
int m_grace_until(const struct m_world *w, const struct m_person *p);
int m_suspend_on(const struct m_world *w, const struct m_person *p);
int m_lapse_on(const struct m_world *w, const struct m_person *p); /* 0: never */
int m_last_r(const struct m_person *p);                            /* 0: none */
int m_payday(const struct m_policy *policy, int period);
int m_first_paid(const struct m_policy *policy, int day);
const struct m_event *m_latest(const struct m_person *p, enum m_type type);
const struct m_cert *m_find(const struct m_person *p, const char *channel, const char *ref);

enum m_deadline { MD_NONE, MD_REMINDER, MD_GRACE, MD_SUSPENSION, MD_LAPSE };

struct m_next {
    enum m_deadline kind;
    int64_t at;
};

struct m_next m_next(const struct m_world *w, const struct m_person *p, int64_t now);
void m_run_deadline(struct m_world *w, struct m_person *p, enum m_deadline kind, int64_t now);

struct m_answer {
    const char *result; /* "applied", "unchanged", "rejected" */
    const char *reason; /* NULL unless rejected */
};

/* The deadlines before and after it are the caller's to run. */
struct m_answer m_input(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now);
/* The configuration's policy of that name changes; the person may be under it or not. */
void m_adopt(struct m_world *w, struct m_person *p, int policy, const struct m_policy *to, int64_t now);

/* Equal texts, or both null. */
bool m_same(const char *a, const char *b);

#endif
