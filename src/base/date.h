/* Civil dates in the proleptic Gregorian calendar, and months ("periods" of benefit).
 *
 * A date is a day number: 1 is 1900-01-01, 0 is no date. Inputs lie in 1900..2199; derived dates
 * may lie up to a century after that (DATE_LIMIT), so that no rule's arithmetic can overflow.
 * A month is a month number: 1 is 1900-01, 0 is none.
 * Day numbers are converted as in C. Neri and L. Schneider, "Euclidean affine functions and their application to
 * calendar algorithms", Software: Practice and Experience 53 (2023). */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t lc_date;
typedef int32_t lc_month;
typedef int64_t lc_instant; /* seconds since 1970-01-01T00:00:00Z, without leap seconds */

#define DATE_NONE 0
#define DATE_MIN 1           /* 1900-01-01 */
#define DATE_MAX 109573      /* 2199-12-31 */
#define DATE_LIMIT 146097    /* 2299-12-31 */
#define DATE_UNIX_EPOCH 25568 /* 1970-01-01 */
#define MONTH_NONE 0
#define MONTH_MAX 3600 /* 2199-12 */
#define INSTANT_NONE INT64_MAX /* "never" */

struct ymd {
    int year, month, day; /* month 1..12, day 1..31 */
};

/* DATE_NONE when there is no such day or the year is outside 1900..2199. */
lc_date date_make(int year, int month, int day);
struct ymd date_split(lc_date d);

/* The same day of the month n months later (n may be negative), or that month's last day. */
lc_date date_addm(lc_date d, int n);
lc_date date_bom(lc_date d);
lc_date date_eom(lc_date d);
lc_month date_month(lc_date d);

/* DATE_NONE is earlier than every date. */
static inline lc_date date_later(lc_date a, lc_date b)
{
    return a > b ? a : b;
}

/* That day of the month, clipped to its last day. */
lc_date month_day(lc_month m, int day);

/* "2026-06-16" and "2026-06", exactly; false leaves *out alone. */
bool date_parse(const char *p, size_t n, lc_date *out);
bool month_parse(const char *p, size_t n, lc_month *out);

/* Write exactly 10 and 7 characters, no terminator. */
void date_format(lc_date d, char out[10]);
void month_format(lc_month m, char out[7]);

#endif
