/* Several engines' counters as if they were one's. */
#ifndef DAEMON_TALLY_H
#define DAEMON_TALLY_H

#include "engine/engine.h"

/* Before the first one is added. */
void tally_init(struct engine_counters *sum);
/* Counts are summed up; of what is behind, silent or due the worst or the next counts; a hold is in force, or is
 * not. */
void tally_add(struct engine_counters *sum, const struct engine_counters *one);

#endif
