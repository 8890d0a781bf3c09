/* Orders, and what was heard: real engines over stores in memory, in two daemons, over a real Redis whose connections
 * are cut. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/engine/rig.h"
#include "shards/script.h"
#include "tests/shards/office_help.h"

#define N 3
#define MANY 12

static const struct shard_set set = {.n = N};
/* Five days a second. Whoever is due on 2026-02-28 is suspended on 2026-03-16, when enrolled before March. */
#define FAST "clock = \"2026-02-10T12:00:00+08:00 x500000\"\n"
static const char conf[] = "timezone = \"Asia/Shanghai\"\n"
                           "brake_limit = \"5\"\n"
                           "channel \"face\" {}\n"
                           "channel \"counter\" {}\n"
                           "policy \"national\" {}\n";

static struct completions *done;
static unsigned answered;

/* --- a shard: an engine and its thread --- */

struct shard {
    struct rig rig;
    struct post *post;
    unsigned number;
    pthread_t thread;
    atomic_bool stop;
    pthread_mutex_t lock; /* over the rig: the thread's tick, and the test's questions */
};

static void *tick(void *arg)
{
    struct shard *s = arg;
    struct errmsg msg;
    while (!atomic_load(&s->stop)) {
        int64_t wait_ms;
        pthread_mutex_lock(&s->lock);
        if (engine_tick(s->rig.engine, &wait_ms, &msg) != ERR_OK)
            bail_out("the engine: %s", msg.text);
        pthread_mutex_unlock(&s->lock);
        struct pollfd fd = {.fd = engine_fd(s->rig.engine), .events = POLLIN};
        poll(&fd, 1, wait_ms < 0 || wait_ms > 20 ? 20 : (int)wait_ms); /* to see `stop` */
    }
    return NULL;
}

static void start(struct shard *s, struct post *p, unsigned number, const char *text)
{
    *s = (struct shard){.post = p, .number = number};
    pthread_mutex_init(&s->lock, NULL);
    s->rig.options.office = office_engine(p->office, number);
    rig_open(&s->rig, "memory:", text, INSTANT_NONE);
    office_attach(p->office, number, s->rig.engine);
    if (pthread_create(&s->thread, NULL, tick, s) != 0)
        bail_out("no thread");
}

static void stop(struct shard *s)
{
    office_drop(s->post->office, s->number);
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    rig_close(&s->rig);
}

static unsigned count(struct shard *s, const char *text)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = rig_count(&s->rig, text);
    pthread_mutex_unlock(&s->lock);
    return n;
}

struct town {
    struct post a, b;
    struct shard shards[N];
};

static void open_town(struct town *t, const char *prefix, bool fast)
{
    char text[512];
    struct brake_limit limit = {BRAKE_ABSOLUTE, 5};
    snprintf(text, sizeof text, "%s%s", fast ? FAST : "", conf);
    if (post_open(&t->a, prefix, &set, &(struct post_options){.name = "a", .brake = limit}) != ERR_OK ||
        post_open(&t->b, prefix, &set, &(struct post_options){.name = "b", .brake = limit}) != ERR_OK)
        bail_out("%s %s", t->a.msg.text, t->b.msg.text);
    for (unsigned i = 0; i < N; i++)
        start(&t->shards[i], i ? &t->b : &t->a, i, text);
}

static void close_town(struct town *t)
{
    for (unsigned i = 0; i < N; i++)
        stop(&t->shards[i]);
    post_close(&t->a);
    post_close(&t->b);
}

static unsigned count_all(struct town *t, const char *text)
{
    unsigned n = 0;
    for (unsigned i = 0; i < N; i++)
        n += count(&t->shards[i], text);
    return n;
}

/* --- calls --- */

static void count_answer(struct completion *c)
{
    (void)c;
    answered++;
}

static bool await_answers(unsigned n)
{
    return await((completions_run(done), answered >= n));
}

static void ask(struct office *o, struct office_call *c)
{
    c->done = (struct completion){.run = count_answer, .queue = done};
    office_order(o, c);
}

static struct office_call moratorium(const char *policy)
{
    lc_date today = DATE_UNIX_EPOCH + (lc_date)(clock_wall_ns() / 86400 / 1000000000);
    return (struct office_call){.order = {.hold = HOLD_MORATORIUM,
                                          .scope = {SCOPE_POLICY, str_of(policy)},
                                          .until = today + 30,
                                          .why = STR_LIT("a flood"),
                                          .by = STR_LIT("Li")}};
}

