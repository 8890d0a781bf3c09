/* The log of a store in Redis: it is the dir store's, byte for byte; of late it is read from memory; and what is closed
 * is moved to a folder, whatever happens meanwhile. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/redis/moved.h"
#include "tests/store/redis_help.h"

#define SEGMENT 4096
#define KILLS 12

static struct redis_help help;
static char archive[256];
static struct store_options plain = {.segment_bytes = SEGMENT, .lease_ms = HELP_LEASE_MS};
static struct store_options moving = {.segment_bytes = SEGMENT, .lease_ms = HELP_LEASE_MS, .moved = archive};

static struct store_info info_of(const struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info;
}

static struct seal moved_of(struct store *s)
{
    return redis_end_of(redis_of(s)).moved;
}

/* Another folder for each test. */
static void new_archive(const char *name)
{
    snprintf(archive, sizeof archive, "%s/%s", tap_tmpdir(), name);
    mkdir(archive, 0700);
}

/* Moves all that is closed; the first thing that goes wrong. */
static enum err move_all(struct store *s, struct errmsg *msg)
{
    struct redis_store *r = redis_of(s);
    for (int i = 0; i < 10000; i++) {
        enum err e = store_tidy(s, false, msg);
        if (e)
            return e;
        if (!r->move.busy)
            return ERR_OK;
        struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
        poll(&p, 1, 10000);
    }
    return err_set(msg, ERR_IO, "it does not end");
}

/* The same, and compresses it. */
static enum err pack_all(struct store *s, struct errmsg *msg)
{
    struct redis_store *r = redis_of(s);
    for (int i = 0; i < 10000; i++) {
        enum err e = store_tidy(s, true, msg);
        if (e)
            return e;
        if (!r->move.busy && !r->packing.packer.busy && !r->packing.plain)
            return ERR_OK;
        struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
        poll(&p, 1, 10000);
    }
    return err_set(msg, ERR_IO, "it does not end");
}

static bool commit_some(struct store *s, uint64_t last, uint64_t step)
{
    struct errmsg msg;
    for (uint64_t at = info_of(s).durable; at < last;) {
        at = at + step < last ? at + step : last;
        if (commit_events(s, at, &msg) != ERR_OK) {
            diag("%s", msg.text);
            return false;
        }
    }
    return true;
}

static bool gets(struct store *s, uint64_t from, uint64_t to)
{
    struct buf b = BUF_INIT;
    struct errmsg msg = {""};
    uint64_t seq = from;
    for (; seq <= to; seq++) {
        buf_clear(&b);
        if (store_get(s, seq, &b, &msg) != ERR_OK || !event_is(buf_str(&b), seq))
            break;
    }
    if (seq <= to)
        diag("event %" PRIu64 ": %s", seq, msg.text);
    buf_done(&b);
    return seq > to;
}

static bool reads_from_anywhere(const struct store *s, uint64_t last)
{
    struct errmsg msg = {""};
    for (uint64_t after = 0; after <= last; after += 37) {
        int64_t n = read_all(s, after, NULL, &msg);
        if (n != (int64_t)(last - after)) {
            diag("after %" PRIu64 ": %" PRId64 " lines: %s", after, n, msg.text);
            return false;
        }
    }
    return true;
}

static bool same_file(const char *a, const char *b)
{
    char command[1200];
    snprintf(command, sizeof command, "cmp -s '%s' '%s'", a, b);
    return system(command) == 0;
}

/* --- the same as a dir store --- */

static bool compare_files(struct store *s, const char *folder)
{
    uint64_t first = 1, n = 0;
    char moved[512], written[512];
    for (uint64_t seq = 1; seq <= moved_of(s).seq + 1; seq++) {
        snprintf(moved, sizeof moved, "%s/0/log/%020" PRIu64 ".ndjson", archive, seq);
        if (access(moved, F_OK) < 0)
            continue;
        snprintf(written, sizeof written, "%s/log/%020" PRIu64 ".ndjson", folder, seq);
        if (!same_file(moved, written)) {
            diag("%s is not %s", moved, written);
            return false;
        }
        first = seq;
        n++;
    }
    return n > 3 && first > 1;
}

