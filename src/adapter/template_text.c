#include "adapter/template_text.h"

#include <stdlib.h>

#include "adapter/json_pick.h"
#include "adapter/template_value.h"

#define SHOWN 64 /* bytes of an unknown variable's name in a fault */

/* Text, and the variable behind it. */
struct part {
    struct str literal;
    const struct template_variable *variable; /* NULL: the end */
    struct str name;
    bool bare; /* in JSON, outside of strings */
};

struct template_text {
    enum template_place place;
    struct part *parts;
    unsigned n;
};

/* --- parsing --- */

struct parsing {
    struct template_text *out;
    struct str text;
    const char *key;
    bool messages;
    size_t at;
    bool quoted;        /* JSON: within a string, */
    bool inner, filled; /* which has escaped quotes in it; which has a variable in it */
    struct errmsg *msg;
};

static enum err fault(const struct parsing *p, struct str name, const char *what)
{
    return err_set(p->msg, ERR_INVALID, "%s: {{%.*s}} at byte %zu %s", p->key, (int)(name.n < SHOWN ? name.n : SHOWN),
                   name.p, p->at + 1, what);
}

static enum err fault_at(const struct parsing *p, size_t at, const char *what)
{
    return err_set(p->msg, ERR_INVALID, "%s: byte %zu: %s", p->key, at + 1, what);
}

/* May the operator's own text hold this byte in this place? */
static bool literal_byte_good(enum template_place place, unsigned char c)
{
    switch (place) {
    case PLACE_URL: return c > ' ' && c <= '~' && c != '{' && c != '}';
    case PLACE_HEADER: return c >= ' ' && c != 0x7f;
    default: return c != '\0';
    }
}

/* One byte of JSON: where strings begin and end. A string with escaped quotes is taken for JSON of its own, and a value
 * would need to be escaped twice there. */
static enum err json_byte(struct parsing *p, size_t *i)
{
    char c = p->text.p[*i];
    if (c == '"') {
        p->quoted = !p->quoted;
        p->inner = p->filled = false;
    } else if (c == '\\' && p->quoted && *i + 1 < p->text.n) {
        p->inner |= p->text.p[++*i] == '"';
    }
    if (p->inner && p->filled)
        return fault_at(p, *i,
                        "quotes within a string that holds a variable: its value is escaped once only; "
                        "{{variables}} and {{data}} are whole objects");
    return ERR_OK;
}

static bool starts(struct str text, size_t at, const char *two)
{
    return at + 1 < text.n && text.p[at] == two[0] && text.p[at + 1] == two[1];
}

/* Goes over the operator's own text up to the next "{{" or the end. */
static enum err pass_literal(struct parsing *p, size_t *end)
{
    enum template_place place = p->out->place;
    size_t i = p->at;
    for (; i < p->text.n && !starts(p->text, i, "{{"); i++) {
        if (place != PLACE_JSON && starts(p->text, i, "}}"))
            return fault_at(p, i, "\"}}\" without a \"{{\" before it");
        if (!literal_byte_good(place, (unsigned char)p->text.p[i]))
            return fault_at(
                p, i, place == PLACE_URL ? "a character that must be percent-encoded in a URL" : "a control character");
        enum err e = place == PLACE_JSON ? json_byte(p, &i) : ERR_OK;
        if (e)
            return e;
    }
    *end = i;
    return ERR_OK;
}

