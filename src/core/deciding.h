/* What the files that decide share. Internal to the core. */
#ifndef CORE_DECIDING_H
#define CORE_DECIDING_H

#include "core/decide.h"

/* The policy under which the record stands, and the due date that follows. */
const struct policy *env_policy(const struct env *env, const struct record *r);
lc_date env_due(const struct env *env, const struct record *r);

/* An empty decision: unchanged, no events. */
void decision_begin(struct decision *d);
/* The decision's next event, its head filled in. */
struct event *decision_emit(const struct env *env, struct decision *d, enum event_type type);
/* Moves the record past an event that names no other policy. */
void decision_apply(const struct env *env, struct record *r, const struct event *e);
/* The result, and the event that records it. */
void decision_reject(const struct env *env, const struct input *in, enum reason reason, struct decision *d);
/* benefit.resumed, for a suspended record; asks for the history. */
void decision_resume(const struct env *env, struct record *r, enum resume_reason reason, struct decision *d);

/* One for each op. The record is known, its due deadlines have run, and the decision is begun. */
typedef void op_handler(const struct env *env, struct record *r, const struct input *in, struct decision *d);
op_handler op_enrol_again, op_amend, op_certify, op_revoke, op_defer, op_report_death, op_retract_death, op_erase;

#endif
