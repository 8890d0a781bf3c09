/* Randomness of the program, by dice: getrandom(); and what else would differ from one run to the next:
 * time(), priorities. */
#ifndef TESTS_SIM_CHANCE_H
#define TESTS_SIM_CHANCE_H

#include "tests/lib/tap.h"

/* What getrandom() gives from now on; NULL: the kernel's. */
void chance_dice(struct rng *dice);
void chance_fill(void *to, size_t n);

/* An independent stream of numbers of a seed. */
struct rng chance_stream(uint64_t seed, uint64_t which);

#endif
