/* The engine's promises over whole histories: replay gives the same state, batches do not matter, stopping and starting does
 * not matter, and the same instants of decision give the same bytes. */
#include "tests/engine/rig.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define PEOPLE 60
#define START rig_at("2026-01-01T00:00:00+08:00")
#define END rig_at("2028-06-30T00:00:00+08:00")

static const char *const channels[] = {"face", "counter", "data-match"};
static const char *const policies[] = {"national", "beijing", "365-days"};

static void put_date(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

/* One random input for person i at local day d. */
static void random_input(struct rng *g, struct buf *b, unsigned i, lc_date d)
{
    static const char *const ops[] = {"certify", "certify", "certify", "certify", "revoke", "defer", "amend",
                                      "amend",   "report-death", "retract-death", "erase"};
    const char *op = ops[rng_below(g, sizeof ops / sizeof *ops)];
    buf_printf(b, "\"op\":\"%s\",\"id\":\"P-%03u\"", op, i);
    if (!strcmp(op, "certify") || !strcmp(op, "revoke"))
        buf_printf(b, ",\"channel\":\"%s\",\"ref\":\"r%u\"", channels[rng_below(g, 3)], (unsigned)rng_below(g, 12));
    if (!strcmp(op, "certify")) {
        put_date(b, "certified_on", d - (lc_date)rng_below(g, 40) + 1);
        if (rng_below(g, 3) == 0)
            buf_adds(b, ",\"evidence\":\"seen\"");
        if (rng_below(g, 4) == 0)
            buf_printf(b, ",\"phone\":\"1200000%04u\",\"by\":\"kin\"", (unsigned)rng_below(g, 10000));
    } else if (!strcmp(op, "defer"))
        put_date(b, "until", d + (lc_date)rng_below(g, 60));
    else if (!strcmp(op, "report-death"))
        put_date(b, "died_on", d - (lc_date)rng_below(g, 90));
    else if (!strcmp(op, "amend")) {
        if (rng_below(g, 2))
            buf_printf(b, ",\"policy\":\"%s\"", policies[rng_below(g, 3)]);
        else
            buf_printf(b, ",\"amount\":%u,\"unit\":\"U%u\",\"name\":\"n%u\"", (unsigned)rng_below(g, 3) * 1000,
                       (unsigned)rng_below(g, 5), (unsigned)rng_below(g, 3));
    }
    if (!strcmp(op, "revoke") || !strcmp(op, "defer") || !strcmp(op, "retract-death"))
        buf_adds(b, ",\"reason\":\"a \\\"reason\\\" with é\"");
}

/* Everyone enrolled on the first day, then a random input every few hours. */
static char *random_history(uint64_t seed)
{
    struct rng g = rng_seed(seed);
    struct buf b = BUF_INIT;
    lc_date first = date_make(2026, 1, 1);
    for (unsigned i = 0; i < PEOPLE; i++) {
        buf_printf(&b, "{\"at\":\"2026-01-01T00:00:00+08:00\",\"op\":\"enrol\",\"id\":\"P-%03u\",\"policy\":\"%s\"", i,
                   policies[rng_below(&g, 3)]);
        put_date(&b, "approved_on", first - (lc_date)rng_below(&g, 500));
        buf_printf(&b, ",\"amount\":%u,\"name\":\"n\",\"category\":\"c%u\"}\n", (unsigned)rng_below(&g, 9) * 100,
                   (unsigned)rng_below(&g, 3));
    }
    lc_instant at = START;
    while (at < END - 40 * 86400) {
        at += (lc_instant)rng_below(&g, 40 * 3600);
        char text[25];
        instant_format(at, 8 * 3600, text);
        buf_printf(&b, "{\"at\":\"%.25s\",", text);
        random_input(&g, &b, (unsigned)rng_below(&g, PEOPLE), (lc_date)((at + 8 * 3600) / 86400 + DATE_UNIX_EPOCH));
        buf_adds(&b, "}\n");
    }
    buf_addc(&b, '\0');
    return b.p;
}

/* The first line in which two texts differ. */
static void show_difference(const char *a, const char *b)
{
    while (*a && *b) {
        int n = (int)strcspn(a, "\n"), m = (int)strcspn(b, "\n");
        if (n != m || memcmp(a, b, (size_t)n) != 0) {
            diag("before: %.*s", n, a);
            diag("after:  %.*s", m, b);
            return;
        }
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
}

/* Every person's state, as the engine tells it. */
static char *all_states(struct rig *r)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < PEOPLE; i++) {
        char id[16];
        snprintf(id, sizeof id, "P-%03u", i);
        buf_printf(&b, "%s\n", rig_ask(r, REQUEST_SHOW, id));
    }
    const char *status = rig_ask(r, REQUEST_STATUS, NULL), *from = strstr(status, "\"enrolled\""),
               *to = strstr(status, "\"log_bytes\"");
    buf_add(&b, from, (size_t)(to - from));
    buf_addc(&b, '\0');
    return b.p;
}

