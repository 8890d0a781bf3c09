#include "base/date.h"

/* Our number of the day before 0000-03-01, where the computational calendar begins: its years end with February. */
#define CALENDAR_ZERO (DATE_UNIX_EPOCH - 719468)

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const unsigned char days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month];
}

/* Any valid day of any year from 1 on, unchecked. */
static lc_date day_number(int year, int month, int day)
{
    bool winter = month <= 2;
    uint32_t y = (uint32_t)(year - winter), m = (uint32_t)(winter ? month + 12 : month);
    uint32_t century = y / 100;
    uint32_t years = 1461 * y / 4 - century + century / 4;
    uint32_t months = (979 * m - 2919) / 32;
    return (lc_date)(years + months) + day - 1 + CALENDAR_ZERO;
}

lc_date date_make(int year, int month, int day)
{
    if (year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return DATE_NONE;
    return day_number(year, month, day);
}

struct ymd date_split(lc_date d)
{
    uint32_t n1 = 4 * (uint32_t)(d - CALENDAR_ZERO) + 3;
    uint32_t century = n1 / 146097, n2 = n1 % 146097 | 3; /* four times the day of the century, plus 3 */
    uint64_t p2 = UINT64_C(2939745) * n2;
    uint32_t year = 100 * century + (uint32_t)(p2 >> 32), day_of_year = (uint32_t)p2 / 2939745 / 4;
    uint32_t n3 = 2141 * day_of_year + 197913, month = n3 >> 16;
    bool winter = day_of_year >= 306;
    return (struct ymd){
        .year = (int)year + winter,
        .month = (int)month - (winter ? 12 : 0),
        .day = (int)((n3 & 0xffff) / 2141) + 1,
    };
}

static lc_date month_day_of(int months_since_year_0, int day)
{
    int year = months_since_year_0 / 12, month = months_since_year_0 % 12 + 1;
    int last = days_in_month(year, month);
    return day_number(year, month, day < last ? day : last);
}

lc_date date_addm(lc_date d, int n)
{
    struct ymd s = date_split(d);
    return month_day_of(s.year * 12 + s.month - 1 + n, s.day);
}

lc_date date_bom(lc_date d)
{
    return d - date_split(d).day + 1;
}

lc_date date_eom(lc_date d)
{
    struct ymd s = date_split(d);
    return d - s.day + days_in_month(s.year, s.month);
}

lc_month date_month(lc_date d)
{
    struct ymd s = date_split(d);
    return (s.year - 1900) * 12 + s.month;
}

lc_date month_day(lc_month m, int day)
{
    return month_day_of(1900 * 12 + m - 1, day);
}

/* n digits to a number, or -1. */
static int digits(const char *p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

bool date_parse(const char *p, size_t n, lc_date *out)
{
    if (n != 10 || p[4] != '-' || p[7] != '-')
        return false;
    int year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2);
    if (year < 0 || month < 0 || day < 0)
        return false;
    lc_date d = date_make(year, month, day);
    if (d == DATE_NONE)
        return false;
    *out = d;
    return true;
}

bool month_parse(const char *p, size_t n, lc_month *out)
{
    if (n != 7 || p[4] != '-')
        return false;
    int year = digits(p, 4), month = digits(p + 5, 2);
    if (year < 1900 || year > 2199 || month < 1 || month > 12)
        return false;
    *out = (year - 1900) * 12 + month;
    return true;
}

static void two_digits(char *p, int v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
}

static void year_month(char *p, int year, int month)
{
    two_digits(p, year / 100);
    two_digits(p + 2, year % 100);
    p[4] = '-';
    two_digits(p + 5, month);
}

void date_format(lc_date d, char out[10])
{
    struct ymd s = date_split(d);
    year_month(out, s.year, s.month);
    out[7] = '-';
    two_digits(out + 8, s.day);
}

void month_format(lc_month m, char out[7])
{
    year_month(out, 1900 + (m - 1) / 12, (m - 1) % 12 + 1);
}
