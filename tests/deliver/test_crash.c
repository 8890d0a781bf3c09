/* What a crash at any moment leaves: nothing is lost, little comes twice, and each person's order holds. */
#include "deliver/inside.h"
#include "tests/deliver/world.h"

#include <stdio.h>

#define PEOPLE 12

static void test_cursor(void)
{
    struct world w = {.still = true};
    world_open(&w, world_dir("cursor"), world_hook("a", ""));
    uint64_t start = world_last(&w);
    is_int(world_cursor(&w, "a"), start, "where a new endpoint begins is durable before anything else");
    world_always(&w, 200);
    world_many(&w, 0, 30);
    world_pass(&w, 200);
    is_int(world_cursor(&w, "a"), world_last(&w), "the cursor is durable a moment after the answers");
    world_crash(&w);
    world_pass(&w, 10000);
    is_int(w.carrying.n, 30, "then a crash brings nothing twice");
    world_close(&w);
}

/* Everything is on its way, or answered a moment ago, when the process dies. */
static void test_twice(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("twice"), world_hook("a", "max_unnoted = 16\nmax_in_flight = 16"));
    world_many(&w, 0, 60);
    uint64_t last = world_last(&w), first = last - 59;
    world_run(&w);
    is_int(w.carrying.on_their_way, 16, "no more are sent than may come twice");
    for (uint64_t seq = first; seq < first + 15; seq++)
        parcel_answer(&w.carrying, parcel_of(&w.carrying, "a", seq), 200, -1, "");
    world_crash(&w);
    world_always(&w, 200);
    world_pass(&w, 5000);
    unsigned missing = 0, twice = 0, more = 0;
    for (uint64_t seq = first; seq <= last; seq++) {
        unsigned n = world_sent(&w, "a", seq);
        missing += n == 0;
        twice += n == 2;
        more += n > 2;
    }
    is_int(missing, 0, "after the crash all are sent");
    ok(twice > 0 && twice <= 16 && more == 0, "of those sent before, at most 16 once more (%u)", twice);
    world_close(&w);
}

/* --- a storm of crashes --- */

struct storm {
    struct rng rng;
    uint64_t seen[PEOPLE]; /* the last number of each that has arrived */
    unsigned backwards, arrivals, again;
    bool arrived[3000];
};

static unsigned person_of(const struct parcel *p)
{
    char name[24];
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(name, sizeof name, "\"subject\":\"P%u\"", i);
        if (memmem(p->call.body.p, p->call.body.n, name, strlen(name)))
            return i;
    }
    bail_out("a request about nobody");
}

static void arrive(struct storm *s, const struct parcel *p)
{
    unsigned k = person_of(p);
    uint64_t seq = p->seqs[0];
    s->arrivals++;
    s->again += s->arrived[seq];
    s->backwards += !s->arrived[seq] && seq < s->seen[k];
    s->arrived[seq] = true;
    s->seen[k] = seq > s->seen[k] ? seq : s->seen[k];
}

static int stormy(void *arg, const struct parcel *p)
{
    struct storm *s = arg;
    switch (rng_below(&s->rng, 10)) {
    case 0:
    case 1: return 500;
    case 2: return 0;
    case 3: arrive(s, p); return -1;
    case 4:
    case 5: return NEVER;
    default: arrive(s, p); return 200;
    }
}

static void test_storm(uint64_t seed)
{
    static struct storm s;
    struct world w = {.deliver = NULL};
    char name[20], id[16];
    s = (struct storm){.rng = rng_seed(seed)};
    snprintf(name, sizeof name, "storm%d", (int)seed);
    world_open(&w, world_dir(name),
               world_hook("a", "max_unnoted = 32\nmax_in_flight = 8\nmax_parked = 30\n"
                               "retry = { 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s }"));
    uint64_t first = world_last(&w) + 1;
    world_many(&w, 0, PEOPLE);
    w.answers = stormy;
    w.arg = &s;
    unsigned crashes = 0;
    for (unsigned i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "P%d", (int)rng_below(&s.rng, PEOPLE));
        world_event(&w, id);
        if (rng_below(&s.rng, 4) == 0)
            world_pass(&w, (int64_t)rng_below(&s.rng, 2500));
        if (rng_below(&s.rng, 25) == 0) {
            world_crash(&w);
            crashes++;
        }
    }
    for (int i = 0; i < 1000 && (world_counts(&w, "a").items || world_cursor(&w, "a") != world_last(&w)); i++)
        world_pass(&w, 10000);
    world_pass(&w, 1000);
    unsigned missing = 0;
    for (uint64_t seq = first; seq <= world_last(&w); seq++)
        missing += !s.arrived[seq];
    is_int(missing, 0, "through %u crashes everything arrives", crashes);
    is_int(s.backwards, 0, "nobody's events arrive for the first time in another order");
    is_int(world_said(&w, "dead"), 0, "nothing is given up");
    diag("%u arrivals of %d, %u again", s.arrivals, (int)(world_last(&w) - first + 1), s.again);
    world_close(&w);
}

/* --- rows --- */

