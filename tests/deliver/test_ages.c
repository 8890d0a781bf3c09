/* How long ago each number became durable. */
#include "deliver/ages.h"
#include "tests/lib/tap.h"

#define SECOND INT64_C(1000)
#define DAY (INT64_C(86400) * SECOND)

static void test_few(void)
{
    struct ages a = {.n = 0};
    ok(ages_at(&a, 1) == INT64_MIN, "nothing is known of an empty log");
    ages_note(&a, 10, 5 * SECOND);
    ok(ages_at(&a, 10) == INT64_MIN, "nor of what was there when all began");
    ok(ages_at(&a, 11) == INT64_MIN, "nor of what is not there yet");
    ages_note(&a, 12, 5 * SECOND + 1);
    is_int(ages_at(&a, 11), 5 * SECOND + 1, "what came at once afterwards has its own time");
    ages_note(&a, 15, 5 * SECOND + 999);
    is_int(ages_at(&a, 15), 5 * SECOND + 1, "what comes within a second counts as of its beginning");
    ages_note(&a, 20, 5 * SECOND + 1001);
    is_int(ages_at(&a, 15), 5 * SECOND + 1, "and keeps its time");
    is_int(ages_at(&a, 16), 5 * SECOND + 1001, "what comes later has a time of its own");
    is_int(ages_at(&a, 20), 5 * SECOND + 1001, "up to the last");
    ok(ages_at(&a, 21) == INT64_MIN, "what lies beyond has none");
    ages_note(&a, 20, 90 * SECOND);
    is_int(ages_at(&a, 20), 5 * SECOND + 1001, "a log that has not grown changes nothing");
    ages_note(&a, 21, 80 * SECOND);
    is_int(ages_at(&a, 21), 80 * SECOND, "after a night without events the first one is not as old as the night");
}

/* When number seq of a steady log was written: gap milliseconds from one to the next. */
static int64_t written(uint64_t seq, int64_t gap)
{
    return (int64_t)seq * gap;
}

/* Is each of some numbers told as old as it is, or by a sixteenth and a second older at most? */
static bool holds(const struct ages *a, uint64_t last, int64_t gap, int64_t now, uint64_t *wrong)
{
    for (uint64_t back = 0; back < last - 1; back += 1 + back / 50) {
        uint64_t seq = last - back;
        int64_t age = now - written(seq, gap), told = now - ages_at(a, seq);
        *wrong = seq;
        if (ages_at(a, seq) == INT64_MIN || told < age || told > age + age / 16 + SECOND)
            return false;
    }
    return true;
}

static void test_many(int64_t gap, uint64_t events, const char *what)
{
    struct ages a = {.n = 0};
    uint64_t wrong = 0, faults = 0;
    ages_note(&a, 1, written(1, gap));
    for (uint64_t seq = 2; seq <= events; seq++) {
        ages_note(&a, seq, written(seq, gap));
        if (seq % (events / 7) == 0)
            faults += !holds(&a, seq, gap, written(seq, gap) + 500, &wrong);
    }
    is_int(faults, 0, "%s: no age is told too small, and none too large (last looked at: %d)", what, (int)wrong);
    ok(a.n <= AGES_MARKS, "%s: within bounds", what);
    ok(ages_at(&a, 1) == INT64_MIN, "%s: what was there when all began stays apart", what);
}

/* Marks of which none may be put together by their age: the clock jumps at each of them. */
static void test_no_room(void)
{
    struct ages a = {.n = 0};
    int64_t at = 0;
    for (uint64_t seq = 1; seq <= 3 * AGES_MARKS; seq++) {
        at = seq < 60 ? at + (INT64_C(1) << (seq / 2)) * SECOND : at;
        ages_note(&a, seq, seq < 60 ? at : at + (int64_t)seq * DAY);
    }
    ok(a.n <= AGES_MARKS, "the bound holds whatever the times are");
    bool rises = true;
    for (unsigned i = 1; i < a.n; i++)
        rises = rises && a.v[i].seq > a.v[i - 1].seq;
    ok(rises, "and the numbers ascend");
    is_int(a.v[a.n - 1].seq, 3 * AGES_MARKS, "up to the newest");
}

/* Somebody sets the clock back by a day. */
static void test_set_back(void)
{
    struct ages a = {.n = 0};
    for (uint64_t seq = 1; seq <= 2000; seq++)
        ages_note(&a, seq, (int64_t)seq * 2 * SECOND + (seq < 1000 ? DAY : 0));
    ok(a.n <= AGES_MARKS && a.n > AGES_MARKS / 4, "a clock that was set back spoils neither the bound nor the marks");
    is_int(ages_at(&a, 2000), 4000 * SECOND, "what is new has its new time");
}

int main(void)
{
    plan(11 + 3 * 3 + 3 + 2);
    test_few();
    test_many(10, 2000000, "a hundred events a second for hours");
    test_many(2 * SECOND, 500000, "one every two seconds for days");
    test_many(DAY / 100, 40000, "a hundred a day for a year");
    test_no_room();
    test_set_back();
    return tap_end();
}
