/* The engine alone, durable: enrolments, certifications in random order, a sweep of due deadlines, replay, a start from a
 * checkpoint, memory, and one certification against one fdatasync of as many bytes.
 *
 *   bench/engine [--people N] [--years Y] [--dir FOLDER] [--keep]
 *
 * Inputs are made in batches ahead of the clock (no parsing); nothing counts before its commit is synced. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/people.h"
#include "engine/engine.h"

#define GROUP 1024 /* inputs a request */
#define WINDOW 32  /* requests in the queue at a time */

static const char conf[] = "brake_limit = \"off\"\n"
                           "channel \"face\" {}\nchannel \"data-match\" {}\n"
                           "policy \"national\" {}\n";

struct bench {
    struct engine *engine;
    struct engine_options options;
    char conf_file[512], uri[512];
    const char *folder;
    uint32_t people;
    unsigned years;
    lc_instant start;
    struct errmsg msg;
};

static double seconds(void)
{
    return (double)clock_monotonic_ns() * 1e-9;
}

/* What the engine's thread itself has used: what counts when the machine is shared. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* Resident kilobytes of this process. */
static double resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        die("/proc/self/statm", "cannot read");
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void open_engine(struct bench *b)
{
    struct buf faults = BUF_INIT;
    struct config *c = NULL;
    if (config_load(b->conf_file, &c, &faults) != ERR_OK)
        die(b->conf_file, "refused");
    if (engine_open(&b->options, c, true, b->start, &b->engine, &b->msg) != ERR_OK)
        die("cannot open the engine", b->msg.text);
}

static void tick(struct bench *b)
{
    int64_t wait;
    if (engine_tick(b->engine, &wait, &b->msg) != ERR_OK)
        die("the engine failed", b->msg.text);
}

static void until(struct bench *b, lc_instant at)
{
    if (engine_run_until(b->engine, at, &b->msg) != ERR_OK)
        die("the engine failed", b->msg.text);
}

static uint64_t events(const struct bench *b)
{
    struct engine_counters c;
    engine_counters(b->engine, &c);
    return c.last_seq;
}

/* --- inputs --- */

struct group {
    struct request request;
    struct input inputs[GROUP];
    struct input_result results[GROUP];
    char text[GROUP][64];
    bool busy;
};

static void set_id(struct group *g, unsigned i, uint32_t person)
{
    int n = bench_id(person, g->text[i]);
    g->inputs[i].id = (struct str){g->text[i], (size_t)n};
}

static void enrolment(struct group *g, unsigned i, uint32_t person, lc_date day)
{
    set_id(g, i, person);
    g->inputs[i].op = OP_ENROL;
    g->inputs[i].given = M_OP | M_ID | M_POLICY | M_APPROVED_ON | M_AMOUNT;
    g->inputs[i].policy = STR_LIT("national");
    g->inputs[i].approved_on = day - (lc_date)(person % 365);
    g->inputs[i].amount = 350000;
}

static void certification(struct group *g, unsigned i, uint32_t person, lc_date day)
{
    set_id(g, i, person);
    g->inputs[i].op = OP_CERTIFY;
    g->inputs[i].given = M_OP | M_ID | M_CHANNEL | M_REF | M_CERTIFIED_ON;
    g->inputs[i].channel = person % 3 ? STR_LIT("face") : STR_LIT("data-match");
    g->inputs[i].certified_on = day;
    char *ref = g->text[i] + 32;
    int n = snprintf(ref, 31, "F%u-%d", person, day);
    g->inputs[i].ref = (struct str){ref, (size_t)n};
}

typedef void make_fn(struct group *g, unsigned i, uint32_t person, lc_date day);

static void done(struct request *r)
{
    ((struct group *)r->owner)->busy = false;
}

