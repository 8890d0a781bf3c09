/* Threads as coroutines of one thread: the program's own pthread_create(), pthread_join(), pthread_mutex_lock() and
 * pthread_cond_*(), in front of the C library's. Only one runs at a time. Which one goes on, and when, is for dice to
 * say: so one seed has one interleaving. A thread lets go where it waits, and where the program says fibers_pause(),
 * which the simulated disk does at every call that changes something. */
#ifndef TESTS_SIM_FIBERS_H
#define TESTS_SIM_FIBERS_H

#include <stdbool.h>

#include "tests/lib/tap.h"

/* The dice from now on. slow: of 64, how often a thread that pauses lets the others go first; 0: it never does. */
void fibers_dice(struct rng *dice);
void fibers_slow(unsigned slow);

/* Lets up to n threads run until they pause or wait. Returns how many did. */
unsigned fibers_turn(unsigned n);
/* Until all of them wait. */
void fibers_settle(void);
/* A place at which others may go on. */
void fibers_pause(void);
/* How many there are that have not ended. */
unsigned fibers_alive(void);
/* Is it one of them that runs? */
bool fibers_inside(void);
/* How often one was left in the middle of its work. */
uint64_t fibers_switched(void);

#endif
