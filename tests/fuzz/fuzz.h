/* What reads bytes from outside, given bytes that nobody meant.
 *
 * A target is one function; it must come back whatever the bytes are, and abort() where something does not hold. Two
 * drivers run it: driver.c, with mutations of the seeds, in every build; and libFuzzer, guided by coverage
 * (campaign.sh). */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern const unsigned fuzz_runs; /* mutations that driver.c tries when it is not told how many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Must hold for every input. */
#define MUST(condition) ((condition) ? (void)0 : abort())

#endif
