#include "http/server/lines.h"

void line_reader_init(struct line_reader *r, size_t max)
{
    *r = (struct line_reader){.max = max};
}

void line_reader_done(struct line_reader *r)
{
    buf_done(&r->start);
}

static bool is_blank(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
            return false;
    return true;
}

/* Keeps the bytes of an unfinished line, or starts skipping it. */
static void keep(struct line_reader *r, const char *p, size_t n)
{
    if (r->skipping || r->start.n + n > r->max) {
        r->skipping = true;
        buf_clear(&r->start);
    } else {
        buf_add(&r->start, p, n);
    }
}

/* The line that ends with the n bytes at p. */
static enum line_kind finish(struct line_reader *r, const char *p, size_t n, struct str *line)
{
    r->number++;
    if (r->start.n || r->skipping) {
        keep(r, p, n);
        r->given = true;
        *line = buf_str(&r->start);
    } else {
        r->skipping = n > r->max;
        *line = (struct str){p, n};
    }
    if (r->skipping) {
        r->skipping = false;
        return LINE_TOO_LONG;
    }
    return is_blank(*line) ? LINE_NONE : LINE_WHOLE;
}

static void forget_given(struct line_reader *r)
{
    if (r->given)
        buf_clear(&r->start);
    r->given = false;
}

enum line_kind line_next(struct line_reader *r, const char **p, const char *end, struct str *line)
{
    while (*p < end) {
        const char *start = *p, *newline = memchr(start, '\n', (size_t)(end - start));
        forget_given(r);
        *p = newline ? newline + 1 : end;
        if (!newline) {
            keep(r, start, (size_t)(end - start));
            return LINE_NONE;
        }
        enum line_kind kind = finish(r, start, (size_t)(newline - start), line);
        if (kind != LINE_NONE)
            return kind;
    }
    return LINE_NONE;
}

enum line_kind line_last(struct line_reader *r, struct str *line)
{
    forget_given(r);
    return r->start.n || r->skipping ? finish(r, "", 0, line) : LINE_NONE;
}
