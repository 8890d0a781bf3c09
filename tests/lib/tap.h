/* TAP from C: a plan first, then one line a check. A failed check goes on; the exit code of tap_end() tells. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

/* How many checks will follow; 0: the plan is printed at the end. */
void plan(unsigned n);
/* 0 when every planned check ran and held, else 1: `return tap_end();` from main. */
int tap_end(void);

#define ok(condition, ...) tap_ok((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)
#define is_int(got, want, ...) tap_is_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

bool tap_ok(bool condition, const char *file, int line, const char *text, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool tap_is_int(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool tap_is_str(const char *got, const char *want, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* n checks are not run here, and why. */
void skip(unsigned n, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void bail_out(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many rounds of something random: n among the plain tests, a quarter of it in the suites that make each several
 * times as slow (TEST_SUITE: asan, tsan, valgrind). */
unsigned tap_rounds(unsigned n);
/* How far to go from one place where something is made to fail to the next: 1 among the plain tests, 4 in the others. */
int tap_stride(void);

/* A folder of this test's own, removed at exit; the path holds until then. */
const char *tap_tmpdir(void);

/* xorshift64*: the same numbers from the same seed everywhere. */
struct rng {
    uint64_t s;
};
struct rng rng_seed(uint64_t seed);
uint64_t rng_next(struct rng *r);
/* 0..n-1 */
uint64_t rng_below(struct rng *r, uint64_t n);

#endif
