#include "ctl/csv_rows.h"

#include "codec/input_table.h"
#include "codec/repeatable.h"
#include "ctl/lines.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>

#define CSV_OPTIONS (CSV_STRICT | CSV_STRICT_FINI)
#define ROW_BYTES_MAX INPUT_LINE_MAX /* an input takes about as much as its row */

struct csv_rows {
    struct csv_parser parser;
    const struct member_row *columns[MEMBERS];
    unsigned n_columns;
    bool has_op, header_read;
    /* the row at hand */
    unsigned cells, lines;
    size_t bytes;
    bool done, empty; /* done: the next line begins a row */
    struct buf json;
    struct errmsg fault; /* empty: none */
};

struct csv_rows *csv_rows_new(void)
{
    struct csv_rows *c = mem_zalloc(1, sizeof *c);
    csv_init(&c->parser, CSV_OPTIONS); /* fails only for want of a parser */
    c->done = true;
    return c;
}

void csv_rows_free(struct csv_rows *c)
{
    if (!c)
        return;
    csv_free(&c->parser);
    buf_done(&c->json);
    free(c);
}

/* --- the header --- */

static const struct member_row *find_member(struct str name)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (str_eq(member_rows[i].name, name))
            return &member_rows[i];
    }
    return NULL;
}

static void add_column(struct csv_rows *c, struct str name)
{
    const struct member_row *m = find_member(name);
    if (!m) {
        if (repeatable(name))
            err_set(&c->fault, ERR_INVALID, "column \"%.*s\" is no member of an input; expected id, policy, ...",
                    (int)name.n, name.p);
        else /* the first row of people, perhaps */
            err_set(&c->fault, ERR_INVALID, "column %u is no member of an input; expected a header: id, policy, ...",
                    c->n_columns + 1);
        return;
    }
    for (unsigned i = 0; i < c->n_columns; i++) {
        if (c->columns[i] == m) {
            err_set(&c->fault, ERR_INVALID, "column \"%s\" stands twice in the header", m->name.p);
            return;
        }
    }
    c->columns[c->n_columns++] = m;
    c->has_op |= m->type == MEMBER_OP;
}

/* --- cells --- */

/* A number that JSON would take as it stands. */
static bool is_number(struct str s)
{
    size_t i = s.n > 1 && s.p[0] == '-';
    if (s.n == i || s.n > 20 || (s.p[i] == '0' && s.n > i + 1))
        return false;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return true;
}

/* A cell that is not what its member takes is handed on as text, and refused by name where inputs are checked. */
static void add_cell(struct csv_rows *c, const struct member_row *m, struct str cell)
{
    if (c->json.n > 1)
        buf_addc(&c->json, ',');
    buf_addc(&c->json, '"');
    buf_addstr(&c->json, m->name);
    BUF_LIT(&c->json, "\":");
    if (str_is(cell, "null") || (m->type == MEMBER_AMOUNT && is_number(cell)))
        buf_addstr(&c->json, cell);
    else
        buf_add_json(&c->json, cell);
}

static void on_cell(void *p, size_t n, void *arg)
{
    struct csv_rows *c = arg;
    struct str cell = {p, n};
    if (c->fault.text[0])
        return;
    if (!c->header_read) {
        add_column(c, cell);
        return;
    }
    if (c->cells < c->n_columns && n > 0) {
        add_cell(c, c->columns[c->cells], cell);
        c->empty = false;
    }
    c->cells++;
}

static void on_row(int end, void *arg)
{
    struct csv_rows *c = arg;
    (void)end;
    c->done = true;
}

/* --- rows --- */

static void begin_row(struct csv_rows *c)
{
    c->cells = c->lines = 0;
    c->bytes = 0;
    c->done = false;
    c->empty = true;
    c->fault.text[0] = '\0';
    buf_clear(&c->json);
    buf_addc(&c->json, '{');
    if (!c->has_op)
        BUF_LIT(&c->json, "\"op\":\"enrol\"");
}

static enum csv_got fault(struct csv_rows *c)
{
    /* Whatever the parser still waits for is given up. */
    csv_free(&c->parser);
    csv_init(&c->parser, CSV_OPTIONS);
    c->done = true;
    return c->header_read ? CSV_GOT_FAULT : CSV_GOT_HEADER_FAULT;
}

static enum csv_got end_row(struct csv_rows *c)
{
    if (!c->header_read) {
        c->header_read = true;
        return CSV_GOT_NOTHING;
    }
    if (c->cells != c->n_columns) {
        err_set(&c->fault, ERR_INVALID, "%u cells, expected %u as in the header", c->cells, c->n_columns);
        return fault(c);
    }
    if (c->empty)
        return CSV_GOT_NOTHING;
    buf_addc(&c->json, '}');
    return CSV_GOT_ROW;
}

/* What stands in a line that no row of ours has; NULL: nothing. */
static const char *line_fault(const struct csv_rows *c, struct str line)
{
    const char *cr = memchr(line.p, '\r', line.n);
    if (c->bytes > ROW_BYTES_MAX)
        return c->lines > 1 ? "a cell's closing quote is missing" : "the row is too long";
    if (cr && cr + 1 != line.p + line.n)
        return "a carriage return inside the line; expected lines that end in LF or CR LF";
    return NULL;
}

enum csv_got csv_rows_feed(struct csv_rows *c, struct str line)
{
    if (c->done) {
        if (line_is_blank(line))
            return CSV_GOT_NOTHING;
        begin_row(c);
    }
    c->lines++;
    c->bytes += line.n + 1;
    const char *wrong = line_fault(c, line);
    if (!wrong && (csv_parse(&c->parser, line.p, line.n, on_cell, on_row, c) != line.n ||
                   csv_parse(&c->parser, "\n", 1, on_cell, on_row, c) != 1))
        wrong = "a quote stands inside a cell; expected it around the whole cell, and doubled within";
    if (wrong && !c->fault.text[0])
        err_set(&c->fault, ERR_INVALID, "%s", wrong);
    if (c->fault.text[0])
        return fault(c);
    return c->done ? end_row(c) : CSV_GOT_NOTHING;
}

enum csv_got csv_rows_end(struct csv_rows *c)
{
    if (c->done && c->header_read)
        return CSV_GOT_NOTHING;
    err_set(&c->fault, ERR_INVALID, "%s",
            c->done ? "expected a header row that names the columns" : "a cell's closing quote is missing");
    return fault(c);
}

struct str csv_rows_json(const struct csv_rows *c)
{
    return buf_str(&c->json);
}

const char *csv_rows_fault(const struct csv_rows *c)
{
    return c->fault.text;
}

unsigned csv_rows_lines(const struct csv_rows *c)
{
    return c->lines;
}
