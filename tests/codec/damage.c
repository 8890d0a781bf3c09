#include <stdlib.h>

#include "tests/codec/samples.h"

static void damage_once(struct samples *s, char *p, size_t *n)
{
    static const char bytes[] = "0123456789\"\\{}[],:. -+truefalsn\n\t\x01\x7f\xc3\xbc\xed\xa0\x80u";
    size_t at = rng_below(&s->rng, *n), length = 1 + rng_below(&s->rng, 12);
    if (length > *n - at)
        length = *n - at;
    switch (rng_below(&s->rng, 6)) {
    case 0: p[at] = bytes[rng_below(&s->rng, sizeof bytes)]; break;
    case 1: p[at] = (char)rng_next(&s->rng); break;
    case 2: /* a digit becomes another */
        for (size_t i = at; i < *n; i++) {
            if (p[i] >= '0' && p[i] <= '9') {
                p[i] = (char)('0' + rng_below(&s->rng, 10));
                break;
            }
        }
        break;
    case 3: /* a run goes missing */
        memmove(p + at, p + at + length, *n - at - length);
        *n -= length;
        break;
    case 4: /* a run stands twice */
        memmove(p + at + length, p + at, *n - at);
        *n += length;
        break;
    default:
        memmove(p + at + 1, p + at, *n - at);
        p[at] = bytes[rng_below(&s->rng, sizeof bytes)];
        (*n)++;
        break;
    }
}

void damage(struct samples *s, const char *line, size_t n, char *out, size_t *out_n)
{
    memcpy(out, line, n);
    for (uint64_t times = 1 + rng_below(&s->rng, 3); times > 0 && n > 0; times--)
        damage_once(s, out, &n);
    *out_n = n;
}

yajl_val tree_of(const char *text, size_t n)
{
    char why[256], *copy = mem_strndup(text, n);
    yajl_val tree = memchr(text, '\0', n) ? NULL : yajl_tree_parse(copy, why, sizeof why);
    free(copy);
    return tree;
}

static void write_object(struct buf *b, yajl_val v)
{
    buf_addc(b, '{');
    for (size_t i = 0; i < v->u.object.len; i++) {
        if (i)
            buf_addc(b, ',');
        buf_add_json(b, str_of(v->u.object.keys[i]));
        buf_addc(b, ':');
        tree_write(b, v->u.object.values[i]);
    }
    buf_addc(b, '}');
}

void tree_write(struct buf *b, yajl_val v)
{
    switch (v->type) {
    case yajl_t_string: buf_add_json(b, str_of(v->u.string)); break;
    case yajl_t_number: buf_adds(b, v->u.number.r); break;
    case yajl_t_object: write_object(b, v); break;
    case yajl_t_array:
        buf_addc(b, '[');
        for (size_t i = 0; i < v->u.array.len; i++) {
            if (i)
                buf_addc(b, ',');
            tree_write(b, v->u.array.values[i]);
        }
        buf_addc(b, ']');
        break;
    case yajl_t_true: BUF_LIT(b, "true"); break;
    case yajl_t_false: BUF_LIT(b, "false"); break;
    default: BUF_LIT(b, "null"); break;
    }
}
