#include "tests/chaos/faults_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SPELL_MS 20000 /* one thing at a time, then several, and so on */
#define FRESH_MS 600   /* a shard that took an input so lately is well */
#define STILL_MS 1500
#define QUIET_MS 3000 /* between two things, when there is to be one at a time: shards are handed back meanwhile */

const char *const deed_words[DEEDS] = {
    [DEED_REDIS_KILL] = "kill a master",          [DEED_REDIS_BEHIND] = "kill a master whose replica is behind",
    [DEED_REDIS_STOP] = "stop a master",          [DEED_REPLICA_STOP] = "stop a replica",
    [DEED_MEMORY] = "fill a master's memory",     [DEED_DROP] = "drop what goes to a master",
    [DEED_RESET] = "reset what goes to a master", [DEED_SLOT] = "move a slot",
    [DEED_DAEMON_KILL] = "kill a daemon",         [DEED_DAEMON_STOP] = "stop a daemon",
    [DEED_DAEMON_TERM] = "end a daemon",
};

int64_t faults_draw(struct faults *f, int64_t from, int64_t to)
{
    return from + (int64_t)rng_below(&f->rng, (uint64_t)(to - from));
}

void faults_say(struct faults *f, const char *format, ...)
{
    va_list args;
    fprintf(f->line, "%9.3f  ", (double)(clock_monotonic_ns() - f->began) / 1e9);
    va_start(args, format);
    vfprintf(f->line, format, args);
    va_end(args);
    fputc('\n', f->line);
    fflush(f->line);
}

static bool anything_open(const struct faults *f)
{
    for (size_t i = 0; i < f->n_deeds; i++)
        if (!f->deeds[i].healed)
            return true;
    return false;
}

size_t faults_note(struct faults *f, enum deed_kind kind, int target, unsigned pair)
{
    if (f->n_deeds == f->cap_deeds)
        f->deeds = mem_resize(f->deeds, f->cap_deeds = 2 * f->cap_deeds + 64, sizeof *f->deeds);
    bool alone = !anything_open(f);
    for (size_t i = 0; i < f->n_deeds; i++)
        f->deeds[i].alone &= f->deeds[i].healed != 0;
    f->deeds[f->n_deeds] =
        (struct deed){.kind = kind, .target = target, .pair = pair, .at = clock_monotonic_ns(), .alone = alone};
    f->counts[kind]++;
    faults_say(f, "%s: %d", deed_words[kind], target);
    return f->n_deeds++;
}

void faults_healed(struct faults *f, size_t deed)
{
    f->deeds[deed].healed = f->healed_last = clock_monotonic_ns();
    faults_say(f, "over: %s: %d%s", deed_words[f->deeds[deed].kind], f->deeds[deed].target,
               f->deeds[deed].failover ? ", a failover" : "");
}

/* For whoever reads the time line: a shard that takes nothing for a while, whatever is done just now. */
static void look_at_shard(struct faults *f, unsigned i)
{
    int64_t took = atomic_load(&f->load->shard_took[i]);
    bool still = took && clock_monotonic_ns() - took > STILL_MS * NS_PER_MS;
    if (still != f->still[i])
        faults_say(f, still ? "    shard %u takes nothing" : "    shard %u takes inputs again", i);
    f->still[i] = still;
}

static bool all_take(const struct faults *f)
{
    int64_t now = clock_monotonic_ns();
    for (unsigned i = 0; i < SHARDS; i++)
        if (now - atomic_load(&f->load->shard_took[i]) > FRESH_MS * NS_PER_MS)
            return false;
    return true;
}

bool faults_may_begin(struct faults *f, bool redis)
{
    bool quiet = clock_monotonic_ns() - f->healed_last > QUIET_MS * NS_PER_MS;
    bool several = (clock_monotonic_ns() - f->began) / (SPELL_MS * NS_PER_MS) % 2;
    if (f->ending)
        return false;
    if (several)
        return true;
    if (redis != f->redis_turn || !quiet || anything_open(f) || !all_take(f))
        return false;
    f->redis_turn = rng_below(&f->rng, 5) < 3;
    return true;
}

/* Whole lines that a daemon has logged since. */
static void take_log(struct faults *f, unsigned i)
{
    char line[2048];
    FILE *log = fopen(f->stage->daemons[i]->log, "r");
    if (!log || fseek(log, f->log_read[i], SEEK_SET) != 0)
        bail_out("the log of daemon %u cannot be read", i);
    while (fgets(line, sizeof line, log) && strchr(line, '\n')) {
        line[strcspn(line, "\n")] = '\0';
        faults_say(f, "        d%u %s", i, line);
        f->log_read[i] = ftell(log);
    }
    fclose(log);
}

void faults_go_on(struct faults *f)
{
    int64_t now = clock_monotonic_ns();
    for (unsigned i = 0; i < DAEMONS; i++) {
        take_log(f, i);
        if (f->daemons[i] != DAEMON_STARTING)
            node_hear(f->stage->daemons[i]);
    }
    for (unsigned i = 0; i < SHARDS; i++)
        look_at_shard(f, i);
    daemons_go_on(f, now);
    redis_go_on(f, now);
}

bool faults_over(const struct faults *f)
{
    return f->ending && !anything_open(f);
}

void faults_end(struct faults *f)
{
    f->ending = true;
}

void faults_init(struct faults *f, struct stage *s, struct load *l, uint64_t seed)
{
    char path[160];
    *f = (struct faults){.stage = s, .load = l, .rng = rng_seed(seed), .began = clock_monotonic_ns()};
    snprintf(path, sizeof path, "%s/timeline", tap_tmpdir());
    f->line = fopen(path, "w");
    if (!f->line)
        bail_out("cannot write %s", path);
    f->redis_next = f->daemon_next = f->began + 3000 * NS_PER_MS;
}

void faults_done(struct faults *f)
{
    fclose(f->line);
    free(f->deeds);
}
