/* The log as the soak holds deliveries against it: of each event only what delivery's promises hang on. */
#ifndef TESTS_SOAK_FACTS_H
#define TESTS_SOAK_FACTS_H

#include "codec/event_json.h"
#include "tests/lib/node.h"

#define NOBODY UINT32_MAX
#define UNIT_FIRST 100000 /* units stand behind the people: unit "U3" is person UNIT_FIRST + 3 */

struct entry {
    uint64_t prev;   /* the same person's event before it; 0: none */
    uint32_t person; /* whom it is about; NOBODY: the system */
    uint8_t type;    /* enum event_type */
    bool message;    /* it brings a message to somebody, who may have no use for it any more */
    bool renewed, reverted;
    lc_date due; /* of reminders, certifications */
};

struct facts {
    struct entry *v; /* by number; 0 is not used */
    uint64_t n, cap; /* the last number */
    uint32_t people; /* whoever it is about has a number below */
    uint64_t counts[EV_N];
    struct event_arena arena;
    struct buf text;
};

void facts_init(struct facts *h);
void facts_done(struct facts *h);
/* What has been added to the log of a node, which may be running. The test ends when it cannot be read. */
void facts_read(struct facts *h, struct node *n);

/* "P-000123" */
void person_id(uint32_t person, char out[16]);

#endif
