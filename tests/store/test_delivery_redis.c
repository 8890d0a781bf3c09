/* The delivery state of a shard in Redis, in what only Redis has: snapshots taken while commits go on, calls sent
 * twice, writers that were taken for dead, the key of a set, hands other than ours, and looking on beside a writer. */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/redis/delivery_inside.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/store/delivery_help.h"

static const struct store_options options = {.lease_ms = 150};
static struct redis_server server;
static char folder[256];

struct both {
    char uri[128];
    struct store *s;
    struct delivery_store *d;
    struct buf text;
};

static enum err try_open(struct both *b, enum store_mode mode, struct errmsg *msg)
{
    b->d = NULL;
    enum err e = store_open(b->uri, mode, &options, &b->s, NULL, msg);
    return e ? e : delivery_open(b->s, &b->d, msg);
}

static struct both make(const char *prefix)
{
    struct both b = {.text = BUF_INIT};
    struct errmsg msg;
    snprintf(b.uri, sizeof b.uri, "redis://127.0.0.1:%d/%s#0", server.port, prefix);
    if (try_open(&b, STORE_INIT, &msg) != ERR_OK)
        bail_out("%s: %s", b.uri, msg.text);
    return b;
}

static void close_both(struct both *b)
{
    delivery_close(b->d);
    store_close(b->s);
}

static void reopen(struct both *b)
{
    struct errmsg msg;
    close_both(b);
    if (try_open(b, STORE_WRITE, &msg) != ERR_OK)
        bail_out("%s: %s", b->uri, msg.text);
}

static void done(struct both *b)
{
    close_both(b);
    buf_done(&b->text);
}

/* A command by another hand than the store's; its answer, when that is a number. */
static long long meddle(const char *format, ...)
{
    va_list args;
    redisContext *c = redisConnect("127.0.0.1", server.port);
    va_start(args, format);
    redisReply *reply = c && !c->err ? redisvCommand(c, format, args) : NULL;
    va_end(args);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", format, reply ? reply->str : "no answer");
    long long number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    freeReplyObject(reply);
    redisFree(c);
    return number;
}

/* --- a state that says how many commits it is of --- */

enum { WINDOW = 50, AT_ONCE = 100 };

/* Commit K puts AT_ONCE rows of K, with texts that take their room, takes out those of K - WINDOW, and says K everywhere
 * else. */
static enum err commit_number(struct delivery_store *d, uint64_t number, struct errmsg *msg)
{
    static char long_text[161];
    static struct delivery_change c[2 * AT_ONCE + 2];
    memset(long_text, 'a' + (int)(number % 26), sizeof long_text - 1);
    for (uint64_t i = 0; i < AT_ONCE; i++) {
        c[2 * i] = change_put("a", number * AT_ONCE + i, (enum delivery_state)(i % DELIVERY_STATE_N));
        c[2 * i].row.attempts = (uint32_t)number;
        c[2 * i].row.why = c[2 * i].row.subject = str_of(long_text);
        c[2 * i + 1] = change_remove("a", number > WINDOW ? (number - WINDOW) * AT_ONCE + i : 0);
    }
    c[2 * AT_ONCE] = change_endpoint("a", number);
    c[2 * AT_ONCE + 1] = change_count(1, 1, (uint32_t)number);
    return delivery_commit_all(d, c, sizeof c / sizeof *c, msg);
}

struct glance {
    uint64_t cursor, n, least, most;
};

static void glance_row(void *arg, const struct delivery_row *r)
{
    struct glance *g = arg;
    if (r->seq / AT_ONCE != r->attempts || r->why.n != 160 || r->why.p[159] != 'a' + (char)(r->attempts % 26))
        return;
    g->least = g->n == 0 || r->attempts < g->least ? r->attempts : g->least;
    g->most = r->attempts > g->most ? r->attempts : g->most;
    g->n++;
}

static void note_cursor(void *arg, const struct endpoint_row *r)
{
    ((struct glance *)arg)->cursor = r->cursor;
}

