#include "deliver/pace.h"

#include <stdlib.h>

#include "tests/lib/tap.h"

static const struct rate no_rate = {0, 0};

static struct pace pace_of(uint32_t n, uint32_t seconds, uint32_t in_flight, struct rate granted)
{
    struct endpoint e = {.rate = {n, seconds}, .max_in_flight = in_flight};
    struct pace p;
    pace_init(&p, &e, granted, 1);
    return p;
}

/* --- rate --- */

#define RUN_MS 5000

/* Sends all it may at instants of a random step; *most: in any window of a second. Returns how many in all. */
static unsigned run(struct pace *p, struct rng *r, unsigned step, unsigned *most)
{
    static int64_t sent[200000];
    unsigned n = 0, first = 0;
    *most = 0;
    for (int64_t now = 1000000; now < 1000000 + RUN_MS; now += 1 + (int64_t)rng_below(r, step)) {
        for (unsigned k = pace_allows(p, now, 0); k > 0; k--) {
            pace_sent(p, now);
            sent[n++] = now;
        }
        while (first < n && sent[first] <= now - 1000)
            first++;
        *most = n - first > *most ? n - first : *most;
    }
    return n;
}

static void test_rate(void)
{
    static const unsigned rates[] = {1, 2, 7, 10, 50, 333, 1000, 5000};
    struct rng r = rng_seed(3);
    unsigned over = 0, under = 0;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (unsigned step = 1; step <= 300; step += 23) {
            struct pace p = pace_of(rates[i], 1, 100000, no_rate);
            unsigned most, n = run(&p, &r, step, &most);
            over += most > rates[i] + rates[i] / 10 + 1;
            under += step <= 100 && n < rates[i] * (RUN_MS / 1000 - 1);
        }
    }
    is_int(over, 0, "in no second more than the rate, a tenth of it and one");
    is_int(under, 0, "and what may be sent can be sent, with a look every tenth of a second");
}

static void test_slow_rate(void)
{
    struct pace p = pace_of(1, 60, 64, no_rate);
    is_int(pace_allows(&p, 1000, 0), 1, "one a minute: the first goes at once");
    pace_sent(&p, 1000);
    is_int(pace_allows(&p, 1000, 0), 0, "the second does not");
    is_int(pace_allows(&p, 60800, 0), 0, "nor almost a minute later");
    int64_t at = pace_next_at(&p, 1000);
    ok(at > 60000 && at <= 61001, "it is known when it will");
    is_int(pace_allows(&p, at, 0), 1, "and then it does");
    is_int(pace_allows(&p, at - 2, 0), 0, "not earlier");
    pace_sent(&p, at);
    is_int(pace_allows(&p, at + 3600000, 0), 1, "an hour of silence saves nothing up");
}

static void test_granted(void)
{
    struct endpoint e = {.rate = {100, 1}, .max_in_flight = 1000};
    struct pace p = pace_of(100, 1, 1000, (struct rate){60, 60});
    is_int(pace_allows(&p, 5000, 0), 1, "the smaller of two rates counts");
    pace_configure(&p, &e, no_rate, 1);
    is_int(pace_allows(&p, 5000, 0), 11, "without the other its own does: a tenth of a second's worth, and one");
    p = pace_of(0, 0, 1000, (struct rate){600, 60});
    pace_sent(&p, 5000);
    is_int(pace_allows(&p, 5000, 0), 1, "a granted rate limits an endpoint that has none itself");
    p = pace_of(0, 0, 64, no_rate);
    is_int(pace_allows(&p, 5000, 0), 64, "without a rate only requests in flight are counted");
    is_int(pace_allows(&p, 5000, 60), 4, "those that are on their way too");
    is_int(pace_allows(&p, 5000, 64), 0, "up to the last");
    is_int(pace_allows(&p, 5000, 100), 0, "also when the limit was lowered meanwhile");
}

/* The wall clock is set back: what was due lies far ahead. */
static void test_clock_back(void)
{
    struct pace p = pace_of(10, 1, 64, no_rate);
    for (int i = 0; i < 3; i++)
        pace_sent(&p, 90000000);
    ok(pace_allows(&p, 80000000, 0) >= 1, "a clock that was set back by hours does not stop the rate");
    ok(pace_next_at(&p, 80000000) <= 80000100, "nor put the next one off");
    pace_throttled(&p, 90000000, 3600);
    ok(pace_allows(&p, 80000000, 0) >= 1, "nor keep an endpoint spared for longer than the longest");
}

