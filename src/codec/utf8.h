/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at p (1 to 4 bytes), 0 when it is none. p < end. */
size_t utf8_length(const char *p, const char *end);

/* Is the whole character at p, n bytes long, a control character (C0, DEL or C1)? */
static inline bool utf8_is_control(const char *p, size_t n)
{
    unsigned char a = (unsigned char)p[0];
    return n == 1 ? a < 0x20 || a == 0x7f : n == 2 && a == 0xc2 && (unsigned char)p[1] < 0xa0;
}

#endif
