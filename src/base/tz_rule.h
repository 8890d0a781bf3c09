/* The footer of a TZif file: a POSIX TZ string such as "CET-1CEST,M3.5.0,M10.5.0/3", with the extension of RFC 8536
 * that a change may lie up to 167 hours before or after the midnight of its day. */
#ifndef BASE_TZ_RULE_H
#define BASE_TZ_RULE_H

#include "base/date.h"

enum tz_day_kind { TZ_DAY_JULIAN, TZ_DAY_ZERO_BASED, TZ_DAY_WEEKDAY };

/* A day of every year: "Jn" (29 February is never counted), "n" (counted from 0), "Mm.w.d" (w 5: the last). */
struct tz_change {
    enum tz_day_kind kind;
    int day;         /* n; for TZ_DAY_WEEKDAY the weekday, 0 is Sunday */
    int month, week; /* TZ_DAY_WEEKDAY only */
    int32_t second;  /* of the local time in force before the change; may lie outside the day */
};

struct tz_rule {
    int32_t standard, summer; /* seconds east of Greenwich */
    bool has_summer;
    struct tz_change start, end; /* of summer time, when there is one */
};

/* false, *out untouched, when text is not such a string. */
bool tz_rule_parse(const char *text, size_t n, struct tz_rule *out);

/* The instants at which summer time starts and ends in a year from 1900 to 2299; needs has_summer. */
lc_instant tz_rule_start(const struct tz_rule *r, int year);
lc_instant tz_rule_end(const struct tz_rule *r, int year);

#endif
