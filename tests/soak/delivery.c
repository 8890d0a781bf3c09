/* delivery [--seconds N] [--kills N] [--seed S]: delivery under fire. Receivers fail, hang, reset connections, answer
 * nonsense and restart, while people are enrolled, certify and die under a clock that runs eleven days a second, and
 * the daemon is killed every few seconds. At the end everything must have arrived at least once and in order, and no
 * message twice. Without arguments: two minutes and twenty kills. --seconds 3600 is an hour, with as many kills as go
 * into it; its records want a gigabyte below $TMPDIR. */
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/soak/verdict.h"

#define MS INT64_C(1000000)
#define SECONDS 120
#define KILLS 20
#define FAST 1000000 /* times as fast as time itself: eleven days a second */
#define PACE_MS 120  /* between two requests with inputs */
#define SETTLE_MS 180000

struct soak {
    int64_t seconds;
    unsigned kills; /* at least so many */
    uint64_t seed;
    struct rng rng;
    struct node *node;
    struct sides sides;
    struct inputs inputs;
    struct facts facts;
    struct arrivals arrivals[SIDES];
    struct rows rows[SIDES];
    struct counts counts[SIDES];
    int64_t *died; /* when the daemon did, Unix nanoseconds */
    unsigned n_died, early, stopping;
    int64_t began, longest_start, settled_in; /* monotonic nanoseconds */
};

/* --- the killer --- */

struct killer {
    pthread_t thread;
    pid_t pid;
    int64_t term_ms, kill_ms; /* SIGTERM after term_ms when it is not 0; SIGKILL kill_ms later */
};

static void wait_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS};
    while (nanosleep(&t, &t) != 0)
        continue;
}

/* The process stays, dead, until it is waited for, which happens only after this thread has ended. */
static void *kill_it(void *arg)
{
    struct killer *k = arg;
    if (k->term_ms) {
        wait_ms(k->term_ms);
        kill(k->pid, SIGTERM);
    }
    wait_ms(k->kill_ms);
    kill(k->pid, SIGKILL);
    return NULL;
}

static void killer_start(struct killer *k, pid_t pid, int64_t term_ms, int64_t kill_ms)
{
    *k = (struct killer){.pid = pid, .term_ms = term_ms, .kill_ms = kill_ms};
    if (pthread_create(&k->thread, NULL, kill_it, k) != 0)
        bail_out("no thread");
}

/* --- a life of the daemon --- */

static int64_t draw(struct soak *s, int64_t from, int64_t to)
{
    return from + (int64_t)rng_below(&s->rng, (uint64_t)(to - from));
}

/* true: it has ended within the time. */
static bool ends_within(int pid_fd, int ms)
{
    struct pollfd fd = {.fd = pid_fd, .events = POLLIN};
    return poll(&fd, 1, ms) > 0;
}

/* Inputs and faults until the daemon is dead. */
static void use(struct soak *s)
{
    int pid_fd = pidfd_open(s->node->pid, 0);
    struct client *c = client_new(s->node->socket);
    if (pid_fd < 0)
        bail_out("no descriptor for the daemon");
    bool open = c && resume_paused(s->node);
    while (!ends_within(pid_fd, PACE_MS)) {
        open = open && inputs_feed(&s->inputs, c);
        if (rng_below(&s->rng, 4) == 0)
            sides_unsettle(&s->sides);
    }
    client_free(c);
    close(pid_fd);
}

static void note_start(struct soak *s, int64_t launched)
{
    int64_t took = clock_monotonic_ns() - launched;
    if (took > s->longest_start)
        s->longest_start = took;
}

static void launch(struct soak *s, int64_t *launched)
{
    *launched = clock_monotonic_ns();
    node_launch(s->node);
}

static void must_be_ready(struct soak *s, int64_t launched)
{
    int code;
    if (!node_ready(s->node, &code))
        bail_out("the daemon exited with %d when it should have started", code);
    note_start(s, launched);
}

/* What is left to be done, spread over what is left of the time. */
static int64_t mean_life_ms(const struct soak *s)
{
    int64_t left = s->seconds * 1000 - (clock_monotonic_ns() - s->began) / MS;
    int64_t kills = s->kills > s->n_died ? s->kills - s->n_died : 1;
    int64_t mean = left / kills;
    return mean < 2000 ? 2000 : mean > 8000 ? 8000 : mean;
}

