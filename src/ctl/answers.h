/* The daemon's answer to one body of inputs, taken apart as it comes in: counted, kept, faults told. */
#ifndef CTL_ANSWERS_H
#define CTL_ANSWERS_H

#include "ctl/bodies.h"
#include "ctl/tally.h"

#include <stdio.h>

#define FAULTS_TOLD 20 /* faults of lines that are told one by one; the rest is counted */

/* Over all bodies of an import. */
struct answers {
    struct tally tally;
    FILE *keep;     /* --results, or NULL */
    bool name_file; /* kept results name their file: there are several */
    uint64_t told;
    /* the body at hand */
    const struct body *body;
    uint32_t answered; /* its lines */
    uint32_t mark, fault;
    bool ended;      /* {"lines":n} came */
    struct buf line; /* of the answer, while it is not whole */
};

void answers_begin(struct answers *a, const struct body *body);
/* Any piece of the answer. */
void answers_feed(struct answers *a, const char *p, size_t n);
/* Behind the answer. Was it whole, a result for each line? */
bool answers_end(struct answers *a);
void answers_done(struct answers *a);

#endif
