/* Tables for people: cells in columns as wide as they need. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "base/buf.h"

#define TABLE_COLUMNS 12

struct table {
    unsigned columns;
    bool right[TABLE_COLUMNS]; /* numbers */
    unsigned width[TABLE_COLUMNS];
    unsigned cells;
    struct buf text; /* the cells, each with a NUL behind it, row by row */
};

/* headings: one a column; one that begins with ">" (which is not shown) aligns its column to the right. */
void table_init(struct table *t, const char *const *headings, unsigned columns);
void table_done(struct table *t);
/* The next cell; NULL is "-". */
void table_add(struct table *t, const char *cell);
void table_add_count(struct table *t, int64_t n);
/* All rows that were filled, on stdout, each behind the indent. */
void table_print(const struct table *t, const char *indent);
/* Columns of the screen that a row takes. */
unsigned table_width(const struct table *t);
/* Prints one row (0: the headings) without its newline, for whoever adds to it; returns the first byte behind. */
const char *table_print_row(const struct table *t, const char *row);

#endif
