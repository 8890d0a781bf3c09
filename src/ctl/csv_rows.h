/* Rows of CSV (RFC 4180) to inputs as JSON. The header row names the members; a cell without content is an absent
 * member, the word null clears it, and where no column is called op, every row is an enrolment. */
#ifndef CTL_CSV_ROWS_H
#define CTL_CSV_ROWS_H

#include "base/buf.h"
#include "base/err.h"

struct csv_rows;

enum csv_got {
    CSV_GOT_NOTHING,      /* an empty line, the header, or a row that goes on in the next line */
    CSV_GOT_ROW,          /* an input, in json */
    CSV_GOT_FAULT,        /* a row that is none, in fault; the next line begins another */
    CSV_GOT_HEADER_FAULT, /* no row can be read: fault says why */
};

struct csv_rows *csv_rows_new(void);
void csv_rows_free(struct csv_rows *c);

/* One physical line, without its newline. What is returned holds until the next call. */
enum csv_got csv_rows_feed(struct csv_rows *c, struct str line);
/* Behind the last line: a row that was not finished is a fault. */
enum csv_got csv_rows_end(struct csv_rows *c);

struct str csv_rows_json(const struct csv_rows *c);
const char *csv_rows_fault(const struct csv_rows *c);
/* How many lines the row returned last took, this one included. */
unsigned csv_rows_lines(const struct csv_rows *c);

#endif
