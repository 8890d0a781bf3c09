/* What a generated person does in the year shown: a list of acts, each at its instant. */
#ifndef CTL_DEMO_PLAN_H
#define CTL_DEMO_PLAN_H

#include "ctl/demo_person.h"

enum demo_act_kind { ACT_UNIT, ACT_ENROL, ACT_CERTIFY, ACT_REVOKE, ACT_AMEND, ACT_DEFER, ACT_DEATH, ACT_RETRACT };

struct demo_act {
    int64_t at;      /* seconds of local time since DATE 1, 00:00: sorts as the instants do */
    uint32_t person; /* or the unit's index */
    uint8_t kind;    /* enum demo_act_kind */
    uint8_t channel; /* ACT_CERTIFY, ACT_REVOKE */
    uint8_t which;   /* the person's first, second ... certification; ACT_AMEND: what changes */
    uint8_t spare;
    lc_date on;      /* certified_on, until, died_on */
};

#define DEMO_ACTS_MAX 16

/* The acts of one person, not sorted; returns how many. */
unsigned demo_plan(uint64_t seed, const struct demo_person *p, lc_date start, struct demo_act out[DEMO_ACTS_MAX]);

const char *demo_channel(unsigned channel);

#endif
