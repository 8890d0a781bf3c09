/* What came of a simulation's inputs, as NDJSON. */
#ifndef CTL_SIM_RESULTS_H
#define CTL_SIM_RESULTS_H

#include "ctl/sim_inputs.h"
#include "engine/engine.h"

#include <stdio.h>

/* A line for each of the file's in its order, but for inputs later than until. results: by sim_line.order. Brings
 * in->lines into that order. Errors are left in f. */
void sim_results_write(struct sim_inputs *in, const struct input_result *results, lc_instant until, FILE *f);

#endif
