/* For LD_PRELOAD: counts a program's calls, and at one of them lets it fail, or ends the process there; control.h says
 * how it is told. It stands between the program, its libraries and the C library, so what the C library does for itself
 * (stdio, the name service) goes by uncounted. Calls are made by their numbers where there is one: nothing has to be
 * looked up, so nothing is allocated on the way. */
#include "tests/faults/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of the process: the one place that has them. */
static struct {
    struct faults *faults; /* NULL: not under control, or before main() */
    pid_t main_pid;
    int (*main)(int, char **, char **);
} process;

/* --- whether something is to happen --- */

static void copy_text(char *to, const char *from, size_t size)
{
    size_t n = strnlen(from, size - 1);
    memcpy(to, from, n);
    to[n] = '\0';
}

/* The first time that something happened: what it was. path NULL: the descriptor's. */
static void note(struct faults *f, enum faults_kind kind, const char *call, int fd, const char *path)
{
    char link[32] = "/proc/self/fd/", digits[12];
    int n = 0;
    if (__atomic_fetch_add(&f->acted, 1, __ATOMIC_RELAXED) > 0)
        return;
    f->kind = (uint32_t)kind;
    copy_text(f->call, call, sizeof f->call);
    if (path) {
        copy_text(f->path, path, sizeof f->path);
    } else if (fd >= 0) {
        for (int rest = fd; n == 0 || rest > 0; rest /= 10)
            digits[n++] = (char)('0' + rest % 10);
        for (char *p = link + strlen(link); n > 0;)
            *p++ = digits[--n];
        long length = syscall(SYS_readlinkat, AT_FDCWD, link, f->path, sizeof f->path - 1);
        f->path[length > 0 ? length : 0] = '\0';
    }
}

/* Counts the call, and says what is to happen at it. errno stays as it is. */
static enum faults_action decide(enum faults_kind kind, const char *call, int fd, const char *path)
{
    struct faults *f = process.faults;
    if (!f || kind == NO_KIND)
        return FAULTS_PASS;
    bool kills = f->action >= FAULTS_KILL;
    if (kills && getpid() != process.main_pid)
        return FAULTS_PASS;
    __atomic_fetch_add(&f->calls[kind], 1, __ATOMIC_RELAXED);
    if (!(f->kinds >> kind & 1))
        return FAULTS_PASS;
    uint64_t n = __atomic_add_fetch(&f->counted, 1, __ATOMIC_RELAXED), at = __atomic_load_n(&f->at, __ATOMIC_RELAXED);
    if (at == 0 || n < at || (n > at && !f->forever))
        return FAULTS_PASS;
    int saved = errno;
    note(f, kind, call, fd, path);
    errno = saved;
    return (enum faults_action)f->action;
}

static _Noreturn void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

bool preload_fails(enum faults_kind kind, const char *call, int fd, const char *path, int error)
{
    enum faults_action action = decide(kind, call, fd, path);
    if (action >= FAULTS_KILL)
        die();
    if (action != FAULTS_FAIL)
        return false;
    errno = error ? error : process.faults->error;
    return true;
}

/* --- calls by number --- */

static long make(const struct call *c, const long a[PRELOAD_ARGUMENTS])
{
    return syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Half of it; at least one byte, so all of it when it is one. */
static long make_half(const struct call *c, const long a[PRELOAD_ARGUMENTS])
{
    long b[PRELOAD_ARGUMENTS];
    struct iovec first;
    memcpy(b, a, sizeof b);
    if (c->length >= 0)
        b[c->length] = a[c->length] > 1 ? a[c->length] / 2 : a[c->length];
    if (c->vector >= 0 && a[c->vector + 1] > 0) {
        first = *(const struct iovec *)a[c->vector];
        first.iov_len = first.iov_len > 1 ? first.iov_len / 2 : first.iov_len;
        b[c->vector] = (long)&first;
        b[c->vector + 1] = 1;
    }
    return make(c, b);
}

static bool has_half(const struct call *c)
{
    return c->length >= 0 || c->vector >= 0;
}

long preload_through(const struct call *c, const long a[PRELOAD_ARGUMENTS])
{
    long result;
    switch (decide(c->kind, c->name, c->fd, c->path)) {
    case FAULTS_FAIL: errno = process.faults->error; return -1;
    case FAULTS_SHORT: return make_half(c, a);
    case FAULTS_KILL: die();
    case FAULTS_KILL_HALF: result = has_half(c) ? make_half(c, a) : 0; die();
    case FAULTS_KILL_AFTER: result = make(c, a); die();
    case FAULTS_PASS: break;
    }
    result = make(c, a);
    return result;
}

/* What a descriptor's calls count as. */
static enum faults_kind kind_of(int fd, enum faults_kind of_file, enum faults_kind of_socket)
{
    struct stat st;
    int saved = errno;
    if (!process.faults)
        return NO_KIND;
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO)
        return of_file == FAULTS_WRITE ? FAULTS_LOG : NO_KIND;
    bool known = syscall(SYS_fstat, fd, &st) == 0;
    errno = saved;
    return !known ? NO_KIND : S_ISREG(st.st_mode) ? of_file : S_ISSOCK(st.st_mode) ? of_socket : NO_KIND;
}

enum faults_kind preload_reads(int fd)
{
    return kind_of(fd, FAULTS_READ, FAULTS_RECEIVE);
}

enum faults_kind preload_writes(int fd)
{
    return kind_of(fd, FAULTS_WRITE, FAULTS_SEND);
}

int64_t preload_wall_ns(void)
{
    return process.faults ? __atomic_load_n(&process.faults->wall_ns, __ATOMIC_RELAXED) : 0;
}

/* --- the program's beginning --- */

typedef int main_fn(int, char **, char **);
typedef int start_fn(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

static void take_control(void)
{
    const char *path = getenv(FAULTS_CONTROL);
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    long p = syscall(SYS_mmap, 0, sizeof(struct faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    process.main_pid = getpid();
    if (p != -1)
        process.faults = (struct faults *)p;
}

static int controlled_main(int argc, char **argv, char **environment)
{
    preload_look_up();
    take_control();
    return process.main(argc, argv, environment);
}

int __libc_start_main(main_fn *main_function, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end)
{
    start_fn *start;
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    process.main = main_function;
    return start(controlled_main, argc, argv, init, fini, rtld_fini, stack_end);
}
