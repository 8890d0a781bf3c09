#include "ctl/template.h"

#include "ctl/text.h"

#define PATH_MAX_BYTES 64

struct filling {
    struct buf *b;
    const struct json *values;
    template_fact_fn *fact;
    void *arg;
    bool shown; /* everything in this part has something to show */
};

/* false: there is nothing to show. */
static bool add_value(struct buf *b, const char *path, char how, const struct json *values)
{
    char text[TEXT_COUNT];
    const char *string = json_text(values, path);
    int64_t n = json_number(values, path, 0);
    if (how == '?')
        return json_bool(values, path);
    if (how == '#')
        n = (int64_t)json_count(json_get(values, path));
    if (string)
        text_add_safe(b, string);
    else if (how == '$')
        buf_adds(b, text_money(n, text));
    else
        buf_add_i64(b, n);
    return string || n != 0;
}

static bool add_named(const struct filling *f, const char *name, char how)
{
    if (name[0] == '@')
        return f->fact && f->fact(f->arg, name + 1, f->b);
    return add_value(f->b, name, how, f->values);
}

/* One placeholder, p behind its brace; returns the place behind it. */
static const char *add_placeholder(struct filling *f, const char *p)
{
    char path[PATH_MAX_BYTES];
    size_t n = strcspn(p, "}"), name = strcspn(p, "}$#?");
    if (name < sizeof path) {
        memcpy(path, p, name);
        path[name] = '\0';
        f->shown &= add_named(f, path, p[name]);
    }
    return p + n + (p[n] == '}');
}

/* Up to the stop character; returns the place of it. */
static const char *add_part(struct filling *f, const char *p, char stop)
{
    while (*p && *p != stop) {
        if (*p == '{')
            p = add_placeholder(f, p + 1);
        else
            buf_addc(f->b, *p++);
    }
    return p;
}

void template_fill(struct buf *b, const char *p, const struct json *values, template_fact_fn *fact, void *arg)
{
    struct filling f = {.b = b, .values = values, .fact = fact, .arg = arg};
    while (*p) {
        f.shown = true;
        if (*p != '[') {
            p = add_part(&f, p, '[');
            continue;
        }
        size_t before = b->n;
        p = add_part(&f, p + 1, ']');
        p += *p == ']';
        if (!f.shown)
            b->n = before;
    }
}

void template_add(struct buf *b, const char *template, const struct json *values)
{
    template_fill(b, template, values, NULL, NULL);
}
