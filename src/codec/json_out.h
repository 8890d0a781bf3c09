/* Writing JSON at a bare pointer: every function writes at p and returns the place behind. Whoever calls has made room:
 * JSON_STR_MAX(n) bytes for a string of n, JSON_VALUE_MAX for any other value. */
#ifndef CODEC_JSON_OUT_H
#define CODEC_JSON_OUT_H

#include "base/date.h"
#include "base/str.h"

#define JSON_STR_MAX(n) (6 * (n) + 2) /* every byte as \u00XX, and the quotes */
#define JSON_VALUE_MAX 32             /* a time in quotes takes 27 */

#define put_lit(p, s) put_bytes((p), (s), sizeof(s) - 1)

static inline char *put_bytes(char *p, const void *bytes, size_t n)
{
    memcpy(p, bytes, n);
    return p + n;
}

static inline char *put_null(char *p)
{
    return put_lit(p, "null");
}

char *put_u64(char *p, uint64_t v);
/* null when s.p is NULL. The same escapes as buf_add_json(), and no others. */
char *put_str(char *p, struct str s);
/* A word that needs no escapes. */
char *put_word(char *p, struct str s);
/* null for DATE_NONE, MONTH_NONE. */
char *put_date(char *p, lc_date d);
char *put_month(char *p, lc_month m);
/* null below 0: AMOUNT_NONE, or a count that there is none of. */
char *put_count(char *p, int64_t v);

#endif
