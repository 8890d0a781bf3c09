#include "roster/packed.h"
#include "tests/lib/tap.h"

/* Every field of an entry at a bound, all others zero. The record's status comes first: it tells what PLACE means. */
struct bound {
    const char *name;
    struct entry e;
};

#define DATE_TOP PACKED_DATE_MAX
#define TERMINATED .rec.status = STATUS_TERMINATED

static const struct bound bounds[] = {
    {"nothing", {.seq = 0}},
    {"grace", {.rec.status = STATUS_GRACE}},
    {"suspended", {.rec.status = STATUS_SUSPENDED}},
    {"terminated", {TERMINATED}},
    {"policy 1", {.rec.policy = 1}},
    {"policy 255", {.rec.policy = 255}},
    {"lapsed", {.rec.lapsed = true}},
    {"erased", {.rec.erased = true}},
    {"suspended at death", {TERMINATED, .rec.suspended_at_death = true}},
    {"paid apart", {.rec.paid_apart = true}},
    {"approved_on 1", {.rec.approved_on = 1}},
    {"approved_on 2199-12-31", {.rec.approved_on = DATE_MAX}},
    {"certified_on 1", {.rec.certified_on = 1}},
    {"certified_on 2199-12-31", {.rec.certified_on = DATE_MAX}},
    {"reminded_on 1", {.rec.reminded_on = 1}},
    {"reminded_on, the last", {.rec.reminded_on = DATE_TOP}},
    {"deferred_until 1", {.rec.deferred_until = 1}},
    {"deferred_until 2199-12-31", {.rec.deferred_until = DATE_MAX}},
    {"notice_until 1", {.rec.notice_until = 1}},
    {"notice_until a year after 2199", {.rec.notice_until = DATE_MAX + 365}},
    {"notice_until, the last", {.rec.notice_until = DATE_TOP}},
    {"suspended_on 1", {.rec.suspended_on = 1}},
    {"suspended_on, the last", {.rec.suspended_on = DATE_TOP}},
    {"resumed_on 1", {.rec.resumed_on = 1}},
    {"resumed_on, the last", {.rec.resumed_on = DATE_TOP}},
    {"terminated_on 1", {TERMINATED, .rec.terminated_on = 1}},
    {"terminated_on, the last", {TERMINATED, .rec.terminated_on = DATE_TOP}},
    {"withheld_from 1", {.rec.withheld_from = 1}},
    {"withheld_from, past 2199-12", {.rec.withheld_from = 4095}},
    {"seq 1", {.seq = 1}},
    {"seq, the last", {.seq = SEQ_MAX}},
    {"seen, the lowest bit", {.seen = 1}},
    {"seen, the highest bit", {.seen = UINT64_C(1) << 47}},
    {"seen, all bits", {.seen = (UINT64_C(1) << 48) - 1}},
    {"category 1", {.category = 1}},
    {"category 255", {.category = CATEGORY_MAX}},
    {"unit 1", {.unit = 1}},
    {"unit, the last", {.unit = UNIT_MAX}},
};
#define BOUNDS (sizeof bounds / sizeof bounds[0])

static bool same(const struct entry *a, const struct entry *b)
{
    const struct record *r = &a->rec, *s = &b->rec;
    return a->seq == b->seq && a->seen == b->seen && a->category == b->category && a->unit == b->unit &&
           r->status == s->status && r->policy == s->policy && r->lapsed == s->lapsed && r->erased == s->erased &&
           r->suspended_at_death == s->suspended_at_death && r->paid_apart == s->paid_apart &&
           r->approved_on == s->approved_on &&
           r->certified_on == s->certified_on && r->reminded_on == s->reminded_on &&
           r->deferred_until == s->deferred_until && r->notice_until == s->notice_until &&
           r->suspended_on == s->suspended_on && r->resumed_on == s->resumed_on &&
           r->terminated_on == s->terminated_on && r->withheld_from == s->withheld_from;
}

static bool comes_back(const struct entry *e, uint32_t place)
{
    struct packed p, read;
    struct entry out;
    uint8_t bytes[PACKED_BYTES];
    struct errmsg msg;
    packed_pack(&p, e, place);
    packed_unpack(&p, &out);
    bool terminated = e->rec.status == STATUS_TERMINATED;
    if (!same(e, &out) || packed_status(&p) != e->rec.status || packed_place(&p) != (terminated ? PLACE_NONE : place))
        return false;
    packed_write(&p, bytes);
    if (packed_read(&read, bytes, &msg))
        return false;
    packed_unpack(&read, &out);
    return same(e, &out) && packed_place(&read) == PLACE_NONE;
}

