#include "roster/packed.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* AT_x: a field's first bit; WIDTH_x: how many bits it has. */
enum {
#define FIELD_AT(name, width) AT_##name, LAST_OF_##name = AT_##name + (width)-1,
    PACKED_FIELDS(FIELD_AT)
#undef FIELD_AT
    PACKED_BITS
};
enum {
#define FIELD_WIDTH(name, width) WIDTH_##name = (width),
    PACKED_FIELDS(FIELD_WIDTH)
#undef FIELD_WIDTH
};
_Static_assert(PACKED_BITS <= 32 * PACKED_WORDS, "the fields fit");
_Static_assert(AT_PLACE == 0 && AT_ERASED < 32, "what is read alone stands in the first word");

/* Field access on the record as five words of 64 bits. With constant arguments each is a shift or two. */
#define WIDE_WORDS ((PACKED_WORDS + 1) / 2)

static inline void put(uint64_t w[WIDE_WORDS], unsigned at, unsigned width, uint64_t v)
{
    assert(v >> width == 0);
    w[at / 64] |= v << at % 64;
    if (at % 64 + width > 64)
        w[at / 64 + 1] |= v >> (64 - at % 64);
}

static inline uint64_t get(const uint64_t w[WIDE_WORDS], unsigned at, unsigned width)
{
    uint64_t v = w[at / 64] >> at % 64;
    if (at % 64 + width > 64)
        v |= w[at / 64 + 1] << (64 - at % 64);
    return v & ((UINT64_C(1) << width) - 1);
}

#define PUT(w, name, v) put((w), AT_##name, WIDTH_##name, (uint64_t)(v))
#define GET(w, name) get((w), AT_##name, WIDTH_##name)

static inline void widen(uint64_t w[WIDE_WORDS], const struct packed *p)
{
    for (unsigned i = 0; i < PACKED_WORDS / 2; i++)
        w[i] = p->w[2 * i] | (uint64_t)p->w[2 * i + 1] << 32;
    w[WIDE_WORDS - 1] = p->w[PACKED_WORDS - 1];
}

static inline void narrow(struct packed *p, const uint64_t w[WIDE_WORDS])
{
    for (unsigned i = 0; i < PACKED_WORDS; i++)
        p->w[i] = (uint32_t)(w[i / 2] >> (i % 2 ? 32 : 0));
}

void packed_pack(struct packed *p, const struct entry *e, uint32_t place)
{
    const struct record *r = &e->rec;
    uint64_t w[WIDE_WORDS] = {0};
    PUT(w, PLACE, r->status == STATUS_TERMINATED ? (uint32_t)r->terminated_on : place);
    PUT(w, STATUS, r->status);
    PUT(w, LAPSED, r->lapsed);
    PUT(w, ERASED, r->erased);
    PUT(w, SEQ, e->seq);
    PUT(w, SEEN, e->seen);
    PUT(w, POLICY, r->policy);
    PUT(w, CATEGORY, e->category);
    PUT(w, UNIT, e->unit);
    PUT(w, APPROVED_ON, r->approved_on);
    PUT(w, CERTIFIED_ON, r->certified_on);
    PUT(w, SUSPENDED_AT_DEATH, r->suspended_at_death);
    PUT(w, REMINDED_ON, r->reminded_on);
    PUT(w, DEFERRED_UNTIL, r->deferred_until);
    PUT(w, NOTICE_UNTIL, r->notice_until);
    PUT(w, SUSPENDED_ON, r->suspended_on);
    PUT(w, RESUMED_ON, r->resumed_on);
    PUT(w, WITHHELD_FROM, r->withheld_from);
    PUT(w, PAID_APART, r->paid_apart);
    narrow(p, w);
}

