/* The preloaded library: that it counts what it says it counts, and acts at the call it was told, once or from then on.
 * With an argument this program is what runs under it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/faults.h"
#include "tests/lib/tap.h"

#define CALLS 4 /* of each probe */
#define BYTES 8

/* --- what runs under it --- */

/* Each makes one call: what it returned, or -errno. */
static long probe_write(int fd)
{
    long n = write(fd, "12345678", BYTES);
    return n < 0 ? -errno : n;
}

static long probe_pwritev(int fd)
{
    struct iovec v[] = {{(void *)(uintptr_t) "1234", 4}, {(void *)(uintptr_t) "5678", 4}};
    long n = pwritev(fd, v, 2, 0);
    return n < 0 ? -errno : n;
}

static long probe_read(int fd)
{
    char block[BYTES];
    long n = pread(fd, block, sizeof block, 0);
    return n < 0 ? -errno : n;
}

static long probe_sync(int fd)
{
    return fsync(fd) < 0 ? -errno : 0;
}

static long probe_rename(int fd)
{
    (void)fd;
    return rename("file", "file") < 0 ? -errno : 0;
}

static long probe_unlink(int fd)
{
    (void)fd;
    return unlink("absent") < 0 && errno != ENOENT ? -errno : 0;
}

static long probe_size(int fd)
{
    return ftruncate(fd, BYTES) < 0 ? -errno : 0;
}

