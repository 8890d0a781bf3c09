/* A trial's beginning and end, which both programs share: a life in this process's folder, and the judgement on it. */
#ifndef TESTS_FAULTS_TRIAL_H
#define TESTS_FAULTS_TRIAL_H

#include "tests/faults/campaign.h"
#include "tests/faults/life.h"

void trial_begin(struct life *l, struct outcome *out);
void trial_end(struct life *l, struct outcome *out);

/* Notes as the trial's fault in which state the daemon is, and when; returns false. */
bool trial_say(struct outcome *out, const struct life *l, const char *when, enum life_state state);
/* Of a life that is over, while its daemon runs: stops it, and holds what came of it against the reference; that of the
 * first one becomes the reference. */
void trial_judge(struct life *l, struct reference *reference, bool first, struct outcome *out);

#endif