/* --- asked for less --- */

static void test_window(void)
{
    struct pace p = pace_of(0, 0, 64, no_rate);
    pace_throttled(&p, 1000, -1);
    is_int(pace_allows(&p, 1999, 0), 0, "who asks for less is spared for a second");
    is_int(pace_next_at(&p, 1000), 2000, "it is known when that is over");
    is_int(pace_allows(&p, 2000, 0), 32, "then half as many may be on their way");
    for (int i = 0; i < 32; i++)
        pace_succeeded(&p);
    is_int(pace_allows(&p, 2000, 0), 32 + 0, "a round of successes");
    pace_succeeded(&p);
    is_int(pace_allows(&p, 2000, 0), 33, "is one more in flight");
    for (int i = 0; i < 10000; i++)
        pace_succeeded(&p);
    is_int(pace_allows(&p, 2000, 0), 64, "never more than configured");
    for (int i = 0; i < 20; i++)
        pace_throttled(&p, 10000000 * (int64_t)(i + 1), -1);
    is_int(pace_allows(&p, 999999999, 0), 1, "never less than one");
}

/* All that was in flight comes back with the same answer at once. */
static void test_burst(void)
{
    struct pace p = pace_of(0, 0, 64, no_rate);
    for (int i = 0; i < 64; i++)
        pace_throttled(&p, 1000 + i, -1);
    is_int(pace_next_at(&p, 1100), 2000, "64 requests that were on their way ask for one pause, not for 64");
    is_int(pace_allows(&p, 2000, 0), 32, "and the number in flight is halved once");
    pace_throttled(&p, 2000, -1);
    is_int(pace_next_at(&p, 2000), 4000, "asked again afterwards it is spared for twice as long");
    int64_t now = 4000;
    for (int i = 0; i < 20; i++, now = pace_next_at(&p, now))
        pace_throttled(&p, now, -1);
    pace_throttled(&p, now, -1);
    is_int(pace_next_at(&p, now) - now, 300000, "up to five minutes");
    now += 300000;
    pace_succeeded(&p);
    pace_throttled(&p, now, -1);
    is_int(pace_next_at(&p, now) - now, 1000, "after a success it begins with a second again");
}

static void test_retry_after(void)
{
    struct pace p = pace_of(0, 0, 64, no_rate);
    pace_throttled(&p, 1000, 7);
    is_int(pace_next_at(&p, 1000), 8000, "Retry-After says for how long");
    pace_throttled(&p, 1001, 3);
    is_int(pace_next_at(&p, 1001), 8000, "a shorter one from the same round changes nothing");
    pace_throttled(&p, 1002, 10);
    is_int(pace_next_at(&p, 1002), 11002, "a longer one does");
    is_int(pace_allows(&p, 11002, 0), 32, "and halves nothing twice");
    pace_throttled(&p, 20000, 7200);
    is_int(pace_next_at(&p, 20000), 20000 + PACE_LONGEST_MS, "nobody silences us for more than an hour");
    p = pace_of(0, 0, 64, no_rate);
    pace_throttled(&p, 20000, INT64_MAX);
    is_int(pace_next_at(&p, 20000), 20000 + PACE_LONGEST_MS, "whatever it says");
    p = pace_of(0, 0, 64, no_rate);
    pace_throttled(&p, 20000, 0);
    is_int(pace_allows(&p, 20000, 0), 32, "0 means at once, with half as many");
}

static void test_configure(void)
{
    struct endpoint e = {.max_in_flight = 8};
    struct pace p = pace_of(0, 0, 64, no_rate);
    pace_throttled(&p, 1000, 5);
    pace_configure(&p, &e, no_rate, 1);
    is_int(pace_next_at(&p, 1000), 6000, "another configuration keeps what was asked for");
    is_int(pace_allows(&p, 6000, 0), 8, "and lowers the number in flight");
    e.max_in_flight = 64;
    pace_configure(&p, &e, no_rate, 1);
    is_int(pace_allows(&p, 6000, 0), 32, "raised again, what was learnt is still known");
    for (int i = 0; i < 10000; i++)
        pace_succeeded(&p);
    e.max_in_flight = 2;
    pace_configure(&p, &e, no_rate, 1);
    is_int(pace_allows(&p, 6000, 0), 2, "an endpoint that is well gets as many as are configured");
    e.max_in_flight = 100;
    pace_configure(&p, &e, no_rate, 1);
    is_int(pace_allows(&p, 6000, 0), 100, "fewer or more");
}

