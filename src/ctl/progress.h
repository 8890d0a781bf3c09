/* How far a long command is, on stderr: a bar on a terminal, else a line every few seconds where it was asked for. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include "base/str.h"

#include <stdint.h>

struct progress {
    bool bar, lines;
    uint64_t total;         /* bytes, or (counted) as many as are counted; 0: not known */
    bool counted;           /* false unless it is set after progress_begin() */
    const char *noun;       /* what is counted; "inputs" unless it is set after progress_begin() */
    int64_t started, drawn; /* monotonic nanoseconds */
};

/* asked: also where stderr is no terminal. */
void progress_begin(struct progress *p, uint64_t total, bool asked);
/* done: bytes of total; count: how many inputs that was. Draws at most ten times a second. */
void progress_show(struct progress *p, uint64_t done, uint64_t count);
/* Clears the bar's line, so that other words may follow. */
void progress_clear(struct progress *p);
/* Seconds since it began, at least a millisecond. */
double progress_seconds(const struct progress *p);

#endif
