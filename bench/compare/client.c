#include "bench/compare/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define RUNS 7

uint32_t client_batched(const struct client *c)
{
    return c->people - job_singles(c->people);
}

uint32_t client_batches(uint32_t people)
{
    return (people + CLIENT_BATCH - 1) / CLIENT_BATCH;
}

uint32_t client_certifier(const struct client *c, uint32_t k)
{
    return bench_shuffled(k, c->people);
}

void client_row(const char *name, double value)
{
    printf("row\t%s\t%.6g\n", name, value);
}

void client_rate(const char *name, uint64_t n, double seconds)
{
    client_row(name, (double)n / seconds);
}

void client_answer(const char *name, const char *text)
{
    printf("answer\t%s\t%s\n", name, text);
}

void client_counts(const char *name, const struct job_counts *counts)
{
    client_answer(name, counts->text);
}

void client_ids(const struct job_ids *ids)
{
    char text[32];
    job_ids_text(ids, text);
    client_answer("ids", text);
}

void client_statuses(uint64_t active, uint64_t grace, uint64_t suspended)
{
    char text[96];
    snprintf(text, sizeof text, "active=%" PRIu64 " grace=%" PRIu64 " suspended=%" PRIu64, active, grace, suspended);
    client_answer("status", text);
}

void client_swept(uint64_t events, double seconds)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, events);
    client_answer("swept", text);
    client_rate("sweep", events, seconds);
}

void client_answered(void)
{
    printf("answered\t%.6f\n", (double)clock_wall_ns() * 1e-9);
}

double client_seconds(void)
{
    return (double)clock_monotonic_ns() * 1e-9;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

double client_median_ms(void (*ask)(void *arg), void *arg)
{
    double ms[RUNS];
    for (unsigned i = 0; i < RUNS; i++) {
        double began = client_seconds();
        ask(arg);
        ms[i] = (client_seconds() - began) * 1e3;
    }
    qsort(ms, RUNS, sizeof *ms, by_value);
    return ms[RUNS / 2];
}

int client_main(int argc, char **argv, const struct client_phase *phases)
{
    if (argc == 4) {
        struct client c = {argv[2], (uint32_t)strtoul(argv[3], NULL, 10)};
        for (const struct client_phase *p = phases; p->name; p++) {
            if (strcmp(p->name, argv[1]) == 0) {
                p->run(&c);
                return 0;
            }
        }
    }
    fprintf(stderr, "usage: %s PHASE FOLDER PEOPLE\nphases:", argv[0]);
    for (const struct client_phase *p = phases; p->name; p++)
        fprintf(stderr, " %s", p->name);
    fputc('\n', stderr);
    return 2;
}