static struct office_call lifting(const char *name)
{
    return (struct office_call){
        .order = {.lift = true, .name = str_of(name), .why = STR_LIT("it is over"), .by = STR_LIT("Li")}};
}

static enum err order(struct office *o, struct office_call c)
{
    answered = 0;
    ask(o, &c);
    enum err e = await_answers(1) ? c.err : ERR_N;
    if (e)
        diag("%s", c.msg.text);
    return e;
}

/* --- */

static void test_holds(void)
{
    struct town t;
    open_town(&t, "holds", false);
    is_int(order(t.a.office, moratorium("national")), ERR_OK, "a moratorium is ordered");
    is_int(count_all(&t, "\"type\":\"hold.placed\""), N, "and answered when every shard has placed it");
    is_int(count_all(&t, "\"why\":\"a flood\""), N, "as it was given");
    is_int(order(t.b.office, lifting("moratorium:policy:national")), ERR_OK, "it is lifted");
    is_int(count_all(&t, "\"type\":\"hold.lifted\""), N, "in every shard");
    is_int(order(t.b.office, lifting("moratorium:policy:national")), ERR_OK, "what no shard has is passed over");
    is_int(count_all(&t, "\"type\":\"hold.lifted\""), N, "by all");
    is_int(order(t.a.office, moratorium("")), ERR_INVALID, "what is no order is refused");
    struct office_call brake = moratorium("national");
    brake.order.hold = HOLD_BRAKE;
    is_int(order(t.a.office, brake), ERR_INVALID, "and so is a brake by hand");
    struct office_call late = moratorium("national");
    late.order.by = STR_NONE;
    is_int(order(t.a.office, late), ERR_INVALID, "what the engines refuse is told");
    is_int(count_all(&t, "\"type\":\"hold.placed\""), N, "and used up: the next goes on");
    is_int(order(t.a.office, moratorium("national")), ERR_OK, "behind it");
    close_town(&t);
}

/* Connections are cut while orders are given, from both daemons. None may be passed over by an engine that was busy
 * while the later ones were read: several times, since it takes luck to see. */
static void test_faults(unsigned round)
{
    char prefix[16], orders[48];
    struct town t;
    struct office_call v[MANY];
    unsigned wrong = 0;
    bool seen[MANY + 1] = {false};
    snprintf(prefix, sizeof prefix, "cut-%u", round);
    snprintf(orders, sizeof orders, "XLEN {%s/system}:orders", prefix);
    open_town(&t, prefix, false);
    answered = 0;
    for (unsigned i = 0; i < MANY; i++) {
        v[i] = i % 2 ? lifting("moratorium:policy:national") : moratorium("national");
        ask(i % 3 ? t.a.office : t.b.office, &v[i]);
        freeReplyObject(by_hand("CLIENT KILL TYPE normal"));
        poll(NULL, 0, (int)i);
    }
    for (unsigned i = 0; i < 40 && (completions_run(done), answered < MANY); i++) {
        freeReplyObject(by_hand("CLIENT KILL TYPE normal"));
        poll(NULL, 0, 20);
    }
    ok(await_answers(MANY), "all are answered, though replies are lost");
    for (unsigned i = 0; i < MANY; i++) {
        uint64_t number = v[i].order.number;
        wrong += v[i].err != ERR_OK || number < 1 || number > MANY || seen[number];
        seen[number <= MANY ? number : 0] = true;
    }
    is_int(wrong, 0, "each has a number of its own, without gaps");
    is_int(number_by_hand(orders), MANY, "and is there once");
    unsigned done_by[N];
    for (unsigned i = 0; i < N; i++)
        done_by[i] = count(&t.shards[i], "\"type\":\"hold.");
    ok(done_by[0] > 0 && done_by[1] == done_by[0] && done_by[2] == done_by[0],
       "every shard has done the same: %u, %u and %u events", done_by[0], done_by[1], done_by[2]);
    close_town(&t);
}

/* A shard that nobody has carries orders out when somebody has it. */
static void test_absent(void)
{
    struct town t;
    open_town(&t, "absent", false);
    is_int(order(t.a.office, moratorium("national")), ERR_OK, "an order to all");
    stop(&t.shards[2]);
    struct office_call c = lifting("moratorium:policy:national");
    answered = 0;
    ask(t.a.office, &c);
    ok(await_answers(1) && c.err == ERR_MORE && strstr(c.msg.text, "owner: 2"),
       "with a shard that nobody has it is answered in time, and told which: %s", c.msg.text);
    is_int(count(&t.shards[0], "\"type\":\"hold.lifted\""), 1, "the others have carried it out");
    start(&t.shards[2], &t.a, 2, conf);
    ok(await(count(&t.shards[2], "\"type\":\"hold.lifted\"") == 1),
       "the shard does what it missed when it has an owner");
    is_int(count(&t.shards[2], "\"type\":\"hold.placed\""), 1, "in order, from its own last one on");
    close_town(&t);
}

