#include "base/tz_rule.h"

#define DAY_SECONDS 86400
#define OFFSET_HOURS_MAX 24
#define CHANGE_HOURS_MAX 167

struct cursor {
    const char *p, *end;
};

static bool take(struct cursor *c, char what)
{
    if (c->p == c->end || *c->p != what)
        return false;
    c->p++;
    return true;
}

/* 1 to 3 digits in min..max. */
static bool take_number(struct cursor *c, int min, int max, int *out)
{
    const char *from = c->p;
    int v = 0;
    while (c->p < c->end && c->p - from < 3 && *c->p >= '0' && *c->p <= '9')
        v = v * 10 + (*c->p++ - '0');
    if (c->p == from || v < min || v > max)
        return false;
    *out = v;
    return true;
}

static bool is_alpha(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
}

static bool is_name_byte(char ch, bool quoted)
{
    return is_alpha(ch) || (quoted && ((ch >= '0' && ch <= '9') || ch == '+' || ch == '-'));
}

/* An abbreviation, "CET" or "<+0330>": checked for its form and passed over. */
static bool take_name(struct cursor *c)
{
    bool quoted = take(c, '<');
    const char *from = c->p;
    while (c->p < c->end && is_name_byte(*c->p, quoted))
        c->p++;
    return c->p - from >= 3 && (!quoted || take(c, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool take_time(struct cursor *c, int hours_max, int32_t *out)
{
    bool negative = take(c, '-');
    int h, m = 0, s = 0;
    if (!negative)
        (void)take(c, '+');
    if (!take_number(c, 0, hours_max, &h))
        return false;
    if (take(c, ':')) {
        if (!take_number(c, 0, 59, &m))
            return false;
        if (take(c, ':') && !take_number(c, 0, 59, &s))
            return false;
    }
    *out = (negative ? -1 : 1) * (h * 3600 + m * 60 + s);
    return true;
}

static bool take_day(struct cursor *c, struct tz_change *d)
{
    if (take(c, 'J')) {
        d->kind = TZ_DAY_JULIAN;
        return take_number(c, 1, 365, &d->day);
    }
    if (!take(c, 'M')) {
        d->kind = TZ_DAY_ZERO_BASED;
        return take_number(c, 0, 365, &d->day);
    }
    d->kind = TZ_DAY_WEEKDAY;
    return take_number(c, 1, 12, &d->month) && take(c, '.') && take_number(c, 1, 5, &d->week) && take(c, '.') &&
           take_number(c, 0, 6, &d->day);
}

static bool take_change(struct cursor *c, struct tz_change *d)
{
    d->second = 2 * 3600;
    return take(c, ',') && take_day(c, d) && (!take(c, '/') || take_time(c, CHANGE_HOURS_MAX, &d->second));
}

bool tz_rule_parse(const char *text, size_t n, struct tz_rule *out)
{
    struct cursor c = {text, text + n};
    struct tz_rule r = {0};
    int32_t west;
    if (!take_name(&c) || !take_time(&c, OFFSET_HOURS_MAX, &west))
        return false;
    r.standard = -west;
    if (c.p < c.end) {
        if (!take_name(&c))
            return false;
        r.has_summer = true;
        r.summer = r.standard + 3600;
        if (c.p < c.end && *c.p != ',') {
            if (!take_time(&c, OFFSET_HOURS_MAX, &west))
                return false;
            r.summer = -west;
        }
        if (!take_change(&c, &r.start) || !take_change(&c, &r.end) || c.p != c.end)
            return false;
    }
    *out = r;
    return true;
}

static lc_month month_of(int year, int month)
{
    return (year - 1900) * 12 + month;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int weekday(lc_date d)
{
    return d % 7; /* 1900-01-01, day 1, was a Monday */
}

static lc_date change_day(const struct tz_change *d, int year)
{
    lc_date new_year = month_day(month_of(year, 1), 1);
    if (d->kind == TZ_DAY_JULIAN)
        return new_year + d->day - 1 + (is_leap(year) && d->day >= 60);
    if (d->kind == TZ_DAY_ZERO_BASED)
        return new_year + d->day;
    lc_date first = month_day(month_of(year, d->month), 1), last = month_day(month_of(year, d->month), 31);
    lc_date day = first + (d->day - weekday(first) + 7) % 7 + 7 * (d->week - 1);
    return day > last ? day - 7 : day; /* only week 5 can lie past the month's end, by less than a week */
}

static lc_instant change_instant(const struct tz_change *d, int year, int32_t offset_before)
{
    return (lc_instant)(change_day(d, year) - DATE_UNIX_EPOCH) * DAY_SECONDS + d->second - offset_before;
}

lc_instant tz_rule_start(const struct tz_rule *r, int year)
{
    return change_instant(&r->start, year, r->standard);
}

lc_instant tz_rule_end(const struct tz_rule *r, int year)
{
    return change_instant(&r->end, year, r->summer);
}