static char *lines_of(struct rig *r)
{
    buf_addc(&r->lines, '\0');
    return mem_strdup(r->lines.p);
}

static char *run_in_memory(const char *history, uint32_t batch_bytes)
{
    struct rig r = {.options = {.batch_bytes = batch_bytes}};
    rig_open(&r, "memory:", rig_conf, START);
    rig_inputs(&r, history, END);
    char *lines = lines_of(&r);
    rig_close(&r);
    return lines;
}

static void test_batches(uint64_t seed, const char *history)
{
    char *one = run_in_memory(history, 0);
    static const uint32_t sizes[] = {1, 300, 5000};
    for (size_t i = 0; i < 3; i++) {
        char *other = run_in_memory(history, sizes[i]);
        ok(strcmp(one, other) == 0, "seed %" PRIu64 ": batches of %u bytes give the same events to the byte", seed, sizes[i]);
        free(other);
    }
    free(one);
}

static void test_replay(uint64_t seed, const char *history)
{
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/replay-%" PRIu64, tap_tmpdir(), seed);
    struct rig r = {.options = {.segment_bytes = 100000}};
    rig_open(&r, uri, rig_conf, START);
    rig_inputs(&r, history, END);
    char *before = all_states(&r);
    char *memory = run_in_memory(history, 0), *dir = lines_of(&r);
    ok(strcmp(memory, dir) == 0, "seed %" PRIu64 ": both stores hold the same events", seed);
    static const char *const how[] = {"a crash", "a stop without a checkpoint", "a stop with one", "a start from it"};
    for (int i = 0; i < 4; i++) {
        if (i == 0)
            rig_crash(&r);
        else
            rig_again(&r, i == 2);
        rig_until(&r, END);
        char *after = all_states(&r);
        if (!ok(strcmp(before, after) == 0, "seed %" PRIu64 ": the same state after %s", seed, how[i]))
            show_difference(before, after);
        free(after);
    }
    if (!is_int(r.warnings.n, 0, "and nothing to warn of"))
        diag("%.*s", (int)r.warnings.n, r.warnings.p);
    free(before);
    free(memory);
    free(dir);
    rig_close(&r);
}

/* The same history with the daemon stopped and started in between, while no instant passes. */
static void test_stops(uint64_t seed, const char *history)
{
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/stops-%" PRIu64, tap_tmpdir(), seed);
    struct rig r = {.engine = NULL};
    rig_open(&r, uri, rig_conf, START);
    const char *p = history;
    for (int part = 0; *p; part++) {
        const char *end = p;
        lc_instant last = START;
        for (int i = 0; i < 150 && *end; i++) {
            char at[26] = "";
            memcpy(at, end + 7, 25);
            last = rig_at(at);
            end = (const char *)rawmemchr(end, '\n') + 1; /* AddressSanitizer's strchr reads all the rest */
        }
        /* Inputs at one instant stay together: so do deadlines between. */
        char *some = mem_strndup(p, (size_t)(end - p));
        rig_inputs(&r, some, *end ? last : END);
        free(some);
        p = end;
        if (part % 3 == 2)
            rig_crash(&r);
        else
            rig_again(&r, part % 3 == 1);
    }
    char *memory = run_in_memory(history, 0), *dir = lines_of(&r);
    ok(strcmp(memory, dir) == 0, "seed %" PRIu64 ": stopping and starting gives the same events to the byte", seed);
    free(memory);
    free(dir);
    rig_close(&r);
}

