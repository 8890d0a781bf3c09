#include "adapter/form.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends what s stands for; false, with part of it appended, when it has a '%' without two digits. */
static bool decode(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            buf_addc(out, s.p[i] == '+' ? ' ' : s.p[i]);
            continue;
        }
        if (s.n - i < 3)
            return false;
        int high = hex_digit(s.p[i + 1]), low = hex_digit(s.p[i + 2]);
        if (high < 0 || low < 0)
            return false;
        buf_addc(out, (char)(high << 4 | low));
        i += 2;
    }
    return true;
}

/* Takes the next field off the form: "name=value". */
static bool next_field(struct str *form, struct str *name, struct str *value)
{
    if (form->n == 0)
        return false;
    const char *end = memchr(form->p, '&', form->n);
    struct str field = {form->p, end ? (size_t)(end - form->p) : form->n};
    size_t taken = end ? field.n + 1 : field.n;
    *form = (struct str){form->p + taken, form->n - taken};
    const char *sign = field.n ? memchr(field.p, '=', field.n) : NULL;
    name->p = field.p;
    name->n = sign ? (size_t)(sign - field.p) : field.n;
    value->p = sign ? sign + 1 : field.p + field.n;
    value->n = field.n - name->n - (sign ? 1 : 0);
    return true;
}

static bool same_name(struct str encoded, const char *name, struct buf *text)
{
    size_t start = text->n;
    bool same = decode(encoded, text) && str_is((struct str){text->p ? text->p + start : "", text->n - start}, name);
    text->n = start;
    return same;
}

enum err form_find(struct str form, const char *name, struct buf *text, struct str *out)
{
    struct str found = STR_NONE, field, value;
    while (next_field(&form, &field, &value)) {
        if (!same_name(field, name, text))
            continue;
        if (found.p)
            return ERR_INVALID;
        found = value;
    }
    if (!found.p)
        return ERR_ABSENT;
    size_t start = text->n;
    buf_room(text, found.n + 1);
    if (!decode(found, text)) {
        text->n = start;
        return ERR_INVALID;
    }
    *out = (struct str){text->p + start, text->n - start};
    return ERR_OK;
}
