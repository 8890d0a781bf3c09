/* cluster [--seconds N] [--failovers N] [--seed S]: a real Redis Cluster of six, three daemons on a set of eight
 * shards, and people's inputs to any of them, while daemons and Redis are killed and stopped, slots move, memory is
 * full and connections are cut. In the end nothing that was acknowledged may be lost, nothing decided twice; every log
 * verifies, whatever was delivered came in order, and everybody's events are those that a simulation of the same inputs
 * gives. Without arguments: a minute and a half and eight failovers. With --failovers 0 nothing is done to anybody: the load
 * alone. */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tests/chaos/arrivals.h"
#include "tests/chaos/verdict.h"

#define NS_PER_MS INT64_C(1000000)
#define SECONDS 90
#define FAILOVERS 8
#define BULK_LINES 20000       /* of 700 bytes, in one shard: a segment is closed, and moved */
#define SEGMENT_FULL (9 << 20) /* bytes: one is closed by then, and has been for a while */
#define SETTLE_MS 120000
#define CALM 8 /* looks, 200 ms apart */
#define HEAL_MS 120000
#define TIMES 3 /* a busy machine may take so much longer than the goals */

struct chaos {
    int64_t seconds;
    unsigned failovers; /* at least so many */
    uint64_t seed;
    struct stage stage;
    struct load load;
    struct faults faults;
    struct facts facts;
    struct arrivals arrivals[SIDES];
    struct buf text;
    uint64_t events; /* as the daemons said last */
};

/* --- the run --- */

static bool is_over(const struct chaos *c)
{
    int64_t passed = clock_monotonic_ns() - c->faults.began;
    return passed >= c->seconds * 1000 * NS_PER_MS &&
           (c->faults.failovers >= c->failovers || passed >= 2 * c->seconds * 1000 * NS_PER_MS);
}

static void rage(struct chaos *c)
{
    if (c->failovers == 0)
        faults_end(&c->faults);
    while (!is_over(c)) {
        faults_go_on(&c->faults);
        poll(NULL, 0, 10);
    }
    faults_end(&c->faults);
    int64_t limit = clock_monotonic_ns() + HEAL_MS * NS_PER_MS;
    while (!faults_over(&c->faults) && clock_monotonic_ns() < limit) {
        faults_go_on(&c->faults);
        poll(NULL, 0, 10);
    }
    if (!faults_over(&c->faults))
        bail_out("what was done cannot be undone");
}

/* --- rest --- */

static uint64_t sum_of(const char *text, const char *member)
{
    uint64_t sum = 0;
    for (const char *p = strstr(text, member); p; p = strstr(p + 1, member))
        sum += strtoull(p + strlen(member), NULL, 10);
    return sum;
}

/* Nothing waits to be decided, nothing to be delivered, and every shard has an owner. */
static bool is_at_rest(struct chaos *c, struct reply *r)
{
    static const char *const members[] = {"\"lag\":", "\"in_flight\":", "\"retrying\":", "\"waiting\":"};
    uint64_t left = 0, events = c->events;
    if (stage_ask(c->stage.daemons[0], "GET", "/v1/status", r) != 200 || !strstr(r->body.p, "\"unowned\":[]"))
        return false;
    c->events = sum_of(r->body.p, "\"events\":");
    if (stage_ask(c->stage.daemons[0], "GET", "/v1/endpoints", r) != 200)
        return false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        left += sum_of(r->body.p, members[i]);
    return left == 0 && events == c->events && stage_waiting(&c->stage) == 0;
}

/* Their clock goes no faster than time itself from here on, so that nothing more falls due. */
static void stop_clocks(struct chaos *c)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        is_int(node_stop(c->stage.daemons[i]), 0, "daemon %u ends in peace", i);
    stage_configure(&c->stage, 1);
    for (unsigned i = 0; i < DAEMONS; i++)
        node_launch(c->stage.daemons[i]);
    for (unsigned i = 0; i < DAEMONS; i++) {
        int code;
        if (!node_ready(c->stage.daemons[i], &code))
            bail_out("daemon %u exited with %d when it should have started", i, code);
    }
}

