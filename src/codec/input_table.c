#include "codec/input_table.h"

#define ENROL (1 << OP_ENROL)
#define AMEND (1 << OP_AMEND)
#define CERTIFY (1 << OP_CERTIFY)
#define REVOKE (1 << OP_REVOKE)
#define DEFER (1 << OP_DEFER)
#define REPORT (1 << OP_REPORT_DEATH)
#define RETRACT (1 << OP_RETRACT_DEATH)
#define UNIT (1 << OP_UNIT)
#define ALL ((1 << OP_N) - 1)

#define ROW(text, member_bit, value_type, longest, field)                                    \
    .name = {text, sizeof(text) - 1}, .bit = member_bit, .type = value_type, .max = longest, \
    .offset = offsetof(struct input, field)

const struct member_row member_rows[MEMBERS] = {
    {ROW("op", M_OP, MEMBER_OP, 0, op), .takes = ALL, .requires = ALL},
    {ROW("at", M_AT, MEMBER_INSTANT, 0, at), .takes = ALL},
    {ROW("id", M_ID, MEMBER_TOKEN, 64, id), .takes = ALL & ~UNIT, .requires = ALL & ~UNIT},
    {ROW("policy", M_POLICY, MEMBER_TEXT, 64, policy), .takes = ENROL | AMEND, .requires = ENROL},
    {ROW("approved_on", M_APPROVED_ON, MEMBER_DATE, 0, approved_on), .takes = ENROL, .requires = ENROL},
    {ROW("last_certified_on", M_LAST_CERTIFIED_ON, MEMBER_DATE, 0, last_certified_on), .takes = ENROL},
    {ROW("category", M_CATEGORY, MEMBER_TEXT, 64, category), .takes = ENROL | AMEND},
    {ROW("unit", M_UNIT, MEMBER_TOKEN, 64, unit), .takes = ENROL | AMEND | UNIT, .requires = UNIT},
    {ROW("amount", M_AMOUNT, MEMBER_AMOUNT, 0, amount), .takes = ENROL | AMEND},
    {ROW("amount_from", M_AMOUNT_FROM, MEMBER_MONTH, 0, amount_from), .takes = ENROL | AMEND},
    {ROW("channel", M_CHANNEL, MEMBER_TEXT, 64, channel), .takes = CERTIFY | REVOKE, .requires = CERTIFY | REVOKE},
    {ROW("certified_on", M_CERTIFIED_ON, MEMBER_DATE, 0, certified_on), .takes = CERTIFY, .requires = CERTIFY},
    {ROW("ref", M_REF, MEMBER_TEXT, 128, ref), .takes = CERTIFY | REVOKE, .requires = CERTIFY | REVOKE},
    {ROW("evidence", M_EVIDENCE, MEMBER_TEXT, 256, evidence), .takes = CERTIFY},
    {ROW("name", M_NAME, MEMBER_TEXT, 128, name), .takes = ENROL | AMEND | UNIT, .personal = true},
    {ROW("phone", M_PHONE, MEMBER_PHONE, 64, phone), .takes = ENROL | AMEND | CERTIFY | UNIT, .personal = true},
    {ROW("by", M_BY, MEMBER_TEXT, 128, by), .takes = CERTIFY, .personal = true},
    {ROW("until", M_UNTIL, MEMBER_DATE, 0, until), .takes = DEFER, .requires = DEFER},
    {ROW("died_on", M_DIED_ON, MEMBER_DATE, 0, died_on), .takes = REPORT, .requires = REPORT},
    {ROW("reason", M_REASON, MEMBER_TEXT, 256, reason), .takes = REVOKE | DEFER | RETRACT,
     .requires = REVOKE | DEFER | RETRACT},
};
