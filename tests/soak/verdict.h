/* The soak's end: what arrived and what the daemon says of it, held against the log. */
#ifndef TESTS_SOAK_VERDICT_H
#define TESTS_SOAK_VERDICT_H

#include "tests/soak/arrivals.h"
#include "tests/soak/inputs.h"
#include "tests/soak/rows.h"

struct verdict_on {
    const struct arrivals *arrivals;
    const struct rows *rows;
    const struct facts *facts;
    const struct counts *counts; /* of its receiver */
};

/* An endpoint for events: each arrived, or was given up where that may be; in order; with marks. */
void judge_events(const struct verdict_on *v);
/* A gateway: nothing twice, and a word on everything. */
void judge_messages(const struct verdict_on *v, const struct inputs *in);
void judge_receiver(const struct verdict_on *v);

#endif
