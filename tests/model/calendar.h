/* The model's own calendar and time zones, counted out day by day and change by change. It shares nothing with the
 * program: where the two agree, two ways of counting do.
 *
 * A day is the number of days counted from 1900-01-01, which is 1; a month is counted from 1900-01, which is 1; 0 is
 * none, and so is whatever would lie before them. An instant is a number of seconds since 1970 in UTC. */
#ifndef TESTS_MODEL_CALENDAR_H
#define TESTS_MODEL_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CAL_LAST_YEAR 2320
#define CAL_NEVER INT64_MAX

struct cal_date {
    int16_t year;
    int8_t month, day;
};

/* Counts the calendar; call it once before anything else here. */
void cal_init(void);

int cal_day(int year, int month, int day); /* 0 when there is no such day */
struct cal_date cal_date(int day);
int cal_month(int day);
int cal_month_length(int month);
/* That day of the month, or the month's last. */
int cal_month_day(int month, int day);
int cal_addm(int day, int months);
int cal_bom(int day);
int cal_eom(int day);

#define ZONE_CHANGES_MAX 1024

/* Offsets are in force from one instant to the next; the first holds from the start of time. */
struct zone {
    const char *name;
    int first_year; /* before it the real zone had other rules than these */
    int n;
    int64_t from[ZONE_CHANGES_MAX];
    int32_t offset[ZONE_CHANGES_MAX];
};

#define ZONES 4

/* The zones that the model knows: 0 Etc/GMT-8, 1 Asia/Shanghai, 2 America/New_York, 3 America/Havana, whose clocks
 * change at midnight. */
const struct zone *zone_get(int i);

int32_t zone_offset(const struct zone *z, int64_t at);
int zone_day(const struct zone *z, int64_t at);
/* A skipped local time is the first instant after the gap, one that comes twice the first of the two. */
int64_t zone_instant(const struct zone *z, int day, int second);

#endif
