/* Instants as RFC 3339 writes them. */
#include <string.h>

#include "base/tz.h"

#define DAY_SECONDS 86400

static void two_digits(int v, char *out)
{
    out[0] = (char)('0' + v / 10);
    out[1] = (char)('0' + v % 10);
}

/* Years have four digits here: what lies beyond every date is shown as the last one, or the first. */
static lc_instant within_dates(lc_instant at)
{
    const lc_instant first = (lc_instant)(DATE_MIN - DATE_UNIX_EPOCH) * DAY_SECONDS;
    const lc_instant last = (lc_instant)(DATE_LIMIT - DATE_UNIX_EPOCH) * DAY_SECONDS;
    return at < first ? first : at > last ? last : at;
}

void instant_format(lc_instant at, int32_t offset, char out[25])
{
    /* An offset of the days of local mean time has seconds, which the form has no place for: the local time is the one
     * of the offset shown, so that what is written is the same instant. */
    int minutes = offset / 60, shown = minutes < 0 ? -minutes : minutes;
    int64_t local = within_dates(at) + minutes * 60;
    int64_t day = local / DAY_SECONDS - (local % DAY_SECONDS < 0);
    int second = (int)(local - day * DAY_SECONDS);
    date_format((lc_date)(day + DATE_UNIX_EPOCH), out);
    memcpy(out + 10, "T00:00:00+00:00", 15);
    two_digits(second / 3600, out + 11);
    two_digits(second / 60 % 60, out + 14);
    two_digits(second % 60, out + 17);
    out[19] = minutes < 0 ? '-' : '+';
    two_digits(shown / 60, out + 20);
    two_digits(shown % 60, out + 23);
}

/* Two digits below limit, or -1. */
static int parse_two(const char *p, int limit)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    int v = (p[0] - '0') * 10 + (p[1] - '0');
    return v < limit ? v : -1;
}

/* "hh:mm", as minutes, or -1. */
static int parse_hh_mm(const char *p)
{
    int h = parse_two(p, 24), m = parse_two(p + 3, 60);
    return h < 0 || m < 0 || p[2] != ':' ? -1 : h * 60 + m;
}

static bool parse_offset(const char *p, size_t n, int32_t *out)
{
    if (n == 1 && (*p == 'Z' || *p == 'z')) {
        *out = 0;
        return true;
    }
    int minutes = n == 6 && (*p == '+' || *p == '-') ? parse_hh_mm(p + 1) : -1;
    if (minutes < 0)
        return false;
    *out = (*p == '-' ? -60 : 60) * minutes;
    return true;
}

/* How many bytes a fraction of a second takes at p, 0 for none; a point without digits counts as none. */
static size_t fraction_length(const char *p, size_t n)
{
    size_t i = 1;
    if (n == 0 || p[0] != '.')
        return 0;
    while (i < n && p[i] >= '0' && p[i] <= '9')
        i++;
    return i > 1 ? i : 0;
}

bool instant_parse(const char *p, size_t n, lc_instant *at, int32_t *offset)
{
    lc_date d;
    int32_t east;
    if (n < 20 || !date_parse(p, 10, &d) || (p[10] != 'T' && p[10] != 't') || p[16] != ':')
        return false;
    int minute = parse_hh_mm(p + 11), second = parse_two(p + 17, 60);
    size_t after = 19 + fraction_length(p + 19, n - 19);
    if (minute < 0 || second < 0 || !parse_offset(p + after, n - after, &east))
        return false;
    *at = (lc_instant)(d - DATE_UNIX_EPOCH) * DAY_SECONDS + minute * 60 + second - east;
    *offset = east;
    return true;
}
