/* Records as they were: for a reader that goes over everybody in order while they change. Whoever changes a record that
 * the reader has not reached saves it first.
 *
 * Nothing here takes longer with more people saved, but freeing. */
#ifndef ROSTER_SAVED_H
#define ROSTER_SAVED_H

#include "roster/roster.h"

struct saved;

/* For the numbers below people. */
struct saved *saved_new(uint32_t people);
void saved_free(struct saved *s);

/* Keeps e as n's unless something is kept of n already. */
void saved_keep(struct saved *s, uint32_t n, const struct entry *e);
/* false: nothing is kept of n. Where it stood in the queue is not. */
bool saved_get(const struct saved *s, uint32_t n, struct entry *out);
/* The reader has come to n: all below are forgotten. Never back. */
void saved_pass(struct saved *s, uint32_t n);
/* How many are kept; those that were passed may still be among them for a while. */
uint32_t saved_count(const struct saved *s);

#endif
