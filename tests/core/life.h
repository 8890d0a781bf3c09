/* One beneficiary's life as a script, lived by the core under a clock that stops at every deadline, and told back in
 * lines: what the worked examples are written in.
 *
 * A script is a line a statement; "#" begins a comment line, "~" before a statement keeps its events out of the tale.
 *
 *   policy NAME KEY=VALUE ...        changes a policy before the life begins (keys of the configuration; cycle=6m, 90d)
 *   TIME OP MEMBER=VALUE ...         an input; "null" is null, "_" stands for a space
 *   TIME run                         time passes, stopping at each deadline
 *   TIME sleep                       time passes while the daemon is down
 *   TIME adopt NAME KEY=VALUE ...    the configuration's policy changes
 *   TIME hold, TIME lift             a hold is placed or lifted
 *   TIME show                        the state
 *   TIME seconds                     the state's next deadline, with its time of day
 *
 * TIME is 2026-06-01 (noon of that day) or 2026-06-01T09:00:00. Policies are "national" (the defaults), "other" (the
 * same) and "atlantis" is not configured; channels are face, counter, data-match. */
#ifndef TESTS_CORE_LIFE_H
#define TESTS_CORE_LIFE_H

#include "base/buf.h"

/* The tale of a script, terminated: an event or an answer a line. Answers of applied inputs are not told. */
void life_tell(const char *script, struct buf *tale);

#endif
