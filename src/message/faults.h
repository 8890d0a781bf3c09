/* What is wrong with the messages of a configuration: a line each, in front of it where it stands and whose fault it
 * is. */
#ifndef MESSAGE_FAULTS_H
#define MESSAGE_FAULTS_H

#include "base/buf.h"

struct faults {
    struct buf *lines;
    const char *place;          /* "FILE:LINE"; NULL: of no file */
    const char *section, *name; /* message "NAME", endpoint "NAME" */
    unsigned n;
};

void faults_add(struct faults *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
