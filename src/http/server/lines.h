/* Parts a body that arrives in pieces into lines, in bounded memory. */
#ifndef HTTP_LINES_H
#define HTTP_LINES_H

#include "base/buf.h"

enum line_kind {
    LINE_NONE,     /* the piece is used up */
    LINE_WHOLE,    /* a line that is not blank, without its newline */
    LINE_TOO_LONG, /* one longer than the limit; it was skipped */
};

struct line_reader {
    size_t max;       /* most bytes of a line, without its newline */
    uint64_t number;  /* of the line returned last, blank ones counted, from 1 */
    struct buf start; /* of a line whose end has not come: at most max bytes */
    bool skipping;    /* inside a line that is too long */
    bool given;       /* start was given out as the last line */
};

void line_reader_init(struct line_reader *r, size_t max);
void line_reader_done(struct line_reader *r);

/* Takes from *p, up to end; a line whose end has not come is kept for the next piece. line holds until the next call
 * and for as long as the piece does. Blank lines (spaces, tabs, carriage returns) are passed over. */
enum line_kind line_next(struct line_reader *r, const char **p, const char *end, struct str *line);
/* After the last piece: the last line, when it has no newline. */
enum line_kind line_last(struct line_reader *r, struct str *line);

#endif
