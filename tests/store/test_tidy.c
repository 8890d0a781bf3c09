/* Compression under a store: what was committed reads back byte for byte, whoever reads, from wherever, while segments
 * change their form; whatever step it dies or fails at, nothing is lost; and damage is named. The functions that change
 * files are this program's own, in front of the C library's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "tests/store/events.h"

/* --- the faults --- */

enum fault { FAULT_NONE, FAULT_FULL, FAULT_DEATH, FAULT_ALTERED, FAULT_TAKEN };

static _Atomic int calls;    /* of those below, so far */
static _Atomic int fault_at; /* this one; 0: none */
static enum fault fault;
static char to_take[512]; /* FAULT_TAKEN: this file goes then */

static bool fails(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 != atomic_load(&fault_at) || fault == FAULT_ALTERED)
        return false;
    if (fault == FAULT_DEATH)
        raise(SIGKILL);
    if (fault == FAULT_TAKEN) {
        unlink(to_take);
        return false;
    }
    errno = ENOSPC;
    return true;
}

static ssize_t write_parts(int fd, const struct iovec *parts, int n, off_t at)
{
    if (fails())
        return -1;
    if (fault != FAULT_ALTERED || atomic_load(&calls) != atomic_load(&fault_at))
        return syscall(SYS_pwritev, fd, parts, n, at, 0);
    char *altered = malloc(parts[0].iov_len);
    memcpy(altered, parts[0].iov_base, parts[0].iov_len);
    altered[parts[0].iov_len / 2] ^= 1;
    ssize_t done = syscall(SYS_pwrite64, fd, altered, parts[0].iov_len, at);
    free(altered);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    return write_parts(fd, parts, n, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int n, off64_t at)
{
    return write_parts(fd, parts, n, at);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from, const char *a, int to, const char *b)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

int unlinkat(int fd, const char *name, int flags)
{
    return fails() ? -1 : (int)syscall(SYS_unlinkat, fd, name, flags);
}

/* From the next call on. */
static void arm(enum fault f, int at)
{
    atomic_store(&calls, 0);
    fault = f;
    atomic_store(&fault_at, at);
}

/* --- stores --- */

static char folder[256], uri[272];

static void use_folder(const char *name)
{
    snprintf(folder, sizeof folder, "%s/%s", tap_tmpdir(), name);
    snprintf(uri, sizeof uri, "dir:%s", folder);
}

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct store *open_store(enum store_mode mode, uint64_t segment_bytes)
{
    struct store_options o = {.segment_bytes = segment_bytes};
    struct store *s;
    struct errmsg msg;
    if (store_open(uri, mode, &o, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return s;
}

static void commit_or_bail(struct store *s, uint64_t last)
{
    struct errmsg msg;
    if (commit_events(s, last, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

/* A new store with the events up to last in commits of `each`. */
static struct store *make_store(const char *name, uint64_t segment_bytes, uint64_t last, uint64_t each)
{
    use_folder(name);
    struct store *s = open_store(STORE_INIT, segment_bytes);
    for (uint64_t at = each; at <= last; at += each)
        commit_or_bail(s, at);
    return s;
}

static struct store_info info_of(const struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info;
}

/* Tidies until there is nothing left to compress, or something fails. */
static enum err tidy_all(struct store *s, struct errmsg *msg)
{
    for (;;) {
        enum err e = store_tidy(s, true, msg);
        struct store_info info = info_of(s);
        if (e || info.n_packed + 1 >= info.n_segments)
            return e;
        struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
        if (poll(&p, 1, 60000) != 1)
            bail_out("nothing was compressed for a minute");
    }
}

static void tidy_or_bail(struct store *s)
{
    struct errmsg msg;
    if (tidy_all(s, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static bool gets(struct store *s, uint64_t seq)
{
    struct buf b = BUF_INIT;
    struct errmsg msg = {""};
    bool good = store_get(s, seq, &b, &msg) == ERR_OK && event_is(buf_str(&b), seq);
    if (!good)
        diag("event %" PRIu64 ": %s", seq, msg.text);
    buf_done(&b);
    return good;
}

static bool gets_all(struct store *s, uint64_t last)
{
    uint64_t seq = 1;
    while (seq <= last && gets(s, seq))
        seq++;
    return seq > last;
}

static bool reads_all(const struct store *s, uint64_t last)
{
    struct errmsg msg = {""};
    struct seal seal;
    bool good = read_all(s, 0, &seal, &msg) == (int64_t)last && seal.seq == last;
    if (!good)
        diag("%s", msg.text);
    return good;
}

/* How many files of the log's folder end so. */
static int count_files(const char *suffix)
{
    int n = 0;
    DIR *d = opendir(path_of("log"));
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name), end = strlen(suffix);
        n += length > end && strcmp(e->d_name + length - end, suffix) == 0;
    }
    if (d)
        closedir(d);
    return n;
}

/* --- it works --- */

enum { SMALL = 4096, LARGE = 400000 };

static void test_compresses(void)
{
    struct errmsg msg = {""};
    struct store *s = make_store("all", LARGE, 40000, 1000);
    struct store_info before = info_of(s);
    ok(before.n_segments > 5 && before.n_packed == 0 && before.disk_bytes == before.log_bytes,
       "a log as it was written");
    is_int(store_tidy(s, false, &msg), ERR_OK, "a store that may not compress");
    ok(info_of(s).n_packed == 0 && count_files(".zst.new") == 0, "does not");
    tidy_or_bail(s);
    struct store_info after = info_of(s);
    is_int(after.n_packed, before.n_segments - 1, "all segments but the open one are compressed");
    is_int(count_files(".ndjson.zst"), (int64_t)after.n_packed, "they have a file each");
    is_int(count_files(".ndjson"), 1, "and the open one is what it was");
    is_int(after.log_bytes, before.log_bytes, "the log is as long as before, as text");
    ok(after.disk_bytes < before.disk_bytes / 2, "and takes less on the disk");
    ok(gets_all(s, 40000), "every event is found by its number");
    ok(reads_all(s, 40000), "and a reader reads them all, to the last seal");
    commit_or_bail(s, 40001);
    ok(gets(s, 40001), "and the log goes on");
    store_close(s);
    s = open_store(STORE_WRITE, LARGE);
    struct store_info again = info_of(s);
    ok(again.n_packed == after.n_packed && again.log_bytes > after.log_bytes && again.disk_bytes > after.disk_bytes,
       "a restart knows the same of them");
    ok(gets_all(s, 40001) && reads_all(s, 40001), "and finds every event");
    store_close(s);
}

static void test_random_places(void)
{
    struct errmsg msg;
    struct rng r = rng_seed(9);
    struct store *s = make_store("random", LARGE, 30000, 700), *reader;
    tidy_or_bail(s);
    uint64_t last = info_of(s).durable;
    reader = open_store(STORE_READ, 0);
    bool found = true, read = true, elsewhere = true;
    for (int i = 0; i < 2000; i++)
        found = found && gets(s, 1 + rng_below(&r, last));
    for (int i = 0; i < 30; i++) {
        uint64_t after = rng_below(&r, last);
        read = read && read_all(s, after, NULL, &msg) == (int64_t)(last - after);
        elsewhere =
            elsewhere && read_all(reader, after, NULL, &msg) == (int64_t)(last - after) && gets(reader, after + 1);
    }
    ok(found, "an event anywhere in compressed segments is found");
    ok(read, "a reader begins anywhere in them");
    ok(elsewhere, "and so does one beside the store's writer");
    store_close(reader);
    store_close(s);
    reader = open_store(STORE_READ, 0);
    ok(reads_all(reader, last), "and one without any writer");
    store_close(reader);
}

/* Where the event is, by looking. */
static void place_of(uint64_t seq, const char *file, char out[128])
{
    char line[512], start[32];
    unsigned n = 0;
    FILE *f = fopen(path_of(file), "r");
    snprintf(start, sizeof start, "{\"seq\":%" PRIu64 ",", seq);
    *out = '\0';
    while (f && fgets(line, sizeof line, f)) {
        n++;
        if (strncmp(line, start, strlen(start)) == 0)
            snprintf(out, 128, "%s line %u", file, n);
    }
    if (f)
        fclose(f);
}

static void test_where(void)
{
    struct errmsg msg;
    struct buf b = BUF_INIT;
    char want[128], packed[132];
    struct store *s = make_store("where", SMALL, 300, 7);
    place_of(5, "log/00000000000000000001.ndjson", want);
    is_int(store_where(s, 5, &b, &msg), ERR_OK, "an event has its place");
    buf_addc(&b, '\0');
    is_str(b.p, want, "which names the file and the line");
    tidy_or_bail(s);
    snprintf(packed, sizeof packed, "log/00000000000000000001.ndjson.zst%s",
             want + strlen("log/00000000000000000001.ndjson"));
    struct store *reader = open_store(STORE_READ, 0);
    buf_clear(&b);
    is_int(store_where(reader, 5, &b, &msg), ERR_OK, "it has one in a compressed segment");
    buf_addc(&b, '\0');
    is_str(b.p, packed, "the same line");
    is_int(store_where(reader, info_of(s).durable + 1, &b, &msg), ERR_ABSENT, "an event past the end has none: %s",
           msg.text);
    buf_done(&b);
    store_close(reader);
    store_close(s);
}

/* --- under way --- */

static void test_under_readers(void)
{
    struct errmsg msg = {""};
    struct store_reader *own, *other;
    struct str line;
    uint64_t seq, last = 20000;
    struct store *s = make_store("under", LARGE, last, 1000), *beside = open_store(STORE_READ, 0);
    if (store_reader_open(s, 0, &own, &msg) != ERR_OK || store_reader_open(beside, 3000, &other, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    bool good = gets(s, 2); /* which keeps the file open */
    for (uint64_t i = 1; i <= 100; i++)
        good = good && store_reader_next(own, &seq, &line, &msg) == ERR_OK && event_is(line, i) &&
               store_reader_next(other, &seq, &line, &msg) == ERR_OK && event_is(line, 3000 + i);
    tidy_or_bail(s);
    for (uint64_t i = 101; i <= last; i++)
        good = good && store_reader_next(own, &seq, &line, &msg) == ERR_OK && event_is(line, i);
    for (uint64_t i = 3101; i <= last; i++)
        good = good && store_reader_next(other, &seq, &line, &msg) == ERR_OK && event_is(line, i);
    ok(good && store_reader_next(own, &seq, &line, &msg) == ERR_END,
       "readers go on through segments that are compressed under them");
    ok(gets(s, 2), "and so do look-ups");
    commit_or_bail(s, last + 5);
    ok(store_reader_next(own, &seq, &line, &msg) == ERR_OK && seq == last + 1 &&
           store_reader_next(other, &seq, &line, &msg) == ERR_OK && seq == last + 1,
       "up to what is written behind them");
    store_reader_close(own);
    store_reader_close(other);
    store_close(beside);
    store_close(s);
}

struct pursuit {
    const struct store *s;
    _Atomic uint64_t *durable;
    atomic_bool stop;
    uint64_t rounds, failures;
    struct errmsg msg;
};

/* Reads from anywhere to wherever it is durable when it begins. */
static void *pursue(void *arg)
{
    struct pursuit *p = arg;
    struct rng r = rng_seed(77);
    while (!atomic_load(&p->stop)) {
        uint64_t to = atomic_load(p->durable), after = rng_below(&r, to), seq = after;
        struct store_reader *reader;
        struct str line;
        enum err e = store_reader_open(p->s, after, &reader, &p->msg);
        while (!e && seq < to) {
            e = store_reader_next(reader, &seq, &line, &p->msg);
            if (!e && !event_is(line, seq))
                e = ERR_N;
        }
        p->failures += e != ERR_OK;
        p->rounds++;
        store_reader_close(reader);
    }
    return NULL;
}

static void test_beside_threads(void)
{
    struct store *s = make_store("threads", SMALL, 100, 20), *reader = open_store(STORE_READ, 0);
    _Atomic uint64_t durable = 100;
    struct pursuit own = {.s = s, .durable = &durable}, other = {.s = reader, .durable = &durable};
    pthread_t a, b;
    struct errmsg msg = {""};
    if (pthread_create(&a, NULL, pursue, &own) != 0 || pthread_create(&b, NULL, pursue, &other) != 0)
        bail_out("no threads");
    enum err e = ERR_OK;
    bool found = true;
    for (uint64_t last = 110; last <= 6000 && !e; last += 10) {
        commit_or_bail(s, last);
        atomic_store(&durable, last);
        e = store_tidy(s, true, &msg);
        found = found && gets(s, last / 2) && gets(s, last - 9);
    }
    if (!e)
        e = tidy_all(s, &msg);
    atomic_store(&own.stop, true);
    atomic_store(&other.stop, true);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    is_int(e, ERR_OK, "segments are compressed while others are written and read %s", msg.text);
    ok(found, "look-ups find everything meanwhile");
    ok(own.rounds > 0 && own.failures == 0, "readers on another thread too (%" PRIu64 " times) %s", own.rounds,
       own.msg.text);
    ok(other.rounds > 0 && other.failures == 0, "and those who list the folder (%" PRIu64 " times) %s", other.rounds,
       other.msg.text);
    store_close(reader);
    store_close(s);
}

/* --- the two forms --- */

#define FIRST "log/00000000000000000001.ndjson"

static struct buf file_get(const char *name)
{
    struct buf b = BUF_INIT;
    FILE *f = fopen(path_of(name), "rb");
    if (!f)
        bail_out("cannot read %s", path_of(name));
    size_t n;
    while ((n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
        b.n += n;
    fclose(f);
    return b;
}

static void file_put(const char *name, const char *p, size_t n)
{
    FILE *f = fopen(path_of(name), "wb");
    if (!f || (n && fwrite(p, 1, n, f) != n) || fclose(f) != 0)
        bail_out("cannot write %s", path_of(name));
}

static bool is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void test_both_forms(void)
{
    struct store *s = make_store("both", SMALL, 300, 10);
    struct buf plain = file_get(FIRST);
    tidy_or_bail(s);
    store_close(s);
    file_put(FIRST, plain.p, plain.n);
    file_put(FIRST ".zst", "?", 1);
    file_put(FIRST ".zst.new", "?", 1);
    s = open_store(STORE_READ, 0);
    ok(reads_all(s, 300), "where there are both forms, the plain one counts");
    store_close(s);
    ok(is_there(FIRST ".zst") && is_there(FIRST ".zst.new"), "a reader changes nothing");
    s = open_store(STORE_WRITE, SMALL);
    ok(!is_there(FIRST ".zst") && !is_there(FIRST ".zst.new") && is_there(FIRST),
       "a writer removes what counts for nothing");
    ok(reads_all(s, 300) && gets_all(s, 300), "and has everything");
    tidy_or_bail(s);
    ok(is_there(FIRST ".zst") && !is_there(FIRST), "and compresses it again");
    store_close(s);
    file_put(FIRST, plain.p, plain.n);
    unlink(path_of(FIRST ".zst"));
    s = open_store(STORE_WRITE, SMALL);
    ok(reads_all(s, 300) && gets_all(s, 300), "plain and compressed segments may stand in any order");
    store_close(s);
    buf_done(&plain);
}

/* Nothing has a successor any more: the next commit begins a segment. */
static void test_last_is_compressed(void)
{
    struct errmsg msg;
    struct store *s = make_store("last", SMALL, 300, 10);
    tidy_or_bail(s);
    struct store_reader *r;
    struct str line;
    uint64_t seq = 0, first;
    char name[64];
    store_close(s);
    DIR *d = opendir(path_of("log"));
    for (struct dirent *e; d && (e = readdir(d));)
        if (strlen(e->d_name) == 27 && sscanf(e->d_name, "%20" SCNu64, &first) == 1)
            seq = first;
    closedir(d);
    snprintf(name, sizeof name, "log/%020" PRIu64 ".ndjson", seq);
    unlink(path_of(name));
    unlink(path_of("synced"));
    unlink(path_of("stamp"));
    s = open_store(STORE_WRITE, SMALL);
    is_int(info_of(s).durable, (int64_t)seq - 1, "a log that ends in a compressed segment is whole");
    commit_or_bail(s, seq + 40);
    ok(is_there(name) && gets_all(s, seq + 40) && reads_all(s, seq + 40), "and goes on behind it");
    is_int(store_reader_open(s, seq - 2, &r, &msg), ERR_OK, "a reader");
    ok(store_reader_next(r, &first, &line, &msg) == ERR_OK && first == seq - 1 &&
           store_reader_next(r, &first, &line, &msg) == ERR_OK && first == seq,
       "goes over the seam");
    store_reader_close(r);
    store_close(s);
}

/* --- damage --- */

/* Opens and reads it all, the one way and the other; what came of it, and what was said. */
static enum err look(enum store_mode mode, uint64_t last, struct errmsg *msg)
{
    struct store *s;
    struct store_options o = {.segment_bytes = SMALL};
    enum err e = store_open(uri, mode, &o, &s, NULL, msg);
    if (e)
        return e;
    int64_t n = read_all(s, 0, NULL, msg);
    store_close(s);
    return n == (int64_t)last ? ERR_OK : n < 0 ? ERR_DAMAGED : ERR_N;
}

static void test_damage(void)
{
    struct errmsg msg = {""};
    struct store *s = make_store("damage", SMALL, 200, 10);
    tidy_or_bail(s);
    store_close(s);
    struct buf file = file_get(FIRST ".zst");
    struct rng r = rng_seed(21);
    unsigned found = 0, named = 0, cut = 0, tries = 0;
    for (size_t at = 0; at < file.n; at += 3 * (size_t)tap_stride(), tries++) {
        char bit = (char)(1 << rng_below(&r, 8));
        enum store_mode mode = tries % 2 ? STORE_WRITE : STORE_READ;
        file.p[at] ^= bit;
        file_put(FIRST ".zst", file.p, file.n);
        found += look(mode, 200, &msg) == ERR_DAMAGED;
        named += strncmp(msg.text, FIRST ".zst: ", strlen(FIRST) + 6) == 0;
        file.p[at] ^= bit;
        file_put(FIRST ".zst", file.p, at);
        cut += look(mode, 200, &msg) == ERR_DAMAGED;
    }
    is_int(found, tries, "a bit turned over anywhere in a compressed segment is damage");
    is_int(named, tries, "which names the file");
    is_int(cut, tries, "and so is one that is cut off");
    file_put(FIRST ".zst", file.p, file.n);
    is_int(look(STORE_WRITE, 200, &msg), ERR_OK, "what was damaged only for a while is good");
    unlink(path_of(FIRST ".zst"));
    is_int(look(STORE_WRITE, 200, &msg), ERR_DAMAGED, "one that is missing in both forms is missed: %s", msg.text);
    buf_done(&file);
}

/* One segment under another one's name, or of another log. */
static void test_mistaken(void)
{
    struct errmsg msg = {""};
    struct store *s = make_store("mistaken", SMALL, 200, 10);
    tidy_or_bail(s);
    store_close(s);
    struct buf first = file_get(FIRST ".zst");
    s = make_store("another", SMALL, 210, 30);
    tidy_or_bail(s);
    store_close(s);
    file_put(FIRST ".zst", first.p, first.n);
    enum err e = look(STORE_WRITE, 210, &msg);
    ok(e == ERR_DAMAGED, "a compressed segment of another log does not fit: %s", msg.text);
    buf_done(&first);
}

/* --- death and failure --- */

/* In a process of its own, which is killed at that call; how it ended. */
static int die_tidying(int at)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct store *s = open_store(STORE_WRITE, SMALL);
        struct errmsg msg;
        arm(FAULT_DEATH, at);
        _exit(tidy_all(s, &msg) == ERR_OK ? 0 : 1);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        bail_out("no process");
    return status;
}

static void test_every_death(void)
{
    enum { LAST = 120 };
    char name[32];
    unsigned segments = 0, deaths = 0, lost = 0, left = 0;
    for (int at = 1, status = 1; status != 0; at++) {
        snprintf(name, sizeof name, "death-%d", at);
        struct store *s = make_store(name, SMALL, LAST, 10);
        segments = (unsigned)info_of(s).n_segments;
        store_close(s);
        status = die_tidying(at);
        deaths += WIFSIGNALED(status) != 0;
        struct store *reader = open_store(STORE_READ, 0);
        lost += !reads_all(reader, LAST);
        store_close(reader);
        s = open_store(STORE_WRITE, SMALL);
        lost += !reads_all(s, LAST) || !gets_all(s, LAST);
        left += count_files(".new") != 0 || count_files(".ndjson") + count_files(".zst") != (int)segments;
        tidy_or_bail(s);
        lost += !reads_all(s, LAST) || info_of(s).n_packed != segments - 1;
        store_close(s);
        if (WIFEXITED(status) && status != 0)
            bail_out("a process that was to tidy ended with %d", status);
    }
    is_int(deaths, 6 * (int64_t)(segments - 1), "a writer is killed before each of its steps: six a segment");
    is_int(lost, 0, "whereupon nothing is lost, and the next one goes on");
    is_int(left, 0, "and removes what was left lying about");
}

/* steps: how many of them matter. */
static void test_every_failure(enum fault f, unsigned steps, const char *what)
{
    enum { LAST = 120 };
    struct errmsg msg;
    char name[32];
    unsigned failures = 0, said = 0, lost = 0, stopped = 0;
    for (int at = 1; at < 100; at++) {
        snprintf(name, sizeof name, "failure-%d-%d", (int)f, at);
        struct store *s = make_store(name, SMALL, LAST, 10);
        msg.text[0] = '\0';
        arm(f, at);
        enum err e = tidy_all(s, &msg);
        int made = atomic_load(&calls);
        arm(FAULT_NONE, 0);
        failures += e != ERR_OK;
        said += e != ERR_OK && strstr(msg.text, ".ndjson");
        commit_or_bail(s, LAST + 10);
        lost += !reads_all(s, LAST + 10) || !gets_all(s, LAST + 10);
        stopped += store_tidy(s, true, &msg) != ERR_OK; /* it rests */
        lost += count_files(".new") != 0;
        store_close(s);
        s = open_store(STORE_WRITE, SMALL);
        lost += !reads_all(s, LAST + 10);
        store_close(s);
        if (made < at)
            break;
    }
    ok(failures == steps && said == steps, "%s: each is said, %u of %u", what, said, steps);
    is_int(stopped, 0, "%s: once", what);
    is_int(lost, 0, "%s: and harms nothing", what);
}

/* As by whoever moves segments to an archive, meanwhile. */
static void test_taken_away(void)
{
    static const char *const when[] = {"while it is written", "while it is read back", "just before it goes"};
    static const int at[] = {1, 3, 6};
    for (int i = 0; i < 3; i++) {
        char name[32];
        struct errmsg msg = {""};
        snprintf(name, sizeof name, "taken-%d", i);
        struct store *s = make_store(name, SMALL, 80, 10);
        snprintf(to_take, sizeof to_take, "%s", path_of(FIRST));
        arm(FAULT_TAKEN, at[i]);
        enum err e = store_tidy(s, true, &msg);
        struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
        if (e || poll(&p, 1, 60000) != 1)
            bail_out("nothing was compressed for a minute");
        is_int(store_tidy(s, true, &msg), ERR_OK, "a segment that is taken away %s is no fault", when[i]);
        arm(FAULT_NONE, 0);
        ok(is_there(FIRST ".zst") == (at[i] == 6) && !is_there(FIRST ".zst.new"),
           "its text is not put back, and never taken away twice");
        store_close(s);
    }
}

int main(void)
{
    plan(0);
    test_compresses();
    test_random_places();
    test_where();
    test_under_readers();
    test_beside_threads();
    test_both_forms();
    test_last_is_compressed();
    test_damage();
    test_mistaken();
    test_taken_away();
    test_every_death();
    test_every_failure(FAULT_FULL, 12, "a step that fails");
    test_every_failure(FAULT_ALTERED, 4, "a write that lies");
    return tap_end();
}
