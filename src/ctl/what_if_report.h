/* What a what-if came to, for people and for machines. */
#ifndef CTL_WHAT_IF_REPORT_H
#define CTL_WHAT_IF_REPORT_H

#include "base/tz.h"
#include "ctl/table.h"
#include "engine/what_if/what_if.h"

/* --- for people, on stdout --- */

/* Which parameters differ. */
void report_changes(const struct policy_changes *changes);
/* Counts, sums, and suspensions by the month. */
void report_sums(const struct what_if_result *r);

/* The people who differ, a row each. */
void report_people_begin(struct table *people);
void report_people_add(struct table *people, const struct what_if_person *who);
/* Prints and frees them; told: how many were added. */
void report_people_end(struct table *people, const struct what_if_result *r, uint64_t told);

/* --- as NDJSON --- */

void report_json_person(struct buf *out, const struct what_if_person *who);
/* since: INSTANT_NONE: from the beginning. tz: for the times; NULL: there are none. ran: false: nothing would differ,
 * so nothing was run. */
void report_json_summary(struct buf *out, const struct what_if_result *r, lc_instant since, const struct tz *tz,
                         bool ran);

#endif
