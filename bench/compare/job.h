/* The job that every contestant of bench/compare does, and the answers that are right.
 *
 * N people are enrolled on 2026-05-20, approved between August and November 2025. Each then certifies once, in no
 * order, for a day between December 2025 and May 2026, so that everybody's due date moves: to the last day of a month
 * from December 2026 to May 2027. Then time passes up to the end of January 2027, in whose last four months deadlines
 * fall: three reminders before the due date, grace the day after it, suspension 15 days later. All of it in the time of
 * Asia/Shanghai, which is UTC+8 throughout. It begins where nobody has a deadline behind them, so that all contestants
 * have the same ones to sweep. */
#ifndef BENCH_COMPARE_JOB_H
#define BENCH_COMPARE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "bench/people.h"

#define JOB_OFFSET INT64_C(28800)
#define JOB_DAY INT64_C(86400)

/* A person's deadlines in a cycle, in their order. */
enum job_kind { JOB_REMINDER = 1, JOB_LAST_REMINDER = 3, JOB_GRACE, JOB_SUSPENSION, JOB_NOTHING };

#define JOB_FIRST JOB_REMINDER /* what is next for everybody who was enrolled, or has certified */

lc_instant job_start(void);    /* when everybody is enrolled and certifies */
lc_instant job_swept_to(void); /* the end of the time that passes */
lc_instant job_midnight(lc_date local);

lc_date job_approved(uint32_t i);
lc_date job_certified(uint32_t i);
lc_date job_due(lc_date base);
/* When this deadline of a cycle falls; INSTANT_NONE: there is none. */
lc_instant job_deadline(lc_date due, unsigned kind);
const char *job_channel(uint32_t i);
int job_ref(uint32_t i, char out[24]);

/* How many certify one by one, over many connections; the others before them come in batches. */
uint32_t job_singles(uint32_t people);

/* --- answers --- */

/* The days over which the second list counts, and the one whose people it names. */
struct job_days {
    lc_date from, to, listed;
};

struct job_days job_days(void);

/* A list of ids, in whatever order they come. */
struct job_ids {
    uint32_t count, sum;
};

void job_ids_add(struct job_ids *ids, const char *id, size_t n);
/* "16666-3f2a9c01" */
void job_ids_text(const struct job_ids *ids, char out[32]);

/* Deadlines by day, for those days that have any: "2027-02-01=66668 2027-03-01=16666". */
struct job_counts {
    char text[512];
    size_t n;
};

void job_counts_add(struct job_counts *c, lc_date day, uint64_t count);

/* Everything that is right to answer. */
struct job_answers {
    struct job_counts before; /* the deadlines by day when all have certified, over a year */
    struct job_counts after;  /* those over the days of job_days() when the time has passed */
    struct job_ids ids;       /* those of the day of job_days() */
    uint64_t active, grace, suspended;
    uint64_t swept; /* deadlines that fell due */
};

void job_answers(uint32_t people, struct job_answers *out);

#endif
