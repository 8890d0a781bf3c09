/* What only a store in Redis has to fear: writers that were taken for dead, calls sent twice, forgotten scripts, full
 * memory, and hands other than ours. */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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
static const char *const server_options[] = {"--appendonly", "yes", "--appendfsync", "everysec", "--dir", folder, NULL};

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
    is_int(store_get(s, 7, &b, &msg), ERR_DAMAGED, "an event that was deleted is missed: %s", msg.text);
    is_int(read_all(s, 0, NULL, &msg), -1, "and a reader stops before it: %s", msg.text);
    meddle("HSET %s last 8", redis_of(s)->shard.keys[KEY_STATE]);
    is_int(commit_events(s, 10, &msg), ERR_DAMAGED, "a log that was put back takes no commit: %s", msg.text);
    store_close(s);
    meddle("HSET %s version 99", "{meddled/0}:state");
    is_int(store_open(uri, STORE_WRITE, &options, &s, NULL, &msg), ERR_VERSION, "a later version is refused: %s",
           msg.text);
    buf_done(&b);
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
    test_fence();
    redis_server_kill(&server);
    return tap_end();
}
