/* What the interface counts of its requests, for the metrics. Pure. */
#ifndef HTTP_COUNTS_H
#define HTTP_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/* A request's answer by the first digit of its status; 0: it ended without any. */
#define STATUS_CLASSES 6
#define DURATION_BOUNDS 12

extern const double duration_bounds[DURATION_BOUNDS]; /* seconds */

struct route_counts {
    uint64_t answers[STATUS_CLASSES];
    uint64_t durations[DURATION_BOUNDS + 1];
    uint64_t duration_ns; /* all together */
};

/* Refusals that tell of a caller's mistake, or of an attack. */
enum refusal { REFUSED_401, REFUSED_403, REFUSED_429, REFUSAL_N };

struct counts {
    struct route_counts *routes; /* n + 1: the last is of what no route takes */
    size_t n;
    uint64_t in_progress;
    uint64_t refused[REFUSAL_N];
};

struct counts *counts_new(size_t routes);
void counts_free(struct counts *c); /* NULL is fine */

void counts_begin(struct counts *c);
/* route: below n, or n for none; status: 0 when there was no answer; ns: from the header to the last byte. */
void counts_end(struct counts *c, size_t route, unsigned status, int64_t ns);

unsigned refusal_status(enum refusal r);

#endif
