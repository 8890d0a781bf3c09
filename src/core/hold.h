/* Whom a hold covers, and when the brake must be placed. */
#ifndef CORE_HOLD_H
#define CORE_HOLD_H

#include "core/event.h"

/* What a scope is held against: the person's policy (by name, and whether it accepts the scope's channel),
 * category and unit. */
struct scope_subject {
    const struct policy *policy;
    struct str category, unit;
};

/* channel: index of the scope's channel; only for SCOPE_CHANNEL. */
bool scope_covers(const struct scope *s, unsigned channel, const struct scope_subject *who);

/* The most suspensions of one local day; INT64_MAX when off. enrolled: those not terminated. */
int64_t brake_allowance(const struct brake_limit *limit, int64_t enrolled);

/* "500", "1%", "0.5%", "off"; false leaves *out alone. */
bool brake_parse(struct str text, struct brake_limit *out);
/* The same text back; at most 24 bytes with the terminator. */
void brake_format(const struct brake_limit *limit, char out[24]);

#endif
