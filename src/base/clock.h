/* The one source of now. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/date.h"
#include <stdbool.h>

enum clock_mode {
    CLOCK_MODE_SYSTEM,      /* the wall clock */
    CLOCK_MODE_ACCELERATED, /* starts at an instant, runs that much faster, but stops at every bound */
    CLOCK_MODE_SIMULATED,   /* moves only when it is told to */
};

struct clock {
    enum clock_mode mode;
    lc_instant now;      /* ACCELERATED, SIMULATED: the present; SYSTEM: the last value given */
    int64_t factor;      /* ACCELERATED */
    int64_t mono_base;   /* ACCELERATED: monotonic nanoseconds at which `now_base` was the present */
    lc_instant now_base;
};

void clock_system(struct clock *c);
void clock_accelerated(struct clock *c, lc_instant start, int64_t factor);
void clock_simulated(struct clock *c, lc_instant start);

/* The present. bound: the earliest instant that must not be passed (INSTANT_NONE: none); it stops an accelerated
 * clock, which then goes on from there, a tenth of a real second of what it missed made up at most; a system clock takes
 * no notice; a simulated one stays where it is. */
lc_instant clock_now(struct clock *c, lc_instant bound);
/* Puts an accelerated or simulated clock forward to at, never back. */
void clock_advance(struct clock *c, lc_instant at);
/* Milliseconds until the clock shows `at`, for a wait: 0 when it does already, -1 for INSTANT_NONE or a simulated clock. */
int64_t clock_wait_ms(const struct clock *c, lc_instant at);

int64_t clock_monotonic_ns(void);
/* CLOCK_BOOTTIME in nanoseconds: runs on through suspend. */
int64_t clock_boot_ns(void);
/* The wall clock in nanoseconds since the epoch. */
int64_t clock_wall_ns(void);

#endif