/* --- the brake, with real engines --- */

static void input(struct shard *s, const char *json)
{
    pthread_mutex_lock(&s->lock);
    rig_input(&s->rig, json);
    pthread_mutex_unlock(&s->lock);
}

static void test_brake(void)
{
    struct town t;
    char json[200];
    open_town(&t, "brake", true);
    for (unsigned i = 0; i < N; i++)
        for (unsigned k = 0; k < 3; k++) {
            snprintf(json, sizeof json,
                     "{\"op\":\"enrol\",\"id\":\"p-%u-%u\",\"policy\":\"national\",\"approved_on\":\"2025-02-10\"}", i,
                     k);
            input(&t.shards[i], json);
        }
    ok(await(count_all(&t, "\"hold\":\"brake\"") == N), "nine fall due, more than five: all shards place the brake");
    is_int(count_all(&t, "\"due\":9,\"limit\":5"), N, "with the sums over all of them");
    is_int(count_all(&t, "\"type\":\"benefit.suspended\""), 0, "and nobody is suspended");
    is_int(order(t.b.office, lifting("brake")), ERR_OK, "it is lifted");
    ok(await(count_all(&t, "\"type\":\"benefit.suspended\"") == 9), "and what was due goes through");
    close_town(&t);
}

static lc_instant heard_at(struct shard *s, const char *channel)
{
    static struct engine_counters c;
    engine_counters(s->rig.engine, &c);
    for (unsigned i = 0; i < c.n_channels; i++)
        if (strcmp(c.channels[i].name, channel) == 0)
            return c.channels[i].heard_at;
    return INT64_MIN;
}

static void test_heard(void)
{
    struct town t;
    open_town(&t, "heard", false);
    char json[200], on[11] = "";
    lc_date yesterday = DATE_UNIX_EPOCH + (lc_date)(clock_wall_ns() / 86400 / 1000000000) - 1;
    date_format(yesterday, on);
    snprintf(json, sizeof json, "{\"op\":\"enrol\",\"id\":\"p\",\"policy\":\"national\",\"approved_on\":\"%s\"}", on);
    input(&t.shards[0], json);
    lc_instant before = heard_at(&t.shards[2], "face");
    poll(NULL, 0, 2100); /* the clock's resolution is a second */
    snprintf(json, sizeof json,
             "{\"op\":\"certify\",\"id\":\"p\",\"channel\":\"face\",\"ref\":\"r\",\"certified_on\":\"%s\"}", on);
    input(&t.shards[0], json);
    ok(await(heard_at(&t.shards[0], "face") > before), "a shard hears a channel");
    ok(await(heard_at(&t.shards[1], "face") >= heard_at(&t.shards[0], "face") &&
             heard_at(&t.shards[2], "face") >= heard_at(&t.shards[0], "face")),
       "and so do the others");
    close_town(&t);
}

/* What a daemon whose clock has jumped says: taken up, it would keep a channel from ever being silent, everywhere. */
static void test_heard_ahead(void)
{
    struct str lua = office_lua[OFFICE_HEARD];
    int64_t now = clock_wall_ns() / 1000000000;
    freeReplyObject(by_hand("EVAL %b 1 heard 3600 face %lld counter %lld", lua.p, lua.n, (long long)now + 86400,
                            (long long)now + 60));
    is_int(number_by_hand("HEXISTS heard face"), 0, "a channel was not heard in the future,");
    is_int(number_by_hand("HGET heard counter"), now + 60, "but clocks may differ by a little");
    freeReplyObject(by_hand("EVAL %b 1 heard %s face %lld", lua.p, lua.n, "", (long long)now + 86400));
    is_int(number_by_hand("HGET heard face"), now + 86400, "and simulated ones by any time");
}

int main(void)
{
    struct errmsg msg;
    plan(0);
    redis_server_start(&server);
    if (completions_new(&done, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    test_holds();
    for (unsigned round = 0; round < 6; round++)
        test_faults(round);
    test_absent();
    test_brake();
    test_heard();
    test_heard_ahead();
    completions_free(done);
    redis_server_kill(&server);
    return tap_end();
}
