/* The end: the book of inputs, the logs, and what a simulation of the same inputs gives, held against each other. */
#ifndef TESTS_CHAOS_VERDICT_H
#define TESTS_CHAOS_VERDICT_H

#include "tests/chaos/facts.h"
#include "tests/chaos/faults.h"

/* Nothing that was acknowledged is lost, nothing is decided twice, and nothing is there that nobody sent. Notes which
 * input each event answers. */
void judge_book(struct book *b, struct facts *f);
/* Everybody's events are those that the simulation gives for the inputs that were decided, at the same times. */
void judge_rules(const struct book *b, const struct facts *f, const struct stage *s);
/* How soon everything went on after each failover and each daemon's end, in the order of the time line. times: the
 * bound is so many times the goal; 0: there is none. */
void judge_times(const struct faults *f, const struct load *l, unsigned times);

#endif
