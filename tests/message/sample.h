/* One person and a unit, the eight events that bring messages, and endpoints, for the tests of messages. */
#ifndef TESTS_MESSAGE_SAMPLE_H
#define TESTS_MESSAGE_SAMPLE_H

#include "message/message.h"

lc_date on(const char *text);  /* "2026-05-31" */
lc_month of(const char *text); /* "2026-05" */

/* Somebody under the policy "national", certified in May 2025, due by 2026-05-31, reminded on 2026-05-01, today. */
struct person {
    struct policy policy;
    struct record record;
    struct recipient is; /* points at the two above */
};

void person_init(struct person *p);
/* After the record or the policy was changed. */
void person_reckon(struct person *p, lc_date today);

/* A village office; no record. */
struct recipient sample_unit(void);

/* The event as it was decided of that person: the reminder of 2026-05-01, grace from 2026-06-01, suspension on
 * 2026-06-16, certified on 2026-08-20 and resumed with two months' back pay, and so on. */
struct event sample_event(enum event_type type);
/* Brings the person to where that event has just happened. */
void person_after(struct person *p, const struct event *e);

/* A configuration made by hand. What is borrowed is not freed. */
struct endpoint *add_endpoint(struct endpoints *e, const char *name, enum adapter_kind adapter, const char *language);
struct message_text *add_text(struct endpoints *e, const char *name, const char *on, const char *text);
struct text_list words(const char *const *v, unsigned n);
#define WORDS(...) \
    words((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
struct endpoints *sample_endpoints(void);
void free_endpoints(struct endpoints *e);

#endif
