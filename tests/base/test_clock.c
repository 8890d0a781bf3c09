/* The three kinds of clock. No check waits for time to pass longer than some milliseconds, or bounds it from above. */
#include <sys/select.h>
#include <time.h>

#include "base/clock.h"
#include "tests/lib/tap.h"

#define START INT64_C(1769875200) /* 2026-02-01T00:00:00+08:00 */
#define DAY INT64_C(86400)

/* Until the monotonic clock has moved. */
static void pass_ms(int64_t ms)
{
    int64_t end = clock_monotonic_ns() + ms * 1000000;
    for (int64_t now; (now = clock_monotonic_ns()) < end;)
        select(0, NULL, NULL, NULL, &(struct timeval){0, (end - now) / 1000 + 1});
}

static void test_system(void)
{
    struct clock c;
    clock_system(&c);
    time_t before = time(NULL);
    lc_instant now = clock_now(&c, INSTANT_NONE);
    ok(now >= before - 1 && now <= time(NULL) + 1, "a system clock shows the time of day");
    ok(clock_now(&c, now - 1000) >= now - 1, "and takes no notice of a bound");
    clock_advance(&c, now + 1000);
    ok(clock_now(&c, INSTANT_NONE) < now + 900, "nor of being put forward");
    lc_instant given = clock_now(&c, INSTANT_NONE);
    is_int(c.now, given, "it keeps the last value given");
    is_int(clock_wait_ms(&c, now - 5), 0, "there is no wait for what is past");
    is_int(clock_wait_ms(&c, INSTANT_NONE), -1, "nor an end to the wait for never");
    int64_t wait = clock_wait_ms(&c, now + 100);
    ok(wait > 90000 && wait <= 100000, "the wait for a moment is the time until then");
    ok(clock_wait_ms(&c, INT64_MAX - 1) > 0, "however far it is");
}

static void test_accelerated(void)
{
    struct clock c;
    clock_accelerated(&c, START, 1000000000);
    lc_instant first = clock_now(&c, INSTANT_NONE);
    ok(first >= START, "an accelerated clock starts at its start");
    pass_ms(2);
    lc_instant second = clock_now(&c, INSTANT_NONE);
    ok(second - first >= 2000000, "and runs as much faster");
    is_int(clock_now(&c, second + 10), second + 10, "it stops at a bound");
    is_int(clock_now(&c, second + 10), second + 10, "and stays there");
    is_int(clock_now(&c, second - 10), second + 10, "but does not go back to one");
    pass_ms(2);
    lc_instant third = clock_now(&c, INSTANT_NONE);
    ok(third > second + 10, "it goes on from there");
    clock_advance(&c, third + 100 * 365 * DAY);
    ok(clock_now(&c, INSTANT_NONE) >= third + 100 * 365 * DAY, "it may be put forward");
    clock_advance(&c, START);
    ok(clock_now(&c, INSTANT_NONE) >= third + 100 * 365 * DAY, "never back");
}

static void test_accelerated_wait(void)
{
    struct clock c;
    clock_accelerated(&c, START, 86400);
    is_int(clock_wait_ms(&c, START), 0, "no wait for the present");
    is_int(clock_wait_ms(&c, INSTANT_NONE), -1, "no end to the wait for never");
    int64_t wait = clock_wait_ms(&c, START + 10 * DAY);
    ok(wait > 5000 && wait <= 10000, "ten days at a day a second take ten seconds");
    clock_advance(&c, START + 9 * DAY);
    wait = clock_wait_ms(&c, START + 10 * DAY);
    ok(wait > 0 && wait <= 1000, "and one after nine have been left out");
    clock_now(&c, START + 9 * DAY + 1);
    ok(clock_wait_ms(&c, START + 9 * DAY) == 0, "what the clock shows already is not waited for");
    clock_accelerated(&c, START, 1000);
    wait = clock_wait_ms(&c, START + 3);
    pass_ms(wait);
    is_int(clock_now(&c, START + 3), START + 3, "after the wait the clock shows the moment");
}

static void test_simulated(void)
{
    struct clock c;
    clock_simulated(&c, START);
    is_int(clock_now(&c, INSTANT_NONE), START, "a simulated clock stands where it is put");
    is_int(clock_now(&c, START - 5), START, "whatever the bound");
    clock_advance(&c, START + 77);
    is_int(clock_now(&c, START), START + 77, "until it is put forward");
    clock_advance(&c, START);
    is_int(clock_now(&c, INSTANT_NONE), START + 77, "never back");
    is_int(clock_wait_ms(&c, START + 78), -1, "waiting would not help");
    is_int(clock_wait_ms(&c, START + 77), 0, "for the present there is no wait");
}

int main(void)
{
    plan(0);
    test_system();
    test_accelerated();
    test_accelerated_wait();
    test_simulated();
    int64_t mono = clock_monotonic_ns(), boot = clock_boot_ns(), wall = clock_wall_ns();
    ok(mono > 0 && boot >= mono - 1000000000 && wall / 1000000000 >= time(NULL) - 1, "the clocks can be read");
    ok(clock_monotonic_ns() >= mono, "and do not go back");
    return tap_end();
}