static void test_same_as_dir(void)
{
    static const uint64_t sizes[] = {1, 1, 2, 15, 16, 17, 40, 1, 100, 500, 1, 7, 30, 3, 3, 3, 90, 1};
    char uri[128], dir_uri[300], folder[280];
    struct errmsg msg = {""};
    new_archive("same.archive");
    help_uri(&help, "same", uri);
    snprintf(folder, sizeof folder, "%s/same.dir", tap_tmpdir());
    snprintf(dir_uri, sizeof dir_uri, "dir:%s", folder);
    struct store *s = help_open(uri, STORE_INIT, &moving), *d = help_open(dir_uri, STORE_INIT, &plain);
    bool good = true, bytes = true;
    uint64_t last = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        last += sizes[i];
        good = good && commit_events(s, last, &msg) == ERR_OK && commit_events(d, last, &msg) == ERR_OK;
        struct store_info a = info_of(s), b = info_of(d);
        good = good && memcmp(&a.seal, &b.seal, sizeof a.seal) == 0;
        bytes = bytes && a.log_bytes == b.log_bytes && a.n_segments == b.n_segments;
    }
    ok(good, "the same commits have the same seals as in a dir store");
    ok(bytes, "and take the same bytes, in as many segments");
    store_close(s); /* whoever takes over goes on with the same segment */
    store_close(d);
    s = help_open(uri, STORE_WRITE, &moving);
    d = help_open(dir_uri, STORE_WRITE, &plain);
    good = commit_some(s, last + 200, 7) && commit_some(d, last + 200, 7);
    struct store_info a = info_of(s), b = info_of(d);
    ok(good && memcmp(&a.seal, &b.seal, sizeof a.seal) == 0 && a.log_bytes == b.log_bytes, "also after a restart");
    is_int(move_all(s, &msg), ERR_OK, "what is closed is moved %s", msg.text);
    ok(compare_files(s, folder), "into the files that the dir store has, byte for byte");
    store_close(s);
    store_close(d);
}

/* --- from memory --- */

static void test_ring(void)
{
    struct ring ring = {.n = 0};
    struct seal seal = {.seq = 0};
    char *text = mem_zalloc(1, RING_BYTES);
    uint64_t n = 100;
    for (seal.seq = 1; seal.seq <= n; seal.seq++)
        ring_add(&ring, ring_block_new(seal.seq, &seal, (struct str){text, RING_BYTES / 50}));
    ok(ring.bytes <= RING_BYTES && ring.n < 50 && ring.n > 40, "the ring keeps what fits in it");
    ok(!ring_find(&ring, 1) && !ring_find(&ring, n + 1), "and neither what is older nor what is not there");
    struct ring_block *b = ring_find(&ring, n);
    is_int(b ? (int64_t)b->first : -1, (int64_t)n, "the latest is there");
    seal.seq = n + 1;
    ring_add(&ring, ring_block_new(n + 1, &seal, (struct str){text, RING_BYTES / 2}));
    is_int((int64_t)ring.n, 0, "a commit that is too large for it leaves no gap behind it");
    ok(b && b->bytes[0] == '\0' && b->n == RING_BYTES / 50, "what is being read outlives it");
    ring_block_release(b);
    seal.seq = n + 2;
    ring_add(&ring, ring_block_new(n + 2, &seal, (struct str){text, 10}));
    b = ring_find(&ring, n + 2);
    ok(b && !ring_find(&ring, n + 1), "and it goes on behind");
    ring_block_release(b);
    ring_done(&ring);
    free(text);
}

