/* The people of the benchmarks: who the i-th is, and an order in which they come that is no order. bench/inputs writes
 * their files, bench/single asks for them again. */
#ifndef BENCH_PEOPLE_H
#define BENCH_PEOPLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_ID_BYTES 24 /* 18 digits, and a terminator */

/* Six digits of a region, eight like a date, four of a serial number. */
static inline int bench_id(uint32_t i, char out[BENCH_ID_BYTES])
{
    return snprintf(out, BENCH_ID_BYTES, "330902%08u%04u", 19300101 + i / 10000 % 9000000, i % 10000);
}

/* A permutation of 0..n-1: the multiplier is prime, so it has no factor in common with any n below it. */
static inline uint32_t bench_shuffled(uint32_t i, uint32_t n)
{
    return (uint32_t)((uint64_t)i * UINT64_C(2654435761) % n);
}

#endif
