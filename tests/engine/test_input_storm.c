/* More inputs than the engine has room for, and inputs while it has a hundred thousand deadlines to work through. */
#include "tests/engine/fake_clock.h"
#include "tests/engine/rig.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define NEW_YEAR rig_at("2026-01-01T00:00:00+08:00")
/* The first reminder to those who are due at the end of July. */
#define REMINDED rig_at("2026-05-01T09:00:00+08:00")
#define SWEEP 100000u
/* An input waits for the commit in flight, for what is in the batch to come, and for one tick: a share of the
 * sweep each. */
#define EVENTS_BETWEEN (3 * 16384 + 4096)

static int64_t tick(struct rig *r)
{
    int64_t wait;
    if (engine_tick(r->engine, &wait, &r->msg) != ERR_OK)
        bail_out("the engine failed: %s", r->msg.text);
    return wait;
}

/* Until r has nothing more to do, or for so many ticks; waits for commits in between. */
static void run_dry(struct rig *r)
{
    struct pollfd p = {.fd = engine_fd(r->engine), .events = POLLIN};
    rig_ask(r, REQUEST_HOLDS, NULL);
    while (tick(r) == 0)
        poll(&p, 1, 0);
    rig_ask(r, REQUEST_HOLDS, NULL);
}

/* --- enrolments, as many as one likes, one request --- */

struct people {
    struct request request;
    struct input *inputs;
    struct input_result *results;
    char (*ids)[24];
    atomic_bool done;
};

static void mark_done(struct request *q)
{
    struct people *p = q->owner;
    p->done = true;
}

static void people_init(struct people *p, unsigned first, unsigned n)
{
    *p = (struct people){.inputs = mem_zalloc(n, sizeof *p->inputs), .results = mem_zalloc(n, sizeof *p->results)};
    p->ids = mem_zalloc(n, sizeof *p->ids);
    for (unsigned i = 0; i < n; i++) {
        int length = snprintf(p->ids[i], sizeof p->ids[i], "330902-%07u", first + i);
        p->inputs[i] = (struct input){
            .op = OP_ENROL,
            .given = M_ID | M_POLICY | M_APPROVED_ON,
            .at = INSTANT_NONE,
            .id = {p->ids[i], (size_t)length},
            .policy = STR_LIT("national"),
            .approved_on = date_make(2025, 7, 7),
            .amount = AMOUNT_NONE,
        };
    }
    p->request = (struct request){.kind = REQUEST_INPUTS,
                                  .inputs = p->inputs,
                                  .results = p->results,
                                  .n_inputs = n,
                                  .owner = p,
                                  .done = mark_done};
}

static void people_done(struct people *p)
{
    free(p->inputs);
    free(p->results);
    free(p->ids);
}

static void enrol(struct rig *r, unsigned first, unsigned n)
{
    struct people p;
    people_init(&p, first, n);
    if (!engine_submit(r->engine, &p.request))
        bail_out("a queue with nobody in it refuses");
    while (!p.done)
        tick(r);
    people_done(&p);
}

/* --- the bound --- */

#define BOUND 1000u

static unsigned applied(const struct people *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < p->request.n_inputs; i++)
        n += p->results[i].result == RESULT_APPLIED;
    return n;
}

static void test_bound(void)
{
    struct rig r = {.options.queue_inputs = BOUND};
    struct people p[12], giant;
    fake_wall(NEW_YEAR);
    rig_open(&r, "memory:", rig_conf, INSTANT_NONE);
    unsigned taken = 0, n = 0;
    for (unsigned i = 0; i < 12; i++)
        people_init(&p[i], i * 100, 100);
    while (taken < 12 && engine_submit(r.engine, &p[taken].request))
        taken++;
    is_int(taken, BOUND / 100, "a queue for a thousand inputs takes ten hundreds");
    ok(!engine_submit(r.engine, &p[taken].request), "and no more, asked again");
    struct engine_counters c;
    engine_counters(r.engine, &c);
    is_int(c.queued_inputs, BOUND, "those refused do not count as waiting");
    rig_ask(&r, REQUEST_STATUS, NULL);
    for (unsigned i = 0; i < taken; i++)
        n += p[i].done && applied(&p[i]) == 100;
    is_int(n, taken, "a question behind them is answered after they were applied");
    ok(engine_submit(r.engine, &p[taken].request), "then there is room again");
    rig_ask(&r, REQUEST_STATUS, NULL);
    ok(p[taken].done, "and what came then is answered too");
    people_init(&giant, 5000, 5 * BOUND);
    ok(engine_submit(r.engine, &giant.request), "a request larger than the bound is taken when it is alone");
    ok(!engine_submit(r.engine, &p[11].request), "nothing else is while it waits");
    while (!giant.done)
        tick(&r);
    is_int(applied(&giant), 5 * BOUND, "all of it is applied");
    engine_counters(r.engine, &c);
    is_int(c.queued_inputs, 0, "and none is counted as waiting any more");
    for (unsigned i = 0; i < 12; i++)
        people_done(&p[i]);
    people_done(&giant);
    rig_close(&r);
}

