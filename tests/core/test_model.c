/* The core against the model of the rules, in random histories.
 *
 *   test_model [--histories N] [--from SEED] [--terse]   N histories, seeds from SEED on (default: by the time)
 *   test_model --seed SEED                                   that one history again, in words
 *
 * Also from the environment: LIFECERTD_HISTORIES, LIFECERTD_SEED. A history that fails is cut down to the steps that
 * matter and printed; --terse does without that, and without counting what came up. */
#include "tests/model/drive.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 2
#ifdef __SANITIZE_ADDRESS__
#define DEFAULT_HISTORIES 20000
#else
#define DEFAULT_HISTORIES 100000
#endif
#define LIFE_SECONDS 10 /* a single history takes microseconds: this one does not end */

/* What the processes share, so that a crash leaves its story behind. */
struct shared {
    struct {
        bool failed;
        uint64_t seed;
        struct tally tally;
    } workers[WORKERS];
    struct story story;
    struct report report;
};

struct options {
    uint64_t histories, from, seed;
    bool one, terse;
};

static struct shared *share(void)
{
    void *p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        bail_out("mmap: %s", strerror(errno));
    return p;
}

/* Histories first, first + WORKERS, ... until one fails. */
static bool work(struct shared *shared, unsigned worker, const struct options *o)
{
    static struct drive drive;
    static struct story story;
    drive_init(&drive, &shared->workers[worker].tally);
    bool good = true;
    for (uint64_t i = worker; i < o->histories && good; i += WORKERS) {
        shared->workers[worker].seed = o->from + i;
        alarm(LIFE_SECONDS);
        good = drive_seed(&drive, o->from + i, &story);
        for (unsigned other = 0; other < WORKERS && good; other++)
            if (shared->workers[other].failed)
                i = o->histories;
    }
    alarm(0);
    shared->workers[worker].failed = !good;
    drive_done(&drive);
    return good;
}

static pid_t spawn(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    return pid;
}

static bool ended_well(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            bail_out("waitpid: %s", strerror(errno));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* True when all agree; else *seed is that of the first story found that fails. */
static bool run_all(struct shared *shared, const struct options *o, uint64_t *seed)
{
    pid_t pids[WORKERS];
    bool good = true;
    for (unsigned i = 0; i < WORKERS; i++) {
        pids[i] = spawn();
        if (pids[i] == 0)
            _exit(work(shared, i, o) ? 0 : 1);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        if (!ended_well(pids[i])) {
            shared->workers[i].failed = true;
            *seed = shared->workers[i].seed;
            good = false;
        }
    }
    return good;
}

/* Lives a story, in a process of its own since it may crash: the one in shared, or that of a seed, left there. */
static bool lives(struct shared *shared, const uint64_t *seed)
{
    pid_t pid = spawn();
    if (pid == 0) {
        static struct tally tally;
        static struct drive drive;
        alarm(LIFE_SECONDS);
        drive_init(&drive, &tally);
        snprintf(shared->report.text, sizeof shared->report.text, "it crashes, or does not end");
        bool good = seed ? drive_seed(&drive, *seed, &shared->story) : drive_story(&drive, &shared->story);
        shared->report = drive.report;
        _exit(good ? 0 : 1);
    }
    return ended_well(pid);
}

/* Leaves out whatever the failure does not need: runs of steps first, then single ones. */
static void shrink(struct shared *shared)
{
    static struct story whole;
    for (int length = 32; length > 0; length /= 2) {
        for (int at = shared->story.n - length; at >= 0; at--) {
            whole = shared->story;
            memmove(&shared->story.steps[at], &whole.steps[at + length],
                    (size_t)(whole.n - at - length) * sizeof whole.steps[0]);
            shared->story.n -= length;
            if (lives(shared, NULL))
                shared->story = whole;
            else if (at > shared->story.n - length + 1)
                at = shared->story.n - length + 1;
        }
    }
}

static void tell(struct shared *shared)
{
    bool good = lives(shared, NULL);
    print_story(stdout, &shared->story);
    printf("after which %s\n", good ? "they agree" : "they disagree:");
    if (!good)
        printf("%s\n", shared->report.text);
}

static void explain(struct shared *shared, uint64_t seed)
{
    diag("history %" PRIu64 " fails; again with --seed %" PRIu64, seed, seed);
    if (lives(shared, &seed)) {
        diag("it does not fail when it is lived alone");
        return;
    }
    shrink(shared);
    diag("cut down to what matters:");
    tell(shared);
}

static void check_calendar(void)
{
    int wrong = 0;
    for (int day = 1; day <= cal_day(2199, 12, 31); day++) {
        struct cal_date d = cal_date(day);
        wrong += date_make(d.year, d.month, d.day) != day || date_month(day) != cal_month(day) ||
                 date_bom(day) != cal_bom(day) || date_eom(day) != cal_eom(day);
    }
    is_int(wrong, 0, "both count the days from 1900 to 2199 alike");
}

static uint64_t number(const char *text, uint64_t otherwise)
{
    if (!text || !*text)
        return otherwise;
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (*end)
        bail_out("%s is not a number", text);
    return n;
}

static struct options read_options(int argc, char **argv)
{
    struct options o = {.histories = number(getenv("LIFECERTD_HISTORIES"), DEFAULT_HISTORIES),
                        .from = number(getenv("LIFECERTD_SEED"), (uint64_t)time(NULL) * 1000000)};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--terse") == 0) {
            o.terse = true;
            continue;
        }
        if (!value)
            bail_out("usage: test_model [--histories N] [--from SEED] [--terse] | --seed SEED");
        if (strcmp(argv[i], "--histories") == 0)
            o.histories = number(value, 0);
        else if (strcmp(argv[i], "--from") == 0)
            o.from = number(value, 0);
        else if (strcmp(argv[i], "--seed") == 0)
            o.one = true, o.seed = number(value, 0);
        else
            bail_out("%s: no such option", argv[i]);
        i++;
    }
    return o;
}

int main(int argc, char **argv)
{
    struct options o = read_options(argc, argv);
    struct shared *shared = share();
    cal_init();
    if (o.one) {
        lives(shared, &o.seed);
        tell(shared);
        return 0;
    }
    plan(2 + (o.terse ? 0 : tally_rows()));
    check_calendar();
    uint64_t seed = 0;
    bool good = run_all(shared, &o, &seed);
    ok(good, "core and model agree on %" PRIu64 " histories from seed %" PRIu64, o.histories, o.from);
    if (!good && !o.terse)
        explain(shared, seed);
    struct tally sum = {0};
    for (unsigned i = 0; i < WORKERS; i++)
        tally_add(&sum, &shared->workers[i].tally);
    diag("%" PRIu64 " histories, %" PRIu64 " inputs, %" PRIu64 " deadlines, %" PRIu64 " events", sum.stories,
         sum.inputs, sum.deadlines, sum.events);
    if (!o.terse)
        tally_check(&sum);
    munmap(shared, sizeof *shared);
    return tap_end();
}
