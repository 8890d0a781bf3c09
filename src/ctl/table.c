#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>

#define GAP 2 /* columns of the screen between two of the table */

void table_init(struct table *t, const char *const *headings, unsigned columns)
{
    *t = (struct table){.columns = columns};
    for (unsigned i = 0; i < columns; i++) {
        t->right[i] = headings[i][0] == '>';
        table_add(t, headings[i] + t->right[i]);
    }
}

void table_done(struct table *t)
{
    buf_done(&t->text);
}

void table_add(struct table *t, const char *cell)
{
    size_t before = t->text.n;
    text_add_safe(&t->text, cell ? cell : "-");
    unsigned column = t->cells++ % t->columns;
    unsigned width = text_width((struct str){t->text.p + before, t->text.n - before});
    if (t->width[column] < width)
        t->width[column] = width;
    buf_addc(&t->text, '\0');
}

void table_add_count(struct table *t, int64_t n)
{
    char text[TEXT_COUNT];
    table_add(t, n < 0 ? NULL : text_count((uint64_t)n, text));
}

unsigned table_width(const struct table *t)
{
    unsigned width = GAP * (t->columns - 1);
    for (unsigned i = 0; i < t->columns; i++)
        width += t->width[i];
    return width;
}

const char *table_print_row(const struct table *t, const char *cell)
{
    for (unsigned i = 0; i < t->columns; i++) {
        struct str s = str_of(cell);
        int pad = (int)(t->width[i] - text_width(s));
        bool last = i + 1 == t->columns;
        printf("%*s%s%*s", t->right[i] ? pad : 0, "", s.p, t->right[i] || last ? 0 : pad, "");
        if (!last)
            printf("%*s", GAP, "");
        cell += s.n + 1;
    }
    return cell;
}

void table_print(const struct table *t, const char *indent)
{
    const char *row = t->text.p;
    for (unsigned i = 0; i < t->cells / t->columns; i++) {
        printf("%s", indent);
        row = table_print_row(t, row);
        putchar('\n');
    }
}
