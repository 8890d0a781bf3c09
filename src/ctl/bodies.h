/* Files of inputs cut into bodies of a bounded size, one ahead of whoever sends them, on a thread of its own. */
#ifndef CTL_BODIES_H
#define CTL_BODIES_H

#include "base/buf.h"
#include "base/err.h"

#define BODY_LINES_MAX 50000
#define BODY_BYTES_MAX ((size_t)16 << 20)

/* From the body's line `index` (from 0) on, they are the file's lines `line` (from 1) and following. */
struct body_mark {
    uint32_t index;
    uint64_t line;
};

/* A row that is no input: it stands before the body's line `index`. */
struct body_fault {
    uint32_t index;
    uint64_t line;
    char *text;
};

struct body {
    const char *file;
    struct buf text; /* lines, each with its newline */
    uint32_t n_lines;
    struct body_mark *marks; /* the first has index 0 unless there is no line */
    uint32_t n_marks, cap_marks;
    struct body_fault *faults;
    uint32_t n_faults, cap_faults;
    uint64_t file_bytes; /* of its file that it stands for */
    bool last;           /* nothing comes behind it */
    enum err err;        /* reading ended here: nothing comes behind it either */
    struct errmsg msg;
};

struct bodies;

/* The names stay the caller's. A file ending in .csv is CSV, any other NDJSON. */
struct bodies *bodies_open(char *const *files, int n, uint32_t max_lines);
/* The next body, until the next call; never NULL: whoever asks stops behind one that is last or has err. */
const struct body *bodies_next(struct bodies *b);
/* May come before the last body. */
void bodies_close(struct bodies *b);

#endif
