/* One scheme, four shards in Redis, three daemons: any of them takes any input; one is killed and one is stopped, their
 * shards move, and nothing is lost, done twice, or delivered out of order. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define DAEMONS 3
#define PEOPLE 300
#define SHARDS 4

static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* The rig speaks to one of the daemons at a time; its own is the first one. */
static struct rig r;
static struct node *nodes[DAEMONS];
static struct redis_server redis;
static struct peer *hook;
static uint64_t events; /* that must arrive */

static void through(unsigned daemon)
{
    r.node = nodes[daemon];
}

/* A daemon's configuration: what all have, and its name. */
static void configure(unsigned daemon, const char *name, const char *more)
{
    struct buf text = BUF_INIT;
    snprintf(nodes[daemon]->store, sizeof nodes[daemon]->store, "redis://127.0.0.1:%d/e2e", redis.port);
    buf_printf(&text, "name = \"%s\"\nlease = \"2s\"\n%s%.*s", name, more, (int)r.config.n, r.config.p);
    buf_addc(&text, '\0');
    node_configure(nodes[daemon], text.p);
    buf_done(&text);
}

static void set_up(void)
{
    rig_init(&r);
    redis_server_start(&redis);
    hook = rig_peer(&r, "hook", "");
    rig_hook(&r, "hook", hook, "retry = { 1s, 1s, 1s }");
    nodes[0] = r.node;
    for (unsigned i = 0; i < DAEMONS; i++) {
        char name[8];
        snprintf(name, sizeof name, "d%u", i);
        if (i)
            nodes[i] = node_new("");
        configure(i, name, "");
    }
    if (rig_ctl(&r, "init --shards %d", SHARDS) != 0)
        bail_out("the set cannot be made: %s", r.text.p);
}

/* --- looks --- */

static const char *ask(const char *path)
{
    request_once(r.node->socket, "GET", path, NULL, STR_NONE, &r.reply);
    return r.reply.body.p;
}

struct spread {
    unsigned daemon, members;
};

/* Has every shard an owner, and every one of so many daemons a shard? As one of them sees it. */
static bool is_spread(void *arg)
{
    const struct spread *s = arg;
    unsigned members = 0, idle = 0;
    through(s->daemon);
    const char *text = ask("/v1/status"), *at = text;
    while ((at = strstr(at, "{\"name\":\"d")) != NULL) {
        const char *shards = strstr(at, "\"shards\":[");
        members++;
        idle += !shards || shards[10] == ']';
        at += 8;
    }
    return strstr(text, "\"unowned\":[]") && members == s->members && !idle;
}

static void await_spread(unsigned daemon, unsigned members, const char *what)
{
    struct spread s = {daemon, members};
    check(await(is_spread, &s), "%s", what);
}

/* All that was fed in has come, in order for each person; a daemon that was killed may have sent some twice. */
static void await_all(const char *what)
{
    if (!await_events("hook", hook, events))
        bail_out("deliveries have stopped");
    struct counts c = peer_counts(hook);
    bool good = c.distinct == events && !c.order_violations && !c.prev_gaps && !c.malformed && !c.bad_signatures;
    if (!good)
        show_counts("hook", hook);
    check(good, "%s", what);
}

/* --- what happens --- */

static void test_start(void)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        node_must_start(nodes[i]);
    await_spread(0, DAEMONS, "the shards spread over all daemons");
    await_spread(2, DAEMONS, "as each of them knows");
    through(0);
    rig_enrol(&r, 1, PEOPLE, NULL);
    through(1);
    rig_amend(&r, 1, PEOPLE);
    through(2);
    rig_certify(&r, 1, PEOPLE, 3);
    events = 3 * PEOPLE;
    await_all("inputs through any of them are decided, and what follows is delivered once");
    check_int(peer_counts(hook).duplicates, 0, "once and not twice");
    check(strstr(ask("/v1/status"), "\"enrolled\":300,"), "any of them counts everybody");
    ask("/v1/beneficiaries/P-000123");
    check_int(r.reply.status, 200, "and knows everybody");
}

