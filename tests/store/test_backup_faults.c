/* A backup that is cut short, by a kill or a failing disk, at each of its calls that change files: the one before is
 * still there, or the new one, and never anything between; and the next one goes on. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/backup_help.h"

/* --- the faults --- */

#define KILLED 42

static _Atomic int calls;   /* so far */
static _Atomic int fail_at; /* this one fails; 0: none */
static int fail_with;       /* 0: the process ends there */
static bool by_hand;        /* the kernel copies nothing by itself, as between unlike file systems */

static bool fails(void)
{
    int call = atomic_fetch_add(&calls, 1) + 1, at = atomic_load(&fail_at);
    if (!at || call < at || (fail_with != ENOSPC && call > at))
        return false;
    if (!fail_with)
        _exit(KILLED);
    errno = fail_with;
    return true;
}

/* A full disk stays full; but what is there can be cut and removed. */
static bool fails_to_free(void)
{
    return fail_with != ENOSPC && fails();
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

/* Half of it gets there before the process ends. */
ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    if (!fail_with && atomic_load(&calls) + 1 == atomic_load(&fail_at) && parts[0].iov_len > 1)
        (void)!syscall(SYS_pwrite64, fd, parts[0].iov_base, parts[0].iov_len / 2, at);
    return fails() ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    if (by_hand) {
        errno = EXDEV;
        return -1;
    }
    if (!fail_with && atomic_load(&calls) + 1 == atomic_load(&fail_at) && n > 1)
        (void)!syscall(SYS_copy_file_range, in, in_at, out, out_at, n / 2, flags);
    return fails() ? -1 : syscall(SYS_copy_file_range, in, in_at, out, out_at, n, flags);
}

int fdatasync(int fd)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t n)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int renameat(int from, const char *a, int to, const char *b)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

int unlinkat(int folder, const char *name, int flags)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

int unlink(const char *name)
{
    return fails_to_free() ? -1 : (int)syscall(SYS_unlink, name);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    return fails() ? -1 : (int)syscall(SYS_mkdirat, folder, name, mode);
}

/* --- a trial --- */

struct trial {
    char source[272], first[256], folder[256], back[256]; /* first: the backup before, or "" */
    struct book book;
    uint64_t before, after; /* the two ends that there can be */
    int calls;              /* of the child that ran last */
};