static void test_without_network(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct store_reader *r;
    struct seal seal;
    struct str line;
    uint64_t seq, n = 0;
    help_uri(&help, "ring", uri);
    struct store_options calm = {.lease_ms = 60000};
    struct store *s = help_open(uri, STORE_INIT, &calm);
    ok(commit_some(s, 1000, 9) && store_reader_open(s, 0, &r, &msg) == ERR_OK, "a writer, and a reader of its log");
    redis_server_halt(&help.server);
    while (store_reader_next(r, &seq, &line, &msg) == ERR_OK && seq == n + 1 && event_is(line, seq))
        n++;
    is_int((int64_t)n, 1000, "who follows the writer reads while Redis stands still");
    struct store_info info = info_of(s);
    ok(store_reader_seal(r, &seal) == ERR_OK && memcmp(&seal, &info.seal, sizeof seal) == 0, "and has its seal");
    ok(gets(s, 1, 1000), "and finds single events");
    redis_server_go_on(&help.server);
    store_reader_close(r);
    store_close(s);
}

/* --- moving --- */

static void check_everywhere(struct store *s, uint64_t last, const char *when)
{
    struct errmsg msg = {""};
    ok(gets(s, 1, last), "%s every event is found by its number", when);
    ok(reads_from_anywhere(s, last), "%s and read from anywhere", when);
    struct seal seal;
    struct store_info info = info_of(s);
    is_int(read_all(s, 0, &seal, &msg), (int64_t)last, "%s all of them", when);
    ok(memcmp(&seal, &info.seal, sizeof seal) == 0, "%s under the last seal", when);
    is_int((int64_t)info.first, 1, "%s the log begins with event 1", when);
}

static void check_places(struct store *s, uint64_t moved)
{
    struct buf b = BUF_INIT;
    struct errmsg msg = {""};
    char expected[600];
    ok(store_where(s, 1, &b, &msg) == ERR_OK, "a moved event has a place %s", msg.text);
    buf_addc(&b, '\0');
    snprintf(expected, sizeof expected, "%s/0/log/00000000000000000001.ndjson line 2", archive);
    is_str(b.p, expected, "in its file");
    buf_clear(&b);
    ok(store_where(s, moved + 1, &b, &msg) == ERR_OK && memmem(b.p, b.n, ":log entry ", 11),
       "the next one in the stream");
    buf_done(&b);
}

static void check_dir(uint64_t last, const struct seal *seal)
{
    char uri[300];
    struct seal found;
    struct errmsg msg = {""};
    snprintf(uri, sizeof uri, "dir:%s/0", archive);
    struct store *d = help_open(uri, STORE_READ, NULL);
    is_int(read_all(d, 0, &found, &msg), (int64_t)last, "the folder is a store that is read and verified by itself");
    ok(memcmp(&found, seal, sizeof found) == 0, "up to its last seal");
    store_close(d);
}

/* Where the folder is not given, what was moved there is away. */
static void check_without_folder(const char *uri, uint64_t moved)
{
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    struct store *s = help_open(uri, STORE_READ, &plain);
    is_int((int64_t)info_of(s).first, (int64_t)moved + 1, "without the folder the log begins behind it");
    is_int(store_get(s, moved, &b, &msg), ERR_ARCHIVED, "an event before is told to be there: %s", msg.text);
    is_int(read_all(s, 0, NULL, &msg), -1, "a reader does not get past it");
    ok(read_all(s, moved, NULL, &msg) > 0, "but reads what is behind");
    store_close(s);
    buf_done(&b);
}

static void check_missing(const char *uri)
{
    struct errmsg msg = {""};
    char file[400], away[420], folder[280], other[300];
    struct store *s;
    snprintf(file, sizeof file, "%s/0/log/00000000000000000001.ndjson", archive);
    snprintf(away, sizeof away, "%s.away", file);
    rename(file, away);
    is_int(store_open(uri, STORE_READ, &moving, &s, NULL, &msg), ERR_DAMAGED, "a file that is missing is missed: %s",
           msg.text);
    rename(away, file);
    if (truncate(file, 2000) < 0) /* amid a commit */
        bail_out("%s cannot be cut", file);
    is_int(store_open(uri, STORE_WRITE, &moving, &s, NULL, &msg), ERR_DAMAGED, "and one that is cut off: %s", msg.text);
    snprintf(folder, sizeof folder, "%s/0", archive);
    snprintf(other, sizeof other, "%s.away", folder);
    rename(folder, other);
    is_int(store_open(uri, STORE_READ, &moving, &s, NULL, &msg), ERR_DAMAGED, "and a folder that is not there: %s",
           msg.text);
}

