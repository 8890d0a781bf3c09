/* A folder for what a command needs the disk for, and nobody afterwards. */
#ifndef CTL_SCRATCH_H
#define CTL_SCRATCH_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct scratch {
    char path[4096]; /* "": there is none */
};

/* Makes one of its own below `below` (NULL: $TMPDIR, or /var/tmp), where there must be room for so many bytes. */
enum err scratch_make(struct scratch *s, const char *below, uint64_t bytes, struct errmsg *msg) ERR_MUSTCHECK;
/* Removes it with all that is in it. */
void scratch_remove(struct scratch *s);

/* Keeps the signals that end a program from doing so before it has tidied up: they wait, and scratch_interrupted() says
 * that one has come. Once it has tidied up, scratch_let_go() lets it end by it. */
void scratch_hold_signals(void);
bool scratch_interrupted(void);
void scratch_let_go(void);

#endif