/* --- quiet hours --- */

static struct tz *zone(const char *name)
{
    struct tz *tz;
    struct errmsg msg;
    if (tz_load(name, &tz, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return tz;
}

static int64_t ms(const char *text)
{
    lc_instant at;
    int32_t offset;
    if (!instant_parse(text, strlen(text), &at, &offset))
        bail_out("%s is no instant", text);
    return at * 1000;
}

static void test_quiet(void)
{
    struct tz *tz = zone("Asia/Shanghai");
    struct quiet_hours none = {3600, 3600}, night = {22 * 3600, 8 * 3600}, noon = {12 * 3600, 14 * 3600};
    is_int(quiet_until(&none, tz, ms("2026-03-01T01:00:00+08:00")), 0, "no quiet hours are never quiet");
    is_int(quiet_until(&night, tz, ms("2026-03-01T21:59:59+08:00")), 0, "a second before the night it is not quiet");
    is_int(quiet_until(&night, tz, ms("2026-03-01T22:00:00+08:00")), ms("2026-03-02T08:00:00+08:00"),
           "in the evening it is, until the next morning");
    is_int(quiet_until(&night, tz, ms("2026-03-02T00:00:00+08:00")), ms("2026-03-02T08:00:00+08:00"),
           "after midnight until the same morning");
    is_int(quiet_until(&night, tz, ms("2026-03-02T07:59:59+08:00") + 999), ms("2026-03-02T08:00:00+08:00"),
           "to its last millisecond");
    is_int(quiet_until(&night, tz, ms("2026-03-02T08:00:00+08:00")), 0, "and no longer");
    is_int(quiet_until(&night, tz, ms("2026-12-31T23:00:00+08:00")), ms("2027-01-01T08:00:00+08:00"),
           "also over a year's end");
    is_int(quiet_until(&noon, tz, ms("2026-03-02T11:59:59+08:00")), 0, "hours within a day are not quiet before");
    is_int(quiet_until(&noon, tz, ms("2026-03-02T13:00:00+08:00")), ms("2026-03-02T14:00:00+08:00"), "are in between");
    is_int(quiet_until(&noon, tz, ms("2026-03-02T14:00:00+08:00")), 0, "and not after");
    tz_free(tz);
}

/* Berlin: 29 March 2026 has no 02:00 to 03:00, 25 October 2026 has it twice. */
static void test_quiet_change(void)
{
    struct tz *tz = zone("Europe/Berlin");
    struct quiet_hours early = {23 * 3600, 2 * 3600 + 1800}, night = {22 * 3600, 8 * 3600};
    is_int(quiet_until(&night, tz, ms("2026-03-28T23:00:00+01:00")), ms("2026-03-29T08:00:00+02:00"),
           "a night that a clock change shortens ends at its time");
    is_int(quiet_until(&early, tz, ms("2026-03-29T01:59:59+01:00")), ms("2026-03-29T03:00:00+02:00"),
           "an end that is skipped is the first instant after the gap");
    is_int(quiet_until(&early, tz, ms("2026-03-29T03:00:00+02:00")), 0, "and then it is over");
    unsigned wrong = 0;
    for (int64_t now = ms("2026-10-24T20:00:00+02:00"); now < ms("2026-10-25T12:00:00+01:00"); now += 60000) {
        int64_t until = quiet_until(&early, tz, now);
        wrong += until && until <= now;
        until = quiet_until(&night, tz, now);
        wrong += until && until <= now;
    }
    is_int(wrong, 0, "an end never lies in the past, not even in an hour that comes twice");
    tz_free(tz);
}

static void test_half(void)
{
    struct pace p = pace_of(0, 0, 9, no_rate), one = pace_of(0, 0, 1, no_rate);
    is_int(pace_half(&p), 4, "half of nine is four");
    is_int(pace_half(&one), 1, "and of one, one");
    pace_throttled(&p, 1000, -1);
    is_int(pace_half(&p), 2, "of what is left when it asked for less");
}

int main(void)
{
    plan(0);
    test_rate();
    test_slow_rate();
    test_granted();
    test_clock_back();
    test_window();
    test_burst();
    test_retry_after();
    test_half();
    test_configure();
    test_quiet();
    test_quiet_change();
    return tap_end();
}
