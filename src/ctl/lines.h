/* A file of inputs, line by line. */
#ifndef CTL_LINES_H
#define CTL_LINES_H

#include "codec/input_json.h"

/* A longer line is cut to this length: still too long for whoever parses it, who says so, and the rest needs no
 * memory. */
#define LINE_KEPT (INPUT_LINE_MAX + 1)

struct lines {
    const char *file; /* for messages; "-" is stdin */
    int fd;
    char *block;
    size_t start, end;
    bool ended;
    uint64_t number; /* of the line returned last, from 1 */
    uint64_t taken;  /* bytes of the file up to that line's end */
};

enum err lines_open(struct lines *l, const char *file, struct errmsg *msg) ERR_MUSTCHECK;
/* The next line without its newline, in the block until the next call. NULs stand in it as they are; a byte order
 * mark before the first line does not. ERR_END. */
enum err lines_next(struct lines *l, struct str *line, struct errmsg *msg) ERR_MUSTCHECK;
void lines_close(struct lines *l);

/* Nothing but spaces, tabs and a carriage return: no input. */
static inline bool line_is_blank(struct str line)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t' || line.p[i] == '\r'))
        i++;
    return i == line.n;
}

/* The bytes of a regular file; 0 where it cannot be known. */
uint64_t lines_file_size(const char *file);

#endif