/* Of how many commits is it? All of it says the same, or -1. */
static int64_t commits_of(struct delivery_store *d, struct buf *text)
{
    struct glance g = {.n = 0};
    struct errmsg msg = {""};
    char want[64] = "";
    if (delivery_endpoints(d, note_cursor, &g, &msg) != ERR_OK ||
        delivery_rows(d, STR_LIT("a"), ALL_STATES, 0, 0, glance_row, &g, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    uint64_t rows = (g.cursor < WINDOW ? g.cursor : WINDOW) * AT_ONCE;
    if (g.cursor)
        snprintf(want, sizeof want, "count 1 %" PRIu64 "\n", g.cursor);
    bool good = g.n == rows && g.most == g.cursor && (!rows || g.least == g.cursor + 1 - rows / AT_ONCE) &&
                strcmp(counts_text(d, text, 1), want) == 0;
    if (!good)
        diag("cursor %" PRIu64 ", %" PRIu64 " rows from %" PRIu64 " to %" PRIu64, g.cursor, g.n, g.least, g.most);
    return good ? (int64_t)g.cursor : -1;
}

/* --- snapshots --- */

/* Commits until that many snapshots have been taken; how many commits there are then. */
static uint64_t commit_past(struct both *b, uint64_t number, unsigned snapshots)
{
    struct errmsg msg;
    const struct delivery_redis *r = b->d->redis;
    for (uint64_t before = r->snapshot.mark.number; snapshots > 0; before = r->snapshot.mark.number) {
        if (commit_number(b->d, ++number, &msg) != ERR_OK || number == 5000)
            bail_out("%s: after %" PRIu64 " commits: %s", b->uri, number, msg.text);
        snapshots -= r->snapshot.mark.number != before;
    }
    return number;
}

static void test_snapshot(void)
{
    struct both b = make("snapshot");
    uint64_t number = commit_past(&b, 0, 3);
    uint64_t taken = b.d->redis->snapshot.mark.number, end = b.d->redis->mark.number;
    ok(taken > 0 && end > taken, "a snapshot is taken while commits go on: of entry %" PRIu64 ", they are at %" PRIu64,
       taken, end);
    is_int(meddle("XLEN {snapshot/0}:delivery"), (int64_t)(end - taken), "the entries that are in it are gone");
    is_int(meddle("LLEN {snapshot/0}:delivery:snapshot"), (int64_t)b.d->redis->snapshot.pieces, "it is in pieces");
    is_int(meddle("EXISTS {snapshot/0}:delivery:new"), 0, "and there is one");
    is_int(commits_of(b.d, &b.text), (int64_t)number, "what is read is as if there were none");
    for (int i = 0; i < 3; i++) {
        reopen(&b);
        is_int(commits_of(b.d, &b.text), (int64_t)number, "a restart has all of it");
        number = commit_past(&b, number, 1);
    }
    uint64_t bytes = b.d->redis->snapshot.bytes;
    ok(bytes < 4 << 20, "what was removed does not stay in it: %" PRIu64 " bytes", bytes);
    done(&b);
}

/* What cannot be written harms nothing: the one before counts, with all entries behind it. */
static void test_snapshot_in_vain(void)
{
    struct both b = make("vain");
    struct errmsg msg = {""};
    uint64_t number = commit_past(&b, 0, 1), again;
    uint64_t taken = b.d->redis->snapshot.mark.number;
    while (b.d->redis->taking.state != TAKING_COPY && number < 5000)
        if (commit_number(b.d, ++number, &msg) != ERR_OK)
            bail_out("%s", msg.text);
    meddle("ACL SETUSER default -llen"); /* which only snapshots need */
    for (again = number + 60; number < again;)
        if (commit_number(b.d, ++number, &msg) != ERR_OK)
            break;
    is_int(number, (int64_t)again, "commits go on when a snapshot cannot be written%s", msg.text);
    reopen(&b);
    is_int(b.d->redis->snapshot.mark.number, (int64_t)taken, "the one before counts");
    is_int(commits_of(b.d, &b.text), (int64_t)number, "and nothing is lost");
    meddle("ACL SETUSER default +llen");
    number = commit_past(&b, number, 1);
    ok(b.d->redis->snapshot.mark.number > taken, "another is taken later");
    done(&b);
}

/* --- calls sent twice --- */

static void test_repeated(void)
{
    struct both b = make("twice");
    struct errmsg msg = {""};
    redisReply *reply = NULL;
    struct delivery_redis *r = b.d->redis;
    ok(commit_number(b.d, 1, &msg) == ERR_OK && commit_number(b.d, 2, &msg) == ERR_OK, "two commits%s", msg.text);
    long long entries = meddle("XLEN {twice/0}:delivery");
    is_int(script_run(r->redis, r->shard.slot, &r->call, NULL, &reply, &msg), ERR_OK,
           "the call of the second, sent again as if its answer was lost, is taken");
    is_str(reply->str, "REPEATED", "for what it is");
    freeReplyObject(reply);
    is_int(meddle("XLEN {twice/0}:delivery"), entries, "and writes nothing");
    meddle("SCRIPT FLUSH");
    is_int(commit_number(b.d, 3, &msg), ERR_OK, "a server that has forgotten the scripts is told them");
    reopen(&b);
    is_int(commits_of(b.d, &b.text), 3, "each counts once");
    done(&b);
}

/* --- a writer that was taken for dead --- */

static void test_fence(void)
{
    struct both b = make("fence"), other = {.text = BUF_INIT};
    struct errmsg msg = {""};
    uint64_t number = 0;
    snprintf(other.uri, sizeof other.uri, "%s", b.uri);
    while (number < 20 && commit_number(b.d, ++number, &msg) == ERR_OK)
        ;
    meddle("DEL {fence/0}:lease"); /* as when it has run out */
    if (try_open(&other, STORE_WRITE, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_int(commits_of(other.d, &other.text), 20, "whoever takes the shard has what was committed");
    is_int(commit_number(b.d, 21, &msg), ERR_LOCKED, "whoever had it commits nothing more: %s", msg.text);
    is_int(delivery_poll(b.d, false, &msg), ERR_LOCKED, "nor ever again");
    is_int(commits_of(b.d, &b.text), 20, "and what it reads is what was durable");
    is_int(commit_number(other.d, 21, &msg), ERR_OK, "the other one goes on: %s", msg.text);
    delivery_close(b.d);
    is_int(delivery_open(b.s, &b.d, &msg), ERR_LOCKED, "a state under a lost fence is not opened: %s", msg.text);
    store_close(b.s);
    buf_done(&b.text);
    done(&other);
}

/* --- the key --- */

static void test_key(void)
{
    struct both b = make("alone");
    unsigned char own[DELIVERY_KEY], sets[DELIVERY_KEY];
    memcpy(own, delivery_key(b.d), sizeof own);
    reopen(&b);
    ok(memcmp(own, delivery_key(b.d), sizeof own) == 0, "a shard by itself keeps its key");
    memset(sets, 0xab, sizeof sets);
    meddle("HSET {alone/system}:set key abababababababababababababababab");
    reopen(&b);
    ok(memcmp(sets, delivery_key(b.d), sizeof sets) == 0, "one of a set has the set's");
    meddle("HSET {alone/system}:set key none");
    delivery_close(b.d);
    struct errmsg msg = {""};
    is_int(delivery_open(b.s, &b.d, &msg), ERR_DAMAGED, "which must be one: %s", msg.text);
    store_close(b.s);
    buf_done(&b.text);
}

/* --- other hands --- */

static void is_refused(struct both *b, enum err want, const char *what)
{
    struct errmsg msg = {""};
    delivery_close(b->d);
    b->d = NULL;
    is_int(delivery_open(b->s, &b->d, &msg), want, "%s is refused: %s", what, msg.text);
}

static void test_meddled(void)
{
    struct both b = make("meddled");
    commit_past(&b, 0, 1);
    uint64_t first = b.d->redis->snapshot.mark.number + 1;
    char mark[MARK_TEXT];
    delivery_mark_write(&b.d->redis->mark, mark);
    ok(b.d->redis->mark.number > first, "there are a snapshot and entries");
    meddle("HSET {meddled/0}:state delivery %s", "99 00000000");
    is_refused(&b, ERR_DAMAGED, "an end that the entries do not lead to");
    meddle("HSET {meddled/0}:state delivery junk");
    is_refused(&b, ERR_DAMAGED, "an end that is none");
    meddle("HSET {meddled/0}:state delivery %s", mark);
    meddle("XDEL {meddled/0}:delivery %llu-0", (unsigned long long)first);
    is_refused(&b, ERR_DAMAGED, "a state without one of its entries");
    meddle("LSET {meddled/0}:delivery:snapshot 0 junk");
    is_refused(&b, ERR_DAMAGED, "a piece that is something else");
    meddle("DEL {meddled/0}:delivery:snapshot");
    is_refused(&b, ERR_DAMAGED, "a snapshot that is gone");
    meddle("HSET {meddled/0}:state %s %s", "delivery snapshot", "1 1 1");
    is_refused(&b, ERR_DAMAGED, "a header that is none");
    meddle("HSET {meddled/0}:state %s %s", "delivery snapshot", "2 something");
    is_refused(&b, ERR_VERSION, "a header of a later version");
    store_close(b.s);
    buf_done(&b.text);
}

static void test_altered(void)
{
    struct both b = make("altered");
    struct errmsg msg = {""};
    if (commit_number(b.d, 1, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    unsigned long long last = b.d->redis->mark.number;
    meddle("XDEL {altered/0}:delivery %llu-0", last);
    meddle("XADD {altered/0}:delivery %llu-1 c %b", last, "\x01" "c\x00", (size_t)3);
    is_refused(&b, ERR_DAMAGED, "an entry that stands in the place of another");
    meddle("DEL {altered/0}:delivery");
    is_refused(&b, ERR_DAMAGED, "a state without entries");
    store_close(b.s);
    buf_done(&b.text);
}

static void test_full(void)
{
    struct both b = make("full");
    struct errmsg msg = {""};
    is_int(commit_number(b.d, 1, &msg), ERR_OK, "a commit");
    meddle("CONFIG SET maxmemory 1");
    is_int(commit_number(b.d, 2, &msg), ERR_FULL, "a server without memory takes none: %s", msg.text);
    meddle("CONFIG SET maxmemory 0");
    is_int(commits_of(b.d, &b.text), 1, "nothing of it counts here");
    reopen(&b);
    is_int(commits_of(b.d, &b.text), 1, "nor there");
    done(&b);
}

/* --- death, anywhere: in commits, in snapshots, while opening --- */

struct told {
    _Atomic uint64_t last;
};

static _Noreturn void live(struct both *b, struct told *told)
{
    struct errmsg msg;
    if (try_open(b, STORE_WRITE, &msg) != ERR_OK)
        _exit(1);
    for (uint64_t number = (uint64_t)commits_of(b->d, &b->text) + 1;; number++) {
        if (commit_number(b->d, number, &msg) != ERR_OK)
            _exit(2);
        atomic_store(&told->last, number);
    }
}

static bool survives(struct both *b, struct rng *r, struct told *told, uint64_t *snapshot)
{
    struct errmsg msg = {""};
    int status;
    uint64_t enough = rng_below(r, 5) ? atomic_load(&told->last) + 1 + rng_below(r, 120) : 0;
    pid_t pid = fork();
    if (pid == 0)
        live(b, told);
    for (int i = 0; i < 200000 && atomic_load(&told->last) < enough; i++)
        usleep(50);
    usleep((useconds_t)rng_below(r, 4000));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status) || try_open(b, STORE_WRITE, &msg) != ERR_OK) {
        diag("%s", msg.text);
        return false;
    }
    int64_t is = commits_of(b->d, &b->text);
    uint64_t knew = atomic_load(&told->last);
    bool good = is >= 0 && ((uint64_t)is == knew || (uint64_t)is == knew + 1);
    if (!good)
        diag("told %" PRIu64 ", there are %" PRId64, knew, is);
    atomic_store(&told->last, (uint64_t)(is < 0 ? 0 : is));
    *snapshot = b->d->redis->snapshot.mark.number;
    close_both(b);
    return good;
}

static void test_death(void)
{
    const unsigned deaths = tap_rounds(40);
    struct both b = make("death");
    struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct rng r = rng_seed(1);
    unsigned lived = 0, snapshots = 0;
    uint64_t last = 0, snapshot = 0;
    close_both(&b);
    for (; lived < deaths && survives(&b, &r, told, &snapshot); lived++) {
        snapshots += snapshot != last;
        last = snapshot;
    }
    is_int(lived, deaths, "killed %u times anywhere, nothing told is lost and nothing is half", deaths);
    ok(snapshots > deaths / 8, "with %u snapshots on the way", snapshots);
    munmap(told, sizeof *told);
    buf_done(&b.text);
}

/* --- looking on beside a writer --- */

static void test_copy(void)
{
    const unsigned looks = tap_rounds(60);
    struct both b = make("copy");
    struct redis_shard shard = *delivery_redis_shard(b.s);
    struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned good = 0;
    int64_t before = 0;
    uint64_t snapshot = 0;
    int status;
    close_both(&b);
    pid_t pid = fork();
    if (pid == 0)
        live(&b, told);
    for (unsigned i = 0; i < looks; i++) {
        struct delivery_store *copy;
        struct errmsg msg = {""};
        uint64_t knew = atomic_load(&told->last);
        if (delivery_copy(&shard, &copy, &msg) != ERR_OK) {
            diag("%s", msg.text);
            continue;
        }
        int64_t is = commits_of(copy, &b.text);
        good += is >= before && is >= (int64_t)knew;
        before = is;
        snapshot = copy->redis->snapshot.mark.number;
        delivery_close(copy);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    ok(WIFSIGNALED(status), "a writer writes");
    is_int(good, looks, "and whoever looks on sees whole commits, up to %d", (int)before);
    ok(snapshot > 0, "while snapshots are taken");
    munmap(told, sizeof *told);
    buf_done(&b.text);
}

int main(void)
{
    static const char *const words[] = {"--appendonly", "yes", "--appendfsync", "always", "--dir", folder, NULL};
    plan(0);
    snprintf(folder, sizeof folder, "%s", tap_tmpdir());
    server.options = words;
    redis_server_start(&server);
    test_snapshot();
    test_snapshot_in_vain();
    test_repeated();
    test_fence();
    test_key();
    test_meddled();
    test_altered();
    test_full();
    test_death();
    test_copy();
    redis_server_kill(&server);
    return tap_end();
}
