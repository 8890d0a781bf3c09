/* What is told of a difference: where it is, what it is about, and which member differs. */
#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"
#include "engine/verify/verifying.h"

static void keep(char *out, size_t size, struct str s)
{
    snprintf(out, size, "%.*s", (int)s.n, s.p ? s.p : "");
}

/* The place of the event in hand, and the event itself. */
static struct difference *about_event(struct verify *v, struct str expected)
{
    struct difference *d = &v->out->difference;
    struct buf place = BUF_INIT;
    struct errmsg ignored;
    d->seq = v->ev->seq;
    if (store_where(v->store, d->seq, &place, &ignored) == ERR_OK)
        keep(d->place, sizeof d->place, buf_str(&place));
    buf_done(&place);
    keep(d->type, sizeof d->type, str_of(event_type_text(v->ev->type)));
    keep(d->subject, sizeof d->subject, v->ev->subject);
    buf_clear(&d->found);
    buf_addstr(&d->found, v->line);
    buf_clear(&d->expected);
    if (expected.p)
        buf_addstr(&d->expected, expected);
    return d;
}

enum err differ(struct verify *v, const char *member, struct str expected, const char *format, ...)
{
    struct difference *d = about_event(v, expected);
    va_list args;
    keep(d->member, sizeof d->member, str_of(member));
    va_start(args, format);
    vsnprintf(d->text, sizeof d->text, format, args);
    va_end(args);
    return ERR_DAMAGED;
}

enum err differ_beside(struct verify *v, const char *place, const char *format, ...)
{
    struct difference *d = &v->out->difference;
    va_list args;
    keep(d->place, sizeof d->place, str_of(place));
    va_start(args, format);
    vsnprintf(d->text, sizeof d->text, format, args);
    va_end(args);
    return ERR_DAMAGED;
}

/* --- which member differs --- */

/* The end of the string that begins at i. */
static size_t string_end(struct str line, size_t i)
{
    for (i++; i < line.n && line.p[i] != '"'; i++)
        if (line.p[i] == '\\')
            i++;
    return i < line.n ? i + 1 : line.n;
}

/* The outermost two names of members around or before byte `at`: "data.due_on". */
struct member_walk {
    struct str names[2];
    int depth;
};

static void walk_to(struct str line, size_t at, struct member_walk *w)
{
    *w = (struct member_walk){.depth = 0};
    for (size_t i = 0; i < line.n && i <= at;) {
        char c = line.p[i];
        if (c == '"') {
            size_t end = string_end(line, i);
            if (end < line.n && line.p[end] == ':' && w->depth >= 1 && w->depth <= 2) {
                w->names[w->depth - 1] = (struct str){line.p + i + 1, end - i - 2};
                if (w->depth == 1)
                    w->names[1] = STR_NONE;
            }
            i = end;
            continue;
        }
        if (c == '{' || c == '[')
            w->depth++;
        if (c == '}' || c == ']')
            w->depth--;
        i++;
    }
}

static void name_member(struct str line, size_t at, char *out, size_t size)
{
    struct member_walk w;
    walk_to(line, at, &w);
    if (w.names[1].p)
        snprintf(out, size, "%.*s.%.*s", (int)w.names[0].n, w.names[0].p, (int)w.names[1].n, w.names[1].p);
    else
        keep(out, size, w.names[0]);
}

/* The value of the member at that byte, for a person: what stands behind the last name, as far as the next member. */
static struct str value_at(struct str line, size_t at)
{
    size_t start = 0, i = 0;
    int depth = 0;
    while (i < line.n) {
        char c = line.p[i];
        if (c == '"') {
            size_t end = string_end(line, i);
            bool is_name = end < line.n && line.p[end] == ':' && depth <= 2;
            if (is_name && i > at)
                break;
            start = is_name ? end + 1 : start;
            i = end;
            continue;
        }
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        i++;
    }
    while (i > start && (line.p[i - 1] == ',' || line.p[i - 1] == '}'))
        i--;
    return (struct str){line.p + start, i - start};
}

enum err differ_line(struct verify *v, struct str expected)
{
    size_t at = 0;
    while (at < expected.n && at < v->line.n && expected.p[at] == v->line.p[at])
        at++;
    struct difference *d = about_event(v, expected);
    name_member(expected, at, d->member, sizeof d->member);
    struct str wanted = value_at(expected, at), found = value_at(v->line, at);
    snprintf(d->text, sizeof d->text, "%s: expected %.*s, found %.*s", d->member, wanted.n > 200 ? 200 : (int)wanted.n,
             wanted.p, found.n > 200 ? 200 : (int)found.n, found.p);
    return ERR_DAMAGED;
}
