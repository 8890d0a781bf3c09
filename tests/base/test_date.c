/* Civil dates against a count of the days one by one. */
#include <string.h>

#include "base/date.h"
#include "tests/lib/tap.h"

static bool leap(int year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

static int length_of(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month - 1] + (month == 2 && leap(year));
}

struct day {
    int year, month, day;
};

static void next_day(struct day *d)
{
    if (++d->day <= length_of(d->year, d->month))
        return;
    d->day = 1;
    if (++d->month <= 12)
        return;
    d->month = 1;
    d->year++;
}

static bool agrees(lc_date n, const struct day *d)
{
    struct ymd s = date_split(n);
    return s.year == d->year && s.month == d->month && s.day == d->day;
}

/* Everything that one date gives, against the day that it must be. */
static bool day_holds(lc_date n, const struct day *d)
{
    char text[10], month[7];
    lc_date parsed = DATE_NONE;
    lc_month m = (d->year - 1900) * 12 + d->month, parsed_month = MONTH_NONE;
    int last = length_of(d->year, d->month);
    date_format(n, text);
    month_format(m, month);
    return agrees(n, d) && date_make(d->year, d->month, d->day) == n && date_month(n) == m &&
           date_bom(n) == n - d->day + 1 && date_eom(n) == n - d->day + last && month_day(m, d->day) == n &&
           month_day(m, 31) == date_eom(n) && date_parse(text, 10, &parsed) && parsed == n &&
           month_parse(month, 7, &parsed_month) && parsed_month == m && memcmp(text, month, 7) == 0;
}

static void test_every_day(void)
{
    struct day d = {1900, 1, 1};
    unsigned wrong = 0;
    lc_date n = DATE_MIN;
    for (; d.year < 2200; n++, next_day(&d))
        wrong += !day_holds(n, &d);
    is_int(wrong, 0, "every day of 1900 to 2199 is what a count of days says");
    is_int(n - 1, DATE_MAX, "2199-12-31 is the last one that can be read");
    for (; d.year < 2300; n++, next_day(&d))
        wrong += !agrees(n, &d);
    is_int(wrong, 0, "so is every day of the century after");
    is_int(n - 1, DATE_LIMIT, "2299-12-31 is the last of all");
    is_int(date_make(1970, 1, 1), DATE_UNIX_EPOCH, "1970-01-01 is the epoch's day");
    is_int(date_month(DATE_MAX), MONTH_MAX, "2199-12 is the last month");
}

static void test_leap_years(void)
{
    unsigned wrong = 0;
    for (int year = 1900; year < 2200; year++)
        wrong += (date_make(year, 2, 29) != DATE_NONE) != leap(year);
    is_int(wrong, 0, "29 February is there in leap years alone");
    ok(!date_make(1900, 2, 29) && date_make(2000, 2, 29) && !date_make(2100, 2, 29), "and the centuries are right");
}

/* n months on, one month at a time. */
static struct day naive_addm(struct day d, int n)
{
    for (; n > 0; n--)
        if (++d.month > 12) {
            d.month = 1;
            d.year++;
        }
    for (; n < 0; n++)
        if (--d.month < 1) {
            d.month = 12;
            d.year--;
        }
    if (d.day > length_of(d.year, d.month))
        d.day = length_of(d.year, d.month);
    return d;
}

static void test_addm(void)
{
    struct day d = {1950, 1, 1};
    unsigned wrong = 0;
    for (lc_date n = date_make(1950, 1, 1); d.year < 2200; n++, next_day(&d))
        for (int months = -600; months <= 600; months += 109) {
            struct day want = naive_addm(d, months);
            wrong += !agrees(date_addm(n, months), &want);
        }
    is_int(wrong, 0, "addm agrees with adding months one by one, 50 years back and on");
    is_int(date_addm(date_make(2024, 1, 31), 1), date_make(2024, 2, 29), "31 January and a month, in a leap year");
    is_int(date_addm(date_make(2025, 1, 31), 1), date_make(2025, 2, 28), "and in another");
    is_int(date_addm(date_make(2024, 2, 29), 12), date_make(2025, 2, 28), "29 February and a year");
    is_int(date_addm(date_make(2024, 2, 29), 48), date_make(2028, 2, 29), "and four years");
    is_int(date_addm(date_make(2024, 3, 31), -1), date_make(2024, 2, 29), "31 March less a month");
    is_int(date_addm(date_make(2026, 6, 16), 0), date_make(2026, 6, 16), "no month at all");
    is_int(month_day(date_month(date_make(2026, 2, 1)), 31), date_make(2026, 2, 28), "a day of the month is clipped");
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "2026-02-29", "2026-04-31", "2026-00-10", "2026-13-01", "2026-01-00", "2026-01-32", "1899-12-31", "2200-01-01",
        "0000-00-00", "2026/01/01", "2026-1-001", "2026-01-1 ", " 026-01-01", "+026-01-01", "2026-01--1", "20260101xx",
        "2026-01-01x", "2026-01-0", "",
    };
    static const char *const bad_months[] = {
        "2026-00", "2026-13", "1899-12", "2200-01", "2026/01", "2026-1", "2026-011", "+026-01", "2026- 1", "",
    };
    lc_date d = 42;
    lc_month m = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!date_parse(bad[i], strlen(bad[i]), &d), "\"%s\" is no date", bad[i]);
    for (size_t i = 0; i < sizeof bad_months / sizeof *bad_months; i++)
        ok(!month_parse(bad_months[i], strlen(bad_months[i]), &m), "\"%s\" is no month", bad_months[i]);
    ok(d == 42 && m == 42, "a refusal leaves the output alone");
    ok(!date_make(1899, 12, 31) && !date_make(2200, 1, 1) && !date_make(2026, 0, 1) && !date_make(2026, 1, -1),
       "nothing is made of what is no date");
}

int main(void)
{
    plan(0);
    test_every_day();
    test_leap_years();
    test_addm();
    test_refusals();
    return tap_end();
}
