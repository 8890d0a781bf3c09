#include "tests/sim/life_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/engine/fake_clock.h"
#include "tests/sim/chance.h"
#include "tests/sim/counts.h"
#include "tests/sim/disk_calls.h"
#include "tests/sim/disk_sqlite.h"
#include "tests/sim/fibers.h"
#include "tests/sim/server.h"
#include "tests/sim/trace.h"

#define BEGIN INT64_C(1767225600) /* 2026-01-01 */

struct life *life_new(const struct conf confs[CONFS])
{
    struct life *l = mem_zalloc(1, sizeof *l);
    l->confs = confs;
    l->town = town_new();
    l->receivers = receivers_new();
    server_init(&l->server);
    return l;
}

void life_free(struct life *l)
{
    server_done(&l->server);
    receivers_free(l->receivers);
    town_free(l->town);
    free(l);
}

static const struct {
    unsigned share; /* of all */
    void (*happens)(struct life *l);
} happenings[] = {
    {300, life_send_inputs},    {30, life_send_again},   {4, life_send_unit},   {110, life_pass_moments},
    {90, life_pass_hours},      {40, life_pass_days},    {6, life_sleep_long},  {6, life_set_clock},
    {10, life_reload},          {6, life_place_hold},    {14, life_lift_hold},  {20, life_change_mood},
    {20, life_give_receipt},    {8, life_give_order},    {5, life_crash_now},   {6, life_end_cleanly},
    {10, life_plan_some_fault}, {10, life_pace_threads}, {40, life_look_round},
};
#define HAPPENINGS (sizeof happenings / sizeof *happenings)

static void step(struct life *l)
{
    unsigned sum = 0, i = 0;
    for (size_t k = 0; k < HAPPENINGS; k++)
        sum += happenings[k].share;
    unsigned roll = below(l, sum);
    while (roll >= happenings[i].share)
        roll -= happenings[i++].share;
    happenings[i].happens(l);
    life_turn(l, 1 + below(l, 3));
}

/* --- from the beginning to the end --- */

static void begin(struct life *l, uint64_t seed)
{
    l->dice = chance_stream(seed, 1);
    l->disk_dice = chance_stream(seed, 2);
    l->thread_dice = chance_stream(seed, 3);
    l->chance_dice = chance_stream(seed, 4);
    l->receiver_dice = chance_stream(seed, 5);
    l->author = (struct author){.rng = chance_stream(seed, 6), .forgetful = one_in(l, 2)};
    fake_wall(BEGIN + below(l, (unsigned)(1000 * DAY)));
    chance_dice(&l->chance_dice);
    fibers_dice(&l->thread_dice);
    fibers_slow(one_in(l, 2) ? 0 : below(l, 60));
    disk_sqlite_forget();
    l->disk = disk_new();
    disk_mount(l->disk);
    l->faults = (struct faults){.calls = 0};
    faults_mount(&l->faults, l->disk);
    town_clear(l->town);
    receivers_clear(l->receivers, l->town, &l->receiver_dice);
    server_forget(&l->server);
    l->server.faults = &l->faults;
    l->server.town = l->town;
    l->server.receivers = l->receivers;
    l->server.dice = &l->dice;
    l->server.conf = &l->confs[below(l, CONFS)];
    l->server.segment_bytes = 2000 + below(l, 60000);
    l->server.checkpoint_events = 20 + below(l, 400);
    l->over = false;
    l->seen = INT64_MIN;
    l->steps = 60 + below(l, 120);
}

/* Everybody is well again, and all that waits is waited for. */
static void drain(struct life *l)
{
    bool failed = l->faults.failed || l->faults.frozen;
    l->over = true;
    faults_calm(&l->faults);
    if (failed) {
        life_die(l);
        life_come_up(l);
    }
    for (int i = 0; i < RECEIVER_N; i++) {
        receivers_mood(l->receivers, (enum receiver)i, MOOD_WELL);
        server_order(&l->server, 1, receiver_names[i], 0);
    }
    enum receiver who = RECEIVER_PAYROLL;
    for (int i = 0; i < 400; i++) {
        struct endpoint_metrics m[RECEIVER_N];
        if (!server_settle(&l->server))
            trace_fail("the daemon ends: %s", l->server.msg.text);
        unsigned n = deliver_metrics(l->server.deliver, m, RECEIVER_N);
        bool done = n == RECEIVER_N && !receivers_missing(l->receivers, &who);
        for (unsigned k = 0; k < n; k++)
            done &= m[k].lag == 0 && m[k].in_flight == 0 && m[k].retrying == 0 && m[k].waiting == 0;
        if (done)
            return;
        int64_t wait = l->server.deliver_wait;
        fake_pass_ms(i % 6 == 5 ? 6 * HOUR * 1000 : wait > 0 && wait < HOUR * 1000 ? wait : 1000);
    }
    struct buf b = BUF_INIT;
    deliver_write_endpoints(l->server.deliver, &b);
    if (deliver_write_deliveries(l->server.deliver, str_of(receiver_names[who]), 1u << DELIVERY_RETRY, 0, 10, &b,
                                 &l->server.msg) != ERR_OK)
        buf_adds(&b, l->server.msg.text);
    trace_fail("deliveries never come to an end, event %" PRIu64 " to %s: %.*s", receivers_missing(l->receivers, &who),
               receiver_names[who], (int)b.n, b.p);
}

static void finish(struct life *l)
{
    trace_line("the end");
    drain(l);
    life_look_round(l);
    if (!server_close(&l->server, one_in(l, 2)))
        trace_fail("the daemon does not end: %s", l->server.msg.text);
    server_verify(&l->server);
    disk_mount(NULL);
    chance_dice(NULL);
    fibers_dice(NULL);
    disk_free(l->disk);
    l->disk = NULL;
}

uint64_t life_live(struct life *l, uint64_t seed, bool print)
{
    trace_begin(seed, print);
    trace_line("seed %" PRIu64, seed);
    uint64_t switched = fibers_switched();
    begin(l, seed);
    life_come_up(l);
    for (unsigned i = 1; i <= l->steps; i++) {
        trace_step(i);
        step(l);
    }
    counts_add(COUNT_STEPS, l->steps);
    finish(l);
    counts_add(COUNT_SWITCHES, fibers_switched() - switched);
    return trace_hash();
}
