/* One person's events in words: a sentence each, which says why, out of the event and of those before it. */
#ifndef CTL_STORY_H
#define CTL_STORY_H

#include "base/buf.h"
#include "ctl/json.h"

struct story;

struct story *story_new(void);
void story_free(struct story *s);

/* Appends what the person's next event says, for people: "reminder 1 of 3: certification due by 2026-05-31". A type
 * without words of its own gives its name. */
void story_add(struct story *s, struct buf *b, const struct json *event);

/* Before a benefit.suspended is added: the day on which it would have come, as far as the events before it tell; "":
 * they do not. When it came later, something kept it back: */
const char *story_expected(struct story *s);
/* it fell due on that day, and these holds (a list of their names, or NULL) covered the person. */
void story_held(struct story *s, const char *due_since, const struct json *names);

/* The day on which the certification that counts came in, when it is another than its own: of those added so far. NULL:
 * on that day, or there is none. */
const char *story_received(const struct story *s);

#endif
