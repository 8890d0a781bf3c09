/* What the model's files share with one another. */
#ifndef TESTS_MODEL_MODEL_PARTS_H
#define TESTS_MODEL_MODEL_PARTS_H

#include "tests/model/model.h"

extern const struct m_answer m_applied, m_unchanged;

const struct m_policy *m_policy_of(const struct m_world *w, const struct m_person *p);
int m_today(const struct m_world *w, int64_t now);
/* The person's next event, to be filled in. */
struct m_event *m_emit(struct m_world *w, struct m_person *p, enum m_type type, int64_t now);
void m_give_notice(const struct m_world *w, struct m_person *p, int today);

/* The entry of exactly that month, or NULL. */
const struct m_amount *m_amount_entry(const struct m_person *p, int from);
void m_set_amount(struct m_person *p, int from, int64_t amount);
bool m_list_has(const struct m_list *l, int period);
/* With its payday under the policy in force and the amount in force for it. */
void m_list_add(const struct m_world *w, const struct m_person *p, struct m_list *l, int period);

/* Rejects, with the event that goes with it where the person is known. */
struct m_answer m_reject(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now,
                         const char *reason);

struct m_answer m_report_death(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now);
struct m_answer m_retract_death(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now);
struct m_answer m_erase(struct m_world *w, struct m_person *p, const struct m_input *in, int64_t now);

#endif