static struct entry random_entry(struct rng *g)
{
    struct entry e = {
        .rec = {.status = (enum status)rng_below(g, STATUS_N), .policy = (uint8_t)rng_next(g)},
        .seq = rng_next(g) & SEQ_MAX,
        .seen = rng_next(g) >> 16,
        .category = (uint8_t)rng_next(g),
        .unit = (uint32_t)rng_next(g) & UNIT_MAX,
    };
    struct record *r = &e.rec;
    lc_date *const dates[] = {&r->reminded_on, &r->notice_until, &r->suspended_on, &r->resumed_on};
    for (unsigned i = 0; i < sizeof dates / sizeof dates[0]; i++)
        *dates[i] = (lc_date)rng_below(g, DATE_TOP + 1);
    r->approved_on = (lc_date)rng_below(g, DATE_MAX + 1);
    r->certified_on = (lc_date)rng_below(g, DATE_MAX + 1);
    r->deferred_until = (lc_date)rng_below(g, DATE_MAX + 1);
    r->withheld_from = (lc_month)rng_below(g, 4096);
    r->lapsed = rng_below(g, 2);
    r->erased = rng_below(g, 2);
    r->paid_apart = rng_below(g, 2);
    if (r->status == STATUS_TERMINATED) {
        r->terminated_on = (lc_date)rng_below(g, DATE_TOP + 1);
        r->suspended_at_death = rng_below(g, 2);
    }
    return e;
}

static void test_random(void)
{
    struct rng g = rng_seed(7);
    int wrong = 0;
    for (int i = 0; i < 200000; i++) {
        struct entry e = random_entry(&g);
        wrong += !comes_back(&e, (uint32_t)rng_below(&g, PLACE_LIMIT));
    }
    is_int(wrong, 0, "200,000 random entries come back from the packed and from the stored form");
}

static void test_place(void)
{
    struct rng g = rng_seed(8);
    int wrong = 0;
    for (int i = 0; i < 10000; i++) {
        struct entry e = random_entry(&g), out;
        struct packed p;
        if (e.rec.status == STATUS_TERMINATED)
            continue;
        packed_pack(&p, &e, (uint32_t)rng_below(&g, PLACE_LIMIT));
        uint32_t place = (uint32_t)rng_below(&g, PLACE_LIMIT);
        packed_set_place(&p, place);
        packed_unpack(&p, &out);
        wrong += packed_place(&p) != place || !same(&e, &out);
    }
    is_int(wrong, 0, "setting the place changes nothing else");
}

/* One damaged field each; what is read otherwise is a sound record. */
static void refused(const struct entry *e, unsigned word, uint32_t bits, const char *what)
{
    struct packed p, out;
    uint8_t bytes[PACKED_BYTES];
    struct errmsg msg = {""};
    packed_pack(&p, e, PLACE_NONE);
    packed_write(&p, bytes);
    uint32_t w = (uint32_t)bytes[4 * word] | (uint32_t)bytes[4 * word + 1] << 8 | (uint32_t)bytes[4 * word + 2] << 16 |
                 (uint32_t)bytes[4 * word + 3] << 24;
    w |= bits;
    for (unsigned i = 0; i < 4; i++)
        bytes[4 * word + i] = (uint8_t)(w >> (8 * i));
    is_int(packed_read(&out, bytes, &msg), ERR_DAMAGED, "%s is refused: %s", what, msg.text);
}

static void test_damage(void)
{
    const struct entry none = {.seq = 1}, terminated = {TERMINATED}, past = {.rec.approved_on = DATE_MAX + 1},
                       certified = {.rec.certified_on = DATE_MAX + 1}, deferred = {.rec.deferred_until = DATE_MAX + 1};
    refused(&past, 0, 0, "an approval after 2199");
    refused(&certified, 0, 0, "a certification after 2199");
    refused(&deferred, 0, 0, "a home visit after 2199");
    refused(&none, 0, 5, "a place in the queue");
    refused(&terminated, 0, 1u << 17, "a termination past the last date");
    refused(&none, PACKED_WORDS - 1, 1u << 31, "a spare bit");
    struct entry e = {.rec.suspended_at_death = true};
    refused(&e, 0, 0, "a suspension at a death that was not");
}

int main(void)
{
    plan(2 * BOUNDS + 2 + 7);
    for (unsigned i = 0; i < BOUNDS; i++) {
        ok(comes_back(&bounds[i].e, PLACE_NONE), "%s comes back from nowhere in the queue", bounds[i].name);
        ok(comes_back(&bounds[i].e, PLACE_LIMIT - 1), "%s comes back from the queue's last place", bounds[i].name);
    }
    test_random();
    test_place();
    test_damage();
    return tap_end();
}