static struct str trim(struct str s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t'))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static enum err check_place(struct parsing *p, const struct part *part)
{
    if (!part->variable)
        return fault(p, part->name, "is no variable");
    if (part->variable->message && !p->messages)
        return fault(p, part->name, "is a variable of messages, and this endpoint takes events");
    if (part->bare && !template_variable_bare(part->variable))
        return fault(p, part->name, "must stand in a string, between quotes");
    if (p->inner)
        return fault(p, part->name,
                     "stands in a string that holds quotes: its value is escaped once only; "
                     "{{variables}} and {{data}} are whole objects");
    p->filled = true;
    return ERR_OK;
}

/* "{{name}}" at p->at. */
static enum err take_variable(struct parsing *p, struct part *part)
{
    struct str rest = {p->text.p + p->at + 2, p->text.n - p->at - 2};
    const char *end = memmem(rest.p, rest.n, "}}", 2);
    if (!end)
        return fault_at(p, p->at, "\"{{\" without a \"}}\" behind it");
    part->name = trim((struct str){rest.p, (size_t)(end - rest.p)});
    part->variable = template_variable_find(part->name);
    part->bare = p->out->place == PLACE_JSON && !p->quoted;
    enum err e = check_place(p, part);
    p->at = (size_t)(end + 2 - p->text.p);
    return e;
}

static enum err parse(struct parsing *p)
{
    struct template_text *t = p->out;
    for (;;) {
        struct part part = {.variable = NULL};
        size_t from = p->at, end = from;
        enum err e = pass_literal(p, &end);
        if (e)
            return e;
        part.literal = (struct str){p->text.p + from, end - from};
        p->at = end;
        if (end < p->text.n && (e = take_variable(p, &part)) != ERR_OK)
            return e;
        t->parts = mem_resize(t->parts, t->n + 1, sizeof *t->parts);
        t->parts[t->n++] = part;
        if (!part.variable)
            return ERR_OK;
    }
}

/* JSON is tried with the simplest values that can stand there. */
static enum err check_json(const struct template_text *t, const char *key, struct errmsg *msg)
{
    struct buf sample = BUF_INIT, text = BUF_INIT;
    struct errmsg why;
    for (unsigned i = 0; i < t->n; i++) {
        buf_addstr(&sample, t->parts[i].literal);
        if (t->parts[i].bare)
            buf_addc(&sample, '0');
    }
    enum err e = json_pick(buf_str(&sample), NULL, 0, &text, &why);
    buf_done(&sample);
    buf_done(&text);
    return e ? err_set(msg, ERR_INVALID, "%s: with its variables filled in %s", key, why.text) : ERR_OK;
}

enum err template_text_new(struct str text, const char *key, enum template_place place, bool messages,
                           struct template_text **out, struct errmsg *msg)
{
    struct template_text *t = mem_zalloc(1, sizeof *t);
    t->place = place;
    struct parsing p = {.out = t, .text = text, .key = key, .messages = messages, .msg = msg};
    enum err e = parse(&p);
    if (!e && place == PLACE_JSON)
        e = check_json(t, key, msg);
    if (e)
        template_text_free(t);
    else
        *out = t;
    return e;
}

void template_text_free(struct template_text *t)
{
    if (!t)
        return;
    free(t->parts);
    free(t);
}

bool template_text_uses(const struct template_text *t, const char *name)
{
    for (unsigned i = 0; t && i < t->n; i++)
        if (t->parts[i].variable && str_is(t->parts[i].name, name))
            return true;
    return false;
}

/* --- rendering --- */

static enum err render_variable(const struct part *part, enum template_place place, const struct template_values *v,
                                struct buf *scratch, struct buf *out, struct errmsg *msg)
{
    if (part->bare)
        return template_variable_write(part->variable, v, part->name, out, msg);
    buf_clear(scratch);
    enum err e = template_variable_write(part->variable, v, part->name, scratch, msg);
    return e ? e : template_escape(place, buf_str(scratch), part->name, out, msg);
}

enum err template_text_render(const struct template_text *t, const struct template_values *v, struct buf *scratch,
                              struct buf *out, struct errmsg *msg)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct part *part = &t->parts[i];
        buf_addstr(out, part->literal);
        enum err e = part->variable ? render_variable(part, t->place, v, scratch, out, msg) : ERR_OK;
        if (e)
            return e;
    }
    return ERR_OK;
}