void packed_unpack(const struct packed *p, struct entry *out)
{
    uint64_t w[WIDE_WORDS];
    widen(w, p);
    enum status status = (enum status)GET(w, STATUS);
    *out = (struct entry){
        .rec =
            {
                .status = status,
                .policy = (uint8_t)GET(w, POLICY),
                .lapsed = GET(w, LAPSED),
                .erased = GET(w, ERASED),
                .suspended_at_death = GET(w, SUSPENDED_AT_DEATH),
                .paid_apart = GET(w, PAID_APART),
                .approved_on = (lc_date)GET(w, APPROVED_ON),
                .certified_on = (lc_date)GET(w, CERTIFIED_ON),
                .reminded_on = (lc_date)GET(w, REMINDED_ON),
                .deferred_until = (lc_date)GET(w, DEFERRED_UNTIL),
                .notice_until = (lc_date)GET(w, NOTICE_UNTIL),
                .suspended_on = (lc_date)GET(w, SUSPENDED_ON),
                .resumed_on = (lc_date)GET(w, RESUMED_ON),
                .terminated_on = status == STATUS_TERMINATED ? (lc_date)GET(w, PLACE) : DATE_NONE,
                .withheld_from = (lc_month)GET(w, WITHHELD_FROM),
            },
        .seq = GET(w, SEQ),
        .seen = GET(w, SEEN),
        .category = (uint8_t)GET(w, CATEGORY),
        .unit = (uint32_t)GET(w, UNIT),
    };
}

enum status packed_status(const struct packed *p)
{
    return (enum status)(p->w[0] >> AT_STATUS & 3);
}

uint32_t packed_place(const struct packed *p)
{
    return packed_status(p) == STATUS_TERMINATED ? PLACE_NONE : p->w[0] & (PLACE_LIMIT - 1);
}

void packed_set_place(struct packed *p, uint32_t place)
{
    if (packed_status(p) == STATUS_TERMINATED)
        assert(place == PLACE_NONE);
    else
        p->w[0] = (p->w[0] & ~(PLACE_LIMIT - 1)) | place;
}

void packed_write(const struct packed *p, uint8_t out[PACKED_BYTES])
{
    struct packed stored = *p;
    packed_set_place(&stored, PLACE_NONE);
    for (unsigned i = 0; i < PACKED_WORDS; i++)
        stored.w[i] = htole32(stored.w[i]);
    memcpy(out, stored.w, PACKED_BYTES);
}

/* What a date or month in a record can be at most; input dates end in 2199. */
static const struct {
    const char *name;
    unsigned at, width, max;
} ranges[] = {
    {"approved_on", AT_APPROVED_ON, WIDTH_APPROVED_ON, DATE_MAX},
    {"certified_on", AT_CERTIFIED_ON, WIDTH_CERTIFIED_ON, DATE_MAX},
    {"reminded_on", AT_REMINDED_ON, WIDTH_REMINDED_ON, PACKED_DATE_MAX},
    {"deferred_until", AT_DEFERRED_UNTIL, WIDTH_DEFERRED_UNTIL, DATE_MAX},
    {"notice_until", AT_NOTICE_UNTIL, WIDTH_NOTICE_UNTIL, PACKED_DATE_MAX},
    {"suspended_on", AT_SUSPENDED_ON, WIDTH_SUSPENDED_ON, PACKED_DATE_MAX},
    {"resumed_on", AT_RESUMED_ON, WIDTH_RESUMED_ON, PACKED_DATE_MAX},
    {"spare bits", PACKED_BITS, 32 * PACKED_WORDS - PACKED_BITS, 0},
};

enum err packed_read(struct packed *out, const uint8_t in[PACKED_BYTES], struct errmsg *msg)
{
    struct packed p;
    memcpy(p.w, in, PACKED_BYTES);
    for (unsigned i = 0; i < PACKED_WORDS; i++)
        p.w[i] = le32toh(p.w[i]);
    uint64_t w[WIDE_WORDS];
    widen(w, &p);
    bool terminated = GET(w, STATUS) == STATUS_TERMINATED;
    if (GET(w, PLACE) > (terminated ? PACKED_DATE_MAX : PLACE_NONE))
        return err_set(msg, ERR_DAMAGED, "terminated_on is out of range");
    if (GET(w, SUSPENDED_AT_DEATH) && !terminated)
        return err_set(msg, ERR_DAMAGED, "suspended_at_death stands without a termination");
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (get(w, ranges[i].at, ranges[i].width) > ranges[i].max)
            return err_set(msg, ERR_DAMAGED, "%s is out of range", ranges[i].name);
    *out = p;
    return ERR_OK;
}
