/* A name in a message. It was handed in by somebody, and goes out under the agency's signature: whatever stands in it,
 * it stays one short line of a name. */
#include "message/forms.h"
#include "message/unicode.h"

#define MIDDLE_DOT 0x00b7
#define ELLIPSIS 0x2026

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* What joins the parts of an address. Between two letters a middle dot takes its place, as within a foreign name in
 * Chinese: no phone makes a link of that. */
static bool joins(uint32_t c)
{
    static const uint32_t marks[] = {'.',    '/',    '\\',   ':',    '@',    0x2024, 0x2044, 0x2215, 0x3002,
                                     0xfe52, 0xfe55, 0xfe6b, 0xff0e, 0xff0f, 0xff1a, 0xff20, 0xff61};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (c == marks[i])
            return true;
    return false;
}

/* Brackets are the signature's. */
static bool dropped(uint32_t c)
{
    return c == 0x3010 || c == 0x3011 || char_hidden(c);
}

/* The character as it is shown; 0: not at all. */
static uint32_t shown(uint32_t c)
{
    if (is_blank(c))
        return ' ';
    return dropped(c) ? 0 : joins(c) ? MIDDLE_DOT : c;
}

/* What stands between the character written last and the next one to come. */
struct gap {
    bool mark, dot, blank; /* dot: the mark was an ordinary full stop */
};

static void widen(struct gap *g, uint32_t c, uint32_t shown_as)
{
    if (shown_as == ' ') {
        g->blank = true;
    } else if (!g->blank && !g->mark) {
        g->mark = true;
        g->dot = c == '.';
    }
}

/* A full stop that ends a word joins nothing ("Jr."): it stays. */
static void fill(struct buf *b, struct gap *g, bool more)
{
    if (g->mark && !g->blank && more)
        add_char(b, MIDDLE_DOT);
    else if (g->mark && g->dot)
        buf_addc(b, '.');
    if (g->blank && more)
        buf_addc(b, ' ');
    *g = (struct gap){false, false, false};
}

/* Cuts what was written from start on to NAME_UNITS. */
static void cut(struct buf *b, size_t start)
{
    struct str all = {b->p + start, b->n - start};
    size_t at = 0, keep = 0;
    unsigned units = 0;
    while (at < all.n) {
        units += char_units(char_next(all, &at));
        if (units < NAME_UNITS)
            keep = at;
    }
    if (units <= NAME_UNITS)
        return;
    b->n = start + keep;
    add_char(b, ELLIPSIS);
}

bool write_name(struct buf *b, struct str name)
{
    size_t start = b->n, at = 0;
    struct gap gap = {false, false, false};
    while (at < name.n) {
        uint32_t given = char_next(name, &at), c = shown(given);
        if (c == ' ' || c == MIDDLE_DOT) {
            if (b->n > start)
                widen(&gap, given, c);
        } else if (c) {
            fill(b, &gap, true);
            add_char(b, c);
        }
    }
    fill(b, &gap, false);
    cut(b, start);
    return b->n > start;
}

void write_id(struct buf *b, const struct forms *f, struct str id)
{
    size_t n = id.n < ID_END ? id.n : ID_END;
    buf_adds(b, f->before_id);
    write_name(b, (struct str){id.p + id.n - n, n});
    buf_adds(b, f->after_id);
}
