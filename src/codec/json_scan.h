/* Reading JSON that we wrote ourselves: each function takes one token in exactly the form in which codec/json_out.h
 * writes it and moves on; on anything else it is false and stands at the first byte of that token. What it accepts is
 * therefore valid JSON, and writing the value again gives the same bytes. */
#ifndef CODEC_JSON_SCAN_H
#define CODEC_JSON_SCAN_H

#include "base/buf.h"
#include "base/date.h"
#include "core/text.h"

struct scan {
    const char *p, *end;
    struct buf *text; /* where strings with escapes are decoded to; with room for all that is left to scan */
};

#define scan_lit(s, literal) scan_bytes((s), (literal), sizeof(literal) - 1)

static inline bool scan_bytes(struct scan *s, const char *bytes, size_t n)
{
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, bytes, n) != 0)
        return false;
    s->p += n;
    return true;
}

static inline bool scan_char(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* Two digits, or -1. */
static inline int scan_pair(const char *p)
{
    unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';
    return tens > 9 || ones > 9 ? -1 : (int)(tens * 10 + ones);
}

/* Up to max. */
bool scan_u64(struct scan *s, uint64_t max, uint64_t *out);
/* Points into what is scanned where it can, else into s->text. */
bool scan_str(struct scan *s, struct str *out);
/* STR_NONE for null. */
bool scan_str_or_null(struct scan *s, struct str *out);
bool scan_word(struct scan *s, const struct texts *t, unsigned *out);
/* The bare form, without quotes: 1900-01-01 to 2299-12-31 (DATE_LIMIT). */
bool scan_day(struct scan *s, lc_date *out);
/* In quotes, or null: DATE_NONE, MONTH_NONE. */
bool scan_date(struct scan *s, lc_date *out);
bool scan_month(struct scan *s, lc_month *out);
/* 0..max, or null, for which *out becomes none. */
bool scan_count(struct scan *s, int64_t max, int64_t none, int64_t *out);

#endif
