/* What stands in the configuration's files, as statements, before anyone asks what it means; and the faults found in
 * them, at that time or later. */
#ifndef CONFIG_READING_H
#define CONFIG_READING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define READING_FILES_MAX 32
#define READING_STATEMENTS_MAX 10000
#define READING_FAULTS_MAX 100

enum statement_kind {
    STATEMENT_SECTION, /* policy "national" {; key is empty */
    STATEMENT_SET,     /* key = value, key = { value, ... } */
    STATEMENT_CALL,    /* key(value, ...), other than include() */
};

/* A section's statement stands before those within it. */
struct statement {
    enum statement_kind kind;
    unsigned file, line; /* file: index into the reading's */
    long within;         /* index of the section's statement, -1 outside of sections */
    char *section;       /* its name; "root" outside of sections */
    char *title, *key;   /* may be empty */
    char **values;
    unsigned n_values;
};

struct fault {
    unsigned file, line;
    size_t number; /* the order in which they were found */
    char *text;
};

struct reading {
    char **files; /* the first is the one named; the others are included ones */
    unsigned n_files;
    struct statement *v;
    size_t n, cap;
    struct fault *faults;
    size_t n_faults;
    bool torn; /* a file could not be read to its end: what is missing may be there */
};

/* Reads file and what it includes. Faults of syntax are in the reading. */
void reading_init(struct reading *r, const char *file);
void reading_done(struct reading *r);

/* text: what is wrong, and what was expected. */
void reading_fault(struct reading *r, unsigned file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends every fault as a line "FILE:LINE: text", in the order of the files and lines. */
void reading_report(struct reading *r, struct buf *out);

#endif
