/* How the daemon ends and comes back, and what the disk has lost meanwhile. */
#include "tests/sim/life_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/engine/fake_clock.h"
#include "tests/sim/counts.h"
#include "tests/sim/disk_calls.h"
#include "tests/sim/fibers.h"
#include "tests/sim/trace.h"

#define START_TRIES 40
#define WEEK_AWAY (7 * DAY + 2 * HOUR)

void life_plan_fault(struct life *l, unsigned within)
{
    struct faults *f = &l->faults;
    uint64_t at = f->calls + 1 + below(l, within);
    switch (below(l, 6)) {
    case 0: f->error_at = at; break;
    case 1:
        f->full_from = at;
        f->full_until = at + 1 + below(l, 60);
        counts_add(COUNT_DISK_FULL, 1);
        break;
    default: f->crash_at = at;
    }
}

/* --- down and up --- */

static void lose(struct life *l)
{
    static const enum count words[LOSS_N] = {COUNT_LOSS_NONE, COUNT_LOSS_TAIL, COUNT_LOSS_ANY, COUNT_LOSS_UNSYNCED};
    static const char *const texts[LOSS_N] = {"nothing", "what came last", "anything", "all that was not synced"};
    enum disk_loss loss = (enum disk_loss)below(l, LOSS_N);
    disk_crash(l->disk, loss, &l->disk_dice);
    struct disk_lost lost = disk_lost(l->disk);
    counts_add(words[loss], 1);
    if (loss != LOSS_NONE) {
        counts_add(COUNT_LOST_SECTORS, lost.sectors);
        counts_add(COUNT_LOST_NAMES, lost.names);
    }
    trace_line("the disk loses %s: %" PRIu64 " sectors of %" PRIu64 ", %" PRIu64 " names of %" PRIu64, texts[loss],
               lost.sectors, lost.sectors + lost.kept_sectors, lost.names, lost.names + lost.kept_names);
}

/* The process dies, whatever it was doing. */
void life_die(struct life *l)
{
    counts_add(COUNT_CRASHES, 1);
    l->faults.frozen = true;
    if (l->server.engine)
        server_kill(&l->server);
    lose(l);
    faults_calm(&l->faults);
}

/* Time goes by with nobody there. */
static void stay_away(struct life *l, int64_t seconds)
{
    lc_instant before = town_time(l->town), alive = before > l->seen ? before : l->seen;
    fake_sleep(seconds);
    trace_line("%" PRId64 " s go by without a daemon", seconds);
    if (seconds > WEEK_AWAY)
        counts_add(COUNT_LONG_DOWN, 1);
    town_expect_clock_hold(l->town, INSTANT_NONE); /* what a daemon that is gone has not noticed, nobody will */
    if (before != INT64_MIN && fake_wall_now() - alive > WEEK_AWAY)
        town_expect_clock_hold(l->town, fake_wall_now());
    else if (before != INT64_MIN && fake_wall_now() < before)
        town_expect_clock_hold(l->town, INT64_MIN);
}

void life_come_up(struct life *l)
{
    for (int tries = 0; tries < START_TRIES; tries++) {
        bool fault = !l->over && tries < 6 && one_in(l, 4);
        if (fault)
            life_plan_fault(l, 60);
        if (server_start(&l->server) && !l->faults.frozen)
            return;
        if (!l->faults.frozen && !l->faults.failed)
            trace_fail("the daemon does not start: %s", l->server.msg.text);
        counts_add(COUNT_CRASH_IN_START, 1);
        life_die(l);
    }
    trace_fail("the daemon does not start at all");
}

static int64_t away(struct life *l)
{
    switch (below(l, 6)) {
    case 0: return 0;
    case 1: return 1 + below(l, 600);
    case 2: return 1 + below(l, (unsigned)DAY);
    case 3: return one_in(l, 3) ? 8 * DAY + below(l, (unsigned)(20 * DAY)) : 60;
    default: return 1 + below(l, 30);
    }
}

void life_restart(struct life *l)
{
    stay_away(l, away(l));
    if (one_in(l, 6))
        l->server.conf = &l->confs[below(l, CONFS)];
    life_come_up(l);
}

