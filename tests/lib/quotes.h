/* JSON in C, legible: tests write ' where " is meant, and see answers so, too. Neither has a ' of its own. */
#ifndef TESTS_QUOTES_H
#define TESTS_QUOTES_H

#include "base/buf.h"

static inline void quotes_replace(struct buf *b, size_t from, char old, char new)
{
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] == old)
            b->p[i] = new;
}

/* For what is sent: appends text, every ' made ". */
static inline void add_json(struct buf *b, struct str text)
{
    size_t from = b->n;
    buf_addstr(b, text);
    quotes_replace(b, from, '\'', '"');
}

/* For what came: every " made '. */
static inline void see_json(struct buf *b)
{
    quotes_replace(b, 0, '"', '\'');
}

#endif
