/* What happens in one seed's life, as lines: hashed always, so that two runs can be compared to the byte, and printed
 * when asked for. And how a life that goes wrong ends: with the seed, the step, what differs and how to see it again.
 */
#ifndef TESTS_SIM_TRACE_H
#define TESTS_SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void trace_begin(uint64_t seed, bool print);
/* The lines that follow belong to that step. */
void trace_step(unsigned step);
unsigned trace_at(void);
void trace_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Bytes that are hashed and not printed. */
void trace_bytes(const void *p, size_t n);
uint64_t trace_hash(void);
/* So many of the last lines are shown when it fails. */
_Noreturn void trace_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
