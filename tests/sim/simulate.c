/* The whole daemon but for its sockets, simulated: see life.h.
 *
 *   simulate [--seeds N] [--from SEED] [--jobs N] [--progress] [--trace] [--twice N]
 *
 * Each seed is one history; the same seed is the same history to the byte. A seed that fails is told with the step,
 * what differs and how to see it again (--trace prints it in lines). --twice: so many of the seeds are lived once more
 * behind all others, and must come to the same hash. The last line has the hash over all of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/engine/fake_clock.h"
#include "tests/lib/tap.h"
#include "tests/sim/counts.h"
#include "tests/sim/disk_sqlite.h"
#include "tests/sim/life.h"

#define JOBS_MAX 64
#define SEEDS 1000
#define TWICE 20
#define AGAIN_MAX 1000 /* of one job */

struct options {
    uint64_t seeds, from, twice;
    unsigned jobs;
    bool trace, progress;
};

/* What the processes share. */
struct shared {
    uint64_t counts[JOBS_MAX][COUNT_N];
    uint64_t hash[JOBS_MAX], lived[JOBS_MAX], differ[JOBS_MAX];
};

static bool number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && !*end;
}

static struct options parse(int argc, char **argv)
{
    struct options o = {.seeds = tap_rounds(SEEDS), .from = 1, .twice = TWICE, .jobs = 1};
    uint64_t jobs = 1;
    const struct {
        const char *name;
        uint64_t *to;
    } numbers[] = {{"--seeds", &o.seeds}, {"--from", &o.from}, {"--jobs", &jobs}, {"--twice", &o.twice}};
    for (int i = 1; i < argc; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers && !known; k++)
            if (strcmp(argv[i], numbers[k].name) == 0 && i + 1 < argc)
                known = number(argv[++i], numbers[k].to);
        if (strcmp(argv[i], "--trace") == 0)
            known = o.trace = true;
        if (strcmp(argv[i], "--progress") == 0)
            known = o.progress = true;
        if (!known)
            bail_out("usage: simulate [--seeds N] [--from SEED] [--jobs N] [--progress] [--trace] [--twice N]");
    }
    o.jobs = jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : (unsigned)jobs;
    return o;
}

static void tell_progress(const struct options *o, const struct shared *s, unsigned job)
{
    uint64_t lived = 0;
    for (unsigned i = 0; i < o->jobs; i++)
        lived += s->lived[i];
    if (o->progress && s->lived[job] % 100 == 0)
        printf("# %" PRIu64 " of %" PRIu64 " seeds\n", lived, o->seeds);
}

/* Seeds job, job + jobs, ... The hash does not depend on how many jobs there are. */
static void work(const struct options *o, const struct conf *confs, struct shared *s, unsigned job)
{
    uint64_t hashes[AGAIN_MAX];
    struct life *l = life_new(confs);
    counts_use(s->counts[job]);
    for (uint64_t i = job; i < o->seeds; i += o->jobs) {
        uint64_t hash = life_live(l, o->from + i, o->trace);
        s->hash[job] ^= (hash + i) * UINT64_C(0x9e3779b97f4a7c15);
        s->lived[job]++;
        if (i / o->jobs < AGAIN_MAX)
            hashes[i / o->jobs] = hash;
        tell_progress(o, s, job);
    }
    for (uint64_t i = job; i < o->seeds && i < o->twice && i / o->jobs < AGAIN_MAX; i += o->jobs) {
        if (life_live(l, o->from + i, false) == hashes[i / o->jobs])
            continue;
        printf("# seed %" PRIu64 " is another history the second time\n", o->from + i);
        s->differ[job]++;
    }
    life_free(l);
}

static bool run_jobs(const struct options *o, const struct conf *confs, struct shared *s)
{
    bool good = true;
    fflush(stdout);
    for (unsigned job = 0; job < o->jobs; job++) {
        pid_t pid = fork();
        if (pid < 0)
            bail_out("fork: %s", strerror(errno));
        if (pid == 0) {
            work(o, confs, s, job);
            exit(0);
        }
    }
    for (unsigned job = 0; job < o->jobs; job++) {
        int status;
        if (wait(&status) < 0 || status != 0) {
            good = false;
            if (WIFSIGNALED(status))
                printf("# a worker died of signal %d\n", WTERMSIG(status));
        }
    }
    return good;
}

int main(int argc, char **argv)
{
    struct options o = parse(argc, argv);
    static struct conf confs[CONFS];
#ifdef __SANITIZE_THREAD__
    plan(1);
    skip(1, "all threads are one here, and ThreadSanitizer does not know of them");
    return tap_end();
#endif
    bool whole = o.seeds >= 100;
    plan(whole ? 3 + counts_rows() : 3);
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        bail_out("mmap: %s", strerror(errno));
    confs_load(confs);
    disk_sqlite_register();
    int64_t began = real_monotonic_ns();
    bool good = run_jobs(&o, confs, s);
    uint64_t sum[COUNT_N] = {0}, hash = 0, lived = 0, differ = 0;
    for (unsigned job = 0; job < o.jobs; job++) {
        for (int c = 0; c < COUNT_N; c++)
            sum[c] += s->counts[job][c];
        hash ^= s->hash[job];
        lived += s->lived[job];
        differ += s->differ[job];
    }
    ok(good,
       "nothing that was told is lost, nobody is decided about otherwise than by the rules, no message comes twice");
    is_int((int64_t)lived, (int64_t)o.seeds, "every seed is lived to its end");
    is_int((int64_t)differ, 0, "a seed is the same history each time");
    counts_use(sum);
    if (whole)
        counts_check(lived);
    confs_free(confs);
    diag("seeds %" PRIu64 " to %" PRIu64 ", hash %016" PRIx64 ", %.1f s", o.from, o.from + o.seeds - 1, hash,
         (double)(real_monotonic_ns() - began) / 1e9);
    return tap_end();
}
