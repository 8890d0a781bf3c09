/* What is sent, and in which order: an event is held back by earlier ones of its own person only. */
#include "tests/adapter/webhook_verify.h"
#include "tests/deliver/world.h"

#include <stdio.h>

/* --- what is sent --- */

static void test_request(void)
{
    struct world w = {.deliver = NULL};
    char want[400], id[60];
    world_open(&w, "memory:", world_hook("a", ""));
    is_int(w.carrying.n, 0, "a new endpoint starts at the log's end");
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w);
    world_run(&w);
    const struct parcel *p = world_parcel(&w, "a", seq);
    ok(p && w.carrying.n == 1, "an event is sent, once");
    snprintf(id, sizeof id, "%s_0_%" PRIu64, w.carrying.incarnation, seq);
    is_str(parcel_header(p, "webhook-id"), id, "its id is made of the store's incarnation and its number");
    snprintf(want, sizeof want, "%d", (int)(w.now / 1000));
    is_str(parcel_header(p, "webhook-timestamp"), want, "the time is that of the attempt");
    ok(webhook_verifies(&p->call, HOOK_SECRET, 0) && webhook_signatures(&p->call) == 1, "the signature holds");
    is_str(p->call.url.p, "http://127.0.0.1:9/a", "it goes to the endpoint's address");
    ok(memmem(p->call.body.p, p->call.body.n, "{\"type\":\"beneficiary.enrolled\"", 30) == p->call.body.p,
       "the body says what it is");
    ok(memmem(p->call.body.p, p->call.body.n, "\"gap\"", 5) == NULL, "and has no mark of a gap");
    world_answer(&w, "a", seq, 204);
    is_str(world_order(&w, "a"), id + strlen(w.carrying.incarnation) + 3, "an answer of 2xx settles it");
    world_pass(&w, 100);
    is_int(world_cursor(&w, "a"), seq, "the cursor follows");
    snprintf(want, sizeof want, "delivered a %" PRIu64 " 1 \n", seq);
    is_int(world_said(&w, want), 1, "and it is told");
    world_pass(&w, 86400000);
    is_int(w.carrying.n, 1, "it is never sent again");
    world_close(&w);
}

static void test_from(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 200);
    world_open(&w, "memory:", world_hook("a", "from = 1"));
    uint64_t last = world_last(&w);
    ok(last > 0 && world_sent(&w, "a", 1) == 1 && world_sent(&w, "a", last) == 1, "`from` sends what was there before");
    world_pass(&w, 100);
    is_int(world_cursor(&w, "a"), last, "to the log's end");
    world_close(&w);
}

/* --- order --- */

static void test_failing(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "retry = { 10s, 10s }"));
    world_enrol(&w, "P1", "");
    world_enrol(&w, "P2", "");
    uint64_t one = world_event(&w, "P1"), enrolled = one - 2;
    world_run(&w);
    ok(world_sending(&w, "a", enrolled) && world_sending(&w, "a", enrolled + 1),
       "two people's first events go together");
    ok(!world_sending(&w, "a", one), "one person's second waits for the first");
    world_answer(&w, "a", enrolled, 500);
    uint64_t other = world_event(&w, "P2");
    world_answer(&w, "a", enrolled + 1, 200);
    ok(world_sending(&w, "a", other), "while one waits for a retry, others' go on");
    world_answer(&w, "a", other, 200);
    ok(!world_sending(&w, "a", one), "and that person's own wait");
    world_pass(&w, 12000);
    ok(world_sending(&w, "a", enrolled) && !world_sending(&w, "a", one), "the retry comes, and nothing before it");
    world_answer(&w, "a", enrolled, 200);
    ok(world_sending(&w, "a", one), "then the next one");
    world_answer(&w, "a", one, 200);
    world_close(&w);
}

/* Random answers to many events of a few people: what arrives first of each is in the order of the log. */
struct storm {
    struct rng rng;
    uint64_t arrived[8][400]; /* by person, in order */
    unsigned n[8];
    unsigned failed;
};

static unsigned person_of(const struct parcel *p)
{
    char name[20];
    for (unsigned i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "\"subject\":\"P%u\"", i);
        if (memmem(p->call.body.p, p->call.body.n, name, strlen(name)))
            return i;
    }
    bail_out("a request about nobody: %.*s", (int)p->call.body.n, p->call.body.p);
}

static int stormy(void *arg, const struct parcel *p)
{
    static const int answers[] = {200, 200, 200, 200, 200, 500, 0, -1, 404};
    struct storm *s = arg;
    if (rng_below(&s->rng, 2))
        return NEVER; /* for now: another round asks again */
    int status = answers[rng_below(&s->rng, sizeof answers / sizeof *answers)];
    unsigned k = person_of(p);
    bool again = s->n[k] && s->arrived[k][s->n[k] - 1] >= p->seqs[0];
    s->failed += status != 200;
    if (status == 200 || status == -1) /* what is lost may have arrived */
        if (!again)
            s->arrived[k][s->n[k]++] = p->seqs[0];
    return status;
}

