/* A generated city's people: everything about person n follows from (seed, n), so that nothing is held in memory. */
#ifndef CTL_DEMO_PERSON_H
#define CTL_DEMO_PERSON_H

#include "base/buf.h"
#include "core/policy.h"

/* SplitMix64 (G. Steele, D. Lea, C. Flood, 2014): a stream of numbers from one state. */
uint64_t demo_random(uint64_t *state);
/* 0..n-1 */
uint32_t demo_below(uint64_t *state, uint32_t n);
/* A stream of its own for that person and purpose. */
uint64_t demo_stream(uint64_t seed, uint32_t person, uint32_t purpose);

enum demo_purpose { DEMO_WHO, DEMO_YEAR, DEMO_WORDS };

#define DEMO_UNITS 352

struct demo_person {
    uint32_t number;     /* from 1 */
    unsigned district, unit, category, preset;
    lc_date approved_on, last_certified_on; /* DATE_NONE: newly approved, enrolled during the year */
    int64_t amount;                         /* fen a month */
};

/* start: the first day of the year that will be shown. */
struct demo_person demo_person(uint64_t seed, uint32_t number, lc_date start);

const char *demo_policy_name(unsigned preset);
/* The dates of the preset, near enough for a plan of the year (the real ones are in the configuration). */
struct policy demo_policy(unsigned preset);
const char *demo_category(unsigned category);

/* "330902-0000001", "U330902-012" */
void demo_id(const struct demo_person *p, struct buf *out);
void demo_unit_code(unsigned unit, struct buf *out);
/* Two or three characters; which of the person's names: 0 the person, others helpers. */
void demo_name(uint64_t seed, uint32_t number, uint32_t which, struct buf *out);
/* Eleven digits that begin with 120: no such mobile number is assigned. */
void demo_phone(uint64_t seed, uint32_t number, uint32_t which, struct buf *out);

#endif
