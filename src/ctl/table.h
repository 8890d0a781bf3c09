/* Tables for people: cells in columns as wide as they need, or as the terminal has room for. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "base/buf.h"

#define TABLE_COLUMNS 12

struct table {
    unsigned columns;
    bool right[TABLE_COLUMNS]; /* numbers: they are never cut */
    unsigned width[TABLE_COLUMNS];
    unsigned cells;
    bool flushed;    /* the headings were printed */
    struct buf text; /* the cells, each with a NUL behind it, row by row, the headings first */
};

/* headings: one a column; one that begins with ">" (which is not shown) aligns its column to the right. */
void table_init(struct table *t, const char *const *headings, unsigned columns);
void table_done(struct table *t);
/* The next cell; NULL is "-". */
void table_add(struct table *t, const char *cell);
void table_add_count(struct table *t, int64_t n);
/* All rows that were filled, on stdout, each behind the indent. On a terminal they fit: wide columns of text are cut,
 * and where even that is too wide each row is a block of lines. */
void table_print(struct table *t, const char *indent);
/* The same for what is too long to keep: prints the rows since the last time and forgets them. Columns stay as wide as
 * they have been. */
void table_flush(struct table *t, const char *indent);

/* Makes it fit, cutting text; false: it does not fit into so many columns of the screen. */
bool table_fit(struct table *t, unsigned screen);
/* Columns of the screen that a row takes. */
unsigned table_width(const struct table *t);
/* Prints one row (0: the headings) without its newline, for whoever adds to it; returns the first byte behind. */
const char *table_print_row(const struct table *t, const char *row);

#endif
