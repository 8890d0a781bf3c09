/* The core's events and records held against the model's, member by member. */
#ifndef TESTS_MODEL_COMPARE_H
#define TESTS_MODEL_COMPARE_H

#include "core/event.h"
#include "core/record.h"
#include "tests/model/model.h"

/* What differs, one line each; empty when nothing does. */
struct report {
    char text[4096];
    size_t n;
};

void report_clear(struct report *out);
void report_add(struct report *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Everything but seq and prev, which are not the core's to fill in. */
void compare_event(const struct event *got, const struct m_event *want, struct report *out);

void compare_state(const struct policy *policies, const struct record *r, const struct m_world *w,
                   const struct m_person *p, struct report *out);
void compare_next(const struct deadline *got, const struct m_next *want, const struct zone *z, int64_t now,
                  struct report *out);

/* Two records after the same events, one decided and one replayed. The policy of the terminated is not in their
 * events. */
void compare_replayed(const struct record *decided, const struct record *replayed, struct report *out);

#endif