/* A damaged checkpoint is passed over with a warning. */
static void test_damaged_checkpoint(const char *history)
{
    char uri[128], command[256];
    snprintf(uri, sizeof uri, "dir:%s/damaged", tap_tmpdir());
    struct rig r = {.engine = NULL};
    rig_open(&r, uri, rig_conf, START);
    rig_inputs(&r, history, END);
    char *before = all_states(&r);
    rig_again(&r, true);
    snprintf(command, sizeof command, "for f in %s/checkpoint/*; do printf 'X' | dd of=$f bs=1 seek=500 conv=notrunc 2>/dev/null; done",
             uri + 4);
    is_int(system(command), 0, "a byte of the checkpoint is altered");
    rig_crash(&r);
    ok(r.warnings.n > 0, "the engine warns of it");
    char *after = all_states(&r);
    ok(strcmp(before, after) == 0, "and comes to the same state from the log");
    free(before);
    free(after);
    rig_close(&r);
}

static void test_adoption(void)
{
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/adoption", tap_tmpdir());
    struct rig r = {.engine = NULL};
    rig_open(&r, uri, "channel \"face\" {}\nbrake_limit = \"off\"\npolicy \"national\" {}\npolicy \"other\" {}\n", START);
    for (unsigned i = 0; i < 40; i++) {
        char json[160];
        snprintf(json, sizeof json, "{\"op\":\"enrol\",\"id\":\"P-%03u\",\"policy\":\"%s\",\"approved_on\":\"2025-01-10\"}", i,
                 i % 2 ? "national" : "other");
        rig_input(&r, json);
    }
    rig_until(&r, rig_at("2026-02-16T00:00:00+08:00"));
    is_int(rig_count(&r, "\"benefit.suspended\""), 40, "forty people are suspended");
    is_int(rig_reload(&r, "channel \"face\" {}\nbrake_limit = \"off\"\npolicy \"national\" { cycle = \"14 months\" }\npolicy \"other\" {}\n"),
           ERR_OK, "a longer cycle is taken up");
    rig_until(&r, rig_at("2026-02-16T00:00:00+08:00"));
    is_int(rig_count(&r, "\"policy.adopted\""), 3, "one policy more is adopted");
    is_int(rig_count(&r, "\"policy-changed\""), 20, "everyone under it is resumed");
    is_int(rig_count(&r, "\"beneficiary.amended\""), 20, "each with an event that says so, and nobody else");
    char *before = mem_strdup(rig_ask(&r, REQUEST_SHOW, "P-001"));
    rig_crash(&r);
    is_str(rig_ask(&r, REQUEST_SHOW, "P-001"), before, "replay comes to the same");
    is_int(rig_reload(&r, "channel \"face\" {}\nbrake_limit = \"off\"\npolicy \"national\" {}\n"), ERR_INVALID,
           "a policy that is in use cannot be left out");
    free(before);
    rig_close(&r);
}

/* A crash while a changed policy is being taken up: whoever is left is taken up after the start. */
static void test_adoption_cut_short(void)
{
    enum { MANY = 40000 };
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/cut-short", tap_tmpdir());
    struct rig r = {.engine = NULL};
    rig_open(&r, uri, "channel \"face\" {}\npolicy \"national\" {}\n", START);
    struct buf many = BUF_INIT;
    for (unsigned i = 0; i < MANY; i++)
        buf_printf(&many, "{\"at\":\"2026-01-01T00:00:00+08:00\",\"op\":\"enrol\",\"id\":\"P-%05u\",\"policy\":\"national\",\"approved_on\":\"2025-06-10\"}\n", i);
    buf_addc(&many, '\0');
    rig_inputs(&r, many.p, START);
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"P-39999\",\"died_on\":\"2025-12-31\"}");
    buf_done(&many);
    is_int(rig_reload(&r, "channel \"face\" {}\npolicy \"national\" { cycle = \"14 months\" }\n"), ERR_OK, "a longer cycle is taken up");
    unsigned before = rig_count(&r, "\"beneficiary.amended\"");
    ok(before < MANY - 1, "not for everyone at once (%u so far)", before);
    rig_crash(&r);
    rig_until(&r, START);
    is_int(rig_count_stored(&r, "\"beneficiary.amended\""), MANY - 1, "after a crash the rest follows, each once, but for the dead");
    ok(strstr(rig_ask(&r, REQUEST_SHOW, "P-39998"), "\"due_on\":\"2026-08-31\""), "the last one stands under the new policy");
    ok(strstr(rig_ask(&r, REQUEST_SHOW, "P-39999"), "\"due_on\":\"2026-08-31\""), "the dead do so silently");
    rig_close(&r);
}

/* The dead are moved to a new version of their policy without an event. */
/* Many policies change at a time: each reload parses in a child, and a sanitizer makes forks slow. */
#define CHANGED 14

