#include "message/link.h"

#include <stdlib.h>

#include "message/unicode.h"

#define FULL_STOP 0x3002 /* of Chinese sentences; in the address line it is a dot as well */

/* The text, character by character: full-width forms as ordinary ones, in small letters. With a sentinel of zeros at
 * both ends, so that there is always something to look at. */
struct folded {
    uint32_t *c;   /* c[0] and c[n + 1] are zero */
    size_t *start; /* where in the text it begins; start[n + 1]: its end */
    size_t n;
};

static uint32_t fold(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        c -= 0xff01 - '!';
    if (c == 0x2024 || c == 0xfe52 || c == 0xff61)
        c = '.';
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static void fold_text(struct folded *f, struct str text)
{
    f->c = mem_zalloc(text.n + 2, sizeof *f->c);
    f->start = mem_zalloc(text.n + 2, sizeof *f->start);
    f->n = 0;
    for (size_t at = 0; at < text.n;) {
        f->start[++f->n] = at;
        f->c[f->n] = fold(char_next(text, &at));
    }
    f->start[f->n + 1] = text.n;
}

static bool is_letter(uint32_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* May stand in a domain's label: letters of all scripts, but no punctuation. */
static bool is_label(uint32_t c)
{
    if (c < 0x80)
        return is_letter(c) || is_digit(c) || c == '-';
    return c >= 0xc0 && !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x303f) &&
           !(c >= 0xfe10 && c <= 0xfe6f) && !(c >= 0xff00 && c <= 0xffef);
}

static bool is_dot(uint32_t c)
{
    return c == '.' || c == FULL_STOP;
}

static bool word_at(const struct folded *f, size_t i, const char *word)
{
    for (; *word; word++, i++)
        if (i > f->n || f->c[i] != (unsigned char)*word)
            return false;
    return true;
}

/* Top-level domains in Chinese; of others two letters are enough. */
static bool chinese_top_at(const struct folded *f, size_t i)
{
    static const uint32_t tops[][2] = {
        {0x4e2d, 0x56fd}, {0x4e2d, 0x570b}, {0x516c, 0x53f8}, {0x7f51, 0x7edc}, {0x7db2, 0x7d61}, {0x7f51, 0x5740},
        {0x653f, 0x52a1}, {0x516c, 0x76ca}, {0x5728, 0x7ebf}, {0x5546, 0x57ce}, {0x7f51, 0x5e97}, {0x96c6, 0x56e2},
    };
    for (size_t t = 0; t < sizeof tops / sizeof tops[0]; t++)
        if (i < f->n && f->c[i] == tops[t][0] && f->c[i + 1] == tops[t][1])
            return true;
    return false;
}

/* Is the label in front of c[i] more than the number of a list's item ("1.")? */
static bool named_before(const struct folded *f, size_t i)
{
    while (i > 1 && is_label(f->c[i - 1])) {
        if (!is_digit(f->c[i - 1]))
            return true;
        i--;
    }
    return false;
}

/* Is the dot c[i] one between a domain's labels? Behind the full stop of a Chinese sentence a word in Latin letters may
 * well follow, so there the letters in front of it must be Latin as well. */
static bool domain_at(const struct folded *f, size_t i)
{
    uint32_t before = f->c[i - 1];
    if (f->c[i] == FULL_STOP ? !is_letter(before) && !is_digit(before) : !is_label(before))
        return false;
    if (is_letter(f->c[i + 1]))
        return is_letter(f->c[i + 2]);
    return f->c[i] == '.' && named_before(f, i) && chinese_top_at(f, i + 1);
}

/* Are these four numbers with dots between them? */
static bool numbers_at(const struct folded *f, size_t i)
{
    for (int part = 0; part < 4; part++) {
        size_t from = i;
        while (i <= f->n && is_digit(f->c[i]) && i - from < 3)
            i++;
        if (i == from || (part < 3 && !is_dot(f->c[i])))
            return false;
        i += part < 3;
    }
    return !is_digit(f->c[i]);
}

static bool link_at(const struct folded *f, size_t i)
{
    if (f->c[i] == ':')
        return is_letter(f->c[i - 1]) && word_at(f, i, "://");
    if (is_dot(f->c[i]))
        return domain_at(f, i) || (i > 3 && word_at(f, i - 3, "www") && is_label(f->c[i + 1]));
    return is_digit(f->c[i]) && !is_digit(f->c[i - 1]) && numbers_at(f, i);
}

static bool is_inside(uint32_t c)
{
    return is_label(c) || is_dot(c) || (c > ' ' && c < 0x7f);
}

/* As much as it takes to find the place again. */
static struct str around(const struct folded *f, struct str text, size_t i)
{
    size_t from = i, to = i;
    while (i - from < 12 && is_inside(f->c[from - 1]))
        from--;
    while (to - i < 24 && is_inside(f->c[to + 1]))
        to++;
    return (struct str){text.p + f->start[from], f->start[to + 1] - f->start[from]};
}

bool link_find(struct str text, struct str *where)
{
    struct folded f;
    fold_text(&f, text);
    bool found = false;
    for (size_t i = 1; i <= f.n && !found; i++) {
        found = link_at(&f, i);
        if (found)
            *where = around(&f, text, i);
    }
    free(f.c);
    free(f.start);
    return found;
}