/* --- several threads at once --- */

#define THREADS 4
#define REQUESTS 100
#define INPUTS 20

struct sender {
    struct rig *rig;
    pthread_t thread;
    struct people p[REQUESTS];
    unsigned first, refused;
    atomic_uint answered; /* of its requests, in order */
    atomic_bool in_order;
};

static void count_answer(struct request *q)
{
    struct sender *s = q->owner;
    if (q != &s->p[s->answered].request)
        s->in_order = false;
    s->answered++;
}

static void *send_all(void *arg)
{
    struct sender *s = arg;
    for (unsigned i = 0; i < REQUESTS; i++) {
        s->p[i].request.owner = s;
        s->p[i].request.done = count_answer;
        while (!engine_submit(s->rig->engine, &s->p[i].request)) {
            s->refused++;
            sched_yield();
        }
    }
    return NULL;
}

static bool all_answered(const struct sender *s)
{
    for (unsigned i = 0; i < THREADS; i++)
        if (s[i].answered < REQUESTS)
            return false;
    return true;
}

static void test_threads(void)
{
    static struct sender s[THREADS];
    struct rig r = {.options.queue_inputs = 200};
    struct engine_counters c;
    char uri[256];
    snprintf(uri, sizeof uri, "dir:%s/threads", tap_tmpdir());
    rig_open(&r, uri, rig_conf, INSTANT_NONE);
    for (unsigned i = 0; i < THREADS; i++) {
        s[i].rig = &r;
        s[i].in_order = true;
        s[i].first = i * REQUESTS * INPUTS;
        for (unsigned k = 0; k < REQUESTS; k++)
            people_init(&s[i].p[k], s[i].first + k * INPUTS, INPUTS);
    }
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&s[i].thread, NULL, send_all, &s[i]) != 0)
            bail_out("no thread");
    while (!all_answered(s)) {
        struct pollfd p = {.fd = engine_fd(r.engine), .events = POLLIN};
        if (tick(&r) != 0)
            poll(&p, 1, 1000);
    }
    unsigned refused = 0, good = 0;
    bool in_order = true;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(s[i].thread, NULL);
        refused += s[i].refused;
        in_order &= s[i].in_order;
        for (unsigned k = 0; k < REQUESTS; k++) {
            good += applied(&s[i].p[k]);
            people_done(&s[i].p[k]);
        }
    }
    diag("%u submissions were refused for want of room", refused);
    ok(in_order, "each thread's requests are answered once, in the order in which it made them");
    is_int(good, THREADS * REQUESTS * INPUTS, "and every input is applied");
    engine_counters(r.engine, &c);
    is_int(c.queued_inputs, 0, "nothing waits any more");
    rig_close(&r);
}

/* --- inputs during a sweep --- */

struct probe {
    struct rig *rig;
    uint64_t submitted_at; /* the last number given then */
    uint64_t between;      /* numbers given until its own were durable; 0: not answered yet */
    struct input_result result;
    struct input input;
    char ref[24];
    struct request request;
};

/* The batch that it is in has just become durable. */
static void probe_answered(struct request *q)
{
    struct probe *p = q->owner;
    struct engine_counters c;
    engine_counters(p->rig->engine, &c);
    p->between = c.durable_seq > p->submitted_at ? c.durable_seq - p->submitted_at : 1;
}

/* The person with that number certifies. */
static void probe_send(struct probe *p, struct rig *r, unsigned number, char id[24])
{
    char ref[sizeof p->ref];
    int n = snprintf(id, 24, "330902-%07u", number), m = snprintf(ref, sizeof ref, "r%u", number);
    struct engine_counters c;
    engine_counters(r->engine, &c);
    *p = (struct probe){.rig = r, .submitted_at = c.last_seq};
    memcpy(p->ref, ref, sizeof ref);
    p->input = (struct input){
        .op = OP_CERTIFY,
        .given = M_ID | M_CHANNEL | M_CERTIFIED_ON | M_REF,
        .at = INSTANT_NONE,
        .id = {id, (size_t)n},
        .channel = STR_LIT("face"),
        .ref = {p->ref, (size_t)m},
        .certified_on = date_make(2026, 5, 1),
        .amount = AMOUNT_NONE,
    };
    p->request = (struct request){.kind = REQUEST_INPUTS,
                                  .inputs = &p->input,
                                  .results = &p->result,
                                  .n_inputs = 1,
                                  .owner = p,
                                  .done = probe_answered};
    if (!engine_submit(r->engine, &p->request))
        bail_out("no room for one input");
}