/* A turn, and the end of the daemon when it has come. */
void life_turn(struct life *l, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct engine_counters c;
        l->seen = fake_wall_now();
        if (server_turn(&l->server, below(l, 4)) && !l->faults.frozen) {
            engine_counters(l->server.engine, &c);
            counts_add(COUNT_SLOW_COMMITS, c.durable_seq < c.last_seq);
            continue;
        }
        if (!l->faults.frozen && !l->faults.failed)
            trace_fail("the daemon ends: %s", l->server.msg.text);
        trace_line("the daemon ends: %s", l->server.msg.text);
        life_die(l);
        life_restart(l);
    }
}

/* Everything that is due by now is done: then everybody must be as the model has them. */
void life_look_round(struct life *l)
{
    struct engine_counters c;
    if (!server_settle(&l->server) || l->faults.frozen || !server_check_people(&l->server) || l->faults.frozen) {
        life_turn(l, 1);
        return;
    }
    engine_counters(l->server.engine, &c);
    town_check_done(l->town, c.now);
    counts_add(COUNT_QUIET, 1);
}

/* --- bits that turn round at rest --- */

/* A file of the log, of the checkpoints, or the stamp. */
static struct disk_node *draw_file(struct life *l, bool *derived)
{
    static const char *const folders[] = {SERVER_STORE "/log", SERVER_STORE "/log", SERVER_STORE "/checkpoint"};
    unsigned which = below(l, 4);
    *derived = which >= 2;
    if (which == 3)
        return disk_path(SERVER_STORE "/stamp");
    struct disk_node *folder = disk_path(folders[which]);
    unsigned n = 0;
    while (disk_entry(folder, n))
        n++;
    if (n == 0)
        return NULL;
    const char *name = disk_entry(folder, below(l, n));
    char plain[DISK_NAME];
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, "z") - 1, name);
    bool twice = strstr(name, ".zst") && disk_find(l->disk, folder, plain); /* the plain one is what is read */
    *derived |= twice || strstr(name, ".idx");
    return strstr(name, ".new") ? NULL : disk_find(l->disk, folder, name);
}

/* verify must notice it; what only spares work must not mislead a start, or must keep it from starting. */
static void flip_bit(struct life *l)
{
    bool derived;
    struct disk_node *n = draw_file(l, &derived);
    if (!n || disk_size(n) == 0)
        return;
    server_verify(&l->server);
    uint64_t bit = below(l, (unsigned)disk_size(n) * 8);
    uint64_t changed = disk_changed(n);
    trace_line("bit %" PRIu64 " of %s turns round", bit, disk_name(n));
    disk_flip(n, bit);
    counts_add(COUNT_FLIPS, 1);
    bool noticed = server_verify_notices(&l->server);
    counts_add(noticed ? COUNT_FLIPS_NOTICED : COUNT_FLIPS_HARMLESS, 1);
    if (!noticed && !derived)
        trace_fail("verify does not notice that bit %" PRIu64 " of %s is another", bit, disk_name(n));
    if (derived && server_start(&l->server)) {
        trace_line("it starts all the same");
        if (!server_close(&l->server, true))
            trace_fail("and does not end: %s", l->server.msg.text);
    }
    if (disk_changed(n) == changed) /* it was not written anew */
        disk_flip(n, bit);
}

void life_crash_now(struct life *l)
{
    trace_line("crash");
    life_die(l);
    life_restart(l);
}

void life_end_cleanly(struct life *l)
{
    if (one_in(l, 5))
        life_plan_fault(l, 40);
    bool good = server_close(&l->server, one_in(l, 3));
    bool whole = good && !l->faults.failed && !l->faults.frozen;
    if (!good && !l->faults.frozen && !l->faults.failed)
        trace_fail("the daemon does not end: %s", l->server.msg.text);
    if (l->faults.frozen) {
        counts_add(COUNT_CRASH_IN_CLOSE, 1);
        life_die(l);
    } else {
        counts_add(COUNT_CLOSES, 1);
    }
    faults_calm(&l->faults);
    if (one_in(l, 2))
        lose(l); /* the machine goes down behind it */
    if (whole && one_in(l, 2))
        flip_bit(l);
    life_restart(l);
}

void life_plan_some_fault(struct life *l)
{
    if (!l->faults.crash_at)
        life_plan_fault(l, one_in(l, 3) ? 300 : 40);
}

void life_pace_threads(struct life *l)
{
    fibers_slow(one_in(l, 3) ? 0 : below(l, 60));
}