static char *many_versions(int grace)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "timezone = \"Asia/Shanghai\"\nchannel \"face\" {}\npolicy \"national\" { grace = %d }\n",
               grace ? 1 : 0);
    for (int i = 0; i < CHANGED; i++)
        buf_printf(&b, "policy \"p%d\" { grace = %d }\n", i, grace);
    buf_addc(&b, '\0');
    return b.p;
}

static void test_places_of_versions(void)
{
    struct rig r = {.engine = NULL};
    char uri[128], before[2000];
    snprintf(uri, sizeof uri, "dir:%s/versions", tap_tmpdir());
    char *conf = many_versions(0);
    rig_open(&r, uri, conf, rig_at("2026-01-01T08:00:00+08:00"));
    rig_input(&r, "{\"op\":\"enrol\",\"id\":\"A\",\"policy\":\"national\",\"approved_on\":\"2025-05-01\"}");
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"A\",\"died_on\":\"2025-12-01\"}");
    for (int i = 1; i * CHANGED < POLICY_MAX + 2 * CHANGED; i++) {
        free(conf);
        conf = many_versions(i);
        rig_reload(&r, conf);
        rig_until(&r, rig_at("2026-01-01T08:00:00+08:00") + i);
    }
    snprintf(before, sizeof before, "%s", rig_ask(&r, REQUEST_SHOW, "A"));
    rig_crash(&r);
    is_str(rig_ask(&r, REQUEST_SHOW, "A"), before, "after many versions a replay finds the dead under theirs");
    free(conf);
    rig_close(&r);
}

/* --- an accelerated clock that an open stream holds --- */

static void mark_done(struct request *q)
{
    bool *done = q->owner;
    *done = true;
}

static int64_t tick(struct rig *r)
{
    int64_t wait;
    if (engine_tick(r->engine, &wait, &r->msg) != ERR_OK)
        bail_out("the engine failed: %s", r->msg.text);
    return wait;
}

static void ask(struct rig *r, struct request *q)
{
    bool done = false;
    q->done = mark_done;
    q->owner = &done;
    if (!engine_submit(r->engine, q))
        bail_out("a queue with nobody in it refuses");
    while (!done)
        tick(r);
}

static void test_resting_stream(void)
{
    lc_instant start = rig_at("2026-01-01T00:00:00+08:00");
    struct buf conf = BUF_INIT;
    struct rig r = {.engine = NULL};
    struct stream stream;
    struct input_result result;
    struct input in = {.op = OP_REPORT_DEATH, .given = M_ID | M_DIED_ON | M_AT, .at = start + 86400, .id = STR_LIT("A")};
    struct request inputs = {
        .kind = REQUEST_INPUTS, .stream = &stream, .inputs = &in, .results = &result, .n_inputs = 1};
    struct request end = {.kind = REQUEST_STREAM_END, .stream = &stream};
    struct engine_counters c;
    int64_t wait = 0;
    buf_printf(&conf, "clock = \"2026-01-01T00:00:00+08:00 x1000000000\"\n%s", rig_conf);
    buf_addc(&conf, '\0');
    rig_open(&r, "memory:", conf.p, INSTANT_NONE);
    stream_init(&stream);
    ask(&r, &inputs);
    for (int i = 0; i < 100 && wait == 0; i++) /* what is over is committed first */
        wait = tick(&r);
    ok(wait > 0, "a clock that waits for the rest of a stream costs no processor");
    engine_counters(r.engine, &c);
    lc_instant stands = c.now; /* at the stream's last instant, or where the clock was already when it came */
    poll(NULL, 0, 5);
    tick(&r);
    engine_counters(r.engine, &c);
    is_int(c.now, stands, "and stands still");
    ask(&r, &end);
    for (int i = 0; i < 10000 && c.now == stands; i++) {
        tick(&r);
        engine_counters(r.engine, &c);
    }
    ok(c.now > stands, "once the stream has ended it goes on");
    buf_done(&conf);
    rig_close(&r);
}

int main(void)
{
    uint64_t seeds = tap_rounds(4);
    plan(0);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        char *history = random_history(seed);
        test_batches(seed, history);
        test_replay(seed, history);
        test_stops(seed, history);
        if (seed == 1)
            test_damaged_checkpoint(history);
        free(history);
    }
    test_adoption();
    test_adoption_cut_short();
    test_places_of_versions();
    test_resting_stream();
    return tap_end();
}