static void test_namesake(void)
{
    struct node *other = nodes[2];
    int code = 0;
    nodes[2] = node_new("");
    configure(2, "d0", "");
    check(!node_start(nodes[2], &code) && code == 1, "a daemon of a name that is taken does not start");
    check(node_logged(nodes[2], "a daemon of the name"), "and says why");
    configure(2, "d9", "clock_jump = \"2h\"\n");
    check(!node_start(nodes[2], &code) && code == 1, "nor one that would decide otherwise");
    node_free(nodes[2], false);
    nodes[2] = other;
}

static void test_desk(void)
{
    through(1);
    rig_order(&r, "hook", "pause");
    through(0);
    check(strstr(ask("/v1/endpoints"), "\"state\":\"paused\""), "what is paused through one is paused for all");
    rig_amend(&r, 1, PEOPLE);
    events += PEOPLE;
    check(strstr(ask("/v1/endpoints"), "\"lag\":300"), "and lags behind in all shards");
    through(2);
    rig_order(&r, "hook", "resume");
    await_all("until it is resumed through a third");
}

/* SIGKILL, and inputs at once: those for its shards wait for their next owners. */
static void test_killed(void)
{
    node_kill(nodes[1]);
    through(0);
    rig_amend(&r, 1, PEOPLE);
    events += PEOPLE;
    await_all("when one is killed its shards' inputs are decided by others");
    await_spread(2, DAEMONS - 1, "which own its shards now");
    node_must_start(nodes[1]);
    await_spread(0, DAEMONS, "it comes back, and gets some again");
}

static void test_stopped(void)
{
    through(0);
    rig_amend(&r, 1, PEOPLE);
    events += PEOPLE;
    check_int(node_stop(nodes[2]), 0, "one that is stopped ends well");
    check(node_logged(nodes[2], "event=shard-released"), "having handed its shards over");
    through(1);
    rig_amend(&r, 1, PEOPLE);
    events += PEOPLE;
    await_all("nothing is lost by that");
    await_spread(0, DAEMONS - 1, "the others own its shards");
}

static void reload(unsigned daemon, const char *name, const char *more)
{
    configure(daemon, name, more);
    node_signal(nodes[daemon], SIGHUP);
    if (!node_await(nodes[daemon], "RELOADING=1") || !node_await(nodes[daemon], "READY=1"))
        bail_out("the daemon does not reload");
}

static void test_rules(void)
{
    reload(0, "d0", "max_downtime = \"8d\"\n");
    check(node_logged(nodes[0], "event=reload-refused"), "other rules are refused without a higher revision");
    reload(0, "d0", "revision = 1\nmax_downtime = \"8d\"\n");
    check(node_logged(nodes[0], "event=reloaded"), "and taken up with one");
    reload(1, "d1", "revision = 1\nmax_downtime = \"8d\"\n");
    await_spread(0, DAEMONS - 1, "when all have them, all have their shards");
    through(0);
    rig_amend(&r, 1, PEOPLE);
    events += PEOPLE + SHARDS; /* each shard's log says what it decides by now */
    await_all("and decide");
}

static void test_end(void)
{
    check_int(node_stop(nodes[0]), 0, "the last but one stops");
    check_int(node_stop(nodes[1]), 0, "the last one, too");
    through(0);
    check_int(rig_ctl(&r, "verify"), 0, "every shard's log verifies");
}

int main(void)
{
    plan(0);
    set_up();
    test_start();
    test_namesake();
    test_desk();
    test_killed();
    test_stopped();
    test_rules();
    test_end();
    peer_free(hook);
    for (unsigned i = 1; i < DAEMONS; i++)
        node_free(nodes[i], failed);
    rig_done(&r, failed);
    redis_server_kill(&redis);
    return tap_end();
}
