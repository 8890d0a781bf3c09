/* Who is there, and what follows: names, rules, shards. Real offices over a real Redis, which stops and goes on. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/shards/office_help.h"

#define N 16

static const struct shard_set set = {.n = N};

static void open_or_bail(struct post *p, const char *prefix, const char *name)
{
    if (post_open(p, prefix, &set, &(struct post_options){.name = name, .revision = 1}) != ERR_OK)
        bail_out("%s", p->msg.text);
}

/* Every shard has one of them. */
static bool disjoint(struct post *const *v, unsigned n)
{
    for (unsigned s = 0; s < N; s++) {
        unsigned owners = 0;
        for (unsigned i = 0; i < n; i++)
            owners += office_assigned(v[i]->office, s);
        if (owners != 1)
            return false;
    }
    return true;
}

static void test_spread(void)
{
    struct post a, b, c;
    struct post *const all[] = {&a, &b, &c};
    open_or_bail(&a, "spread", "a");
    is_int(shards_of(&a, N), N, "the first one has all shards, once it is open");
    open_or_bail(&b, "spread", "b");
    open_or_bail(&c, "spread", "c");
    ok(await(disjoint(all, 3)), "three share them: each shard is one's");
    ok(shards_of(&a, N) >= 5 && shards_of(&b, N) >= 5 && shards_of(&c, N) >= 5, "evenly");
    ok(atomic_load(&a.changes) > 0, "who loses some is told");
    ok(await(members_have(&a, "{\"daemons\":[{\"name\":\"") && members_have(&a, "\"name\":\"c\",\"shards\":[]") &&
             members_have(&a, "\"shards\":16,\"unowned\":[0,1,2,")),
       "all are listed, and nobody has reported anything");
    const struct engine_office *h = office_engine(a.office, 3);
    report(h, 1000, 0, 0, 0);
    ok(await(members_have(&c, "\"name\":\"a\",\"shards\":[3]")), "who reports of a shard is shown as its owner");
    office_leave(b.office);
    ok(await(shards_of(&b, N) == 0 && shards_of(&a, N) + shards_of(&c, N) == N), "who leaves is to have none");
    ok(members_have(&b, "\"why\":\"it is leaving\""), "and says why");
    office_drop(a.office, 3);
    post_close(&b);
    ok(await(!members_have(&a, "\"name\":\"b\"")), "closed, it is off the list");
    post_close(&a);
    ok(await(shards_of(&c, N) == N), "the last one has all of them");
    post_close(&c);
}

/* --- names --- */

static void test_names(void)
{
    struct post a, twin;
    open_or_bail(&a, "names", "a");
    int64_t begun = clock_boot_ns();
    is_int(post_open(&twin, "names", &set, &(struct post_options){.name = "a", .revision = 1}), ERR_INVALID,
           "a name is one daemon's: %s", twin.msg.text);
    ok(clock_boot_ns() - begun < INT64_C(1900) * 1000000, "the other is refused before a lease is over");
    ok(shards_of(&a, N) == N, "and the first one takes no harm");
    post_close(&twin);
    post_close(&a);
    open_or_bail(&a, "names", "a");
    ok(true, "after a clean end it comes up at once");
    post_close(&a);
}

static void test_killed(void)
{
    struct post a;
    int status, ready[2];
    char byte;
    if (pipe(ready) != 0)
        bail_out("no pipe");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        open_or_bail(&a, "killed", "a");
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        bail_out("no office");
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    int64_t begun = clock_boot_ns();
    open_or_bail(&a, "killed", "a");
    int64_t ms = (clock_boot_ns() - begun) / 1000000;
    ok(ms <= OFFICE_LEASE_MS + 1000, "a daemon that was killed comes up again when its lease is over: %d ms", (int)ms);
    post_close(&a);
    close(ready[0]);
    close(ready[1]);
}

/* A daemon that was stopped for longer than its lease, and whose place was taken. */
static void test_stopped(void)
{
    struct post a, b;
    open_or_bail(&a, "stopped", "a");
    open_or_bail(&b, "stopped", "b");
    /* Another instance speaks in its name. */
    freeReplyObject(
        by_hand("EVAL %s 1 {stopped/system}:members",
                "local t = redis.call('TIME') return redis.call('HSET', KEYS[1], 'a', string.format('%.0f', "
                "t[1] * 1000 + 3000) .. ' ffff 2000 1 1 1 0')"));
    ok(await(shards_of(&a, N) == 0), "whose name is another's by now has no shards");
    ok(await(post_warned(&a, "another daemon has its name")), "and says so");
    ok(await(shards_of(&a, N) > 0), "until the other one is gone again");
    post_close(&a);
    post_close(&b);
}