/* A checkpoint's seal is looked for where the event is. */
static void check_checkpoint(const char *uri, const struct seal *seal, const char *where)
{
    struct errmsg msg = {""};
    struct store *s;
    struct seal other = *seal;
    struct store_options o = moving;
    o.seal = seal;
    is_int(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), ERR_OK, "a checkpoint from %s is gone on from %s", where,
           msg.text);
    store_close(s);
    other.hash[7] ^= 1;
    o.seal = &other;
    is_int(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), ERR_DAMAGED, "not another log's: %s", msg.text);
    other = *seal;
    other.seq--;
    is_int(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), ERR_DAMAGED, "nor one from amid a commit: %s", msg.text);
}

static void test_moving(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct seal early;
    new_archive("moving");
    help_uri(&help, "moving", uri);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    struct store *reader = help_open(uri, STORE_READ, &moving);
    ok(commit_some(s, 7, 7), "a first commit");
    early = info_of(s).seal;
    ok(commit_some(s, 500, 7), "and a log of several segments");
    is_int(read_all(reader, 0, NULL, &msg), 500, "is read elsewhere %s", msg.text);
    is_int(move_all(s, &msg), ERR_OK, "all but the last are moved %s", msg.text);
    struct seal moved = moved_of(s);
    is_int(help_meddle(&help, "XLEN %s", redis_of(s)->shard.keys[KEY_LOG]), (int64_t)(500 - moved.seq),
           "and leave the stream");
    ok(moved.seq > 400 && redis_end_of(redis_of(s)).first == moved.seq + 1, "which has the open one alone");
    check_everywhere(s, 500, "by the writer:");
    check_everywhere(reader, 500, "by a reader from before:");
    check_places(s, moved.seq);
    check_dir(moved.seq, &moved);
    ok(commit_some(s, 900, 11) && move_all(s, &msg) == ERR_OK, "it goes on");
    check_everywhere(reader, 900, "then:");
    store_close(reader);
    store_close(s);
    s = help_open(uri, STORE_WRITE, &moving);
    check_everywhere(s, 900, "after a restart:");
    moved = moved_of(s);
    struct seal late = info_of(s).seal;
    store_close(s);
    check_checkpoint(uri, &early, "the folder's time");
    check_checkpoint(uri, &moved, "where the stream begins");
    check_checkpoint(uri, &late, "the end");
    check_without_folder(uri, moved.seq);
    check_missing(uri);
}

static void test_packing(void)
{
    char uri[128], pattern[320];
    struct errmsg msg = {""};
    new_archive("packing");
    help_uri(&help, "packing", uri);
    struct store *s = help_open(uri, STORE_INIT, &moving), *reader = help_open(uri, STORE_READ, &moving);
    ok(commit_some(s, 500, 7) && move_all(s, &msg) == ERR_OK, "a log that was moved");
    ok(reads_from_anywhere(reader, 500), "and is read elsewhere");
    store_close(s);
    s = help_open(uri, STORE_WRITE, &moving);
    ok(gets(s, 1, 500), "and by the next owner");
    is_int(pack_all(s, &msg), ERR_OK, "who compresses it %s", msg.text);
    snprintf(pattern, sizeof pattern, "test -z \"$(ls %s/0/log/*.ndjson 2>/dev/null)\"", archive);
    ok(system(pattern) == 0, "nothing plain is left");
    check_everywhere(s, 500, "by whoever knew it plain:");
    check_everywhere(reader, 500, "elsewhere:");
    struct seal moved = moved_of(s);
    check_dir(moved.seq, &moved);
    ok(commit_some(s, 900, 11) && pack_all(s, &msg) == ERR_OK, "it goes on %s", msg.text);
    check_everywhere(reader, 900, "then:");
    store_close(reader);
    store_close(s);
}

