/* The clocks of this process in the test's hands: they stand still but for what the test makes of them. To be
 * linked into the program itself, whose clock_gettime(), timerfd_create(), timerfd_settime() and read() it then
 * is. */
#ifndef TESTS_ENGINE_FAKE_CLOCK_H
#define TESTS_ENGINE_FAKE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/date.h"

/* Sets the wall clock; the others stay. */
void fake_wall(lc_instant at);
lc_instant fake_wall_now(void);
/* Time passes: all three clocks go on. */
void fake_pass(int64_t seconds);
void fake_pass_ms(int64_t ms);
/* The machine sleeps: the monotonic clock alone stands still. */
void fake_sleep(int64_t seconds);
/* Nanoseconds of the machine's own monotonic clock. */
int64_t real_monotonic_ns(void);

/* What the kernel does when somebody sets the clock: the timer that was armed to be cancelled by it becomes
 * readable, and reading it fails with ECANCELED. false: none was armed so. */
bool fake_clock_was_set(void);
/* Is a timer armed that setting the clock cancels? */
bool fake_timer_armed(void);

#endif
