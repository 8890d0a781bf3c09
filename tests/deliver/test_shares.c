/* One of several deliveries to the same endpoints: its ids, its share of what they take, whether its store is its own
 * still, and numbers that are counted for all of them. */
#include "deliver/inside.h"
#include "tests/deliver/messages.h"
#include "tests/lib/quotes.h"

#include <stdio.h>
#include <stdlib.h>

/* --- ids --- */

static void on_done(struct deliver_order *o)
{
    (void)o;
}

static void test_ids(void)
{
    struct world w = {.shard = 3, .n_shards = 8};
    struct errmsg msg;
    char id[60];
    world_always(&w, 400); /* retried, and listed */
    world_open(&w, "memory:", world_hook("a", "retry = { 1d }"));
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w);
    world_pass(&w, 100);
    is_int(world_sent(&w, "a", seq), 1, "an event's id has the shard in it");
    snprintf(id, sizeof id, "'id':'a:3_%" PRIu64 "'", seq);
    buf_clear(&w.body);
    if (deliver_write_deliveries(w.deliver, STR_LIT("a"), 127, 0, 10, &w.body, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    see_json(&w.body);
    buf_addc(&w.body, '\0');
    ok(strstr(w.body.p, id), "and so has a delivery's");
    struct deliver_order o = {.endpoint = STR_LIT("a"), .seq = seq, .shard = 2, .done = on_done};
    deliver_retry(w.deliver, &o);
    is_int(o.err, ERR_ABSENT, "another shard's is not found here");
    world_close(&w);
}

static void test_receipt(void)
{
    struct world w = {.shard = 3, .n_shards = 8};
    uint64_t seq;
    message_open(&w, "receipt", &seq);
    world_answer(&w, "sms", seq, 200);
    w.shard = 4;
    message_receipt(&w, "sms", seq, 1);
    is_int(world_said(&w, "receipt sms"), 0, "a receipt of another shard's message is none of ours");
    w.shard = 3;
    message_receipt(&w, "sms", seq, 1);
    is_int(world_said(&w, "receipt sms"), 1, "one of ours is");
    world_close(&w);
}

/* --- shares --- */

static void test_rate(void)
{
    struct world w = {.n_shards = 4};
    world_always(&w, 200);
    world_open(&w, "memory:", world_hook("a", "rate = \"20/s\""));
    world_many(&w, 0, 200);
    world_pass(&w, 10000);
    ok(w.carrying.n >= 49 && w.carrying.n <= 52, "of a rate it takes its share, exactly (%zu in ten seconds)",
       w.carrying.n);
    world_close(&w);
}

static void test_window(unsigned shards, unsigned want)
{
    struct world w = {.n_shards = shards};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 7"));
    world_many(&w, 0, 50);
    world_run(&w);
    is_int(w.carrying.on_their_way, want, "of 7 requests at a time one of %u takes %u", shards, want);
    world_reload(&w, world_hook("a", "max_in_flight = 21"));
    world_run(&w);
    is_int(w.carrying.on_their_way, 21 / shards ? 21 / shards : 1, "of 21 at a time as many as fall to it");
    world_close(&w);
}

/* --- held --- */

static int64_t held_ms, asked_ms;

static bool is_held(void *world, int64_t ms)
{
    (void)world;
    asked_ms = ms;
    return ms <= held_ms;
}

static void test_held(void)
{
    struct world w = {.n_shards = 2, .held = is_held};
    held_ms = 999;
    world_open(&w, "memory:", world_hook("a", ""));
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w);
    world_pass(&w, 10000);
    is_int(w.carrying.n, 0, "nothing is sent while the store may soon be another's");
    ok(w.ticks < 500, "nor is it asked all the time (%d ticks)", (int)w.ticks);
    held_ms = 1000;
    world_pass(&w, 200);
    is_int(world_sent(&w, "a", seq), 1, "once it is ours for a second more, it is");
    is_int(asked_ms, 1000, "and no more is asked for");
    held_ms = -1;
    world_answer(&w, "a", seq, 200);
    is_int(world_said(&w, "delivered a"), 1, "what was sent may be answered at any time");
    struct deliver_order o = {.endpoint = STR_LIT("a"), .done = on_done};
    deliver_test(w.deliver, &o);
    is_int(o.err, ERR_LOCKED, "an endpoint is not tried either");
    world_close(&w);
}

/* A message that was about to be sent when the lease ran out: its intent is durable, and it was certainly not sent. */
static void test_held_message(void)
{
    struct world w = {.n_shards = 2, .held = is_held};
    int64_t wait;
    held_ms = 60000;
    world_open(&w, world_dir("held"), world_kannel("sms", ""));
    world_enrol(&w, "P1", PHONE);
    uint64_t seq = message_certify(&w, "P1", "2026-03-01");
    for (int i = 0; i < 1000 && !world_intends(&w); i++)
        if (deliver_tick(w.deliver, &wait, &w.msg) != ERR_OK || engine_tick(w.rig.engine, &wait, &w.msg) != ERR_OK)
            bail_out("%s", w.msg.text);
    ok(world_intends(&w), "a message is about to be sent");
    held_ms = 0;
    world_pass(&w, 5000);
    is_int(world_sent(&w, "sms", seq), 0, "when its store is not ours any more, it is not");
    is_str(world_state(&w, "sms", seq), "wait", "and is known to wait");
    held_ms = 60000;
    world_pass(&w, 1000);
    is_int(world_sent(&w, "sms", seq), 1, "for when it is ours again");
    is_int(world_row(&w, "sms", seq).attempts, 1, "which is its first attempt");
    world_close(&w);
}

