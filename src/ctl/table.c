#include "ctl/table.h"
#include "ctl/screen.h"
#include "ctl/text.h"

#include <stdio.h>
#include <unistd.h>

#define GAP 2      /* columns of the screen between two of the table */
#define TEXT_MIN 8 /* a column of text is not cut shorter than that */

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

/* --- fitting --- */

unsigned table_width(const struct table *t)
{
    unsigned width = GAP * (t->columns - 1);
    for (unsigned i = 0; i < t->columns; i++)
        width += t->width[i];
    return width;
}

/* The widest column of text that may still be cut; -1: there is none. */
static int widest(const struct table *t)
{
    int found = -1;
    for (unsigned i = 0; i < t->columns; i++)
        if (!t->right[i] && t->width[i] > TEXT_MIN && (found < 0 || t->width[i] > t->width[found]))
            found = (int)i;
    return found;
}

bool table_fit(struct table *t, unsigned screen)
{
    unsigned before[TABLE_COLUMNS];
    memcpy(before, t->width, sizeof before);
    while (table_width(t) > screen) {
        int i = widest(t);
        if (i < 0) {
            memcpy(t->width, before, sizeof before);
            return false;
        }
        t->width[i]--;
    }
    return true;
}

/* --- rows --- */

const char *table_print_row(const struct table *t, const char *cell)
{
    for (unsigned i = 0; i < t->columns; i++) {
        struct str s = str_of(cell);
        unsigned width = text_width(s), kept = width;
        bool last = i + 1 == t->columns;
        size_t n = s.n;
        if (width > t->width[i] && !t->right[i])
            n = text_cut(s, t->width[i] - 1, &kept);
        int pad = (int)t->width[i] - (int)kept - (n < s.n);
        printf("%*s%.*s%s%*s", t->right[i] && pad > 0 ? pad : 0, "", (int)n, s.p, n < s.n ? "…" : "",
               t->right[i] || last || pad < 0 ? 0 : pad, "");
        if (!last)
            printf("%*s", GAP, "");
        cell += s.n + 1;
    }
    return cell;
}

static const char *skip_row(const struct table *t, const char *cell)
{
    for (unsigned i = 0; i < t->columns; i++)
        cell += strlen(cell) + 1;
    return cell;
}

/* The text on as many lines as it needs, all but the first behind `margin` columns. */
static void print_wrapped(struct str s, unsigned margin, unsigned screen)
{
    unsigned room = screen > margin + TEXT_MIN ? screen - margin : TEXT_MIN, taken;
    size_t n = text_cut(s, room, &taken);
    printf("%.*s\n", (int)n, s.p);
    for (s = (struct str){s.p + n, s.n - n}; s.n; s = (struct str){s.p + n, s.n - n}) {
        n = text_cut(s, room, &taken);
        printf("%*s%.*s\n", (int)margin, "", (int)n, s.p);
    }
}

/* A line a cell, behind its heading. */
static const char *print_block(const struct table *t, const char *cell, const char *indent, unsigned screen)
{
    unsigned widest_heading = 0;
    const char *heading = t->text.p;
    for (unsigned i = 0; i < t->columns; i++, heading += strlen(heading) + 1)
        if (text_width(str_of(heading)) > widest_heading)
            widest_heading = text_width(str_of(heading));
    heading = t->text.p;
    for (unsigned i = 0; i < t->columns; i++) {
        int pad = (int)(widest_heading - text_width(str_of(heading))) + GAP;
        printf("%s%s%*s", indent, heading, pad, "");
        print_wrapped(str_of(cell), (unsigned)strlen(indent) + widest_heading + GAP, screen);
        heading += strlen(heading) + 1;
        cell += strlen(cell) + 1;
    }
    return cell;
}

static void print(struct table *t, const char *indent, bool headings)
{
    unsigned screen = screen_width(STDOUT_FILENO), taken = (unsigned)strlen(indent), rows = t->cells / t->columns;
    bool fits = !screen || (screen > taken && table_fit(t, screen - taken));
    const char *row = fits && headings ? t->text.p : skip_row(t, t->text.p);
    for (unsigned i = fits && headings ? 0 : 1; i < rows; i++) {
        if (fits) {
            printf("%s", indent);
            row = table_print_row(t, row);
            putchar('\n');
        } else {
            printf("%s", i > 1 || !headings ? "\n" : "");
            row = print_block(t, row, indent, screen);
        }
    }
}

void table_print(struct table *t, const char *indent)
{
    print(t, indent, true);
}

void table_flush(struct table *t, const char *indent)
{
    print(t, indent, !t->flushed);
    t->flushed = true;
    t->text.n = (size_t)(skip_row(t, t->text.p) - t->text.p);
    t->cells = t->columns;
}
