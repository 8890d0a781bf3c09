#include "codec/utf8.h"

/* What may follow a lead byte: how many bytes in all, and the range of the second, which is where overlong forms,
 * surrogates and numbers above U+10FFFF show. */
struct lead {
    unsigned char from, to; /* of the lead byte */
    unsigned char length;
    unsigned char low, high; /* of the second byte */
};

static const struct lead leads[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *lead_of(unsigned char c)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++)
        if (c >= leads[i].from && c <= leads[i].to)
            return &leads[i];
    return NULL;
}

size_t utf8_length(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    if (u[0] < 0x80)
        return 1;
    const struct lead *lead = lead_of(u[0]);
    if (!lead || end - p < lead->length || u[1] < lead->low || u[1] > lead->high)
        return 0;
    for (int i = 2; i < lead->length; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    return lead->length;
}
