/* How often what happened in all lives together. What is not seen often enough was not tried: a simulation that never
 * does it fails. */
#ifndef TESTS_SIM_COUNTS_H
#define TESTS_SIM_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

enum count {
    COUNT_STEPS,
    COUNT_EVENTS,
    COUNT_INPUTS,
    COUNT_APPLIED,
    COUNT_UNCHANGED,
    COUNT_REJECTED,
    COUNT_ERRORS,
    COUNT_SENT_AGAIN,    /* requests, under their keys, after a death */
    COUNT_KEYS_REPLAYED, /* inputs that had been decided by then */
    COUNT_STARTS,
    COUNT_CLOSES,
    COUNT_CRASHES,
    COUNT_CRASH_IN_CALL,
    COUNT_CRASH_IN_START,
    COUNT_CRASH_IN_CLOSE,
    COUNT_LOSS_NONE,
    COUNT_LOSS_TAIL,
    COUNT_LOSS_ANY,
    COUNT_LOSS_UNSYNCED,
    COUNT_LOST_SECTORS,
    COUNT_LOST_NAMES,
    COUNT_TORN,
    COUNT_UNTOLD, /* events that were durable, and nobody had been told before the crash */
    COUNT_UNDONE, /* inputs that were decided, and forgotten by a crash before anybody was told */
    COUNT_DISK_FULL,
    COUNT_DISK_ERROR,
    COUNT_SLOW_COMMITS, /* a commit in flight over several turns */
    COUNT_SWITCHES,     /* threads that were left in the middle of a call */
    COUNT_FLIPS,
    COUNT_FLIPS_NOTICED,
    COUNT_FLIPS_HARMLESS,
    COUNT_JUMP_SECOND,
    COUNT_JUMP_HOURS,
    COUNT_JUMP_MONTH,
    COUNT_SLEEPS,
    COUNT_LONG_DOWN,
    COUNT_RELOADS,
    COUNT_HOLDS_PLACED,
    COUNT_HOLDS_LIFTED,
    COUNT_CHECKPOINTS,
    COUNT_QUIET, /* comparisons of everybody's state */
    COUNT_PACKED,
    COUNT_VERIFIED,
    COUNT_REQUESTS,
    COUNT_TAKEN,
    COUNT_AGAIN, /* taken more than once by a webhook's receiver */
    COUNT_LIED,  /* 2xx, and not taken; or refused, and taken */
    COUNT_TIMEOUTS,
    COUNT_RESETS,
    COUNT_GONE,
    COUNT_THROTTLED,
    COUNT_MESSAGES,
    COUNT_UNKNOWN,
    COUNT_SKIPPED,
    COUNT_DEAD,
    COUNT_RECEIPTS,
    COUNT_REDELIVERIES,
    COUNT_REPLAYED,
    COUNT_ORDERS,
    COUNT_EVENT_FIRST,
    COUNT_N = COUNT_EVENT_FIRST + EV_N
};

void counts_add(enum count c, uint64_t n);
/* The table itself, to be shared by those who count for one another. */
void counts_use(uint64_t table[COUNT_N]);
/* One check a row: enough of it in so many lives. A row without a minimum is only told. */
unsigned counts_rows(void);
void counts_check(uint64_t lives);

#endif
