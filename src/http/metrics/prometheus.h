/* Prometheus' text format 0.0.4: families of metrics, each with its HELP and TYPE, then its samples. Pure. */
#ifndef HTTP_PROMETHEUS_H
#define HTTP_PROMETHEUS_H

#include "base/buf.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define LABELS_MAX 3

enum family_kind { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM, FAMILY_KIND_N };

struct family {
    const char *name; /* a counter's ends in _total, a histogram's and any time's in _seconds */
    enum family_kind kind;
    const char *labels[LABELS_MAX]; /* NULL behind the last one */
    const char *help;               /* one sentence, without its full stop */
};

/* A histogram as it was counted: of each bucket by itself, not summed up. */
struct histogram {
    const double *bounds;   /* ascending; n of them */
    const uint64_t *counts; /* n + 1: the last is of what is beyond the last bound */
    unsigned n;
    double sum;
};

/* Families are written one after the other: a family's samples stand together. */
struct exposition {
    struct buf *out;
    const struct family *family;
};

const char *family_kind_text(enum family_kind kind); /* "counter" */

void exposition_family(struct exposition *e, const struct family *f);

/* A sample of the family. values: one for each of its labels; any text in UTF-8; NULL where there are none. */
void exposition_count(struct exposition *e, const struct str *values, uint64_t n);
void exposition_number(struct exposition *e, const struct str *values, double v);
void exposition_histogram(struct exposition *e, const struct str *values, const struct histogram *h);

/* The bucket that v belongs into: 0 to n. */
unsigned histogram_bucket(const double *bounds, unsigned n, double v);

#endif
