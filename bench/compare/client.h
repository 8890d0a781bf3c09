/* What the clients of bench/compare have in common: a program for each contestant, which does one phase of the job and
 * says what it found, a line each: "row NAME VALUE", a figure; "answer NAME TEXT", to be held against job_answers(). */
#ifndef BENCH_COMPARE_CLIENT_H
#define BENCH_COMPARE_CLIENT_H

#include "bench/compare/job.h"

#define CLIENT_CONNECTIONS 64
#define CLIENT_BATCH 1000

struct client {
    const char *folder; /* where the contestant has its socket, and files may be left from phase to phase */
    uint32_t people;
};

struct client_phase {
    const char *name;
    void (*run)(const struct client *c);
};

/* PROGRAM PHASE FOLDER PEOPLE; the table ends with a row without a name. */
int client_main(int argc, char **argv, const struct client_phase *phases);

/* --- who does what in which phase --- */

/* The people who certify in batches, and how many batches that makes. */
uint32_t client_batched(const struct client *c);
uint32_t client_batches(uint32_t people);
/* The k-th to certify, of all: those in batches come first. */
uint32_t client_certifier(const struct client *c, uint32_t k);

/* --- what it says --- */

void client_rate(const char *name, uint64_t n, double seconds);
void client_row(const char *name, double value);
void client_answer(const char *name, const char *text);
void client_counts(const char *name, const struct job_counts *counts);
void client_ids(const struct job_ids *ids);
void client_statuses(uint64_t active, uint64_t grace, uint64_t suspended);
void client_swept(uint64_t events, double seconds);

/* That the right answer has come, and when, in Unix seconds. */
void client_answered(void);

double client_seconds(void);
/* The median of some runs of a question, in milliseconds. */
double client_median_ms(void (*ask)(void *arg), void *arg);

#endif