static void fill(struct group *g, make_fn *make, bool shuffle, uint32_t from, uint32_t people, lc_date day)
{
    uint32_t n = people - from < GROUP ? people - from : GROUP;
    for (uint32_t i = 0; i < n; i++) {
        g->inputs[i] = (struct input){.at = INSTANT_NONE, .amount = AMOUNT_NONE};
        make(g, i, shuffle ? bench_shuffled(from + i, people) : from + i, day);
    }
    g->request = (struct request){
        .kind = REQUEST_INPUTS, .done = done, .owner = g, .inputs = g->inputs, .results = g->results, .n_inputs = n};
    g->busy = true;
}

/* A rate by the wall clock and by the engine thread's own time. */
struct speed {
    double wall, cpu;
};

static void rate_row(const char *what, double n, struct speed seconds_used, double goal)
{
    printf("%-46s %12.0f /s", what, n / seconds_used.wall);
    if (goal > 0)
        printf("  %5.2f x the goal of %.0f", n / seconds_used.wall / goal, goal);
    printf("  (%.2f us of the engine's thread each)\n", seconds_used.cpu / n * 1e6);
    fflush(stdout);
}

/* Everybody once. The time that making the inputs takes is left out of the seconds returned. */
static struct speed everybody(struct bench *b, make_fn *make, bool shuffle, lc_date day)
{
    struct group *groups = mem_zalloc(WINDOW, sizeof *groups);
    double making = 0, making_cpu = 0, begin = seconds(), begin_cpu = cpu_seconds();
    uint32_t next = 0;
    for (;;) {
        bool busy = false;
        double t = seconds(), t_cpu = cpu_seconds();
        for (unsigned i = 0; i < WINDOW; i++) {
            if (!groups[i].busy && next < b->people) {
                fill(&groups[i], make, shuffle, next, b->people, day);
                next += groups[i].request.n_inputs;
                if (!engine_submit(b->engine, &groups[i].request))
                    die("the queue", "is full");
            }
            busy = busy || groups[i].busy;
        }
        making += seconds() - t;
        making_cpu += cpu_seconds() - t_cpu;
        if (!busy)
            break;
        tick(b);
    }
    until(b, INT64_MIN);
    free(groups);
    return (struct speed){seconds() - begin - making, cpu_seconds() - begin_cpu - making_cpu};
}

/* --- the rows --- */

static void row(const char *what, double value, const char *unit, double goal)
{
    printf("%-46s %12.0f %s", what, value, unit);
    if (goal > 0)
        printf("  %5.2f x the goal of %.0f", value / goal, goal);
    putchar('\n');
    fflush(stdout);
}

static void bench_sweep(struct bench *b, lc_instant to)
{
    uint64_t before = events(b);
    double begin = seconds(), begin_cpu = cpu_seconds();
    until(b, to);
    rate_row("sweep: due deadlines decided and durable", (double)(events(b) - before),
             (struct speed){seconds() - begin, cpu_seconds() - begin_cpu}, 1e6);
}

static void bench_replay(struct bench *b)
{
    uint64_t n = events(b);
    if (engine_close(b->engine, false, &b->msg) != ERR_OK)
        die("close", b->msg.text);
    double begin = seconds(), begin_cpu = cpu_seconds();
    open_engine(b);
    rate_row("replay of the log, seals checked", (double)n, (struct speed){seconds() - begin, cpu_seconds() - begin_cpu},
             2e6);
    begin = seconds();
    if (engine_close(b->engine, true, &b->msg) != ERR_OK)
        die("close", b->msg.text);
    row("writing a checkpoint", (seconds() - begin) * 1e3, "ms", 0);
    begin = seconds();
    open_engine(b);
    row("start from a checkpoint", (seconds() - begin) * 1e3, "ms", 0);
    row("resident memory after it, a beneficiary", resident() / b->people, "bytes", 0);
}

