#include "tests/model/calendar.h"

#include <stddef.h>

#define DAYS_MAX 154000
#define MONTHS_MAX ((CAL_LAST_YEAR - 1900 + 1) * 12)

static struct cal_date dates[DAYS_MAX];
static int8_t weekdays[DAYS_MAX]; /* 0 is Sunday */
static int month_first[MONTHS_MAX + 2];
static int days, epoch;
static struct zone zones[ZONES];

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int length_of(int year, int month)
{
    switch (month) {
    case 2: return is_leap(year) ? 29 : 28;
    case 4:
    case 6:
    case 9:
    case 11: return 30;
    default: return 31;
    }
}

static void count_days(void)
{
    int weekday = 1; /* 1900-01-01 was a Monday */
    days = 0;
    for (int year = 1900; year <= CAL_LAST_YEAR; year++) {
        for (int month = 1; month <= 12; month++) {
            month_first[(year - 1900) * 12 + month] = days + 1;
            for (int day = 1; day <= length_of(year, month); day++) {
                days++;
                dates[days] = (struct cal_date){(int16_t)year, (int8_t)month, (int8_t)day};
                weekdays[days] = (int8_t)weekday;
                weekday = (weekday + 1) % 7;
            }
        }
    }
    month_first[MONTHS_MAX + 1] = days + 1;
    epoch = cal_day(1970, 1, 1);
}

int cal_day(int year, int month, int day)
{
    if (year < 1900 || year > CAL_LAST_YEAR || month < 1 || month > 12 || day < 1 || day > length_of(year, month))
        return 0;
    return month_first[(year - 1900) * 12 + month] + day - 1;
}

struct cal_date cal_date(int day)
{
    return dates[day];
}

int cal_month(int day)
{
    if (day < 1)
        return 0;
    return (dates[day].year - 1900) * 12 + dates[day].month;
}

int cal_month_length(int month)
{
    return month_first[month + 1] - month_first[month];
}

int cal_month_day(int month, int day)
{
    if (month < 1)
        return 0;
    int length = cal_month_length(month);
    return month_first[month] + (day < length ? day : length) - 1;
}

int cal_addm(int day, int months)
{
    return cal_month_day(cal_month(day) + months, dates[day].day);
}

int cal_bom(int day)
{
    return month_first[cal_month(day)];
}

int cal_eom(int day)
{
    return month_first[cal_month(day) + 1] - 1;
}

/* The n-th Sunday of a month. */
static int nth_sunday(int year, int month, int n)
{
    int day = cal_day(year, month, 1);
    while (weekdays[day] != 0)
        day++;
    return day + 7 * (n - 1);
}

static void add_change(struct zone *z, int64_t from, int32_t offset)
{
    z->from[z->n] = from;
    z->offset[z->n] = offset;
    z->n++;
}

static void fixed_zone(struct zone *z, const char *name, int first_year, int32_t offset)
{
    z->name = name;
    z->first_year = first_year;
    add_change(z, INT64_MIN, offset);
}

/* Summer time from the second Sunday of March at start, in standard time, to the first of November at end, in
 * summer time. */
static void american_zone(struct zone *z, const char *name, int first_year, int32_t standard, int start, int end)
{
    int32_t summer = standard + 3600;
    fixed_zone(z, name, first_year, standard);
    for (int year = first_year; year <= CAL_LAST_YEAR; year++) {
        int64_t spring = (int64_t)(nth_sunday(year, 3, 2) - epoch) * 86400 + start;
        int64_t autumn = (int64_t)(nth_sunday(year, 11, 1) - epoch) * 86400 + end;
        add_change(z, spring - standard, summer);
        add_change(z, autumn - summer, standard);
    }
}

void cal_init(void)
{
    if (days)
        return;
    count_days();
    fixed_zone(&zones[0], "Etc/GMT-8", 1900, 8 * 3600);
    fixed_zone(&zones[1], "Asia/Shanghai", 1992, 8 * 3600);
    american_zone(&zones[2], "America/New_York", 2008, -5 * 3600, 2 * 3600, 2 * 3600);
    american_zone(&zones[3], "America/Havana", 2014, -5 * 3600, 0, 1 * 3600);
}

const struct zone *zone_get(int i)
{
    return &zones[i];
}

/* The change in force at an instant. */
static int change_at(const struct zone *z, int64_t at)
{
    int low = 0, high = z->n;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (z->from[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset(const struct zone *z, int64_t at)
{
    return z->offset[change_at(z, at)];
}

int zone_day(const struct zone *z, int64_t at)
{
    int64_t local = at + zone_offset(z, at);
    int64_t whole = local / 86400;
    if (local % 86400 < 0)
        whole--;
    return (int)whole + epoch;
}

int64_t zone_instant(const struct zone *z, int day, int second)
{
    int64_t local = (int64_t)(day - epoch) * 86400 + second;
    int first = change_at(z, local - 2 * 86400);
    int last = change_at(z, local + 2 * 86400);
    for (int i = first; i <= last; i++) {
        int64_t at = local - z->offset[i];
        if (change_at(z, at) == i)
            return at; /* the earliest change comes first, so it is the first of two */
        if (i < last && at >= z->from[i + 1] && local < z->from[i + 1] + z->offset[i + 1])
            return z->from[i + 1]; /* it would lie past the change, and after it the clock shows more already */
    }
    return CAL_NEVER;
}
