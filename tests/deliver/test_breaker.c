#include "deliver/breaker.h"

#include "tests/lib/tap.h"

static void fail(struct breaker *b, int64_t now, int n)
{
    while (n-- > 0)
        breaker_failed(b, now);
}

static void test_opens(void)
{
    struct breaker b = {.failures = 0};
    fail(&b, 100, BREAKER_FAILURES - 1);
    ok(breaker_allows(&b, 100) && breaker_next_at(&b) == 0, "nine failures in a row leave it closed");
    breaker_succeeded(&b);
    fail(&b, 100, BREAKER_FAILURES - 1);
    ok(breaker_allows(&b, 100), "a success in between begins the run anew");
    ok(breaker_failed(&b, 100), "the tenth opens it, and says so");
    ok(!breaker_allows(&b, 100), "then nothing is let through");
    is_int(breaker_next_at(&b), 100 + BREAKER_FIRST_MS, "until five seconds later");
    ok(!breaker_failed(&b, 200), "failures of what was on its way say nothing new");
    is_int(breaker_next_at(&b), 100 + BREAKER_FIRST_MS, "and put nothing off");
    ok(!breaker_allows(&b, 99 + BREAKER_FIRST_MS) && breaker_allows(&b, 100 + BREAKER_FIRST_MS),
       "the probe is let through at that millisecond");
}

static void test_probes(void)
{
    struct breaker b = {.failures = 0};
    int64_t now = 0, pause = BREAKER_FIRST_MS, longest = 0;
    unsigned wrong = 0;
    fail(&b, now, BREAKER_FAILURES);
    for (int i = 0; i < 12; i++) {
        now = breaker_next_at(&b);
        breaker_sent(&b);
        wrong += breaker_allows(&b, now + 1000000) || breaker_next_at(&b) != INT64_MAX;
        wrong += !breaker_failed(&b, now);
        pause = 2 * pause < BREAKER_LONGEST_MS ? 2 * pause : BREAKER_LONGEST_MS;
        wrong += breaker_next_at(&b) != now + pause;
        longest = breaker_next_at(&b) - now;
    }
    is_int(wrong, 0, "one probe at a time, and each that fails doubles the pause");
    is_int(longest, BREAKER_LONGEST_MS, "up to five minutes");
    breaker_sent(&b);
    breaker_forget(&b);
    ok(breaker_allows(&b, now + BREAKER_LONGEST_MS), "a probe without a word about the endpoint may be sent again");
    breaker_sent(&b);
    ok(breaker_succeeded(&b), "one that succeeds closes it, and says so");
    ok(breaker_allows(&b, 0) && !breaker_succeeded(&b), "and all is as at first");
    fail(&b, 7, BREAKER_FAILURES);
    is_int(breaker_next_at(&b), 7 + BREAKER_FIRST_MS, "also the pause when it opens again");
}

static void test_closed(void)
{
    struct breaker b = {.failures = 0};
    breaker_sent(&b);
    ok(breaker_allows(&b, 0), "while it is closed no request is a probe");
}

/* The wall clock is set back by a year: no pause is longer than the longest. */
static void test_clock(void)
{
    int64_t year = INT64_C(31536000000);
    struct breaker b = {.failures = 0};
    fail(&b, year, BREAKER_FAILURES);
    ok(breaker_allows(&b, 0), "a clock that was set back does not lock it for a year");
    ok(breaker_next_at(&b) != 0, "it stays open");
}

int main(void)
{
    plan(17);
    test_opens();
    test_probes();
    test_closed();
    test_clock();
    return tap_end();
}
