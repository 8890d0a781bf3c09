#include "http/uri.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uri_decode(struct str text, struct buf *out)
{
    char *start = buf_room(out, text.n), *p = start;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%') {
            *p++ = text.p[i];
            continue;
        }
        int high = text.n - i > 2 ? hex_digit(text.p[i + 1]) : -1;
        int low = high < 0 ? -1 : hex_digit(text.p[i + 2]);
        if (low < 0)
            return false;
        *p++ = (char)(high << 4 | low);
        i += 2;
    }
    out->n += (size_t)(p - start);
    return true;
}