/* From start to kill: mostly among deliveries, now and then while it starts or stops. */
static void live(struct soak *s)
{
    struct killer k;
    unsigned lot = (unsigned)rng_below(&s->rng, 10);
    int64_t launched, mean = mean_life_ms(s), life = draw(s, mean / 2, mean * 3 / 2);
    launch(s, &launched);
    if (lot == 0) {
        int code;
        killer_start(&k, s->node->pid, 0, draw(s, 0, 100));
        pthread_join(k.thread, NULL);
        s->early += !node_ready(s->node, &code);
    } else {
        must_be_ready(s, launched);
        s->stopping += lot == 1;
        killer_start(&k, s->node->pid, lot == 1 ? life : 0, lot == 1 ? draw(s, 0, 500) : life);
        use(s);
        pthread_join(k.thread, NULL);
    }
    node_wait(s->node);
    s->died = mem_resize(s->died, s->n_died + 1, sizeof *s->died);
    s->died[s->n_died++] = clock_wall_ns();
}

/* In this order: what a record has, the log has. */
static void read_all(struct soak *s)
{
    facts_read(&s->facts, s->node);
    for (unsigned i = 0; i < SIDES; i++)
        arrivals_read(&s->arrivals[i], s->died, s->n_died);
}

static bool is_over(const struct soak *s)
{
    return s->n_died >= s->kills && clock_monotonic_ns() - s->began >= s->seconds * 1000 * MS;
}

static void rage(struct soak *s)
{
    s->began = clock_monotonic_ns();
    while (!is_over(s)) {
        live(s);
        read_all(s);
    }
}

/* --- the end --- */

static bool is_idle(const struct standing v[SIDES])
{
    for (unsigned i = 0; i < SIDES; i++)
        if (v[i].lag || v[i].in_flight || v[i].retrying || v[i].waiting || v[i].paused)
            return false;
    return true;
}

static void tell_standings(const struct standing v[SIDES])
{
    for (unsigned i = 0; i < SIDES; i++)
        diag("%s: lag %" PRIu64 ", in flight %" PRIu64 ", retrying %" PRIu64 ", waiting %" PRIu64 "%s",
             side_plans[i].name, v[i].lag, v[i].in_flight, v[i].retrying, v[i].waiting, v[i].paused ? ", paused" : "");
}

/* Nothing is left to be sent, and the log has not grown since that was seen. */
static bool is_settled(struct soak *s, struct standing now[SIDES])
{
    uint64_t n = s->facts.n;
    if (!resume_paused(s->node) || !ask_standings(s->node, now))
        bail_out("the daemon does not answer");
    if (!is_idle(now))
        return false;
    facts_read(&s->facts, s->node);
    return s->facts.n == n;
}

/* Each message brings two receipts. */
static bool receipts_are_in(struct soak *s)
{
    for (unsigned i = 0; i < SIDES; i++) {
        if (!side_plans[i].receipts)
            continue;
        struct counts c = peer_counts(s->sides.v[i].peer);
        if (c.receipts_sent + c.receipts_failed < 2 * s->sides.copies * c.sms)
            return false;
    }
    return true;
}

static bool settle(struct soak *s)
{
    struct standing now[SIDES];
    int64_t launched, began = clock_monotonic_ns(), limit = began + SETTLE_MS * MS;
    bool settled = false;
    sides_calm(&s->sides);
    sides_configure(&s->sides, 1);
    launch(s, &launched);
    must_be_ready(s, launched);
    do {
        settled = is_settled(s, now) && receipts_are_in(s);
        poll(NULL, 0, 50);
    } while (!settled && clock_monotonic_ns() < limit);
    s->settled_in = clock_monotonic_ns() - began;
    if (!settled)
        tell_standings(now);
    return settled;
}

static void judge(struct soak *s)
{
    for (unsigned i = 0; i < SIDES; i++) {
        struct verdict_on v = {&s->arrivals[i], &s->rows[i], &s->facts, &s->counts[i]};
        if (side_plans[i].messages)
            judge_messages(&v, &s->inputs);
        else
            judge_events(&v);
        if (side_plans[i].path)
            judge_receiver(&v);
    }
}

static void tell_side(const struct soak *s, unsigned i)
{
    const struct arrivals *a = &s->arrivals[i];
    const uint64_t *n = s->rows[i].counts;
    diag("%-8s %" PRIu64 " attempts, %" PRIu64 " accepted, %" PRIu64 " different; again %" PRIu64
         ", after kills %" PRIu64 " (at most %" PRIu64 "); %" PRIu64 " sent, %" PRIu64 " skipped, %" PRIu64
         " unknown, %" PRIu64 " dead",
         side_plans[i].name, a->attempts, a->accepted, a->distinct, a->again, a->after_kill, a->most_after_kill,
         n[DELIVERY_SENT], n[DELIVERY_SKIPPED], n[DELIVERY_UNKNOWN], n[DELIVERY_DEAD]);
}

