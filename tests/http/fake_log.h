/* The fake engine's log: events that a test makes up, in a store in memory. */
#ifndef TESTS_HTTP_FAKE_LOG_H
#define TESTS_HTTP_FAKE_LOG_H

#include "core/event.h"
#include "store/store.h"

struct store *fake_log_new(void);

/* Appends n events of that type, about that person, in one commit; from any thread, but one at a time. */
void fake_log_add(struct store *log, uint64_t n, enum event_type type, const char *subject);
/* One of the length that its member "why" makes. */
void fake_log_add_long(struct store *log, size_t n);
/* Writes the line of such an event. */
void fake_log_line(struct buf *out, uint64_t seq, enum event_type type, const char *subject);

uint64_t fake_log_end(const struct store *log);
/* The lines of one person, oldest first. */
void fake_log_story(const struct store *log, struct str subject, struct buf *out);

#endif
