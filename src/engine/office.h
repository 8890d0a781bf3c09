/* What spans people, where people are spread over several engines, one for each shard: the brake's count, moratoria,
 * when a channel was last heard, units' digests. Each engine keeps what it decides in its own log; the office, which
 * all of them share, is asked for what none of them can know alone.
 *
 * All functions are called on the engine's thread and never block: the office's answers come later, and it then calls
 * engine_wake(). */
#ifndef ENGINE_OFFICE_H
#define ENGINE_OFFICE_H

#include "base/date.h"
#include "base/str.h"
#include "core/event.h"

/* What the others have to know of this shard. */
struct office_report {
    lc_instant now;
    lc_date day;      /* local */
    int64_t due;      /* suspensions due by now that count towards the brake (what an operator let through does not) */
    int64_t applied;  /* of this day, that count */
    int64_t drawing;  /* enrolled and not terminated */
    uint64_t ordered; /* the number of the last order carried out, durably */
};

struct unit_count {
    struct str unit;
    uint32_t count;
};

struct engine_office {
    void *arg;
    unsigned shard, n_shards;
    uint64_t ordered; /* orders up to this one are before the shard's beginning: only for a shard that is new */

    /* At the end of every tick, and before may_suspend() where it is news; kept, and sent to the others when it differs
     * or they wait for it. While those are coming back whom a lifted hold kept back, `now` is INT64_MIN, and `day` and
     * `due` are as they were before. */
    void (*report)(void *arg, const struct office_report *r);
    /* Have all shards come to that instant, and is what is due by then, in all of them, within the brake's limit? Until
     * it says so nobody is suspended, and no input is decided while a suspension is due by now. When it is not within,
     * an order places the brake. Not asked while the brake or the clock's hold is on. Where the brake is off for good it is
     * asked until it has said so once: then this shard has carried out what was ordered before it was opened. */
    bool (*may_suspend)(void *arg, lc_instant at);
    /* This shard's people are counted. Sorted by unit; borrowed. Again after a restart: the same counts, or newer. */
    void (*count_units)(void *arg, lc_month month, const struct unit_count *v, unsigned n);
    /* The sums over all shards of those units whose home is here (shard_of(unit)), sorted by unit; v holds until the
     * next call. false: not every shard has counted yet. The same for a month, however often it is asked. */
    bool (*unit_totals)(void *arg, lc_month month, const struct unit_count **v, unsigned *n);
};

/* A hold that is placed or lifted in all shards: they are carried out in order of their numbers, each once in each
 * shard (the stamp keeps the number of the last one). Strings are borrowed until the request is done. */
struct office_order {
    uint64_t number; /* from 1 */
    bool lift;
    enum hold_kind hold; /* placed: HOLD_MORATORIUM or HOLD_BRAKE */
    struct scope scope;
    lc_date until;
    int64_t due, limit; /* HOLD_BRAKE: over all shards */
    struct str name;    /* lifted: "moratorium:policy:beijing", "clock"; a shard that has no such hold passes it over */
    struct str why, by; /* by: STR_NONE for the brake */
};

struct office_heard {
    struct str channel;
    lc_instant at;
};

#endif
