#include "tests/sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 400
#define LAST_LINES 60

static struct {
    uint64_t seed, hash, lines;
    unsigned step;
    bool print;
    char last[LAST_LINES][LINE];
} t;

void trace_begin(uint64_t seed, bool print)
{
    t.seed = seed;
    t.hash = UINT64_C(0xcbf29ce484222325);
    t.lines = 0;
    t.step = 0;
    t.print = print;
}

void trace_step(unsigned step)
{
    t.step = step;
}

unsigned trace_at(void)
{
    return t.step;
}

void trace_bytes(const void *p, size_t n)
{
    const unsigned char *at = p;
    uint64_t h = t.hash, word;
    for (; n >= sizeof word; at += sizeof word, n -= sizeof word) {
        memcpy(&word, at, sizeof word);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    while (n--)
        h = (h ^ *at++) * UINT64_C(0x100000001b3);
    t.hash = h;
}

void trace_line(const char *format, ...)
{
    char *line = t.last[t.lines++ % LAST_LINES];
    va_list args;
    int n = snprintf(line, LINE, "%u ", t.step);
    va_start(args, format);
    vsnprintf(line + n, LINE - (size_t)n, format, args);
    va_end(args);
    trace_bytes(line, strlen(line));
    if (t.print)
        printf("%s\n", line);
}

uint64_t trace_hash(void)
{
    return t.hash;
}

void trace_fail(const char *format, ...)
{
    char why[6000];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    uint64_t shown = t.lines < LAST_LINES ? t.lines : LAST_LINES;
    for (uint64_t i = t.print ? 0 : shown; i > 0; i--)
        printf("#   %s\n", t.last[(t.lines - i) % LAST_LINES]);
    for (char *line = strtok(why, "\n"); line; line = strtok(NULL, "\n"))
        printf("# %s\n", line);
    printf("# seed %" PRIu64 ", step %u; again: tests/sim/simulate --from %" PRIu64 " --seeds 1 --trace\n", t.seed,
           t.step, t.seed);
    fflush(stdout);
    exit(1);
}
