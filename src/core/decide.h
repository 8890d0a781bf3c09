/* The rules: pure functions from (policy, record, input or deadline, now) to (record', events), as
 * lifecertd-rules(7) has them. No I/O, no clock, no globals.
 *
 * One function changes state: record_apply(). Deciding makes an event and applies it; replay only applies. */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "core/event.h"
#include "core/history.h"

/* What is the same for everyone at one instant, and what is known of the person at hand. */
struct env {
    const struct policy *policies; /* indexed by record.policy */
    const struct tz *tz;
    lc_instant now;
    lc_date today;  /* now's local date */
    int32_t offset; /* now's, seconds east */
    bool simulated;

    /* the person; not used by record_apply */
    struct str id, category, unit;
    struct history *history; /* where decide_needs() asks for it, else NULL; moved on past an amendment that is decided,
                                for the resumption that may follow must know its amount */
    const struct contact *contact; /* the same */

    /* the input's names, looked up by the caller */
    uint8_t input_policy; /* POLICY_UNKNOWN when not configured; only when the input has a policy */
    uint8_t input_channel; /* index of a configured channel; only when the input has one */
};

#define DECISION_EVENTS_MAX 4 /* accepted + resumed, amended + resumed: two; room to spare */

/* What came of one call. Reused from call to call; the events hold until the next one. */
struct decision {
    enum result result;
    enum reason reason;
    struct event events[DECISION_EVENTS_MAX];
    unsigned n;
    struct period_pay *pays; /* arena behind the events' lists */
    uint32_t n_pays, cap_pays;
};

void decision_init(struct decision *d);
void decision_done(struct decision *d);

enum need { NEED_HISTORY = 1, NEED_CONTACT = 2 };

/* What decide_input() will ask of env for a known beneficiary. maybe_seen: whether the certify's channel and
 * ref may stand in the history (false only when surely not). */
unsigned decide_needs(const struct record *r, const struct input *in, bool maybe_seen);

/* Decides one input for a known beneficiary whose due deadlines have run. OP_UNIT and a new id's OP_ENROL
 * are not for this function. */
void decide_input(const struct env *env, struct record *r, const struct input *in, struct decision *d);

/* Decides the enrolment of an id that is not known yet; fills *r when the result is applied. */
void decide_enrol(const struct env *env, struct record *r, const struct input *in, struct decision *d);

/* The record's policy (same name, env->policies[r->policy]) was replaced by env->policies[to]: as an
 * amendment that changes it. Not for terminated records (whose policy is simply set); a suspended one needs its
 * history. */
void decide_adoption(const struct env *env, struct record *r, uint8_t to, struct decision *d);

/* Decides one deadline that is due: kind from record_next() at env->now. That nothing holds the suspension is the
 * caller's to know. */
void decide_deadline(const struct env *env, struct record *r, enum deadline_kind kind, struct decision *d);

/* Moves the record past the event. Uses env->policies only. policy: for EV_ENROLLED and EV_AMENDED with
 * M_POLICY, the index of the policy that the event names, for EV_REINSTATED that of the record's policy now in
 * force; else not used. Events that leave the record alone are passed over. */
void record_apply(const struct policy *policies, struct record *r, const struct event *e, uint8_t policy);

#endif
