#include "config/item.h"

static void add_u32(struct buf *b, uint32_t v)
{
    buf_add(b, &v, sizeof v); /* both ends are one program */
}

static void add_string(struct buf *b, const char *s)
{
    buf_add(b, s ? s : "", s ? strlen(s) + 1 : 1);
}

void item_add(struct buf *b, const struct item *it)
{
    buf_addc(b, (char)it->kind);
    add_u32(b, it->line);
    add_u32(b, it->index);
    add_u32(b, it->n_values);
    add_string(b, it->section);
    add_string(b, it->title);
    add_string(b, it->key);
    for (unsigned i = 0; i < it->n_values; i++)
        add_string(b, it->values[i]);
}

static bool take_bytes(struct str *rest, void *out, size_t n)
{
    if (rest->n < n)
        return false;
    memcpy(out, rest->p, n);
    *rest = (struct str){rest->p + n, rest->n - n};
    return true;
}

static bool take_string(struct str *rest, const char **out)
{
    const char *end = rest->n ? memchr(rest->p, '\0', rest->n) : NULL;
    if (!end)
        return false;
    *out = rest->p;
    *rest = (struct str){end + 1, rest->n - (size_t)(end + 1 - rest->p)};
    return true;
}

bool item_next(struct str *rest, struct item *out)
{
    uint32_t line, index, n;
    char kind;
    if (!take_bytes(rest, &kind, 1) || !take_bytes(rest, &line, 4) || !take_bytes(rest, &index, 4) ||
        !take_bytes(rest, &n, 4) || n > ITEM_VALUES_MAX)
        return false;
    if (!take_string(rest, &out->section) || !take_string(rest, &out->title) || !take_string(rest, &out->key))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!take_string(rest, &out->values[i]))
            return false;
    out->kind = (enum item_kind)kind;
    out->line = line;
    out->index = index;
    out->n_values = n;
    return true;
}