static bool settle(struct chaos *c)
{
    struct reply r = {.status = 0};
    int64_t began = clock_monotonic_ns(), limit = began + SETTLE_MS * NS_PER_MS;
    unsigned calm = 0;
    while (calm < CALM && clock_monotonic_ns() < limit) {
        calm = is_at_rest(c, &r) ? calm + 1 : 0;
        poll(NULL, 0, 200);
    }
    diag("at rest after %.1f s", (double)(clock_monotonic_ns() - began) / 1e9);
    if (calm < CALM)
        diag("%llu inputs wait in streams; %.1500s", (unsigned long long)stage_waiting(&c->stage), r.body.p);
    reply_done(&r);
    return calm >= CALM;
}

/* --- judgement --- */

static void verify(struct chaos *c)
{
    const char *const words[] = {"verify", NULL};
    int code = stage_ctl(&c->stage, words, &c->text);
    if (!is_int(code, 0, "every shard's log verifies, across what was moved to the archive"))
        diag("%.1500s", c->text.p);
}

static void stop_all(struct chaos *c)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        is_int(node_stop(c->stage.daemons[i]), 0, "daemon %u ends in peace, for good", i);
    for (unsigned i = 0; i < SIDES; i++) {
        struct counts last;
        is_int(peer_stop(c->stage.peers[i], &last), 0, "%s's receiver ends", side_plans[i].name);
        is_int(last.bad_signatures + last.malformed, 0, "%s: every request is what it should be", side_plans[i].name);
    }
}

static void judge_deliveries(struct chaos *c)
{
    for (unsigned i = 0; i < SIDES; i++)
        arrivals_judge(&c->arrivals[i]);
}

static void tell(const struct chaos *c)
{
    const uint64_t *n = c->facts.counts;
    struct buf text = BUF_INIT;
    unsigned past_lease = 0;
    for (unsigned i = 0; i < DEEDS; i++)
        buf_printf(&text, "%s%s %u", i ? "; " : "", deed_words[i], c->faults.counts[i]);
    diag("%.*s", (int)text.n, text.p);
    for (size_t i = 0; i < c->faults.n_deeds; i++) {
        const struct deed *d = &c->faults.deeds[i];
        past_lease += d->kind == DEED_DAEMON_STOP && d->healed - d->at > CHAOS_LEASE_MS * NS_PER_MS;
    }
    diag("%u daemons stood still for longer than their lease, and went on", past_lease);
    diag("%u failovers; %u starts in vain; %u repetitions, %u given up", c->faults.failovers, c->faults.own_exits,
         atomic_load(&c->load.repeated), atomic_load(&c->load.given_up));
    diag("%zu events: %" PRIu64 " reminders, %" PRIu64 " graces, %" PRIu64 " suspensions, %" PRIu64
         " resumptions, %" PRIu64 " deaths, %" PRIu64 " digests",
         c->facts.n, n[EV_REMINDER], n[EV_GRACE], n[EV_SUSPENDED], n[EV_RESUMED], n[EV_TERMINATED], n[EV_UNIT_DIGEST]);
    buf_done(&text);
}

static bool was_archived(const struct chaos *c)
{
    char command[200];
    snprintf(command, sizeof command, "test -n \"$(find %s -path '*/log/*.ndjson*')\"", c->stage.archive);
    return system(command) == 0;
}

/* A short run, or a slow machine, fills no segment. */
static void judge_archive(const struct chaos *c)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < c->facts.n; i++)
        bytes += c->facts.v[i].shard == BULK_SHARD ? c->facts.v[i].length : 0;
    if (bytes < SEGMENT_FULL)
        skip(1, "nothing is moved to the archive: no segment was filled");
    else
        ok(was_archived(c), "part of a log was moved to the archive");
}