static long probe_mkdir(int fd)
{
    (void)fd;
    return mkdir("file", 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static long probe_open(int fd)
{
    (void)fd;
    int other = open("file", O_RDONLY | O_CLOEXEC);
    if (other < 0)
        return -errno;
    close(other);
    return 0;
}

static long probe_create(int fd)
{
    (void)fd;
    int other = openat(AT_FDCWD, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (other < 0)
        return -errno;
    close(other);
    return 0;
}

static long probe_stat(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? -errno : 0;
}

static long probe_alloc(int fd)
{
    void *volatile p = malloc((size_t)fd + 1);
    if (!p)
        return -errno;
    free(p);
    return 0;
}

static long probe_send(int fd)
{
    static int pair[2] = {-1, -1};
    (void)fd;
    if (pair[0] < 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return -1;
    long n = send(pair[0], "12345678", BYTES, 0);
    return n < 0 ? -errno : n;
}

static void *nothing(void *arg)
{
    return arg;
}

static long probe_thread(int fd)
{
    pthread_t thread;
    (void)fd;
    int wrong = pthread_create(&thread, NULL, nothing, NULL);
    return wrong ? -wrong : -pthread_join(thread, NULL);
}

static const struct probe {
    enum faults_kind kind;
    const char *call;
    long (*make)(int fd);
    long done, half; /* what a whole one returns, and a short one */
} probes[] = {
    {FAULTS_WRITE, "write", probe_write, BYTES, BYTES / 2},
    {FAULTS_WRITE, "pwritev", probe_pwritev, BYTES, 2},
    {FAULTS_READ, "pread", probe_read, BYTES, BYTES / 2},
    {FAULTS_SYNC, "fsync", probe_sync, 0, 0},
    {FAULTS_RENAME, "rename", probe_rename, 0, 0},
    {FAULTS_UNLINK, "unlink", probe_unlink, 0, 0},
    {FAULTS_SIZE, "ftruncate", probe_size, 0, 0},
    {FAULTS_MKDIR, "mkdir", probe_mkdir, 0, 0},
    {FAULTS_OPEN, "open", probe_open, 0, 0},
    {FAULTS_CREATE, "openat", probe_create, 0, 0},
    {FAULTS_STAT, "fstat", probe_stat, 0, 0},
    {FAULTS_ALLOC, "malloc", probe_alloc, 0, 0},
    {FAULTS_SEND, "send", probe_send, BYTES, BYTES / 2},
    {FAULTS_THREAD, "pthread_create", probe_thread, 0, 0},
};
#define PROBES (sizeof probes / sizeof *probes)

/* The probe's calls; the results go to a file that is written by a call that is not counted. */
static int run_probe(const struct probe *p)
{
    long results[CALLS];
    int fd = open("file", O_RDWR | O_CLOEXEC), out = open("results", O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < CALLS; i++)
        results[i] = p->make(fd);
    return fd < 0 || dup2(out, STDOUT_FILENO) < 0 ||
           write(STDOUT_FILENO, results, sizeof results) != (ssize_t)sizeof results;
}

static int run_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec > 4000000000 ? 0 : 1;
}

/* A child's calls count where calls fail, and not where processes are killed. */
static int run_child(void)
{
    int status, fd = open("file", O_RDWR | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0)
        _exit(probe_write(fd) == BYTES ? 0 : 1);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

/* --- from outside --- */

static char program[FAULTS_PATH_MAX];
static struct faults *faults;

/* How it ended: its exit code, or -SIGNAL. */
static int run(const char *what, long results[CALLS])
{
    int status;
    char argument[32];
    snprintf(argument, sizeof argument, "%s", what);
    int out = open("results", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    faults_begin(tap_tmpdir());
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, argument, (char *)NULL);
        _exit(127);
    }
    faults_end();
    waitpid(child, &status, 0);
    if (results && pread(out, results, CALLS * sizeof *results, 0) != (ssize_t)(CALLS * sizeof *results))
        memset(results, 0xff, CALLS * sizeof *results);
    close(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int run_at(size_t probe, uint64_t at, enum faults_action action, int error, bool forever, long results[CALLS])
{
    char name[16];
    const struct faults_order order = {UINT32_C(1) << probes[probe].kind, at, action, error, forever};
    faults_order(faults, &order);
    snprintf(name, sizeof name, "%zu", probe);
    return run(name, results);
}

/* The place of the probe's first call among those that are counted: it may open files of its own before. */
static uint64_t first_of(size_t probe)
{
    long results[CALLS];
    bool quiet = run_at(probe, 0, FAULTS_FAIL, EIO, false, results) == 0 && faults->counted >= CALLS && !faults->acted;
    for (int i = 0; i < CALLS; i++)
        quiet = quiet && results[i] == probes[probe].done;
    ok(quiet, "%s: without an order it does its work and is counted", probes[probe].call);
    return faults->counted - CALLS + 1;
}

static bool are(const long results[CALLS], long a, long b, long c, long d)
{
    return results[0] == a && results[1] == b && results[2] == c && results[3] == d;
}

static void test_probe(size_t i)
{
    const struct probe *p = &probes[i];
    long r[CALLS], no = p->kind == FAULTS_ALLOC ? -ENOMEM : p->kind == FAULTS_THREAD ? -EAGAIN : -EIO;
    uint64_t first = first_of(i);
    ok(run_at(i, first + 1, FAULTS_FAIL, EIO, false, r) == 0 && are(r, p->done, no, p->done, p->done),
       "%s: the second one fails, and no other", p->call);
    ok(faults->acted == 1 && faults->kind == (uint32_t)p->kind && strncmp(faults->call, p->call, strlen(p->call)) == 0,
       "%s: it is told which one that was: %s", p->call, faults->call);
    ok(run_at(i, first + 1, FAULTS_FAIL, EIO, true, r) == 0 && are(r, p->done, no, no, no),
       "%s: for good it is all of them from there on", p->call);
    if (p->half)
        ok(run_at(i, first + 2, FAULTS_SHORT, 0, false, r) == 0 && are(r, p->done, p->done, p->half, p->done),
           "%s: a short one does half of it", p->call);
    is_int(run_at(i, first + 3, FAULTS_KILL, 0, false, NULL), -SIGKILL, "%s: at the last one the process is killed",
           p->call);
    is_int(run_at(i, first + 4, FAULTS_KILL, 0, false, NULL), 0, "%s: at one that does not come it is not", p->call);
}

static long file_size(void)
{
    struct stat st;
    return stat("file", &st) == 0 ? (long)st.st_size : -1;
}

/* How much of the one write is in the file when the process is dead. */
static void test_where(enum faults_action action, long bytes, const char *when)
{
    int fd = open("file", O_WRONLY | O_TRUNC | O_CLOEXEC);
    close(fd);
    is_int(run_at(0, 1, action, 0, false, NULL), -SIGKILL, "killed %s a write", when);
    is_int(file_size(), bytes, "killed %s a write, %ld bytes of it are there", when, bytes);
}

static void test_children(void)
{
    struct faults_order order = {FAULTS_BIT(WRITE), 1, FAULTS_FAIL, EIO, false};
    faults_order(faults, &order);
    is_int(run("child", NULL), 1, "a child's call fails");
    order.action = FAULTS_KILL;
    faults_order(faults, &order);
    is_int(run("child", NULL), 0, "a child is not killed");
    is_int(faults->counted, 0, "nor counted, for that");
}

static void test_clock(void)
{
    struct faults_order order = {0, 0, FAULTS_PASS, 0, false};
    faults->wall_ns = INT64_C(4000000000) * 1000000000;
    faults_order(faults, &order);
    is_int(run("clock", NULL), 0, "the wall clock is put forward");
    faults->wall_ns = 0;
    is_int(run("clock", NULL), 1, "or is not");
}

static void make_file(void)
{
    int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || probe_write(fd) != BYTES)
        bail_out("cannot write");
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return strcmp(argv[1], "clock") == 0   ? run_clock()
               : strcmp(argv[1], "child") == 0 ? run_child()
                                               : run_probe(&probes[strtoul(argv[1], NULL, 10) % PROBES]);
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        bail_out("no name");
    plan(0);
    char build[PATH_MAX];
    if (!realpath(getenv("top_builddir") ? getenv("top_builddir") : ".", build) || chdir(tap_tmpdir()) != 0)
        bail_out("no folder");
    setenv("top_builddir", build, 1);
    faults = faults_new(tap_tmpdir());
    make_file();
    for (size_t i = 0; i < PROBES; i++)
        test_probe(i);
    test_where(FAULTS_KILL, 0, "before");
    test_where(FAULTS_KILL_HALF, BYTES / 2, "in the middle of");
    test_where(FAULTS_KILL_AFTER, BYTES, "after");
    test_children();
    test_clock();
    ok(chdir("/") == 0, "the folder is left");
    return tap_end();
}
