/* How calls of each kind can fail. */
#ifndef TESTS_FAULTS_WAYS_H
#define TESTS_FAULTS_WAYS_H

#include <stddef.h>

#include "tests/faults/control.h"

#define HALF 0  /* in place of an error: it does half of what it was asked to do */
#define WAYS 52 /* all of them */

struct way {
    enum faults_kind kind;
    int error;
};

extern const struct way ways[WAYS];
/* "EIO", or "short" */
const char *way_name(size_t way);

#endif