static void judge(struct chaos *c)
{
    char path[128];
    snprintf(path, sizeof path, "%s/logs", tap_tmpdir());
    facts_read(&c->facts, c->stage.daemons[0]->config);
    facts_write(&c->facts, path);
    for (unsigned i = 0; i < SIDES; i++) {
        arrivals_init(&c->arrivals[i], &c->facts, (enum side)i);
        arrivals_read_dead(&c->arrivals[i], c->stage.daemons[0]);
    }
    stop_all(c);
    for (unsigned i = 0; i < SIDES; i++)
        arrivals_read(&c->arrivals[i], &c->stage);
    tell(c);
    verify(c);
    judge_book(&c->load.book, &c->facts);
    judge_rules(&c->load.book, &c->facts, &c->stage);
    judge_deliveries(c);
    /* Fast clocks differ from shard to shard, and with a brake who is ahead waits for who was away, as long again. */
    judge_times(&c->faults, &c->load, strcmp(c->stage.brake, "off") == 0 ? TIMES : 0);
    ok(c->faults.failovers >= c->failovers, "%u failovers, at least", c->failovers);
    is_int(c->faults.crashes, 0, "no daemon ended other than it was told to");
    is_int(atomic_load(&c->load.strange), 0, "every answer was one that may be");
    judge_archive(c);
}

/* --- all of it --- */

static uint64_t read_number(const char *text, const char *option)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (!*text || *end) {
        fprintf(stderr, "cluster: %s takes a number\n", option);
        exit(2);
    }
    return n;
}

static void read_arguments(int argc, char **argv, struct chaos *c)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 't'},
        {"failovers", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    bool given = false;
    *c = (struct chaos){.seconds = SECONDS, .seed = (uint64_t)time(NULL)};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?')
            exit(2);
        uint64_t n = read_number(optarg, argv[optind - 1]);
        if (option == 't')
            c->seconds = (int64_t)n;
        else if (option == 'f')
            c->failovers = (unsigned)n;
        else
            c->seed = n;
        given |= option == 'f';
    }
    if (!given)
        c->failovers = (unsigned)(c->seconds * FAILOVERS / SECONDS);
}

static void begin(struct chaos *c)
{
    static const char *const brakes[] = {"off", "50%"};
    stage_isolate(&c->stage);
    if (!c->stage.apart)
        skip(1, "no connection is cut: %s", c->stage.why_not);
    stage_set_up(&c->stage, brakes[c->seed % 2]);
    stage_configure(&c->stage, FAST);
    for (unsigned i = 0; i < DAEMONS; i++)
        node_launch(c->stage.daemons[i]);
    for (unsigned i = 0; i < DAEMONS; i++) {
        int code;
        if (!node_ready(c->stage.daemons[i], &code))
            bail_out("daemon %u exited with %d when it should have started", i, code);
    }
    load_start(&c->load, &c->stage, c->seed, BULK_LINES);
    faults_init(&c->faults, &c->stage, &c->load, c->seed + 1);
}

static void done(struct chaos *c)
{
    stage_done(&c->stage);
    load_done(&c->load);
    faults_done(&c->faults);
    facts_done(&c->facts);
    for (unsigned i = 0; i < SIDES; i++)
        arrivals_done(&c->arrivals[i]);
    buf_done(&c->text);
}

static bool all_good;

/* What a failure left is not removed: logs, records and the time line tell of it. Runs before the folder is removed,
 * also when the test ends in the midst of it. */
static void keep_folder(void)
{
    char kept[300];
    snprintf(kept, sizeof kept, "%s-kept", tap_tmpdir());
    if (!all_good && rename(tap_tmpdir(), kept) == 0)
        diag("its folder is kept: %s", kept);
}

int main(int argc, char **argv)
{
    static struct chaos c;
    read_arguments(argc, argv, &c);
    plan(0);
    diag("--seconds %" PRId64 " --failovers %u --seed %" PRIu64, c.seconds, c.failovers, c.seed);
    tap_tmpdir();
    atexit(keep_folder);
    begin(&c);
    rage(&c);
    stage_calm(&c.stage);
    load_stop(&c.load);
    stop_clocks(&c);
    if (ok(settle(&c), "when the faults end, everything left is decided and delivered"))
        judge(&c);
    done(&c);
    int failed = tap_end();
    all_good = !failed;
    return failed;
}
