#include "base/clock.h"

#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define MS_NS INT64_C(1000000)
#define CATCH_UP_NS (100 * MS_NS)
#define WAIT_MS_MAX (INT64_C(3660) * 86400 * 1000) /* no wait is longer: whoever wakes looks at the clock again */

/* Wide enough for a century's nanoseconds times the largest factor. */
__extension__ typedef __int128 wide;

static int64_t read_clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t); /* cannot fail for the clocks asked for here */
    return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t clock_boot_ns(void)
{
    return read_clock_ns(CLOCK_BOOTTIME);
}

int64_t clock_wall_ns(void)
{
    return read_clock_ns(CLOCK_REALTIME);
}

static lc_instant floor_second(int64_t ns)
{
    return ns / SECOND_NS - (ns % SECOND_NS < 0);
}

static void rebase(struct clock *c, lc_instant at)
{
    c->now = c->now_base = at;
    c->mono_base = clock_monotonic_ns();
}

void clock_system(struct clock *c)
{
    *c = (struct clock){.mode = CLOCK_MODE_SYSTEM};
    c->now = floor_second(clock_wall_ns());
}

void clock_accelerated(struct clock *c, lc_instant start, int64_t factor)
{
    *c = (struct clock){.mode = CLOCK_MODE_ACCELERATED, .factor = factor};
    rebase(c, start);
}

void clock_simulated(struct clock *c, lc_instant start)
{
    *c = (struct clock){.mode = CLOCK_MODE_SIMULATED, .now = start, .now_base = start};
}

/* Stops at a bound. The real time spent beyond it does not count, but for a little: a clock that stops at many bounds would
 * else fall behind by what every wake-up takes. */
static void stop_at(struct clock *c, lc_instant stop)
{
    wide needed = (wide)(stop - c->now_base) * SECOND_NS / c->factor;
    wide over = clock_monotonic_ns() - c->mono_base - needed;
    rebase(c, stop);
    c->mono_base -= over > CATCH_UP_NS ? CATCH_UP_NS : (int64_t)over;
}

static lc_instant accelerated_now(struct clock *c, lc_instant bound)
{
    wide passed = (wide)(clock_monotonic_ns() - c->mono_base) * c->factor / SECOND_NS;
    lc_instant stop = bound < c->now ? c->now : bound;
    if (passed > (wide)stop - c->now_base)
        stop_at(c, stop);
    else if (c->now_base + (lc_instant)passed > c->now)
        c->now = c->now_base + (lc_instant)passed;
    return c->now;
}

lc_instant clock_now(struct clock *c, lc_instant bound)
{
    if (c->mode == CLOCK_MODE_ACCELERATED)
        return accelerated_now(c, bound);
    if (c->mode == CLOCK_MODE_SYSTEM)
        c->now = floor_second(clock_wall_ns());
    return c->now;
}

void clock_advance(struct clock *c, lc_instant at)
{
    if (c->mode != CLOCK_MODE_SYSTEM && at > c->now)
        rebase(c, at);
}

static int64_t wait_ms(wide ns)
{
    wide ms = (ns + MS_NS - 1) / MS_NS; /* up, or the sleeper wakes too early and sleeps again for nothing */
    return ns <= 0 ? 0 : ms > WAIT_MS_MAX ? WAIT_MS_MAX : (int64_t)ms;
}

int64_t clock_wait_ms(const struct clock *c, lc_instant at)
{
    if (at == INSTANT_NONE)
        return -1;
    if (c->mode == CLOCK_MODE_SYSTEM)
        return wait_ms((wide)at * SECOND_NS - clock_wall_ns());
    if (at <= c->now)
        return 0;
    if (c->mode == CLOCK_MODE_SIMULATED)
        return -1;
    wide run = ((wide)(at - c->now_base) * SECOND_NS + c->factor - 1) / c->factor;
    return wait_ms(run - (clock_monotonic_ns() - c->mono_base));
}
