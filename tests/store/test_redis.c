/* What only a store in Redis has to fear: writers that were taken for dead, calls sent twice, forgotten scripts, full
 * memory, and hands other than ours. */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/redis/inside.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/store/events.h"

#define LEASE_MS 150
/* Of a writer, past its lease; the waiting is long, and no different under a sanitizer. */
#define PAUSES 100
#define PAUSES_SANITIZED 10

static const struct store_options options = {.lease_ms = LEASE_MS};
static struct redis_server server;
static char folder[256];
static const char *const server_options[] = {"--appendonly", "yes", "--appendfsync", "always", "--dir", folder, NULL};

static void make_uri(const char *prefix, char out[128])
{
    snprintf(out, 128, "redis://127.0.0.1:%d/%s", server.port, prefix);
}

static struct store *open_store(const char *uri, enum store_mode mode)
{
    struct store *s;
    struct errmsg msg;
    if (store_open(uri, mode, &options, &s, NULL, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    return s;
}

static uint64_t end_of(struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info.durable;
}

/* A command by another hand than the store's. */
static void meddle(const char *format, const char *key)
{
    redisContext *c = redisConnect("127.0.0.1", server.port);
    redisReply *reply = c && !c->err ? redisCommand(c, format, key) : NULL;
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", format, reply ? reply->str : "no answer");
    freeReplyObject(reply);
    redisFree(c);
}

/* --- a writer that was taken for dead --- */

struct shared {
    _Atomic uint64_t told;    /* what the paused writer was told to be done */
    _Atomic int wrote, ended; /* it has committed once; what its last commit came to */
};

static _Noreturn void write_until_fenced(const char *uri, struct shared *shared)
{
    struct store *s = open_store(uri, STORE_WRITE);
    struct errmsg msg;
    enum err e = ERR_OK;
    while (!e) {
        e = commit_events(s, end_of(s) + 1, &msg);
        if (!e)
            atomic_store(&shared->told, end_of(s));
        atomic_store(&shared->wrote, 1);
    }
    atomic_store(&shared->ended, (int)e);
    _exit(0);
}

static void await(_Atomic int *flag)
{
    for (int i = 0; i < 6000 && !atomic_load(flag); i++)
        poll(NULL, 0, 5);
}

/* The writer is stopped anywhere, another takes over and writes, the writer goes on: it must not get anything in. */
static bool is_fenced_off(const char *uri, unsigned round)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;
    pid_t pid = fork();
    if (pid == 0)
        write_until_fenced(uri, shared);
    await(&shared->wrote);
    usleep(round * 37 % 2000); /* anywhere in a commit */
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    struct store *s = open_store(uri, STORE_WRITE); /* waits for the lease to run out */
    struct errmsg msg = {""};
    uint64_t at = end_of(s), told = atomic_load(&shared->told);
    bool good = at >= told && commit_events(s, at + 3, &msg) == ERR_OK;
    kill(pid, SIGCONT);
    await(&shared->ended);
    good = good && atomic_load(&shared->ended) == (int)ERR_LOCKED && atomic_load(&shared->told) <= at;
    good = good && commit_events(s, at + 5, &msg) == ERR_OK;
    if (!good)
        diag("round %u: the log ended at %llu, told were %llu: %s", round, (unsigned long long)at,
             (unsigned long long)told, msg.text);
    store_close(s);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    munmap(shared, sizeof *shared);
    return good;
}

static void test_fence(void)
{
    char uri[128];
    unsigned rounds = 0;
    struct errmsg msg = {""};
    make_uri("fence", uri);
    store_close(open_store(uri, STORE_INIT));
    const char *suite = getenv("TEST_SUITE");
    unsigned wanted = suite && strcmp(suite, "plain") != 0 ? PAUSES_SANITIZED : PAUSES;
    while (rounds < wanted && is_fenced_off(uri, rounds))
        rounds++;
    is_int(rounds, wanted, "a writer that was paused past its lease commits nothing more, %u times", wanted);
    struct store *s = open_store(uri, STORE_WRITE);
    is_int(read_all(s, 0, NULL, &msg), (int64_t)end_of(s), "and the log is whole");
    store_close(s);
}

static void test_handing_over(void)
{
    char uri[128];
    struct errmsg msg = {""};
    make_uri("over", uri);
    struct store *s = open_store(uri, STORE_INIT), *other;
    ok(commit_events(s, 5, &msg) == ERR_OK, "a writer writes");
    poll(NULL, 0, 2 * LEASE_MS); /* the subject of the test: time passes, and it keeps its lease */
    is_int(store_open(uri, STORE_WRITE, &options, &other, NULL, &msg), ERR_LOCKED, "nobody takes it while it lives");
    ok(strstr(msg.text, "held by process "), "and hears who has it: %s", msg.text);
    ok(commit_events(s, 6, &msg) == ERR_OK, "it goes on");
    store_close(s);
    s = open_store(uri, STORE_WRITE);
    is_int(end_of(s), 6, "once it is closed another has it at once");
    store_close(s);
}

/* --- calls sent twice, scripts forgotten --- */

static void test_repeated(void)
{
    char uri[128];
    struct errmsg msg = {""};
    redisReply *reply = NULL;
    make_uri("twice", uri);
    struct store *s = open_store(uri, STORE_INIT);
    struct redis_store *inside = redis_of(s);
    ok(commit_events(s, 10, &msg) == ERR_OK && commit_events(s, 25, &msg) == ERR_OK, "two commits");
    is_int(script_run(inside->commit_redis, inside->shard.slot, &inside->commit_call, NULL, &reply, &msg), ERR_OK,
           "the call of the second, sent again as if its answer was lost, is taken");
    is_str(reply->str, "REPEATED", "for what it is");
    freeReplyObject(reply);
    is_int(read_all(s, 0, NULL, &msg), 25, "and writes nothing");
    meddle("SCRIPT FLUSH", "");
    ok(commit_events(s, 30, &msg) == ERR_OK, "a server that has forgotten the scripts is told them");
    store_close(s);
}

/* --- what Redis refuses, and what others do to it --- */

static void test_full(void)
{
    char uri[128];
    struct errmsg msg = {""};
    make_uri("full", uri);
    struct store *s = open_store(uri, STORE_INIT);
    ok(commit_events(s, 5, &msg) == ERR_OK, "five events");
    meddle("CONFIG SET maxmemory 1", "");
    is_int(commit_events(s, 6, &msg), ERR_FULL, "a server without memory takes no commit: %s", msg.text);
    meddle("CONFIG SET maxmemory 0", "");
    is_int(commit_events(s, 6, &msg), ERR_FULL, "after which the store takes no more");
    store_close(s);
    s = open_store(uri, STORE_WRITE);
    is_int(end_of(s), 5, "nothing of it was written");
    ok(commit_events(s, 6, &msg) == ERR_OK, "and another writer goes on");
    store_close(s);
}

static void test_meddled(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    make_uri("meddled", uri);
    struct store *s = open_store(uri, STORE_INIT);
    ok(commit_events(s, 5, &msg) == ERR_OK && commit_events(s, 9, &msg) == ERR_OK, "nine events");
    meddle("XDEL %s 7-0", redis_of(s)->shard.keys[KEY_LOG]);
    struct store *other = open_store(uri, STORE_READ); /* the writer remembers */
    is_int(store_get(other, 7, &b, &msg), ERR_DAMAGED, "an event that was deleted is missed: %s", msg.text);
    is_int(read_all(other, 0, NULL, &msg), -1, "and a reader stops before it: %s", msg.text);
    store_close(other);
    meddle("HSET %s last 8", redis_of(s)->shard.keys[KEY_STATE]);
    is_int(commit_events(s, 10, &msg), ERR_DAMAGED, "a log that was put back takes no commit: %s", msg.text);
    store_close(s);
    meddle("HSET %s last 9", "{meddled/0}:state");
    is_int(store_open(uri, STORE_WRITE, &options, &s, NULL, &msg), ERR_DAMAGED, "nor is one with a gap written on: %s",
           msg.text);
    for (int version = 1; version <= 3; version += 2) {
        meddle(version == 1 ? "HSET %s version 1" : "HSET %s version 3", "{meddled/0}:state");
        is_int(store_open(uri, STORE_READ, &options, &s, NULL, &msg), ERR_VERSION, "another version is refused: %s",
               msg.text);
    }
    buf_done(&b);
}

/* --- who may send --- */

static void test_held(void)
{
    char uri[128];
    struct errmsg msg = {""};
    make_uri("held", uri);
    const struct store_options slow = {.lease_ms = 10 * LEASE_MS};
    struct store *s, *other;
    if (store_open(uri, STORE_INIT, &slow, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(store_held(s, 0), "whoever has the lease knows it");
    ok(store_held(s, 5 * LEASE_MS) && !store_held(s, 10 * LEASE_MS), "and for how long it surely has");
    other = open_store(uri, STORE_READ);
    ok(!store_held(other, 0), "a reader never has it");
    redis_server_halt(&server);
    int64_t asked = clock_boot_ns(), gone;
    while (store_held(s, 0) && clock_boot_ns() - asked < INT64_C(20000000000))
        poll(NULL, 0, 1);
    gone = (clock_boot_ns() - asked) / 1000000;
    ok(gone > 4 * LEASE_MS && gone < 10 * LEASE_MS, "while nobody renews it, it is over before it expires: after %d ms",
       (int)gone);
    redis_server_go_on(&server);
    for (int i = 0; i < 2000 && !store_held(s, 0); i++)
        poll(NULL, 0, 5);
    ok(store_held(s, 0), "it comes back, as nobody took it");
    meddle("HSET %s fence another", redis_of(s)->shard.keys[KEY_STATE]);
    for (int i = 0; i < 2000 && store_held(s, 0); i++)
        poll(NULL, 0, 5);
    ok(!store_held(s, 0), "once another has the shard it is over");
    store_close(other);
    store_close(s);
    if (store_open("memory:", STORE_INIT, NULL, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(store_held(s, 1000000), "a store with a lock is held for as long as it is open");
    store_close(s);
}

static _Noreturn void stop_and_ask(const char *uri, struct shared *shared)
{
    struct store *s = open_store(uri, STORE_WRITE);
    atomic_store(&shared->wrote, store_held(s, 0) ? 1 : 2);
    raise(SIGSTOP);
    atomic_store(&shared->ended, store_held(s, 0) ? 1 : 2);
    _exit(0);
}

/* Its own clock tells it, before anybody else does. */
static void test_held_after_pause(void)
{
    char uri[128];
    int status;
    make_uri("slept", uri);
    store_close(open_store(uri, STORE_INIT));
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (pid == 0)
        stop_and_ask(uri, shared);
    waitpid(pid, &status, WUNTRACED);
    is_int(atomic_load(&shared->wrote), 1, "a holder");
    struct store *s = open_store(uri, STORE_WRITE); /* waits for its lease to run out */
    kill(pid, SIGCONT);
    await(&shared->ended);
    is_int(atomic_load(&shared->ended), 2, "that was stopped past its lease knows at once that it does not hold it");
    ok(store_held(s, 0), "which another does");
    store_close(s);
    waitpid(pid, &status, 0);
    munmap(shared, sizeof *shared);
}

/* --- replicas --- */

static void test_too_few_replicas(void)
{
    char uri[128];
    struct errmsg msg = {""};
    make_uri("few", uri);
    struct store *s = open_store(uri, STORE_INIT), *other = open_store(uri, STORE_READ);
    struct redis_store *inside = redis_of(s);
    ok(commit_events(s, 3, &msg) == ERR_OK, "three events");
    inside->wait = (struct redis_wait){.replicas = 1, .ms = 50}; /* there is none */
    inside->shard.settings.patience_ms = 400;
    is_int(commit_events(s, 5, &msg), ERR_IO, "a commit that no replica has is not done: %s", msg.text);
    is_int(end_of(s), 3, "whoever asked is told nothing of it");
    is_int(end_of(other), 3, "and nobody else sees it");
    is_int(read_all(other, 0, NULL, &msg), 3, "nor reads it");
    store_close(s);
    s = open_store(uri, STORE_WRITE);
    is_int(end_of(s), 5, "the next owner finds it, and counts it");
    for (int i = 0; i < 2000 && end_of(other) != 5; i++)
        poll(NULL, 0, 5);
    is_int(end_of(other), 5, "of which the others are told soon");
    ok(commit_events(s, 6, &msg) == ERR_OK, "and goes on behind it");
    is_int(read_all(other, 0, NULL, &msg), 6, "which all see");
    store_close(other);
    store_close(s);
}

static void test_incarnation(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct store_info info;
    struct store *s;
    struct store_options o = {.lease_ms = LEASE_MS, .incarnation = "0123456789abcdef0123456789abcdef"};
    make_uri("born", uri);
    is_int(store_open(uri, STORE_INIT, &o, &s, NULL, &msg), ERR_OK, "a store may be given its incarnation");
    store_info(s, &info);
    is_str(info.incarnation, o.incarnation, "which it has");
    store_close(s);
    is_int(store_open(uri, STORE_INIT, &o, &s, NULL, &msg), ERR_OK, "the same again is the same");
    ok(commit_events(s, 1, &msg) == ERR_OK, "until it has an event");
    store_close(s);
    is_int(store_open(uri, STORE_INIT, &o, &s, NULL, &msg), ERR_EXISTS, "then there is one already");
    o.incarnation = "none";
    make_uri("unborn", uri);
    is_int(store_open(uri, STORE_INIT, &o, &s, NULL, &msg), ERR_INVALID, "what is none is refused: %s", msg.text);
}

/* --- who may come in --- */

static void test_password(void)
{
    static const char *const words[] = {"--requirepass", "open sesame", "--appendonly", "yes",
                                        "--appendfsync", "always",      "--dir",        folder, NULL};
    struct redis_server guarded = {.options = words};
    const struct store_options with = {.lease_ms = LEASE_MS, .password = "open sesame"};
    char uri[128], password[] = "open sesame";
    struct store_options passing = with;
    struct store *s;
    struct checkpoint_reader *r;
    struct seal seal;
    struct errmsg msg = {""};
    redis_server_start(&guarded);
    snprintf(uri, sizeof uri, "redis://127.0.0.1:%d/guarded", guarded.port);
    ok(store_open(uri, STORE_INIT, &options, &s, NULL, &msg) != ERR_OK, "without a password nobody comes in: %s",
       msg.text);
    passing.password = password;
    is_int(store_open(uri, STORE_INIT, &passing, &s, NULL, &msg), ERR_OK, "with it one does %s", msg.text);
    memset(password, 'x', sizeof password - 1);
    ok(commit_events(s, 3, &msg) == ERR_OK, "and writes, the caller's copy being gone");
    is_int(read_all(s, 0, NULL, &msg), 3, "and reads");
    is_int(checkpoint_open_with(uri, &with, 0, &r, &seal, &msg), ERR_ABSENT, "also looks for a checkpoint");
    store_close(s);
    redis_server_kill(&guarded);
}

int main(void)
{
    plan(0);
    snprintf(folder, sizeof folder, "%s", tap_tmpdir());
    server.options = server_options;
    redis_server_start(&server);
    test_handing_over();
    test_repeated();
    test_full();
    test_meddled();
    test_held();
    test_held_after_pause();
    test_too_few_replicas();
    test_incarnation();
    test_password();
    test_fence();
    redis_server_kill(&server);
    return tap_end();
}
