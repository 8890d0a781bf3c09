/* One seed's life: some hundred steps of a small town and its daemon, with everything that can go wrong. */
#ifndef TESTS_SIM_LIFE_H
#define TESTS_SIM_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/confs.h"

struct life;

struct life *life_new(const struct conf confs[CONFS]);
void life_free(struct life *l);
/* Lives it, and returns what its trace hashes to. What goes wrong ends the program (trace.h). */
uint64_t life_live(struct life *l, uint64_t seed, bool print);

#endif