static void test_storm(void)
{
    static struct storm s;
    struct world w = {.deliver = NULL};
    s = (struct storm){.rng = rng_seed(5)};
    w.answers = stormy;
    w.arg = &s;
    world_open(&w, "memory:",
               world_hook("a", "retry = { 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s }\nmax_in_flight = 4"));
    uint64_t want[8][400];
    unsigned n[8] = {0}, missing = 0, unsorted = 0;
    char id[8];
    for (unsigned i = 0; i < 8; i++) {
        snprintf(id, sizeof id, "P%u", i);
        world_enrol(&w, id, "");
        want[i][n[i]++] = world_last(&w);
    }
    for (unsigned i = 0; i < 800; i++) {
        unsigned k = (unsigned)rng_below(&s.rng, 8);
        snprintf(id, sizeof id, "P%u", k);
        want[k][n[k]++] = world_event(&w, id);
        if (i % 7 == 0)
            world_pass(&w, 300);
    }
    for (int i = 0; i < 400 && (world_counts(&w, "a").items || world_cursor(&w, "a") != world_last(&w)); i++)
        world_pass(&w, 10000);
    for (unsigned k = 0; k < 8; k++) {
        missing += s.n[k] != n[k];
        for (unsigned i = 0; i < n[k] && i < s.n[k]; i++)
            unsorted += s.arrived[k][i] != want[k][i];
    }
    ok(s.failed > 100, "of many requests that fail (%u)", s.failed);
    is_int(missing, 0, "everything arrives in the end");
    is_int(unsorted, 0, "and for each person in the order of the log");
    ok(w.carrying.most <= 4, "with no more on their way than configured");
    is_int(world_cursor(&w, "a"), world_last(&w), "the cursor stands at the end");
    world_close(&w);
}

/* A real suspension and its resumption: the one that payroll must not see the wrong way round. */
static void test_suspended(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 200);
    world_open(&w, "memory:", world_hook("a", "events = { \"benefit.*\" }\nretry = { 1h }"));
    world_enrol(&w, "P1", "");
    world_until(&w, "2026-07-15T00:00:00+08:00");
    is_int(w.carrying.n, 0, "events of other types are not sent");
    w.answers = NULL;
    world_until(&w, "2026-07-16T00:00:00+08:00");
    is_int(w.carrying.n, 1, "one that the globs fit is");
    uint64_t suspended = w.carrying.v[0]->seqs[0];
    ok(memmem(w.carrying.v[0]->call.body.p, 30, "benefit.suspended", 17), "it is the suspension");
    world_answer(&w, "a", suspended, 500);
    world_input(&w, "{'op':'certify','id':'P1','channel':'face','ref':'r','certified_on':'2026-07-16'}");
    world_run(&w);
    is_int(w.carrying.n, 1, "when it fails, the resumption waits");
    world_pass(&w, 2 * 3600000);
    world_answer(&w, "a", suspended, 200);
    is_int(w.carrying.n, 3, "until it has arrived");
    ok(memmem(w.carrying.v[2]->call.body.p, 30, "benefit.resumed", 15), "then it follows");
    world_answer(&w, "a", w.carrying.v[2]->seqs[0], 200);
    world_close(&w);
}

/* --- several endpoints --- */

static void test_endpoints(void)
{
    struct world w = {.deliver = NULL};
    struct buf conf = BUF_INIT;
    buf_printf(&conf, "%s%s", world_hook("slow", "max_in_flight = 2"), world_hook("fast", ""));
    buf_addc(&conf, '\0');
    world_open(&w, "memory:", conf.p);
    world_enrol(&w, "P1", "");
    uint64_t first = world_last(&w);
    world_many(&w, 2, 8);
    world_run(&w);
    is_str(world_order(&w, "slow"), (snprintf(conf.p, conf.cap, "%d %d", (int)first, (int)first + 1), conf.p),
           "an endpoint that hangs has as many on their way as it may");
    for (int i = 0; i < 9; i++)
        world_answer(&w, "fast", first + (uint64_t)i, 200);
    world_pass(&w, 100);
    is_int(world_cursor(&w, "fast"), world_last(&w), "another goes on to the end");
    is_int(world_cursor(&w, "slow"), first - 1, "each has a cursor of its own");
    buf_done(&conf);
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_request();
    test_from();
    test_failing();
    test_storm();
    test_suspended();
    test_endpoints();
    return tap_end();
}