/* --- rules --- */

static enum err reconfigure(struct post *p, uint64_t revision, char kind)
{
    unsigned char rules[32];
    rules_of(kind, rules);
    return office_reconfigure(p->office, revision, rules, &(struct brake_limit){.kind = BRAKE_OFF}, &p->msg);
}

static void test_rules(void)
{
    struct post a, b, c;
    open_or_bail(&a, "rules", "a");
    is_int(post_open(&b, "rules", &set, &(struct post_options){.name = "b", .revision = 1, .rules = 'x'}), ERR_INVALID,
           "other rules of the same revision are refused");
    ok(strstr(b.msg.text, "(revision 1)") && strstr(b.msg.text, "`revision` above 1"), "and it is said what to do: %s",
       b.msg.text);
    post_close(&b);
    is_int(post_open(&b, "rules", &set, &(struct post_options){.name = "b", .revision = 0, .rules = 'a'}), ERR_OK,
           "equal rules are fine, whatever their revision");
    is_int(reconfigure(&b, 1, 'x'), ERR_INVALID, "nor does a reload take other rules without a higher revision");
    ok(await(shards_of(&b, N) == N / 2), "which leaves all as it was");
    is_int(reconfigure(&b, 2, 'x'), ERR_OK, "with a higher one it does");
    ok(await(post_warned(&a, "is to lose its shards")), "the others hear that they are to follow");
    ok(shards_of(&a, N) == N / 2, "and keep their shards meanwhile");
    is_int(post_open(&c, "rules", &set, &(struct post_options){.name = "c", .revision = 1, .rules = 'a'}), ERR_INVALID,
           "the former rules do not start a daemon");
    post_close(&c);
    is_int(reconfigure(&a, 2, 'x'), ERR_OK, "one follows");
    is_int(reconfigure(&b, 3, 'y'), ERR_OK, "the rules change again");
    /* As if a minute had passed. */
    redisReply *all = by_hand("HGETALL {rules/system}:rules");
    for (size_t i = 0; i < all->elements; i += 2)
        if (strncmp(all->element[i]->str, "former ", 7) == 0)
            freeReplyObject(by_hand("HSET {rules/system}:rules %s 1000", all->element[i]->str));
    freeReplyObject(all);
    ok(await(shards_of(&a, N) == 0), "who has not followed after a minute has no shards any more");
    ok(await(shards_of(&b, N) == N), "they are the other's");
    ok(members_have(&a, "the rules in force are those of revision 3, its own are of revision 2"), "it is shown why");
    ok(await(members_have(&b, "its rules are not those in force")), "by the others as well");
    is_int(reconfigure(&a, 3, 'y'), ERR_OK, "when it follows");
    ok(await(shards_of(&a, N) == N / 2), "it has its share again");
    post_close(&a);
    post_close(&b);
}

/* --- Redis is away --- */

static void test_silence(void)
{
    struct post a, b;
    open_or_bail(&a, "silent", "a");
    open_or_bail(&b, "silent", "b");
    ok(await(shards_of(&a, N) == N / 2), "two share");
    int changes = atomic_load(&a.changes);
    redis_server_halt(&server);
    ok(await(shards_of(&a, N) == 0 && shards_of(&b, N) == 0), "who cannot reach Redis for a lease has nothing");
    ok(await(post_warned(&a, "it has not reached Redis")) && atomic_load(&a.changes) > changes,
       "is told, and says why");
    struct errmsg msg = {""};
    unsigned char rules[32];
    rules_of('z', rules);
    is_int(office_reconfigure(a.office, 9, rules, &(struct brake_limit){.kind = BRAKE_OFF}, &msg), ERR_IO,
           "a reload meanwhile fails: %s", msg.text);
    redis_server_go_on(&server);
    ok(await(shards_of(&a, N) + shards_of(&b, N) == N && shards_of(&a, N) == N / 2),
       "all is as before when it is back");
    post_close(&a);
    post_close(&b);
}

int main(void)
{
    plan(0);
    redis_server_start(&server);
    test_spread();
    test_names();
    test_killed();
    test_stopped();
    test_rules();
    test_silence();
    redis_server_kill(&server);
    return tap_end();
}
