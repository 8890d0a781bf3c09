#include "tests/sim/counts.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/lib/tap.h"

static uint64_t own[COUNT_N], *table = own;

/* At least so many in 1,000 lives. */
static const struct row {
    enum count count;
    const char *name;
    uint64_t least;
} rows[] = {
    {COUNT_STEPS, "steps", 100000},
    {COUNT_EVENTS, "events", 50000},
    {COUNT_INPUTS, "inputs", 20000},
    {COUNT_APPLIED, "inputs applied", 5000},
    {COUNT_UNCHANGED, "inputs unchanged", 100},
    {COUNT_REJECTED, "inputs rejected", 1000},
    {COUNT_ERRORS, "inputs that were errors", 10},
    {COUNT_SENT_AGAIN, "requests sent again after a death", 100},
    {COUNT_KEYS_REPLAYED, "inputs that had been decided by then", 5},
    {COUNT_STARTS, "starts", 2000},
    {COUNT_CLOSES, "clean ends", 300},
    {COUNT_CRASHES, "crashes", 1000},
    {COUNT_CRASH_IN_CALL, "crashes in the middle of something", 500},
    {COUNT_CRASH_IN_START, "crashes during a start", 100},
    {COUNT_CRASH_IN_CLOSE, "crashes during a clean end", 20},
    {COUNT_LOSS_NONE, "crashes of the process alone", 200},
    {COUNT_LOSS_TAIL, "power failures with an ordered disk", 200},
    {COUNT_LOSS_ANY, "power failures with a disk that orders nothing", 200},
    {COUNT_LOSS_UNSYNCED, "power failures that lose all that was not synced", 200},
    {COUNT_LOST_SECTORS, "sectors lost", 1000},
    {COUNT_LOST_NAMES, "changes of names lost", 50},
    {COUNT_TORN, "torn ends of the log cut off", 5},
    {COUNT_UNTOLD, "events durable before anybody was told", 50},
    {COUNT_UNDONE, "decisions forgotten by a crash", 50},
    {COUNT_DISK_FULL, "full disks", 50},
    {COUNT_DISK_ERROR, "failing disks", 50},
    {COUNT_SLOW_COMMITS, "turns with a commit in flight", 1000},
    {COUNT_SWITCHES, "threads left in the middle of a call", 1000},
    {COUNT_FLIPS, "flipped bits", 50},
    {COUNT_FLIPS_NOTICED, "flipped bits noticed", 20},
    {COUNT_FLIPS_HARMLESS, "flipped bits without a consequence", 0},
    {COUNT_JUMP_SECOND, "clocks that jumped by a second", 50},
    {COUNT_JUMP_HOURS, "clocks that jumped by two hours", 50},
    {COUNT_JUMP_MONTH, "clocks that jumped by thirty days", 50},
    {COUNT_SLEEPS, "machines that slept", 50},
    {COUNT_LONG_DOWN, "daemons away for more than a week", 20},
    {COUNT_RELOADS, "configurations that took hold", 300},
    {COUNT_HOLDS_PLACED, "holds placed by operators", 100},
    {COUNT_HOLDS_LIFTED, "holds lifted by operators", 100},
    {COUNT_CHECKPOINTS, "checkpoints", 200},
    {COUNT_QUIET, "comparisons of everybody's state", 5000},
    {COUNT_PACKED, "segments compressed", 20},
    {COUNT_VERIFIED, "stores verified", 900},
    {COUNT_REQUESTS, "requests to receivers", 10000},
    {COUNT_TAKEN, "deliveries taken", 5000},
    {COUNT_AGAIN, "deliveries taken again", 50},
    {COUNT_LIED, "answers that lied", 100},
    {COUNT_TIMEOUTS, "time-outs", 100},
    {COUNT_RESETS, "connections refused", 100},
    {COUNT_GONE, "endpoints gone", 20},
    {COUNT_THROTTLED, "throttled requests", 100},
    {COUNT_MESSAGES, "messages sent", 1000},
    {COUNT_UNKNOWN, "messages of which nobody knows", 50},
    {COUNT_SKIPPED, "messages skipped", 50},
    {COUNT_DEAD, "deliveries given up", 20},
    {COUNT_RECEIPTS, "receipts", 200},
    {COUNT_REDELIVERIES, "redeliveries", 20},
    {COUNT_REPLAYED, "deliveries that an operator had sent again", 200},
    {COUNT_ORDERS, "orders to delivery", 100},
};
#define ROWS (sizeof rows / sizeof *rows)

/* Of each type of event. */
static const uint64_t least_events[EV_N] = {
    [EV_ENROLLED] = 5000,      [EV_AMENDED] = 2000,       [EV_ERASED] = 10,       [EV_ACCEPTED] = 3000,
    [EV_CERT_REJECTED] = 500,  [EV_INPUT_REJECTED] = 200, [EV_REVOKED] = 200,     [EV_LAPSED] = 50,
    [EV_REMINDER] = 1000,      [EV_GRACE] = 500,          [EV_DEFERRED] = 50,     [EV_SUSPENDED] = 500,
    [EV_RESUMED] = 50,         [EV_TERMINATED] = 200,     [EV_REINSTATED] = 50,   [EV_POLICY_ADOPTED] = 1000,
    [EV_CONFIG_ADOPTED] = 500, [EV_UNIT_RECORDED] = 100,  [EV_HOLD_PLACED] = 300, [EV_HOLD_LIFTED] = 200,
    [EV_UNIT_DIGEST] = 20,
};

void counts_use(uint64_t t[COUNT_N])
{
    table = t;
}

void counts_add(enum count c, uint64_t n)
{
    table[c] += n;
}

unsigned counts_rows(void)
{
    return ROWS + EV_N;
}

static void check(enum count c, const char *name, uint64_t least, uint64_t lives)
{
    uint64_t wanted = least * lives / 1000;
    ok(table[c] >= wanted, "%s: %" PRIu64 " (at least %" PRIu64 ")", name, table[c], wanted);
}

void counts_check(uint64_t lives)
{
    for (size_t i = 0; i < ROWS; i++)
        check(rows[i].count, rows[i].name, rows[i].least, lives);
    for (int i = 0; i < EV_N; i++)
        check((enum count)(COUNT_EVENT_FIRST + i), event_type_text((enum event_type)i), least_events[i], lives);
}
