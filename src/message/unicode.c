#include "message/unicode.h"

#include "codec/utf8.h"

uint32_t char_next(struct str s, size_t *at)
{
    const unsigned char *u = (const unsigned char *)s.p + *at;
    size_t n = utf8_length(s.p + *at, s.p + s.n);
    *at += n ? n : 1;
    switch (n) {
    case 1: return u[0];
    case 2: return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
    case 3: return (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
    case 4: return (u[0] & 0x07u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
    default: return 0xfffd;
    }
}

void add_char(struct buf *b, uint32_t c)
{
    char *p = buf_room(b, 4);
    if (c < 0x80) {
        p[0] = (char)c;
        b->n += 1;
    } else if (c < 0x800) {
        p[0] = (char)(0xc0 | c >> 6);
        p[1] = (char)(0x80 | (c & 0x3f));
        b->n += 2;
    } else if (c < 0x10000) {
        p[0] = (char)(0xe0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 0x3f));
        p[2] = (char)(0x80 | (c & 0x3f));
        b->n += 3;
    } else {
        p[0] = (char)(0xf0 | c >> 18);
        p[1] = (char)(0x80 | (c >> 12 & 0x3f));
        p[2] = (char)(0x80 | (c >> 6 & 0x3f));
        p[3] = (char)(0x80 | (c & 0x3f));
        b->n += 4;
    }
}

static const struct {
    uint32_t from, to;
} hidden[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x034f, 0x034f},   {0x061c, 0x061c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffd, 0xffff}, {0xe0000, 0xe0fff},
};

bool char_hidden(uint32_t c)
{
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0] && c >= hidden[i].from; i++)
        if (c <= hidden[i].to)
            return true;
    return false;
}
