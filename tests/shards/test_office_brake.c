/* The brake over all shards: who may suspend, and when. The engines are the test's: it reports and asks for them. */
#include <stdio.h>
#include <string.h>

#include "tests/shards/office_help.h"

#define N 4
#define LIMIT 10

static const struct shard_set set = {.n = N};

/* Two daemons with two shards each. */
struct town {
    struct post a, b;
    const struct engine_office *h[N];
};

static void open_town(struct town *t, const char *prefix, struct brake_limit limit)
{
    if (post_open(&t->a, prefix, &set, &(struct post_options){.name = "a", .brake = limit}) != ERR_OK ||
        post_open(&t->b, prefix, &set, &(struct post_options){.name = "b", .brake = limit}) != ERR_OK)
        bail_out("%s %s", t->a.msg.text, t->b.msg.text);
    for (unsigned i = 0; i < N; i++)
        t->h[i] = office_engine(i < 2 ? t->a.office : t->b.office, i);
}

static void close_town(struct town *t)
{
    post_close(&t->a);
    post_close(&t->b);
}

static bool may(const struct town *t, unsigned shard, lc_instant at)
{
    return t->h[shard]->may_suspend(t->h[shard]->arg, at);
}

static void all_report(const struct town *t, lc_instant now, int64_t due, int64_t applied, uint64_t ordered)
{
    for (unsigned i = 0; i < N; i++)
        report(t->h[i], now, due, applied, ordered);
}

/* Does not become so in the time of some rounds? */
static bool stays_forbidden(const struct town *t, unsigned shard, lc_instant at)
{
    bool allowed = false;
    for (int i = 0; i < 70 && !allowed; i++) {
        allowed = may(t, shard, at);
        poll(NULL, 0, 5);
    }
    return !allowed;
}

static int64_t orders(const char *prefix)
{
    return number_by_hand("XLEN {%s/system}:orders", prefix);
}

