#include "message/pieces.h"

#include <stdlib.h>

struct parser {
    struct pieces *out;
    struct str text;
    size_t at;
    enum event_type on;
    unsigned part; /* the index of the open part's piece, plus one; 0: none */
    bool part_has_variable;
    struct faults *faults;
};

static struct piece *add(struct pieces *p, enum piece_kind kind)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 8;
        p->v = mem_resize(p->v, p->cap, sizeof *p->v);
    }
    p->v[p->n] = (struct piece){.kind = kind};
    return &p->v[p->n++];
}

static bool stands(const struct parser *p, const char *two)
{
    return p->text.n - p->at >= 2 && memcmp(p->text.p + p->at, two, 2) == 0;
}

static void add_variable(struct parser *p, struct str name)
{
    const struct variable *v = variable_find(p->on, name);
    if (!v) {
        struct buf all = BUF_INIT;
        variables_list(&all, p->on);
        faults_add(p->faults, "{{%.*s}} is not a variable of %s: expected %.*s", (int)name.n, name.p,
                   event_type_text(p->on), (int)all.n, all.p);
        buf_done(&all);
        return;
    }
    p->part_has_variable = true;
    add(p->out, PIECE_VARIABLE)->variable = v;
}

static bool parse_variable(struct parser *p)
{
    size_t from = p->at + 2, to = from;
    while (to < p->text.n && p->text.p[to] != '{' && p->text.p[to] != '}')
        to++;
    p->at = to;
    if (!stands(p, "}}"))
        return false;
    add_variable(p, (struct str){p->text.p + from, to - from});
    p->at += 2;
    return true;
}

static bool open_part(struct parser *p)
{
    if (p->part) {
        faults_add(p->faults, "\"[[\" stands within [[ ]]: expected parts one after the other");
        return false;
    }
    add(p->out, PIECE_PART);
    p->part = p->out->n;
    p->part_has_variable = false;
    p->at += 2;
    return true;
}

static bool close_part(struct parser *p)
{
    if (!p->part) {
        faults_add(p->faults, "\"]]\" stands without \"[[\"");
        return false;
    }
    if (!p->part_has_variable)
        faults_add(p->faults,
                   "a part in [[ ]] has no variable: expected one, for without its value the part is left out");
    p->out->v[p->part - 1].end = p->out->n;
    p->part = 0;
    p->at += 2;
    return true;
}

static void parse_text(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.n && p->text.p[p->at] != '{' && p->text.p[p->at] != '}' && !stands(p, "[[") &&
           !stands(p, "]]"))
        p->at++;
    add(p->out, PIECE_TEXT)->text = (struct str){p->text.p + from, p->at - from};
}

/* False: what follows cannot be told apart any more. */
static bool parse_next(struct parser *p)
{
    if (stands(p, "[["))
        return open_part(p);
    if (stands(p, "]]"))
        return close_part(p);
    char c = p->text.p[p->at];
    if (c != '{' && c != '}') {
        parse_text(p);
        return true;
    }
    if (stands(p, "{{") && parse_variable(p))
        return true;
    faults_add(p->faults, "unbalanced braces: expected variables as {{name}}, and no other braces");
    return false;
}

void pieces_parse(struct pieces *out, struct str text, enum event_type on, struct faults *f)
{
    struct parser p = {.out = out, .text = text, .on = on, .faults = f};
    while (p.at < text.n)
        if (!parse_next(&p))
            return;
    if (p.part)
        faults_add(f, "\"[[\" stands without \"]]\"");
}

void pieces_done(struct pieces *p)
{
    free(p->v);
    *p = (struct pieces){NULL, 0, 0};
}

static bool part_given(const struct pieces *p, unsigned from, unsigned to, const struct event *e,
                       const struct recipient *r)
{
    for (unsigned i = from; i < to; i++)
        if (p->v[i].kind == PIECE_VARIABLE && !variable_given(p->v[i].variable, e, r))
            return false;
    return true;
}

void pieces_render(const struct pieces *p, const struct forms *f, const struct event *e, const struct recipient *r,
                   struct buf *out)
{
    for (unsigned i = 0; i < p->n; i++) {
        const struct piece *v = &p->v[i];
        switch (v->kind) {
        case PIECE_TEXT: buf_addstr(out, v->text); break;
        case PIECE_VARIABLE: variable_write(v->variable, f, e, r, out); break;
        case PIECE_PART: i = part_given(p, i + 1, v->end, e, r) ? i : v->end - 1; break;
        }
    }
}

void pieces_longest(const struct pieces *p, const struct forms *f, struct buf *out)
{
    for (unsigned i = 0; i < p->n; i++) {
        if (p->v[i].kind == PIECE_TEXT)
            buf_addstr(out, p->v[i].text);
        else if (p->v[i].kind == PIECE_VARIABLE)
            buf_adds(out, f->longest[p->v[i].variable->kind]);
    }
}
