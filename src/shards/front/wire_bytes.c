#include "shards/front/wire_bytes.h"

#define VARINT_MAX 10 /* bytes of a uint64_t */

void wire_add_number(struct buf *out, uint64_t v)
{
    char *p = buf_room(out, VARINT_MAX);
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (char)(v | 0x80);
    p[n++] = (char)v;
    out->n += n;
}

void wire_add_signed(struct buf *out, int64_t v)
{
    wire_add_number(out, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

void wire_add_str(struct buf *out, struct str s)
{
    wire_add_number(out, s.p ? (uint64_t)s.n + 1 : 0);
    if (s.p)
        buf_addstr(out, s);
}

static uint64_t fault(struct wire_cursor *c)
{
    c->bad = true;
    c->left = STR_LIT("");
    return 0;
}

uint64_t wire_take_number(struct wire_cursor *c)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < VARINT_MAX && i < c->left.n; i++) {
        uint64_t part = (unsigned char)c->left.p[i];
        if (i == VARINT_MAX - 1 && part > 1)
            break;
        v |= (part & 0x7f) << (7 * i);
        if (part & 0x80)
            continue;
        c->left = (struct str){c->left.p + i + 1, c->left.n - i - 1};
        return v;
    }
    return fault(c);
}

uint64_t wire_take_below(struct wire_cursor *c, uint64_t max)
{
    uint64_t v = wire_take_number(c);
    return v <= max ? v : fault(c);
}

int64_t wire_take_signed(struct wire_cursor *c)
{
    uint64_t v = wire_take_number(c);
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

int32_t wire_take_i32(struct wire_cursor *c)
{
    int64_t v = wire_take_signed(c);
    return v >= INT32_MIN && v <= INT32_MAX ? (int32_t)v : (int32_t)fault(c);
}

struct str wire_take_bytes(struct wire_cursor *c, size_t n)
{
    if (n > c->left.n)
        fault(c);
    if (c->bad)
        return STR_NONE;
    struct str s = {c->left.p, n};
    c->left = (struct str){s.p + n, c->left.n - n};
    return s;
}

struct str wire_take_str(struct wire_cursor *c)
{
    uint64_t n = wire_take_number(c);
    return n ? wire_take_bytes(c, (size_t)(n - 1)) : STR_NONE;
}

bool wire_cursor_good(const struct wire_cursor *c)
{
    return !c->bad && c->left.n == 0;
}