struct sweep {
    unsigned probes, applied, late;
    uint64_t most; /* numbers given between an input and its answer */
    int64_t longest_ns;
};

/* One input after the other for as long as the sweep lasts, of people whom it has and has not come to yet. */
static void probe_sweep(struct rig *r, struct rng *g, struct sweep *out)
{
    struct probe p = {.between = 1};
    char id[24];
    struct pollfd fd = {.fd = engine_fd(r->engine), .events = POLLIN};
    int64_t wait = 0;
    while (wait == 0 || !p.between) {
        if (p.between) {
            probe_send(&p, r, (unsigned)rng_below(g, SWEEP), id);
            out->probes++;
        }
        int64_t began = real_monotonic_ns();
        wait = tick(r);
        int64_t took = real_monotonic_ns() - began;
        out->longest_ns = took > out->longest_ns ? took : out->longest_ns;
        if (wait)
            poll(&fd, 1, 1000);
        if (!p.between)
            continue;
        out->applied += p.result.result == RESULT_APPLIED || p.result.result == RESULT_UNCHANGED;
        out->late += p.between > EVENTS_BETWEEN;
        out->most = p.between > out->most ? p.between : out->most;
    }
}

static void test_sweep(const char *uri, struct rng *g)
{
    struct rig r = {.engine = NULL};
    struct sweep s = {.probes = 0};
    const char *where = strncmp(uri, "dir:", 4) == 0 ? "on disk" : "in memory";
    fake_wall(NEW_YEAR);
    rig_open(&r, uri, rig_conf, INSTANT_NONE);
    enrol(&r, 0, SWEEP);
    run_dry(&r);
    fake_pass(REMINDED - NEW_YEAR);
    probe_sweep(&r, g, &s);
    run_dry(&r);
    diag("%s: %u inputs during the sweep, at most %" PRIu64
         " events until one was answered; the longest tick took %.1f ms",
         where, s.probes, s.most, (double)s.longest_ns / 1e6);
    ok(s.probes >= 3, "%s: inputs are answered while %u deadlines of one instant are worked through", where, SWEEP);
    is_int(s.applied, s.probes, "%s: all of them as they should be", where);
    is_int(s.late, 0, "%s: none after more than %d events", where, EVENTS_BETWEEN);
    struct engine_counters c;
    engine_counters(r.engine, &c);
    is_int(c.events[EV_REMINDER], SWEEP, "%s: each is reminded, also who certified before the sweep came to them",
           where);
    rig_close(&r);
}

/* --- growth --- */

static void test_growth(void)
{
    const char *suite = getenv("TEST_SUITE");
    unsigned n = suite && strcmp(suite, "plain") != 0 ? SWEEP / 4 : 4 * SWEEP; /* a sanitizer makes every step slow */
    struct rig r = {.engine = NULL};
    struct people p;
    int64_t longest = 0;
    fake_wall(NEW_YEAR);
    rig_open(&r, "memory:", rig_conf, INSTANT_NONE);
    people_init(&p, 0, n);
    if (!engine_submit(r.engine, &p.request))
        bail_out("a queue with nobody in it refuses");
    while (!p.done) {
        int64_t began = real_monotonic_ns();
        tick(&r);
        int64_t took = real_monotonic_ns() - began;
        longest = took > longest ? took : longest;
    }
    is_int(applied(&p), n, "%u people are enrolled by one request", n);
    diag("the longest tick of that took %.1f ms", (double)longest / 1e6);
    people_done(&p);
    rig_close(&r);
}

int main(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 1;
    struct rng g = rng_seed(seed);
    char uri[256];
    plan(0);
    diag("TEST_SEED=%" PRIu64, seed);
    test_bound();
    test_threads();
    test_sweep("memory:", &g);
    snprintf(uri, sizeof uri, "dir:%s/sweep", tap_tmpdir());
    test_sweep(uri, &g);
    test_growth();
    return tap_end();
}