static void test_attempts(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("attempts"), world_hook("a", "retry = { 10s, 1h, 1d }"));
    world_many(&w, 0, 1);
    uint64_t seq = world_last(&w), behind = world_event(&w, "P0");
    world_answer(&w, "a", seq, 500);
    world_pass(&w, 1000);
    world_crash(&w);
    ok(!world_sending(&w, "a", seq) && !world_sending(&w, "a", behind), "a retry waits on after a crash");
    world_pass(&w, 12000);
    ok(world_sending(&w, "a", seq), "until its time");
    world_answer(&w, "a", seq, 500);
    world_pass(&w, 100);
    is_int(world_row(&w, "a", seq).attempts, 2, "attempts go on counting");
    world_crash(&w);
    world_pass(&w, 3600000 + 720000);
    world_answer(&w, "a", seq, 200);
    world_answer(&w, "a", behind, 200);
    world_pass(&w, 100);
    ok(world_counts(&w, "a").rows == 0 && !*world_state(&w, "a", behind), "and in the end no row is left");
    world_close(&w);
}

/* One hangs for long while everything else goes on; then the process dies. */
static void test_slow(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("slow"), world_hook("a", ""));
    world_many(&w, 0, 20);
    uint64_t last = world_last(&w), slow = last - 19;
    for (uint64_t seq = slow + 1; seq <= last; seq++)
        world_answer(&w, "a", seq, 200);
    world_pass(&w, 500);
    is_int(world_cursor(&w, "a"), slow - 1, "one that is on its way holds the cursor");
    world_pass(&w, 1500);
    is_int(world_cursor(&w, "a"), last, "but not for long");
    is_str(world_state(&w, "a", slow), "sending", "then it has a row");
    world_crash(&w);
    is_int(w.carrying.on_their_way, 1, "after a crash nothing but that is sent");
    world_answer(&w, "a", slow, 200);
    world_pass(&w, 100);
    is_str(world_state(&w, "a", slow), "", "and settled");
    world_close(&w);
}

/* Dead letters beyond a cursor that something older holds back. */
static void test_dead_ahead(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("ahead"), world_hook("a", "retry = { }"));
    world_many(&w, 0, 3);
    uint64_t last = world_last(&w);
    world_answer(&w, "a", last, 500);
    world_pass(&w, 200);
    ok(world_cursor(&w, "a") < last - 1 && !strcmp(world_state(&w, "a", last), "dead"),
       "a dead letter before its cursor");
    world_crash(&w);
    world_answer(&w, "a", last - 1, 200);
    world_answer(&w, "a", last - 2, 200);
    world_pass(&w, 200);
    is_int(world_sent(&w, "a", last), 1, "is not sent when the log is read again");
    is_str(world_state(&w, "a", last), "dead", "and stays one");
    is_int(world_cursor(&w, "a"), last, "with the cursor behind it");
    world_close(&w);
}

/* --- ends --- */

static void test_drain(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("drain"), world_hook("a", "max_in_flight = 2"));
    world_many(&w, 0, 5);
    uint64_t first = world_last(&w) - 4;
    world_run(&w);
    deliver_drain(w.deliver);
    ok(!deliver_is_idle(w.deliver), "with requests on their way it is not idle");
    world_answer(&w, "a", first, 200);
    is_int(w.carrying.n, 2, "draining, it sends nothing more");
    world_answer(&w, "a", first + 1, 500);
    world_pass(&w, 100);
    ok(deliver_is_idle(w.deliver), "when all have ended and are noted, it is idle");
    is_int(world_cursor(&w, "a"), first + 1, "the cursor is behind them");
    world_restart(&w);
    world_run(&w);
    ok(world_sending(&w, "a", first + 2) && !world_sending(&w, "a", first), "the next start goes on there");
    world_close(&w);
}

/* Stopped with a request on its way: it is sent again. */
static void test_stop(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("stop"), world_hook("a", "max_in_flight = 2"));
    world_many(&w, 0, 3);
    uint64_t first = world_last(&w) - 2;
    world_answer(&w, "a", first, 200);
    world_restart(&w);
    is_int(w.carrying.v[1]->state, GIVEN_UP, "a stop gives up what is on its way");
    ok(world_sending(&w, "a", first + 1), "which comes again");
    is_int(world_sent(&w, "a", first), 1, "and nothing else");
    world_close(&w);
}

static void test_restored(void)
{
    struct world w = {.deliver = NULL};
    world_always(&w, 200);
    world_open(&w, world_dir("restored"), world_hook("a", ""));
    world_many(&w, 0, 3);
    world_pass(&w, 100);
    world_restore(&w);
    world_many(&w, 3, 1);
    world_pass(&w, 86400000);
    is_int(w.carrying.n, 3, "over a restored store nothing is sent");
    ok(strstr(world_endpoint(&w, "a"), "'state':'paused','paused':'restored'"), "and it is shown why");
    is_int(world_order_done(&w, deliver_resume, "a", 0), ERR_OK, "until an operator resumes it");
    world_pass(&w, 100);
    is_int(w.carrying.n, 4, "then it goes on");
    world_restart(&w);
    ok(strstr(world_endpoint(&w, "a"), "'state':'running'"), "for good");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_cursor();
    test_twice();
    for (uint64_t seed = 1; seed <= 5; seed++)
        test_storm(seed);
    test_attempts();
    test_slow();
    test_dead_ahead();
    test_drain();
    test_stop();
    test_restored();
    return tap_end();
}