static void tell(const struct soak *s)
{
    const uint64_t *n = s->facts.counts;
    diag("%u kills (%u early, %u while stopping), %u moods; %" PRIu64 " inputs, %" PRIu64 " events: %" PRIu64
         " reminders, %" PRIu64 " graces, %" PRIu64 " suspensions, %" PRIu64 " resumptions, %" PRIu64 " deaths",
         s->n_died, s->early, s->stopping, s->sides.moods, s->inputs.sent, s->facts.n, n[EV_REMINDER], n[EV_GRACE],
         n[EV_SUSPENDED], n[EV_RESUMED], n[EV_TERMINATED]);
    diag("longest start %.2f s; settled in %.1f s", (double)s->longest_start / 1e9, (double)s->settled_in / 1e9);
    for (unsigned i = 0; i < SIDES; i++)
        tell_side(s, i);
    ok(n[EV_REMINDER] && n[EV_GRACE] && n[EV_SUSPENDED] && n[EV_RESUMED] && n[EV_TERMINATED] && n[EV_REVOKED] &&
           n[EV_DEFERRED] && n[EV_UNIT_DIGEST],
       "reminders, graces, suspensions, resumptions, deaths, revocations, deferrals and digests were among it");
}

static void finish(struct soak *s)
{
    for (unsigned i = 0; i < SIDES; i++)
        rows_read(&s->rows[i], s->node, side_plans[i].name, s->facts.n);
    is_int(node_stop(s->node), 0, "the last daemon stops in peace");
    sides_stop(&s->sides, s->counts);
    read_all(s);
    judge(s);
    tell(s);
}

/* --- all of it --- */

static uint64_t read_number(const char *text, const char *option)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (!*text || *end) {
        fprintf(stderr, "delivery: %s takes a number\n", option);
        exit(2);
    }
    return n;
}

static void read_arguments(int argc, char **argv, struct soak *s)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 't'},
        {"kills", required_argument, NULL, 'k'},
        {"seed", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    bool kills_given = false;
    *s = (struct soak){.seconds = SECONDS, .seed = (uint64_t)time(NULL)};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?')
            exit(2);
        uint64_t n = read_number(optarg, argv[optind - 1]);
        if (option == 't')
            s->seconds = (int64_t)n;
        else if (option == 'k')
            s->kills = (unsigned)n;
        else
            s->seed = n;
        kills_given |= option == 'k';
    }
    if (!kills_given)
        s->kills = (unsigned)(s->seconds * KILLS / SECONDS);
}

static void init(struct soak *s)
{
    s->rng = rng_seed(s->seed);
    s->node = node_new("");
    sides_init(&s->sides, s->node, s->seed);
    sides_calm(&s->sides);
    sides_configure(&s->sides, FAST);
    inputs_init(&s->inputs, s->node, s->seed + 1);
    facts_init(&s->facts);
    for (unsigned i = 0; i < SIDES; i++)
        arrivals_init(&s->arrivals[i], &s->sides.v[i], &s->facts);
    node_init(s->node);
}

static void done(struct soak *s)
{
    node_free(s->node, false);
    sides_done(&s->sides);
    inputs_done(&s->inputs);
    for (unsigned i = 0; i < SIDES; i++) {
        arrivals_done(&s->arrivals[i]);
        rows_done(&s->rows[i]);
    }
    facts_done(&s->facts);
    free(s->died);
}

/* What a failure left is not removed: log, store and records tell of it. */
static void keep_folder(void)
{
    char kept[300];
    snprintf(kept, sizeof kept, "%s-kept", tap_tmpdir());
    if (rename(tap_tmpdir(), kept) == 0)
        diag("its folder is kept: %s", kept);
}

int main(int argc, char **argv)
{
    static struct soak s;
    read_arguments(argc, argv, &s);
    plan(0);
    diag("--seconds %" PRId64 " --kills %u --seed %" PRIu64, s.seconds, s.kills, s.seed);
    init(&s);
    rage(&s);
    if (ok(settle(&s), "when the faults end, everything left is delivered"))
        finish(&s);
    done(&s);
    int failed = tap_end();
    if (failed)
        keep_folder();
    return failed;
}
