#include "deliver/schedule.h"

#include "tests/lib/tap.h"

static int64_t retry[] = {5, 300, 86400};
static const struct endpoint endpoint = {.retry = retry, .n_retry = 3};

static void test_bounds(void)
{
    unsigned wrong = 0;
    for (uint32_t n = 1; n <= 3; n++) {
        int64_t least = retry[n - 1] * 1000;
        wrong += schedule_delay(&endpoint, n, -1, 0) != least;
        wrong += schedule_delay(&endpoint, n, -1, UINT32_MAX) != least + least / 5;
        int64_t middle = schedule_delay(&endpoint, n, -1, UINT32_MAX / 2);
        wrong += middle < least + least / 10 - 1 || middle > least + least / 10 + 1;
    }
    is_int(wrong, 0, "each delay is the configured one, and up to a fifth more");
    is_int(schedule_delay(&endpoint, 4, -1, 0), -1, "after the last there is none");
    is_int(schedule_delay(&endpoint, UINT32_MAX, -1, 0), -1, "nor ever again");
    is_int(schedule_delay(&endpoint, 0, -1, 0), -1, "nor before the first attempt");
    struct endpoint never = {.n_retry = 0};
    is_int(schedule_delay(&never, 1, 10, 0), -1, "with no retries the first failure is the last");
}

static void test_retry_after(void)
{
    is_int(schedule_delay(&endpoint, 1, 60, 0), 60000, "Retry-After makes a wait longer");
    is_int(schedule_delay(&endpoint, 2, 60, 0), 300000, "but not shorter");
    is_int(schedule_delay(&endpoint, 1, 0, 0), 5000, "not even 0");
    is_int(schedule_delay(&endpoint, 1, 86401, 0), 86400000, "up to a day");
    is_int(schedule_delay(&endpoint, 1, INT64_MAX, 0), 86400000, "whatever it says");
    is_int(schedule_delay(&endpoint, 4, 60, 0), -1, "it does not add an attempt");
    is_int(schedule_delay(&endpoint, 3, -1, UINT32_MAX), 103680000, "the longest delay has no overflow");
}

int main(void)
{
    plan(12);
    test_bounds();
    test_retry_after();
    return tap_end();
}
