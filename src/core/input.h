/* An input, parsed but not yet decided. All strings are borrowed from whoever parsed it. */
#ifndef CORE_INPUT_H
#define CORE_INPUT_H

#include "base/date.h"
#include "base/str.h"

enum op { OP_ENROL, OP_AMEND, OP_CERTIFY, OP_REVOKE, OP_DEFER, OP_REPORT_DEATH, OP_RETRACT_DEATH, OP_ERASE, OP_UNIT, OP_N };

const char *op_text(enum op op); /* "report-death" */

/* Which members stood in the input, null ones included. */
enum member {
    M_ID = 1 << 0,
    M_POLICY = 1 << 1,
    M_APPROVED_ON = 1 << 2,
    M_LAST_CERTIFIED_ON = 1 << 3,
    M_CATEGORY = 1 << 4,
    M_NAME = 1 << 5,
    M_PHONE = 1 << 6,
    M_UNIT = 1 << 7,
    M_AMOUNT = 1 << 8,
    M_AMOUNT_FROM = 1 << 9,
    M_CHANNEL = 1 << 10,
    M_CERTIFIED_ON = 1 << 11,
    M_REF = 1 << 12,
    M_EVIDENCE = 1 << 13,
    M_BY = 1 << 14,
    M_REASON = 1 << 15,
    M_UNTIL = 1 << 16,
    M_DIED_ON = 1 << 17,
    M_AT = 1 << 18,
    M_OP = 1 << 19,
};

#define AMOUNT_NONE INT64_MIN /* a null or absent amount */
#define AMOUNT_MAX INT64_C(1000000000000) /* fen: ten thousand million yuan a month */

struct input {
    enum op op;
    uint32_t given; /* enum member bits */
    lc_instant at;  /* INSTANT_NONE when absent */
    struct str id, policy, category, name, phone, unit, channel, ref, evidence, by, reason;
    lc_date approved_on, last_certified_on, certified_on, until, died_on;
    int64_t amount; /* in the currency's minor unit, or AMOUNT_NONE */
    lc_month amount_from;
};

enum result { RESULT_APPLIED, RESULT_UNCHANGED, RESULT_REJECTED, RESULT_ERROR, RESULT_N };

const char *result_text(enum result r); /* RESULT_ERROR: "error", an input that was not understood */

enum reason {
    REASON_NONE,
    REASON_NOT_ENROLLED,
    REASON_UNKNOWN_POLICY,
    REASON_ALREADY_ENROLLED,
    REASON_BAD_DATE,
    REASON_TERMINATED,
    REASON_REVOKED,
    REASON_CHANNEL_NOT_ACCEPTED,
    REASON_IN_FUTURE,
    REASON_BEFORE_APPROVAL,
    REASON_EVIDENCE_REQUIRED,
    REASON_STALE,
    REASON_NO_SUCH_CERTIFICATION,
    REASON_NOT_DEFERRABLE,
    REASON_NOT_TERMINATED,
    REASON_N
};

const char *reason_text(enum reason r); /* "not-enrolled" */

/* A person's or a unit's contact: beside the log, never in it. */
struct contact {
    struct str name, phone, by; /* phone in E.164; each may be STR_NONE */
};

#endif