/* --- what can go wrong --- */

static void test_refusals(void)
{
    char uri[128], path[300];
    struct errmsg msg = {""};
    new_archive("refused");
    help_uri(&help, "refused", uri);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    commit_some(s, 300, 7);
    snprintf(path, sizeof path, "%s/0", archive);
    close(creat(path, 0600));
    is_int(move_all(s, &msg), ERR_IO, "a folder that cannot be made is told of: %s", msg.text);
    is_int(help_meddle(&help, "XLEN %s", redis_of(s)->shard.keys[KEY_LOG]), 300, "nothing leaves the stream");
    ok(commit_some(s, 310, 1), "and commits go on");
    unlink(path);
    redis_of(s)->move.after = 0; /* not a minute later */
    is_int(move_all(s, &msg), ERR_OK, "once it can be made they are moved");
    store_close(s);
    help_uri(&help, "intruder", uri);
    s = help_open(uri, STORE_INIT, &moving);
    commit_some(s, 300, 7);
    is_int(move_all(s, &msg), ERR_DAMAGED, "another store's folder is left alone: %s", msg.text);
    store_close(s);
}

/* The stream is another's by the time it would be cut. */
static void test_fenced(void)
{
    char uri[128];
    struct errmsg msg = {""};
    new_archive("fenced");
    help_uri(&help, "fenced", uri);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    commit_some(s, 300, 7);
    help_meddle(&help, "HSET %s fence another", redis_of(s)->shard.keys[KEY_STATE]);
    is_int(move_all(s, &msg), ERR_LOCKED, "whoever lost the shard cuts nothing: %s", msg.text);
    is_int(help_meddle(&help, "XLEN %s", redis_of(s)->shard.keys[KEY_LOG]), 300, "the stream is whole");
    store_close(s);
    poll(NULL, 0, 2 * HELP_LEASE_MS); /* it did not give back what it had lost */
    s = help_open(uri, STORE_WRITE, &moving);
    check_everywhere(s, 300, "a file that was written in vain does no harm:");
    is_int(move_all(s, &msg), ERR_OK, "it is written again %s", msg.text);
    check_everywhere(s, 300, "after which");
    store_close(s);
}

/* What a crash while it was written, and before it was synced, leaves. */
static void test_leftovers(void)
{
    char uri[128], path[300];
    struct errmsg msg = {""};
    new_archive("left");
    help_uri(&help, "left", uri);
    snprintf(path, sizeof path, "%s/0", archive);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/0/log", archive);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/0/log/00000000000000000001.ndjson.new", archive);
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < 100000; i++)
        fputs("torn", f);
    if (f)
        fclose(f);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    ok(commit_some(s, 300, 7) && move_all(s, &msg) == ERR_OK, "an unfinished file gives way %s", msg.text);
    check_everywhere(s, 300, "then");
    store_close(s);
}

/* A failover falls back behind what was moved: the folder has segments of a log that is gone. */
static void test_lost_branch(void)
{
    static const char *const keys[] = {"state", "log", "contacts", "units", "keys", "keys_at"};
    char uri[128], command[100];
    struct errmsg msg = {""};
    new_archive("lost");
    help_uri(&help, "lost", uri);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    ok(commit_some(s, 310, 7) && move_all(s, &msg) == ERR_OK, "a log is moved");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(command, sizeof command, "COPY {lost/0}:%s {lost/0}:%s.before", keys[i], keys[i]);
        help_meddle(&help, command, "");
    }
    ok(commit_some(s, 600, 7) && move_all(s, &msg) == ERR_OK && pack_all(s, &msg) == ERR_OK, "and goes on");
    uint64_t gone = moved_of(s).seq;
    store_close(s);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(command, sizeof command, "COPY {lost/0}:%s.before {lost/0}:%s REPLACE", keys[i], keys[i]);
        help_meddle(&help, command, "");
    }
    s = help_open(uri, STORE_WRITE, &moving);
    struct store *reader = help_open(uri, STORE_READ, &moving);
    ok(info_of(s).durable == 310 && moved_of(s).seq < gone, "then a part of it is lost");
    check_everywhere(s, 310, "the rest:");
    check_everywhere(reader, 310, "the rest elsewhere:");
    for (uint64_t last = 350; last <= 700; last += 50) {
        ok(commit_some(s, last, 11) && move_all(s, &msg) == ERR_OK, "it goes on otherwise %s", msg.text);
        check_everywhere(s, last, "then:");
        check_everywhere(reader, last, "elsewhere:");
    }
    struct seal moved = moved_of(s);
    check_dir(moved.seq, &moved);
    store_close(reader);
    store_close(s);
}

