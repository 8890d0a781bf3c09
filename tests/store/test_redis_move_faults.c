/* The log of a store in Redis on its way to the archive folder, cut short at every system call that changes a file or
 * asks the server for anything, and failing at every one that changes a file: the log is whole each time, and the next
 * try finishes. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/redis_help.h"

#define EVENTS 160
#define POINTS_MAX 200

/* --- system calls: each may be the last, or fail --- */

static _Atomic int calls, stop_at; /* 0: none */
static bool dies;

static bool fails(bool file)
{
    if (!stop_at || (!dies && !file) || ++calls != stop_at)
        return false;
    if (dies)
        _exit(9);
    errno = EIO;
    return true;
}

ssize_t write(int fd, const void *p, size_t n)
{
    return fails(false) ? -1 : syscall(SYS_write, fd, p, n);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    return fails(true) ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

int fsync(int fd)
{
    return fails(true) ? -1 : (int)syscall(SYS_fsync, fd);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(true) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    return fails(true) ? -1 : (int)syscall(SYS_mkdirat, folder, name, mode);
}

int renameat(int from, const char *a, int to, const char *b)
{
    return fails(true) ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

/* --- a store for each point --- */

static struct redis_help help;
static char archive[256];
static struct store_options moving = {.segment_bytes = 4096, .lease_ms = 60000, .moved = archive};

static enum err move_all(struct store *s, struct errmsg *msg)
{
    struct redis_store *r = redis_of(s);
    for (int i = 0; i < 1000; i++) {
        enum err e = store_tidy(s, false, msg);
        if (e || !r->move.busy)
            return e;
        struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
        poll(&p, 1, 10000);
    }
    return err_set(msg, ERR_IO, "it does not end");
}

static void make_place(const char *kind, int n, char uri[128])
{
    char prefix[32];
    struct errmsg msg;
    snprintf(prefix, sizeof prefix, "%s%d", kind, n);
    help_uri(&help, prefix, uri);
    snprintf(archive, sizeof archive, "%s/%s", tap_tmpdir(), prefix);
    mkdir(archive, 0700);
    struct store *s = help_open(uri, STORE_INIT, &moving);
    for (uint64_t last = 10; last <= EVENTS; last += 10)
        if (commit_events(s, last, &msg) != ERR_OK)
            bail_out("%s", msg.text);
    store_close(s);
}

/* All there, by whatever way; and once it is moved, the files alone are a log that verifies. */
static bool is_whole(struct store *s)
{
    struct errmsg msg = {""};
    int64_t n = read_all(s, 0, NULL, &msg);
    if (n != EVENTS)
        diag("%" PRId64 " events: %s", n, msg.text);
    return n == EVENTS;
}

static bool finishes(struct store *s)
{
    char uri[300];
    struct errmsg msg = {""};
    redis_of(s)->move.after = 0; /* not a minute later */
    enum err e = move_all(s, &msg);
    uint64_t moved = redis_end_of(redis_of(s)).moved.seq;
    snprintf(uri, sizeof uri, "dir:%s/0", archive);
    struct store *d = e ? NULL : help_open(uri, STORE_READ, NULL);
    bool good = d && moved > 80 && read_all(d, 0, NULL, &msg) == (int64_t)moved && is_whole(s) &&
                help_meddle(&help, "XLEN %s", redis_of(s)->shard.keys[KEY_LOG]) == (int64_t)(EVENTS - moved);
    if (!good)
        diag("moved up to %" PRIu64 ": %s", moved, msg.text);
    store_close(d);
    return good;
}

static bool move_dies(const char *uri, int n)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct errmsg msg;
        struct store *s = help_open(uri, STORE_WRITE, &moving);
        calls = 0;
        dies = true;
        stop_at = n;
        enum err e = move_all(s, &msg);
        _exit(e == ERR_OK ? 0 : 1);
    }
    waitpid(child, &status, 0);
    if (WEXITSTATUS(status) == 1)
        bail_out("it failed at call %d", n);
    return WEXITSTATUS(status) == 9;
}

static void test_deaths(void)
{
    int whole = 0, finished = 0, n = 1;
    bool died = true;
    for (; died && n < POINTS_MAX; n++) {
        char uri[128];
        make_place("dies", n, uri);
        died = move_dies(uri, n);
        char key[64];
        snprintf(key, sizeof key, "{dies%d/0}:lease", n);
        help_meddle(&help, "DEL %s", key); /* as if it had run out */
        struct store *s = help_open(uri, STORE_WRITE, &moving);
        whole += is_whole(s);
        finished += finishes(s);
        store_close(s);
    }
    ok(n > 20 && n < POINTS_MAX, "it was cut short at %d places", n - 2);
    is_int(whole, n - 1, "the log was whole after each");
    is_int(finished, n - 1, "and the next owner finished");
}

static void test_failures(void)
{
    int whole = 0, finished = 0, n = 1;
    bool failed = true;
    for (; failed && n < POINTS_MAX; n++) {
        char uri[128];
        struct errmsg msg;
        make_place("fails", n, uri);
        struct store *s = help_open(uri, STORE_WRITE, &moving);
        calls = 0;
        dies = false;
        stop_at = n;
        enum err e = move_all(s, &msg);
        failed = calls >= n; /* an index that cannot be written is none, and no failure */
        stop_at = 0;
        if (e && e != ERR_IO)
            diag("call %d: %s", n, msg.text);
        whole += is_whole(s);
        finished += finishes(s);
        store_close(s);
    }
    ok(n > 10 && n < POINTS_MAX, "it failed at %d places", n - 2);
    is_int(whole, n - 1, "the log was whole after each");
    is_int(finished, n - 1, "and the same owner finished");
}

int main(void)
{
    plan(0);
    help_start(&help);
    test_deaths();
    test_failures();
    redis_server_kill(&help.server);
    return tap_end();
}
