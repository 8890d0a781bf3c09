/* Each write and each sync fails once, in turn: whatever was acknowledged before is there afterwards, nothing is
 * acknowledged behind a failure, and a failed checkpoint harms nothing. The functions that change files are this
 * program's own, in front of the C library's. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "tests/store/events.h"

/* --- the faults --- */

static _Atomic int calls;   /* so far */
static _Atomic int fail_at; /* this one fails; 0: none */
static int fail_with;

static bool fails(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 != atomic_load(&fail_at))
        return false;
    errno = fail_with;
    return true;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

/* Half of it gets there, as on a disk that fills up; the rest, tried again, does not. */
ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    if (fails()) {
        atomic_fetch_add(&fail_at, 1);
        if (fail_with == ENOSPC && parts[0].iov_len > 1)
            return syscall(SYS_pwrite64, fd, parts[0].iov_base, parts[0].iov_len / 2, at);
        return -1;
    }
    return syscall(SYS_pwritev, fd, parts, n, at, 0);
}

int fdatasync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t n)
{
    return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int renameat(int from, const char *a, int to, const char *b)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

/* --- a life with everything in it --- */

struct life {
    uint64_t acknowledged;
    char name[32]; /* of person 1, as acknowledged */
    uint64_t keys[16]; /* the last events of the commits with a key that were tried */
    unsigned n_keys;
    bool failed;
    bool went_on; /* after a failure something was acknowledged */
};

static const struct store_options small_segments = {.segment_bytes = 3000};

static struct key_row key_row(uint64_t seq)
{
    struct key_row k = {.at = 1780000000, .seq = seq, .result = RESULT_APPLIED};
    memcpy(k.key, &seq, sizeof seq);
    return k;
}

static void commit(struct store *s, struct life *l, uint64_t n, const char *name, struct str stamp)
{
    struct store_info info;
    struct errmsg msg;
    store_info(s, &info);
    uint64_t first = info.durable + 1, last = info.durable + n;
    struct buf b = events_make(first, last);
    struct contact_change change = {.seq = last,
                                    .number = 1,
                                    .id = STR_LIT("p1"),
                                    .contact = {str_of(name && *name ? name : NULL), STR_NONE, STR_NONE}};
    struct key_row key = key_row(last);
    if (name && !l->failed && l->n_keys < 16) /* after a failure nothing is even tried */
        l->keys[l->n_keys++] = last;
    struct commit c = {.first = first,
                       .last = last,
                       .keys = &key,
                       .n_keys = name ? 1 : 0,
                       .lines = n ? buf_str(&b) : STR_NONE,
                       .contacts = &change,
                       .n_contacts = name ? 1 : 0,
                       .stamp = stamp};
    enum err e = store_commit(s, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    if (e == ERR_OK) {
        l->went_on = l->went_on || l->failed;
        l->acknowledged = last;
        if (name)
            snprintf(l->name, sizeof l->name, "%s", name);
    }
    l->failed = l->failed || e != ERR_OK;
    buf_done(&b);
}

static bool checkpoint(struct store *s)
{
    struct store_info info;
    struct errmsg msg;
    store_info(s, &info);
    enum err e = store_checkpoint_begin(s, &msg);
    if (!e && (e = store_checkpoint_slice(s, STR_LIT("a slice"), &msg)) == ERR_MORE)
        e = store_checkpoint_poll(s, true, &msg);
    if (!e && (e = store_checkpoint_finish(s, &info.seal, &msg)) == ERR_MORE)
        e = store_checkpoint_poll(s, true, &msg);
    store_checkpoint_abort(s);
    return e == ERR_OK;
}

static void live(const char *uri, enum store_mode mode, struct life *l)
{
    struct store *s;
    struct errmsg msg;
    if (store_open(uri, mode, &small_segments, &s, NULL, &msg) != ERR_OK) {
        l->failed = true;
        return;
    }
    commit(s, l, 3, NULL, STR_NONE);
    commit(s, l, 20, "Wang", STR_LIT("one"));
    commit(s, l, 40, NULL, STR_NONE);
    commit(s, l, 2, "Wang the second", STR_NONE);
    checkpoint(s);
    commit(s, l, 1500, NULL, STR_NONE);
    commit(s, l, 0, NULL, STR_LIT("two"));
    commit(s, l, 1, "", STR_NONE);
    commit(s, l, 30, "Wang the third", STR_LIT("three"));
    store_close(s);
}

/* A key is there with its event, and not without. */
static bool keys_hold(struct store *s, const struct life *l, uint64_t durable, struct errmsg *msg)
{
    for (unsigned i = 0; i < l->n_keys; i++) {
        struct key_row want = key_row(l->keys[i]), got;
        enum err e = store_key_find(s, want.key, want.at, &got, msg);
        if (e != (l->keys[i] <= durable ? ERR_OK : ERR_ABSENT))
            return false;
    }
    return true;
}

/* What was acknowledged is there; what was not is whole or not at all. */
static bool holds(const char *uri, const struct life *l, bool made, struct errmsg *msg)
{
    struct store *s;
    struct store_info info;
    struct buf b = BUF_INIT;
    struct contact contact;
    enum err e = store_open(uri, STORE_WRITE, &small_segments, &s, NULL, msg);
    if (e)
        return e == ERR_ABSENT && !made; /* it was never made */
    store_info(s, &info);
    bool good = info.durable >= l->acknowledged && read_all(s, 0, NULL, msg) == (int64_t)info.durable;
    e = store_contact(s, 1, STR_LIT("p1"), &b, &contact, msg);
    if (info.durable == l->acknowledged && *l->name)
        good = good && e == ERR_OK && str_is(contact.name, l->name);
    good = good && keys_hold(s, l, info.durable, msg);
    struct life after = {.acknowledged = info.durable};
    commit(s, &after, 5, "Wang the last", STR_NONE);
    good = good && !after.failed;
    store_close(s);
    buf_done(&b);
    return good;
}

static void test_each_call(const char *what, int with, bool reopened)
{
    int k = 1, bad = 0, lives = 0;
    struct life l;
    do {
        char path[256], uri[272];
        struct errmsg msg = {""};
        snprintf(path, sizeof path, "%s/%s-%d-%d", tap_tmpdir(), reopened ? "again" : "new", with, k);
        snprintf(uri, sizeof uri, "dir:%s", path);
        memset(&l, 0, sizeof l);
        if (reopened)
            live(uri, STORE_INIT, &l);
        atomic_store(&calls, 0);
        fail_with = with;
        atomic_store(&fail_at, k);
        live(uri, reopened ? STORE_WRITE : STORE_INIT, &l);
        lives = atomic_load(&calls);
        atomic_store(&fail_at, 0);
        if (l.went_on || !holds(uri, &l, reopened || l.acknowledged, &msg)) {
            diag("call %d%s: acknowledged %" PRIu64 ": %s", k, l.went_on ? " (went on)" : "", l.acknowledged, msg.text);
            bad++;
        }
        k++;
    } while (k <= lives + 1);
    is_int(bad, 0, "%s at each of %d calls of a %s store: nothing acknowledged is lost", what, k - 2,
           reopened ? "reopened" : "new");
    ok(!l.failed && k > 40, "and without it, nothing fails");
}

static void test_failed_checkpoint(void)
{
    char uri[256];
    struct store *s;
    struct errmsg msg;
    struct life l = {.acknowledged = 0};
    snprintf(uri, sizeof uri, "dir:%s/checkpoint", tap_tmpdir());
    if (store_open(uri, STORE_INIT, NULL, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    commit(s, &l, 3, NULL, STR_NONE);
    fail_with = EIO;
    atomic_store(&calls, 0);
    atomic_store(&fail_at, 1);
    ok(!checkpoint(s), "a checkpoint whose slice cannot be written fails");
    atomic_store(&calls, 0);
    atomic_store(&fail_at, 3);
    ok(!checkpoint(s), "one that cannot be synced, too");
    atomic_store(&fail_at, 0);
    commit(s, &l, 3, NULL, STR_NONE);
    ok(!l.failed, "the store goes on");
    ok(checkpoint(s), "and so do checkpoints");
    store_close(s);
}

/* A small file system of our own, in a name space of our own, filled to the brim. */
static void test_full_disk(void)
{
    char path[256], uri[272];
    struct store *s;
    struct errmsg msg = {""};
    struct life l = {.acknowledged = 0};
    snprintf(path, sizeof path, "%s/full", tap_tmpdir());
    snprintf(uri, sizeof uri, "dir:%s/store", path);
    bool root = geteuid() == 0;
    if (mkdir(path, 0700) < 0 || unshare(root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", path, "tmpfs", 0, "size=1m") < 0) {
        skip(3, "no file system of our own to be had here: %s", strerror(errno));
        return;
    }
    if (store_open(uri, STORE_INIT, NULL, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    while (!l.failed && l.acknowledged < 100000)
        commit(s, &l, 300, l.acknowledged % 2 ? "Wang" : NULL, STR_NONE);
    ok(l.failed && l.acknowledged > 3000, "a disk fills up after %" PRIu64 " events", l.acknowledged);
    commit(s, &l, 1, NULL, STR_NONE);
    ok(!l.went_on, "after which nothing more is taken");
    store_close(s);
    struct store_info info;
    enum err e = store_open(uri, STORE_READ, NULL, &s, NULL, &msg);
    if (!e)
        store_info(s, &info);
    ok(e == ERR_OK && info.durable >= l.acknowledged && read_all(s, 0, NULL, &msg) == (int64_t)info.durable,
       "and everything acknowledged is there: %s", msg.text);
    if (!e)
        store_close(s);
    umount2(path, MNT_DETACH);
}

int main(void)
{
    plan(0);
    for (int reopened = 0; reopened < 2; reopened++) {
        test_each_call("a full disk", ENOSPC, reopened);
        test_each_call("a failing disk", EIO, reopened);
    }
    test_failed_checkpoint();
    test_full_disk();
    return tap_end();
}
