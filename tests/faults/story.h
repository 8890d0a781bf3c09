/* What came of a life: whatever happened on the way, it must be the same. */
#ifndef TESTS_FAULTS_STORY_H
#define TESTS_FAULTS_STORY_H

#include "tests/faults/messages.h"

struct story {
    struct buf text; /* answers, log, everybody, contacts, and what the receiver says of events; terminated */
    struct messages messages;
};

/* Of a life that is over, while its daemon runs. false: l->fault says what cannot be told. */
bool story_tell(struct life *l, struct story *out);
/* Is it the one that it must be? false: l->fault has the first difference. */
bool story_compare(struct life *l, const struct story *s, const char *text, unsigned messages);
/* Is lifecertctl verify content with what the daemon left? false: l->fault has what it says. */
bool story_verify(struct life *l);

#endif
