/* The members of inputs: one row each, which reading and writing both follow. */
#ifndef CODEC_INPUT_TABLE_H
#define CODEC_INPUT_TABLE_H

#include "core/input.h"

enum member_type {
    MEMBER_OP,
    MEMBER_TOKEN,   /* struct str: printable ASCII without spaces */
    MEMBER_TEXT,    /* struct str: UTF-8 without control characters */
    MEMBER_PHONE,   /* struct str: E.164 */
    MEMBER_DATE,    /* lc_date */
    MEMBER_MONTH,   /* lc_month */
    MEMBER_AMOUNT,  /* int64_t */
    MEMBER_INSTANT, /* lc_instant */
    MEMBER_TYPE_N
};

struct member_row {
    struct str name;
    enum member bit;
    enum member_type type;
    unsigned max;      /* bytes of a string */
    size_t offset;     /* in struct input */
    uint16_t takes;    /* the ops that have it: 1 << OP_... */
    uint16_t requires; /* of these, the ops that cannot do without */
    bool personal;     /* never repeated in a message */
};

#define MEMBERS 20

/* In the order in which they are written. */
extern const struct member_row member_rows[MEMBERS];

#endif
