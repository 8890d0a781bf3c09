/* A beneficiary's record in 36 bytes, in memory and in slices. */
#ifndef ROSTER_PACKED_H
#define ROSTER_PACKED_H

#include "base/err.h"
#include "roster/queue.h"
#include "roster/roster.h"

/* The layout, version 2: little-endian 32-bit words, filled from bit 0 of the first with these fields in this order;
 * what is left over is zero. Whatever changes here is a new version: bump SLICE_VERSION in slice.c, which refuses
 * others, and checkpoints made before are passed over for a replay of the log.
 *
 * PLACE is where the record stands in the queue. Who is terminated has no deadline, so that the date of the report
 * (terminated_on) has the same bits then. Seventeen bits of a date reach to 2258-11-10; the dates kept are inputs,
 * which end in 2199, or follow them by a year at most. */
#define PACKED_FIELDS(field)                                                                                           \
    field(PLACE, PLACE_BITS)                                                                                           \
    field(STATUS, 2)                                                                                                   \
    field(LAPSED, 1)                                                                                                   \
    field(ERASED, 1)                                                                                                   \
    field(SEQ, 40)                                                                                                     \
    field(SEEN, 48)                                                                                                    \
    field(POLICY, 8)                                                                                                   \
    field(CATEGORY, 8)                                                                                                 \
    field(UNIT, 24)                                                                                                    \
    field(APPROVED_ON, 17)                                                                                             \
    field(CERTIFIED_ON, 17)                                                                                            \
    field(SUSPENDED_AT_DEATH, 1)                                                                                       \
    field(REMINDED_ON, 17)                                                                                             \
    field(DEFERRED_UNTIL, 17)                                                                                          \
    field(NOTICE_UNTIL, 17)                                                                                            \
    field(SUSPENDED_ON, 17)                                                                                            \
    field(RESUMED_ON, 17)                                                                                              \
    field(WITHHELD_FROM, 12)                                                                                           \
    field(PAID_APART, 1)

#define PACKED_WORDS 9u
#define PACKED_BYTES (4 * PACKED_WORDS)
#define PACKED_DATE_MAX ((1 << 17) - 1)

struct packed {
    uint32_t w[PACKED_WORDS];
};

/* place is left out of it when e is terminated. */
void packed_pack(struct packed *p, const struct entry *e, uint32_t place);
void packed_unpack(const struct packed *p, struct entry *out);

enum status packed_status(const struct packed *p);
/* PLACE_NONE for who is terminated. */
uint32_t packed_place(const struct packed *p);
/* Not for who is terminated, but to PLACE_NONE. */
void packed_set_place(struct packed *p, uint32_t place);

/* The stored bytes, without the place. */
void packed_write(const struct packed *p, uint8_t out[PACKED_BYTES]);
/* ERR_DAMAGED names the field that is out of range. */
enum err packed_read(struct packed *out, const uint8_t in[PACKED_BYTES], struct errmsg *msg) ERR_MUSTCHECK;

#endif
