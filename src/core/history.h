/* One person's history, folded from that person's events in order: what some rules ask for and what is too
 * much to hold in memory for everyone. Pure: it never fetches anything itself. */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "core/event.h"

struct certification {
    struct str channel, ref;
    lc_date certified_on;
    bool revoked;
};

struct amount_entry {
    lc_month from;
    int64_t amount; /* or AMOUNT_NONE */
};

struct paid_apart {
    lc_month period;
    lc_date pay_on;
};

/* Owns everything in it: strings are copied. */
struct history {
    /* as the enrolment recorded it */
    struct str policy, category, unit;
    lc_date approved_on, last_certified_on;
    int64_t amount;
    lc_month amount_from;
    lc_date enrolled_on; /* local date of the enrolment */

    struct certification *certs; /* accepted ones, in the order in which they came */
    uint32_t n_certs;
    struct amount_entry *amounts; /* ascending by from */
    uint32_t n_amounts;

    /* the latest benefit.terminated */
    uint64_t terminated_seq; /* 0: none */
    lc_date died_on, terminated_on;
    lc_month last_period;

    /* the latest benefit.resumed; back_pay.v owned */
    lc_date resumed_on; /* DATE_NONE: none */
    struct pay_list back_pay;

    /* periods that were not paid on their payday, and when the last event that names each has it paid; ascending */
    struct paid_apart *paid;
    uint32_t n_paid;
};

void history_init(struct history *h);
void history_done(struct history *h);

/* Folds the person's next event in; types that leave no trace here are passed over. */
void history_add(struct history *h, const struct event *e);

/* The accepted certification with that channel and ref that came last, or NULL. */
const struct certification *history_find(const struct history *h, struct str channel, struct str ref);

/* The last certified date when certification skip (may be NULL) does not count; DATE_NONE: none. */
lc_date history_certified(const struct history *h, const struct certification *skip);

/* The day on which a period was paid that was not on its payday; DATE_NONE: no event names it. */
lc_date history_paid_on(const struct history *h, lc_month period);

/* The amount in force for a period, or AMOUNT_NONE. */
int64_t history_amount(const struct history *h, lc_month period);

#endif