/* The median of n. */
static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static void bench_single(struct bench *b, lc_date day)
{
    enum { N = 400 };
    double certify[N], sync[N];
    char path[600], bytes[400];
    struct group *g = mem_zalloc(1, sizeof *g);
    memset(bytes, 'x', sizeof bytes);
    snprintf(path, sizeof path, "%s/sync", b->folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    for (unsigned i = 0; i < N; i++) {
        fill(g, certification, true, i, i + 1, day);
        certification(g, 0, bench_shuffled(i, b->people), day);
        double t = seconds();
        if (!engine_submit(b->engine, &g->request))
            die("the queue", "is full");
        while (g->busy)
            tick(b);
        certify[i] = seconds() - t;
        t = seconds();
        if (write(fd, bytes, sizeof bytes) != sizeof bytes || fdatasync(fd) != 0)
            die(path, "cannot write");
        sync[i] = seconds() - t;
    }
    close(fd);
    unlink(path);
    free(g);
    qsort(certify, N, sizeof *certify, by_value);
    qsort(sync, N, sizeof *sync, by_value);
    row("one certify, submitted to durable, median", certify[N / 2] * 1e6, "us", 0);
    row("one fdatasync of 400 bytes, median", sync[N / 2] * 1e6, "us", 0);
    printf("%-46s %12.2f x (at most 2)\n", "ratio", certify[N / 2] / sync[N / 2]);
}

static void run(struct bench *b)
{
    double empty = resident();
    open_engine(b);
    lc_date day = date_make(2026, 1, 1);
    row("people", b->people, "", 0);
    rate_row("enrolments", b->people, everybody(b, enrolment, false, day), 0);
    for (unsigned year = 0; year < b->years; year++) {
        /* The first two years nobody lets it come to a reminder; then the sweep finds everyone's. */
        lc_date on = date_addm(day, 8 * (int)year + 1);
        until(b, INT64_C(86400) * (on - DATE_UNIX_EPOCH) - 8 * 3600);
        rate_row("certifications in random order", b->people, everybody(b, certification, true, on), 5e5);
    }
    row("resident memory, a beneficiary", (resident() - empty) / b->people, "bytes", 0);
    lc_date last = date_addm(day, 8 * (int)(b->years - 1) + 1);
    bench_sweep(b, INT64_C(86400) * (date_addm(last, 11) - DATE_UNIX_EPOCH));
    bench_replay(b);
    bench_single(b, date_addm(last, 11));
    if (engine_close(b->engine, false, &b->msg) != ERR_OK)
        die("close", b->msg.text);
}

static void write_conf(struct bench *b)
{
    snprintf(b->conf_file, sizeof b->conf_file, "%s/bench.conf", b->folder);
    FILE *f = fopen(b->conf_file, "w");
    if (!f || fputs(conf, f) < 0 || fclose(f) != 0)
        die(b->conf_file, "cannot write");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"people", required_argument, NULL, 'n'},
                                            {"years", required_argument, NULL, 'y'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"keep", no_argument, NULL, 'k'},
                                            {NULL, 0, NULL, 0}};
    char made[] = "/tmp/lifecertd-bench-XXXXXX", command[600];
    struct bench b = {.people = 10000000, .years = 3};
    bool keep = false;
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'n')
            b.people = (uint32_t)strtoul(optarg, NULL, 10);
        else if (opt == 'y')
            b.years = (unsigned)strtoul(optarg, NULL, 10);
        else if (opt == 'd')
            b.folder = optarg;
        else if (opt == 'k')
            keep = true;
        else
            die("usage", "bench/engine [--people N] [--years Y] [--dir FOLDER] [--keep]");
    }
    if (b.people < 1 || b.people > 90000000 || b.years < 1)
        die("usage", "--people 1 to 90000000, --years 1 or more");
    if (!b.folder)
        b.folder = mkdtemp(made);
    write_conf(&b);
    snprintf(b.uri, sizeof b.uri, "dir:%s/store", b.folder);
    b.options = (struct engine_options){.uri = b.uri, .init = true, .checkpoint_events = UINT64_MAX};
    b.start = INT64_C(86400) * (date_make(2026, 1, 1) - DATE_UNIX_EPOCH) - 8 * 3600;
    run(&b);
    snprintf(command, sizeof command, "rm -rf '%s/store' '%s'", b.folder, b.conf_file);
    if (!keep && system(command) != 0)
        die(b.folder, "cannot be removed");
    if (b.folder == made && !keep)
        rmdir(made);
    return 0;
}
