#include "codec/json_out.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

char *put_u64(char *p, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    for (; v >= 100; v /= 100)
        memcpy(digits + (at -= 2), pairs + 2 * (v % 100), 2);
    if (v >= 10)
        memcpy(digits + (at -= 2), pairs + 2 * v, 2);
    else
        digits[--at] = (char)('0' + v);
    return put_bytes(p, digits + at, sizeof digits - at);
}

char *put_count(char *p, int64_t v)
{
    return v < 0 ? put_null(p) : put_u64(p, (uint64_t)v);
}

/* 0 for what stands for itself, else the letter behind the backslash; 'u' takes four hex digits. */
static const char escapes[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', [0x7f] = 'u', [0x00] = 'u', [0x01] = 'u',
    [0x02] = 'u', [0x03] = 'u',  [0x04] = 'u', [0x05] = 'u', [0x06] = 'u', [0x07] = 'u', [0x08] = 'u', [0x0b] = 'u',
    [0x0c] = 'u', [0x0e] = 'u',  [0x0f] = 'u', [0x10] = 'u', [0x11] = 'u', [0x12] = 'u', [0x13] = 'u', [0x14] = 'u',
    [0x15] = 'u', [0x16] = 'u',  [0x17] = 'u', [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u', [0x1b] = 'u', [0x1c] = 'u',
    [0x1d] = 'u', [0x1e] = 'u',  [0x1f] = 'u',
};

static char *put_escape(char *p, unsigned char c)
{
    *p++ = '\\';
    *p++ = escapes[c];
    if (escapes[c] != 'u')
        return p;
    p = put_lit(p, "00");
    *p++ = "0123456789abcdef"[c >> 4];
    *p++ = "0123456789abcdef"[c & 15];
    return p;
}

char *put_str(char *p, struct str s)
{
    if (!s.p)
        return put_null(p);
    *p++ = '"';
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (escapes[c])
            p = put_escape(p, c);
        else
            *p++ = (char)c;
    }
    *p++ = '"';
    return p;
}

char *put_word(char *p, struct str s)
{
    if (!s.p)
        return put_null(p);
    *p++ = '"';
    p = put_bytes(p, s.p, s.n);
    *p++ = '"';
    return p;
}

char *put_date(char *p, lc_date d)
{
    if (d == DATE_NONE)
        return put_null(p);
    p[0] = p[11] = '"';
    date_format(d, p + 1);
    return p + 12;
}

char *put_month(char *p, lc_month m)
{
    if (m == MONTH_NONE)
        return put_null(p);
    p[0] = p[8] = '"';
    month_format(m, p + 1);
    return p + 9;
}
