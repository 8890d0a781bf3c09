/* The members of every event's data: one row each, in the order in which they stand, which writing and reading both
 * follow. */
#ifndef CODEC_EVENT_TABLE_H
#define CODEC_EVENT_TABLE_H

#include "core/text.h"

/* How a value is written, and what it is in memory. */
enum field_kind {
    FIELD_STR,        /* struct str, or null */
    FIELD_NAME,       /* char[POLICY_NAME_MAX + 1] */
    FIELD_DATE,       /* lc_date, or null */
    FIELD_MONTH,      /* lc_month, or null */
    FIELD_AMOUNT,     /* int64_t, or null for AMOUNT_NONE */
    FIELD_COUNT,      /* int64_t, or null for -1 */
    FIELD_INT,        /* int from 0 */
    FIELD_NUMBER,     /* int64_t from 0 */
    FIELD_SEQ,        /* uint64_t */
    FIELD_WORD,       /* an enum */
    FIELD_TRUE,       /* bool */
    FIELD_FIXED,      /* nothing: the only word there is */
    FIELD_PAYS,       /* struct pay_list */
    FIELD_BACK_PAY,   /* struct pay_list with pay_on */
    FIELD_GIVEN,      /* u.input_rejected: the input's members */
    FIELD_SCOPE,      /* struct scope, or null */
    FIELD_CYCLE,      /* the policy's cycle with its unit */
    FIELD_CLOCK_TIME, /* int: second of the day, a whole minute */
    FIELD_NAMES,      /* u.policy_adopted: the channels' names */
    FIELD_CHANNELS,   /* u.config_adopted: the channels' settings */
    FIELD_BRAKE,      /* struct brake_limit */
    FIELD_KIND_N
};

enum field_when {
    FIELD_ALWAYS,
    FIELD_WHEN_TRUE,  /* the bool itself */
    FIELD_WHEN_GIVEN, /* u.amended.given has the bit */
    FIELD_WITH_GIVEN, /* the same, standing directly behind the member that the bit is for */
};

struct field {
    char key[31]; /* with its quotes and colon */
    uint8_t key_n;
    uint8_t kind;
    uint8_t when;
    bool of_policy;            /* offset is in *u.policy_adopted.policy, else in struct event */
    uint16_t offset;
    int max;                   /* of a FIELD_INT */
    uint32_t bit;              /* of u.amended.given */
    const struct texts *words; /* of a FIELD_WORD or FIELD_FIXED */
};

struct field_list {
    const struct field *v;
    unsigned n;
};

extern const struct field_list event_fields[EV_N];

/* The words behind the number of a FIELD_CYCLE. */
extern const struct texts cycle_unit_texts;

#endif