static void test_within(void)
{
    struct town t;
    open_town(&t, "within", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    ok(!may(&t, 0, 1000), "before anybody has reported nobody may suspend");
    for (unsigned i = 0; i < N - 1; i++)
        report(t.h[i], 1000, 2, 0, 0);
    ok(stays_forbidden(&t, 0, 1000), "nor before all have");
    report(t.h[3], 999, 2, 0, 0);
    ok(stays_forbidden(&t, 0, 1000), "nor before the last has come to that instant");
    report(t.h[3], 1000, 2, 0, 0);
    ok(await(may(&t, 0, 1000)), "then they may, within the limit");
    ok(await(may(&t, 2, 1000)), "in the other daemon as well");
    ok(!may(&t, 0, 1001), "but not at a later instant");
    for (int64_t left = 2; left >= 0; left--)
        all_report(&t, 1000, left, 2 - left, 0);
    ok(may(&t, 1, 1000), "while they suspend it stays so");
    report(t.h[1], 1000, 1, 2, 0);
    ok(!may(&t, 1, 1000), "but when an engine has more due than was reckoned with it is reckoned again");
    ok(await(may(&t, 1, 1000)), "and found to be within");
    is_int(orders("within"), 0, "no brake was placed");
    close_town(&t);
}

static void test_beyond(void)
{
    struct town t;
    open_town(&t, "beyond", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    all_report(&t, 1000, 2, 1, 0);
    ok(!may(&t, 0, 1000) && !may(&t, 3, 1000), "twelve in all are too many: two daemons ask");
    ok(await(orders("beyond") == 1), "the brake is ordered");
    ok(stays_forbidden(&t, 0, 1000) && stays_forbidden(&t, 3, 1000), "and nobody may suspend");
    is_int(orders("beyond"), 1, "it is ordered once");
    redisReply *entries = by_hand("XRANGE {beyond/system}:orders - +");
    ok(strcmp(entries->element[0]->element[0]->str, "1-0") == 0, "as number 1");
    freeReplyObject(entries);
    /* The brake is on, then it is lifted, and what was due does not count any more. */
    all_report(&t, 1001, 0, 0, 1);
    ok(await(may(&t, 0, 1001)), "when all have carried it out and less is due they may");
    all_report(&t, 1002, 3, 0, 1);
    ok(!may(&t, 1, 1002), "on the same day");
    ok(await(orders("beyond") == 2), "the brake may be placed again");
    close_town(&t);
}

static void test_percent(void)
{
    struct town t;
    open_town(&t, "percent", (struct brake_limit){BRAKE_PERCENT, 5000});
    all_report(&t, 1000, 50, 0, 0);
    ok(await(may(&t, 0, 1000)), "5 %% of four thousand are two hundred");
    all_report(&t, 1001, 50, 1, 0);
    ok(!may(&t, 0, 1001) && await(orders("percent") == 1), "more are too many");
    close_town(&t);
}

static void report_on(const struct town *t, unsigned shard, lc_date day, lc_instant now, int64_t due, int64_t applied)
{
    struct office_report r = {.now = now, .day = day, .due = due, .applied = applied, .drawing = 1000};
    t->h[shard]->report(t->h[shard]->arg, &r);
}

/* Yesterday's are not today's. */
static void test_days(void)
{
    struct town t;
    open_town(&t, "days", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    all_report(&t, 1000, 0, 2, 0);
    for (unsigned i = 0; i < N; i++)
        report_on(&t, i, i < 2 ? 46000 : 46001, 1001, 1, 3);
    ok(await(may(&t, 3, 1001)), "what was applied on the day before counts no more");
    close_town(&t);

    open_town(&t, "ahead", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    for (unsigned i = 0; i < N; i++)
        report_on(&t, i, i < 2 ? 46000 : 46001, i < 2 ? 1000 : 90000, 1, 3);
    ok(!may(&t, 0, 1000) && await(orders("ahead") == 1),
       "but a machine whose clock runs ahead does not end the day of the others");
    close_town(&t);
}

/* A moratorium that ends with the day lets those come back that fell due long ago. */
static void test_new_day(void)
{
    struct town t;
    open_town(&t, "new-day", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    all_report(&t, 1000, 0, 2, 0);
    ok(await(may(&t, 0, 1000)), "on one day they may");
    report_on(&t, 0, 46001, 2000, 2, 0);
    ok(!may(&t, 0, 500), "what was granted on that day is not used on the next,");
    for (unsigned i = 1; i < N; i++)
        report_on(&t, i, 46001, 2000, 3, 0);
    ok(stays_forbidden(&t, 0, 2000), "on which eleven are too many");
    ok(await(!may(&t, 0, 2000) && orders("new-day") == 1), "and the brake is placed");
    close_town(&t);
}

/* What was granted before a shard came to a daemon was not granted for what it has due. */
static void test_newcomer(void)
{
    struct town t;
    open_town(&t, "newcomer", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    all_report(&t, 1000, 1, 0, 0);
    ok(await(may(&t, 0, 1000)), "a daemon's shards may go on");
    office_drop(t.b.office, 3);
    const struct engine_office *h = office_engine(t.a.office, 3);
    report(h, 1000, 50, 0, 0);
    ok(!h->may_suspend(h->arg, 500), "one that it takes over may not, before its own are counted");
    ok(await(orders("newcomer") == 1), "which places the brake");
    close_town(&t);
}

/* Where the brake is off for good a shard needs nobody's consent, but what was ordered in its absence comes first. */
static void test_off(void)
{
    struct town t;
    open_town(&t, "off", (struct brake_limit){.kind = BRAKE_OFF});
    report(t.h[0], 1000, 500, 0, 0);
    ok(await(may(&t, 0, 1000)), "without a brake a shard waits for no other");
    freeReplyObject(by_hand("XADD {off/system}:orders 1-0 token x"));
    ok(await(!may(&t, 0, 1000)), "but for the orders that it has not carried out,");
    ok(stays_forbidden(&t, 0, 1000), "as long as it takes");
    report(t.h[0], 1000, 500, 0, 1);
    ok(await(may(&t, 0, 1000)), "and goes on behind them");
    close_town(&t);
}

/* A grant is as good as the rules under which it was given. */
static void test_rules(void)
{
    struct town t;
    struct errmsg msg = {""};
    unsigned char rules[32];
    struct brake_limit lower = {BRAKE_ABSOLUTE, 5};
    open_town(&t, "rules", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    all_report(&t, 1000, 2, 0, 0);
    ok(await(may(&t, 0, 1000)) && await(may(&t, 2, 1000)), "eight are within the limit");
    rules_of('n', rules);
    is_int(office_reconfigure(t.a.office, 7, rules, &lower, &msg), ERR_OK, "it is lowered");
    ok(!may(&t, 0, 1000), "what was granted before does not count any more");
    ok(await(!may(&t, 2, 1000)) && stays_forbidden(&t, 2, 1000), "nor for a daemon that has the former rules yet");
    ok(await(orders("rules") == 1), "the brake is placed");
    close_town(&t);
}

/* --- owners --- */

static void test_owners(void)
{
    struct town t;
    open_town(&t, "owners", (struct brake_limit){BRAKE_ABSOLUTE, LIMIT});
    all_report(&t, 1000, 1, 0, 0);
    ok(await(members_have(&t.a, "\"shards\":[0,1]") && members_have(&t.b, "\"shards\":[2,3]")), "each shows its own");
    const struct engine_office *stolen = office_engine(t.b.office, 0);
    report(stolen, 1000, 7, 0, 0);
    ok(await(members_have(&t.a, "\"shards\":[0,2,3]")), "a shard is the one's who claimed it last");
    report(t.h[0], 1000, 0, 0, 0);
    ok(await(may(&t, 1, 1000)) && members_have(&t.b, "\"shards\":[0,2,3]"), "whatever the one before still reports");
    office_drop(t.a.office, 0);
    office_drop(t.b.office, 0);
    report(t.h[2], 2000, 1, 0, 0);
    report(t.h[3], 2000, 1, 0, 0);
    report(t.h[1], 2000, 1, 0, 0);
    ok(!may(&t, 1, 2000) && stays_forbidden(&t, 1, 2000), "a shard that nobody has holds up the others");
    ok(await(members_have(&t.a, "\"unowned\":[0]")), "it is shown");
    freeReplyObject(by_hand("HSET {owners/system}:reports 0 1000%s", " ffff 1000 0 46000 0 0 10 0"));
    ok(await(!may(&t, 1, 2000) && post_warned(&t.a, "shard 0 has had no owner")), "and told of when it lasts");
    close_town(&t);
}

int main(void)
{
    plan(0);
    redis_server_start(&server);
    test_within();
    test_beyond();
    test_percent();
    test_days();
    test_new_day();
    test_newcomer();
    test_off();
    test_rules();
    test_owners();
    redis_server_kill(&server);
    return tap_end();
}