/* The child's exit code: 0 done, 1 told of a failure, KILLED. */
static int run_child(struct trial *t, int at, int with)
{
    int pipe_fds[2];
    if (pipe(pipe_fds) < 0)
        bail_out("no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        struct backup_report r;
        struct errmsg msg;
        fail_with = with;
        atomic_store(&calls, 0);
        atomic_store(&fail_at, at);
        enum err e = store_backup(t->source, t->folder, &nobody, &r, &msg);
        int n = atomic_load(&calls);
        (void)!write(pipe_fds[1], &n, sizeof n);
        _exit(e != ERR_OK);
    }
    int status;
    close(pipe_fds[1]);
    waitpid(pid, &status, 0);
    (void)!read(pipe_fds[0], &t->calls, sizeof t->calls);
    close(pipe_fds[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Who only reads sees one of the two, or is told. */
static bool reads(struct trial *t, bool told)
{
    char uri[272];
    struct store *s;
    struct store_info info = {.durable = 0};
    struct errmsg msg = {""};
    snprintf(uri, sizeof uri, "dir:%s", t->folder);
    enum err e = store_open(uri, STORE_READ, NULL, &s, NULL, &msg);
    if (e) {
        bool good = (e == ERR_DAMAGED && told && strstr(msg.text, "was cut short")) || (e == ERR_ABSENT && !*t->first);
        if (!good)
            diag("reading: %s", msg.text);
        return good;
    }
    store_info(s, &info);
    bool good = info.durable == t->before || info.durable == t->after;
    store_close(s);
    return good;
}

/* What is restored from the folder as it stands is one of the two. */
static bool restores_one(struct trial *t, bool only_new)
{
    enum err e;
    struct errmsg msg = {""};
    struct store_info info;
    if (access(t->folder, F_OK) < 0)
        return !*t->first && !only_new;
    struct store *s = restore(t->folder, t->back, &e, &msg);
    if (!s) {
        if (e != ERR_ABSENT || *t->first || only_new)
            diag("restoring: %s", msg.text);
        return e == ERR_ABSENT && !*t->first && !only_new;
    }
    store_info(s, &info);
    bool good = (info.durable == t->after || (!only_new && *t->first && info.durable == t->before)) &&
                book_holds(&t->book, s, info.durable);
    store_close(s);
    return good;
}

static void begin(struct trial *t)
{
    run_shell("rm -rf '%s'", t->folder);
    if (*t->first)
        run_shell("cp -a '%s' '%s'", t->first, t->folder);
}

/* Cut short at that call, and what comes then cut short too, at another. */
static bool try_call(struct trial *t, int at, int with)
{
    begin(t);
    int code = run_child(t, at, with), calls_made = t->calls;
    bool good = code >= 0 && reads(t, true) && restores_one(t, false);
    if (code == KILLED && at % 3 == 0) {
        run_child(t, 1 + at % 11, 0);
        good = good && reads(t, true) && restores_one(t, false);
    }
    good = good && run_child(t, 0, 0) == 0 && reads(t, false) && restores_one(t, true);
    if (!good)
        diag("cut short at call %d with %d, code %d", at, with, code);
    t->calls = code == KILLED ? 0 : calls_made;
    return good;
}

static int count_calls(struct trial *t)
{
    begin(t);
    if (run_child(t, 0, 0) != 0)
        bail_out("a backup without a fault fails");
    return t->calls;
}

static void test_each_call(struct trial *t, const char *what, int with, int step)
{
    int n = count_calls(t), bad = 0;
    for (int at = 1; at <= n; at += step)
        bad += !try_call(t, at, with);
    is_int(bad, 0, "%s at each call of %s backup (%d of them): the earlier one is there, or the new one", what,
           *t->first ? "a further" : "a first", n);
}

/* --- the store --- */

static void must_commit(struct trial *t, struct store *s, unsigned times)
{
    struct errmsg msg;
    for (unsigned i = 0; i < times; i++)
        if (book_commit(&t->book, s, 25, &msg) != ERR_OK)
            bail_out("%s", msg.text);
}

static uint64_t last_of(struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info.durable;
}

static void make_trial(struct trial *t)
{
    struct errmsg msg;
    struct store *s;
    struct backup_report r;
    memset(t, 0, sizeof *t);
    book_init(&t->book, 7);
    snprintf(t->source, sizeof t->source, "dir:%s/source", tap_tmpdir());
    snprintf(t->first, sizeof t->first, "%s/first", tap_tmpdir());
    snprintf(t->folder, sizeof t->folder, "%s/copy", tap_tmpdir());
    snprintf(t->back, sizeof t->back, "%s/back", tap_tmpdir());
    if (store_open(t->source, STORE_INIT, &small, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    must_commit(t, s, 20);
    book_checkpoint(&t->book, s);
    t->before = last_of(s);
    if (store_backup(t->source, t->first, &nobody, &r, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    must_commit(t, s, 25);
    book_checkpoint(&t->book, s);
    must_commit(t, s, 2);
    t->after = last_of(s);
    store_close(s);
}

static void test_by_hand(struct trial *t)
{
    by_hand = true;
    begin(t);
    ok(run_child(t, 0, 0) == 0 && restores_one(t, true), "where the kernel copies no file, its bytes are copied");
    by_hand = false;
}

static void test_initialised(struct trial *t)
{
    char uri[272];
    struct store *s;
    struct errmsg msg = {""};
    int n = count_calls(t);
    begin(t);
    run_child(t, n / 2, 0);
    snprintf(uri, sizeof uri, "dir:%s", t->folder);
    enum err e = store_open(uri, STORE_INIT, NULL, &s, NULL, &msg);
    ok(e == ERR_DAMAGED && strstr(msg.text, "lifecertctl backup"), "nobody makes a store of half a backup: %s",
       msg.text);
}

/* --- a disk that is full in earnest --- */

/* To the brim, but for so many bytes. */
static void fill(const char *path, off_t room)
{
    char name[300];
    static const char zeros[1024];
    snprintf(name, sizeof name, "%s/filling", path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while (fd >= 0 && write(fd, zeros, sizeof zeros) > 0)
        continue;
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < room || ftruncate(fd, end - room) < 0)
        bail_out("cannot fill %s", path);
    close(fd);
}

static void test_room(struct trial *t, const char *path, off_t room)
{
    struct errmsg msg = {""};
    struct backup_report r;
    begin(t);
    fill(path, room);
    enum err e = store_backup(t->source, t->folder, &nobody, &r, &msg);
    ok(e == ERR_IO && strstr(msg.text, "there is no room left in"), "a disk with room for %lld bytes: %s",
       (long long)room, msg.text);
    ok(reads(t, false) && restores_one(t, false), "the earlier backup can be read and restored");
    run_shell("rm '%s/filling'", path);
    e = store_backup(t->source, t->folder, &nobody, &r, &msg);
    ok(e == ERR_OK && restores_one(t, true), "and with room again the next one is made");
}

/* A small file system of our own, in a name space of our own. */
static void test_full_disk(struct trial *t)
{
    char path[200];
    snprintf(path, sizeof path, "%s/full", tap_tmpdir());
    bool root = geteuid() == 0;
    if (mkdir(path, 0700) < 0 || unshare(root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", path, "tmpfs", 0, "size=1m") < 0) {
        skip(9, "no file system of our own to be had here: %s", strerror(errno));
        return;
    }
    snprintf(t->folder, sizeof t->folder, "%s/copy", path);
    test_room(t, path, 0);
    test_room(t, path, 16 << 10);
    test_room(t, path, 48 << 10);
    umount2(path, MNT_DETACH);
}

int main(void)
{
    struct trial t;
    plan(0);
    make_trial(&t);
    char first[256];
    memcpy(first, t.first, sizeof first);
    for (int again = 0; again < 2; again++) {
        memcpy(t.first, again ? first : "", again ? sizeof first : 1);
        test_each_call(&t, "a kill", 0, tap_stride());
        test_each_call(&t, "a failing disk", EIO, 4);
        test_each_call(&t, "a full disk", ENOSPC, 5);
    }
    test_by_hand(&t);
    test_initialised(&t);
    test_full_disk(&t);
    book_done(&t.book);
    return tap_end();
}
