#include "codec/json_scan.h"

#include "codec/utf8.h"

/* 2200 to 2299 have their leap years where 2100 to 2199 have theirs, so many days earlier. */
#define DAYS_PER_COMMON_CENTURY 36524

bool scan_u64(struct scan *s, uint64_t max, uint64_t *out)
{
    const char *p = s->p;
    uint64_t v = 0;
    while (p < s->end && *p >= '0' && *p <= '9') {
        unsigned digit = (unsigned)(*p++ - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (p == s->p || v > max || (*s->p == '0' && p - s->p > 1))
        return false;
    s->p = p;
    *out = v;
    return true;
}

/* One escape of put_str(); p stands behind the backslash. Its length, 0 when we would not have written it so. */
static size_t scan_escape(const char *p, const char *end, char *out)
{
    size_t left = (size_t)(end - p);
    if (left < 1)
        return 0;
    switch (*p) {
    case '"':
    case '\\': *out = *p; return 1;
    case 'n': *out = '\n'; return 1;
    case 'r': *out = '\r'; return 1;
    case 't': *out = '\t'; return 1;
    case 'u': break;
    default: return 0;
    }
    if (left < 5 || p[1] != '0' || p[2] != '0')
        return 0;
    static const char hex[] = "0123456789abcdef";
    const char *high = memchr(hex, p[3], 16), *low = memchr(hex, p[4], 16);
    if (!high || !low)
        return 0;
    int c = (int)((high - hex) * 16 + (low - hex));
    if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\r' || c == '\t')
        return 0;
    *out = (char)c;
    return 5;
}

/* The rest of a string whose first escape is at p; what stands before it begins at start. */
static bool scan_escaped(struct scan *s, const char *start, const char *p, struct str *out)
{
    char *to = buf_room(s->text, (size_t)(s->end - start)), *first = to;
    memcpy(to, start, (size_t)(p - start));
    to += p - start;
    while (p < s->end && *p != '"') {
        size_t n;
        if (*p == '\\') {
            n = scan_escape(p + 1, s->end, to++);
            if (!n)
                return false;
            p += n + 1;
        } else {
            n = utf8_length(p, s->end);
            if (!n || (n == 1 && ((unsigned char)*p < 0x20 || *p == 0x7f)))
                return false;
            memcpy(to, p, n);
            to += n;
            p += n;
        }
    }
    if (p == s->end)
        return false;
    s->text->n += (size_t)(to - first);
    s->p = p + 1;
    *out = (struct str){first, (size_t)(to - first)};
    return true;
}

bool scan_str(struct scan *s, struct str *out)
{
    if (s->p == s->end || *s->p != '"')
        return false;
    const char *start = s->p + 1, *p = start;
    while (p < s->end && *p != '"') {
        unsigned char c = (unsigned char)*p;
        size_t n = 1;
        if (c == '\\')
            return scan_escaped(s, start, p, out);
        if (c < 0x20 || c == 0x7f)
            return false;
        if (c >= 0x80 && !(n = utf8_length(p, s->end)))
            return false;
        p += n;
    }
    if (p == s->end)
        return false;
    *out = (struct str){start, (size_t)(p - start)};
    s->p = p + 1;
    return true;
}

bool scan_str_or_null(struct scan *s, struct str *out)
{
    if (scan_str(s, out))
        return true;
    if (!scan_lit(s, "null"))
        return false;
    *out = STR_NONE;
    return true;
}

bool scan_word(struct scan *s, const struct texts *t, unsigned *out)
{
    if (s->p == s->end || *s->p != '"')
        return false;
    const char *start = s->p + 1, *close = memchr(start, '"', (size_t)(s->end - start));
    if (!close || !texts_find(t, (struct str){start, (size_t)(close - start)}, out))
        return false;
    s->p = close + 1;
    return true;
}

/* "2026-06" at p, seven bytes of it there; the year in *year, the month 1..12, or 0 when it is none. */
static int year_month(const char *p, int *year)
{
    int century = scan_pair(p), rest = scan_pair(p + 2), month = scan_pair(p + 5);
    if (century < 19 || century > 22 || rest < 0 || p[4] != '-' || month < 1 || month > 12)
        return 0;
    *year = century * 100 + rest;
    return month;
}

/* "2026-06-16" at p, ten bytes of it there. */
static lc_date day_at(const char *p)
{
    int year, month = year_month(p, &year);
    int day = p[7] == '-' ? scan_pair(p + 8) : -1;
    if (!month)
        return DATE_NONE;
    if (year <= 2199)
        return date_make(year, month, day);
    lc_date d = date_make(year - 100, month, day);
    return d == DATE_NONE ? DATE_NONE : d + DAYS_PER_COMMON_CENTURY;
}

bool scan_day(struct scan *s, lc_date *out)
{
    lc_date d = s->end - s->p < 10 ? DATE_NONE : day_at(s->p);
    if (d == DATE_NONE)
        return false;
    s->p += 10;
    *out = d;
    return true;
}

bool scan_date(struct scan *s, lc_date *out)
{
    lc_date d = DATE_NONE;
    if (scan_lit(s, "null")) {
        *out = DATE_NONE;
        return true;
    }
    if (s->end - s->p < 12 || s->p[0] != '"' || s->p[11] != '"' || (d = day_at(s->p + 1)) == DATE_NONE)
        return false;
    s->p += 12;
    *out = d;
    return true;
}

bool scan_month(struct scan *s, lc_month *out)
{
    int year, month;
    if (scan_lit(s, "null")) {
        *out = MONTH_NONE;
        return true;
    }
    if (s->end - s->p < 9 || s->p[0] != '"' || s->p[8] != '"' || !(month = year_month(s->p + 1, &year)))
        return false;
    s->p += 9;
    *out = (year - 1900) * 12 + month;
    return true;
}

bool scan_count(struct scan *s, int64_t max, int64_t none, int64_t *out)
{
    uint64_t v;
    if (scan_lit(s, "null")) {
        *out = none;
        return true;
    }
    if (!scan_u64(s, (uint64_t)max, &v))
        return false;
    *out = (int64_t)v;
    return true;
}
