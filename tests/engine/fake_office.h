/* Some shards in one process, and an office in the test's hands: reports lie there until the test lets the shards hear of
 * each other. To be linked with fake_clock.c, which all of them live by. */
#ifndef TESTS_ENGINE_FAKE_OFFICE_H
#define TESTS_ENGINE_FAKE_OFFICE_H

#include "tests/engine/fake_clock.h"
#include "tests/engine/rig.h"

#define FAKE_SHARDS 3
#define FAKE_ORDERS 16
#define FAKE_UNITS 512

struct fake_office;

struct fake_counts {
    lc_month month; /* MONTH_NONE: not counted */
    unsigned n;
    struct unit_count v[FAKE_UNITS];
    char units[FAKE_UNITS][65];
};

struct fake_shard {
    struct fake_office *all;
    struct engine_office hooks;
    struct rig rig;
    struct office_report said, known;
    bool paused; /* not ticked */
    lc_instant wanted;
    struct fake_counts counted, totals;
    unsigned counts; /* how often it was asked to add its counts */
};

struct fake_office {
    unsigned n;
    int64_t limit;
    lc_instant granted;
    bool deaf;     /* nobody hears of anybody */
    unsigned asks; /* may_suspend() */
    struct fake_shard shards[FAKE_SHARDS];
    struct office_order orders[FAKE_ORDERS];
    unsigned n_orders;
};

/* name: of a folder for each shard; NULL: stores in memory. */
void fake_open(struct fake_office *f, unsigned n, const char *name, const char *conf, int64_t limit);
void fake_close(struct fake_office *f);
/* Ticks until nobody has anything to do, for as long as the office brings anything new. Bails out when it never ends. */
void fake_settle(struct fake_office *f);
/* One shard, until it waits. */
void fake_run(struct fake_shard *s);
/* What the shards have said is known to all, and what follows from it. true: it is news. */
bool fake_exchange(struct fake_office *f);
/* Ordered, and carried out by fake_settle(). */
void fake_order(struct fake_office *f, const struct office_order *o);
void fake_lift(struct fake_office *f, const char *name);
/* One order to one shard, whatever it has carried out. */
enum err fake_order_to(struct fake_shard *s, const struct office_order *o);
/* Over all shards. */
unsigned fake_count(const struct fake_office *f, const char *text);
/* The shard at which the unit is at home. */
unsigned fake_home(const struct fake_office *f, struct str unit);

#endif
