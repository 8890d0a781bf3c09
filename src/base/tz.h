/* A time zone as a value, read from the system's zoneinfo (TZif, RFC 8536), so that the rules can
 * take it as an argument: glibc knows one zone a process. */
#ifndef BASE_TZ_H
#define BASE_TZ_H

#include "base/date.h"
#include "base/err.h"

struct tz;

/* name: "Asia/Shanghai", "UTC". Looked up below $TZDIR or /usr/share/zoneinfo; a name with "..", a
 * leading slash or control characters is ERR_INVALID, one that is not there ERR_ABSENT. Times after
 * the file's last transition follow its footer (a POSIX TZ string). */
enum err tz_load(const char *name, struct tz **out, struct errmsg *msg) ERR_MUSTCHECK;
struct tz *tz_copy(const struct tz *tz);
void tz_free(struct tz *tz);
const char *tz_name(const struct tz *tz);

/* Seconds east of Greenwich at that instant. */
int32_t tz_offset(const struct tz *tz, lc_instant at);

/* The local date at that instant. */
lc_date tz_date(const struct tz *tz, lc_instant at);

/* The instant of a local time, second 0..86399 of day d. A time that a clock change skips stands for the
 * first instant after the gap; one that comes twice, for the first. */
lc_instant tz_instant(const struct tz *tz, lc_date d, int32_t second);

/* RFC 3339 with offset, "2026-06-16T00:00:00+08:00": always 25 characters, no terminator. */
void instant_format(lc_instant at, int32_t offset, char out[25]);
/* The same back, also with "Z"; fractions of a second are cut off. false leaves the outputs alone. */
bool instant_parse(const char *p, size_t n, lc_instant *at, int32_t *offset);

#endif