/* --- numbers that are counted for all --- */

struct counting {
    struct deliver_cap *asked[64];
    unsigned n, n_forgotten, n_back;
    char back[48];
};

static void ask(void *arg, struct deliver_cap *c)
{
    struct counting *n = arg;
    n->asked[n->n++] = c;
}

static void forget(void *arg, struct deliver_cap *c)
{
    struct counting *n = arg;
    (void)c;
    n->n_forgotten++;
}

static void give_back(void *arg, const struct deliver_cap *c)
{
    struct counting *n = arg;
    n->n_back++;
    memcpy(n->back, c->token, sizeof n->back);
}

static struct counting counting;
static const struct deliver_caps caps = {
    .arg = &counting, .key = (const unsigned char *)"0123456789abcdef", .ask = ask, .forget = forget,
    .give_back = give_back};

static void answer(struct world *w, enum err err, bool taken)
{
    struct deliver_cap *c = counting.asked[--counting.n];
    c->err = err;
    c->taken = taken;
    c->done(c);
    world_run(w);
}

static void cap_open(struct world *w, const char *name, uint64_t *seq)
{
    counting = (struct counting){.n = 0};
    *w = (struct world){.shard = 1, .n_shards = 2, .caps = &caps};
    world_open(w, world_dir(name), world_kannel("sms", "retry = { 10s, 10s }\nreceipt_within = \"1h\""));
    world_enrol(w, "P1", PHONE);
    *seq = message_certify(w, "P1", "2026-03-01");
    world_run(w);
}

static void test_cap_taken(void)
{
    struct world w;
    uint64_t seq;
    cap_open(&w, "taken", &seq);
    ok(counting.n == 1 && !world_sent(&w, "sms", seq), "a message asks whether its number may get one more");
    is_int(counting.asked[0]->cap, 5, "of so many a day");
    char token[48];
    memcpy(token, counting.asked[0]->token, sizeof token);
    uint64_t number = counting.asked[0]->number;
    answer(&w, ERR_OK, true);
    is_int(world_sent(&w, "sms", seq), 1, "then it is sent");
    world_answer(&w, "sms", seq, 503);
    ok(counting.n_back == 1 && strcmp(counting.back, token) == 0, "one that was not sent is given back");
    world_pass(&w, 20000);
    ok(counting.n == 1 && strcmp(counting.asked[0]->token, token) == 0 && counting.asked[0]->number == number,
       "and asks anew, as the same one");
    world_close(&w);
    is_int(counting.n_forgotten, 1, "who waits in the end is forgotten");
    is_int(counting.n_back, 1, "and gives nothing back: whoever sends it next asks as the same one");
}

static void test_cap_full(void)
{
    struct world w;
    uint64_t seq;
    cap_open(&w, "full", &seq);
    answer(&w, ERR_OK, false);
    world_pass(&w, 100);
    is_int(world_sent(&w, "sms", seq), 0, "a number that has had its share gets no more");
    is_str(world_state(&w, "sms", seq), "retry", "today");
    is_int(world_said(&w, "deferred sms"), 1, "which is told");
    world_until(&w, "2026-03-03T10:00:00+08:00");
    is_int(counting.n, 1, "and asked again the next day");
    answer(&w, ERR_OK, true);
    is_int(world_sent(&w, "sms", seq), 1, "when it may get it");
    world_close(&w);
}

/* The answer is to yesterday's question. */
static void test_cap_midnight(void)
{
    struct world w;
    uint64_t seq;
    cap_open(&w, "midnight", &seq);
    world_until(&w, "2026-03-03T00:00:01+08:00");
    is_int(counting.n, 1, "a day ends before it is known whether a number may get one more");
    answer(&w, ERR_OK, false);
    world_until(&w, "2026-03-03T08:00:01+08:00");
    is_int(counting.n, 1, "when it might not, it is asked for the day that has come, when quiet hours are over,");
    answer(&w, ERR_OK, true);
    is_int(world_sent(&w, "sms", seq), 1, "and not a day later");
    world_close(&w);
}

static void test_cap_lost(void)
{
    struct world w;
    uint64_t seq;
    cap_open(&w, "lost", &seq);
    answer(&w, ERR_IO, false);
    is_int(world_sent(&w, "sms", seq), 0, "when nobody can say, it waits");
    world_pass(&w, 1500);
    is_int(counting.n, 1, "and asks again a second later");
    answer(&w, ERR_OK, true);
    is_int(world_sent(&w, "sms", seq), 1, "until somebody can");
    world_answer(&w, "sms", seq, 202);
    is_int(world_row(&w, "sms", seq).attempts, 1, "that was its first attempt");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_ids();
    test_receipt();
    test_rate();
    test_window(1, 7);
    test_window(3, 2);
    test_window(100, 1);
    test_held();
    test_held_message();
    test_cap_taken();
    test_cap_full();
    test_cap_midnight();
    test_cap_lost();
    return tap_end();
}