/* What makes room must go on when there is none. */
static void test_full(void)
{
    char uri[128];
    struct errmsg msg = {""};
    new_archive("full");
    help_uri(&help, "full", uri);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    ok(commit_some(s, 300, 7), "a log of several segments");
    help_meddle(&help, "CONFIG SET maxmemory 1", "");
    is_int(commit_events(s, 301, &msg), ERR_FULL, "the server has no memory left");
    store_close(s);
    s = help_open(uri, STORE_WRITE, &moving);
    ok(true, "but the shard can be taken over");
    is_int(move_all(s, &msg), ERR_OK, "and its log moved away %s", msg.text);
    is_int(help_meddle(&help, "XLEN %s", redis_of(s)->shard.keys[KEY_LOG]), (int64_t)(300 - moved_of(s).seq),
           "out of Redis");
    help_meddle(&help, "CONFIG SET maxmemory 0", "");
    ok(commit_some(s, 320, 7), "after which it goes on");
    store_close(s);
}

static _Noreturn void write_and_move(const char *uri, _Atomic uint64_t *told)
{
    struct store *s = help_open(uri, STORE_WRITE, &moving);
    struct errmsg msg;
    for (;;) {
        if (commit_events(s, info_of(s).durable + 20, &msg) != ERR_OK || store_tidy(s, true, &msg) != ERR_OK) {
            diag("%s", msg.text);
            _exit(1);
        }
        atomic_store(told, info_of(s).durable);
    }
}

/* Killed anywhere, again and again. */
static void test_kills(void)
{
    char uri[128];
    struct errmsg msg = {""};
    int status, good = 0;
    new_archive("kills");
    help_uri(&help, "kills", uri);
    store_close(help_open(uri, STORE_INIT, &moving));
    _Atomic uint64_t *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < KILLS; i++) {
        uint64_t before = atomic_load(told);
        pid_t pid = fork();
        if (pid == 0)
            write_and_move(uri, told);
        for (int k = 0; k < 5000 && atomic_load(told) < before + 200; k++)
            poll(NULL, 0, 2);
        usleep(i * 1009 % 7000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        struct store *s = help_open(uri, STORE_WRITE, &moving); /* verifies it all */
        uint64_t last = info_of(s).durable;
        if (WIFSIGNALED(status) && last >= atomic_load(told) && read_all(s, 0, NULL, &msg) == (int64_t)last)
            good++;
        else
            diag("kill %u: %" PRIu64 " of %" PRIu64 ": %s", i, last, atomic_load(told), msg.text);
        store_close(s);
    }
    is_int(good, KILLS, "killed at any point of it, %d times, nothing is lost", KILLS);
    struct store *s = help_open(uri, STORE_WRITE, &moving);
    ok(moved_of(s).seq > 0, "though most of it was moved");
    store_close(s);
    munmap(told, sizeof *told);
}

int main(void)
{
    plan(0);
    help_start(&help);
    test_ring();
    test_same_as_dir();
    test_without_network();
    test_moving();
    test_packing();
    test_refusals();
    test_fenced();
    test_leftovers();
    test_lost_branch();
    test_full();
    test_kills();
    redis_server_kill(&help.server);
    return tap_end();
}
