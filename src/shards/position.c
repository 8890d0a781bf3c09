#include "shards/position.h"

#include <stdlib.h>

#define VARINT_MAX 10 /* bytes of a uint64_t in LEB128 */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void position_init(struct position *p, unsigned n)
{
    p->n = n;
    p->v = mem_zalloc(n, sizeof *p->v);
}

void position_done(struct position *p)
{
    free(p->v);
    *p = (struct position){0};
}

/* --- bytes --- */

static void add_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_addc(b, (char)(v | 0x80));
    buf_addc(b, (char)v);
}

/* The shortest form alone, so that one position has one text. */
static bool take_varint(struct str *bytes, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < VARINT_MAX && i < bytes->n; i++) {
        uint64_t part = (unsigned char)bytes->p[i];
        if (i == VARINT_MAX - 1 && part > 1)
            return false;
        v |= (part & 0x7f) << (7 * i);
        if (part & 0x80)
            continue;
        if (i && !part)
            return false;
        *bytes = (struct str){bytes->p + i + 1, bytes->n - i - 1};
        *out = v;
        return true;
    }
    return false;
}

static void add_letters(struct buf *out, struct str bytes)
{
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | (unsigned char)bytes.p[i];
        for (n += 8; n >= 6; n -= 6)
            buf_addc(out, letters[bits >> (n - 6) & 63]);
    }
    if (n)
        buf_addc(out, letters[bits << (6 - n) & 63]);
}

static bool take_letters(struct str text, struct buf *out)
{
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = text.p[i] ? strchr(letters, text.p[i]) : NULL;
        if (!at)
            return false;
        bits = bits << 6 | (uint32_t)(at - letters);
        n += 6;
        if (n >= 8) {
            n -= 8;
            buf_addc(out, (char)(bits >> n & 0xff));
        }
    }
    return n < 6 && (bits & ((1u << n) - 1)) == 0;
}

/* --- texts --- */

void position_write(const struct position *p, struct buf *out)
{
    struct buf bytes = BUF_INIT;
    if (p->n == 1) {
        buf_add_u64(out, p->v[0]);
        return;
    }
    add_varint(&bytes, p->n);
    for (unsigned i = 0; i < p->n; i++)
        add_varint(&bytes, p->v[i]);
    buf_addc(out, 's');
    add_letters(out, buf_str(&bytes));
    buf_done(&bytes);
}

static bool read_number(struct str text, uint64_t *out)
{
    uint64_t v = 0;
    if (!text.n)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *out = v;
    return true;
}

static bool read_vector(struct str bytes, unsigned n, uint64_t *v)
{
    uint64_t count;
    if (!take_varint(&bytes, &count) || count != n)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (!take_varint(&bytes, &v[i]))
            return false;
    }
    return bytes.n == 0;
}

static bool read_several(struct position *p, struct str text)
{
    struct buf bytes = BUF_INIT;
    uint64_t *v = mem_zalloc(p->n, sizeof *v);
    bool good = text.n && text.p[0] == 's' && take_letters((struct str){text.p + 1, text.n - 1}, &bytes) &&
                read_vector(buf_str(&bytes), p->n, v);
    if (good)
        memcpy(p->v, v, p->n * sizeof *v);
    free(v);
    buf_done(&bytes);
    return good;
}

bool position_read(struct position *p, struct str text)
{
    if (p->n == 1)
        return read_number(text, p->v);
    if (!str_is(text, "0"))
        return read_several(p, text);
    memset(p->v, 0, p->n * sizeof *p->v);
    return true;
}

static unsigned count_of(struct str text)
{
    struct buf bytes = BUF_INIT;
    uint64_t n = 0;
    if (!text.n || text.p[0] != 's')
        return 1;
    struct str rest = {text.p + 1, text.n - 1};
    bool good = take_letters(rest, &bytes);
    rest = buf_str(&bytes);
    good = good && take_varint(&rest, &n) && n <= bytes.n; /* each takes a byte at least */
    buf_done(&bytes);
    return good ? (unsigned)n : 0;
}

bool position_parse(struct position *p, struct str text)
{
    struct position found;
    unsigned n = count_of(text);
    if (!n)
        return false;
    position_init(&found, n);
    bool good = position_read(&found, text);
    if (good)
        *p = found;
    else
        position_done(&found);
    return good;
}

uint64_t position_events(const struct position *p)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->n; i++)
        sum += p->v[i];
    return sum;
}
