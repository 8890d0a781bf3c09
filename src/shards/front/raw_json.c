#include "shards/front/raw_json.h"

/* Behind the string that begins at p; NULL: it has no end. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p < end ? p + 1 : NULL;
}

/* Behind the value that begins at p. */
static const char *skip_value(const char *p, const char *end)
{
    unsigned depth = 0;
    while (p && p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            if (!depth)
                return p;
            continue;
        }
        if (!depth && (*p == ',' || *p == '}' || *p == ']'))
            return p;
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        bool closed = *p == '}' || *p == ']';
        p++;
        if (closed && !depth)
            return p;
    }
    return depth ? NULL : p;
}

bool raw_enter(struct raw_walk *w, struct str value, char open)
{
    if (value.n < 2 || value.p[0] != open)
        return false;
    *w = (struct raw_walk){value.p + 1, value.p + value.n};
    return true;
}

static bool take_value(struct raw_walk *w, struct str *value)
{
    const char *end = w->p ? skip_value(w->p, w->end) : NULL;
    if (!end || end == w->p)
        return false;
    *value = (struct str){w->p, (size_t)(end - w->p)};
    w->p = end < w->end && *end == ',' ? end + 1 : end;
    return true;
}

bool raw_item(struct raw_walk *w, struct str *value)
{
    return w->p < w->end && *w->p != ']' && take_value(w, value);
}

bool raw_member(struct raw_walk *w, struct str *name, struct str *value)
{
    if (w->p >= w->end || *w->p != '"')
        return false;
    const char *end = skip_string(w->p, w->end);
    if (!end || end == w->end || *end != ':')
        return false;
    *name = (struct str){w->p + 1, (size_t)(end - w->p - 2)};
    w->p = end + 1;
    return take_value(w, value);
}

struct str raw_find(struct str object, const char *name)
{
    struct raw_walk w;
    struct str n, v;
    if (raw_enter(&w, object, '{'))
        while (raw_member(&w, &n, &v))
            if (str_is(n, name))
                return v;
    return STR_NONE;
}

bool raw_number(struct str value, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        unsigned digit = (unsigned)value.p[i] - '0';
        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return value.n > 0;
}
