#include "tests/store/failing.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic int calls, fail_at;
static int fail_with;
static _Atomic(failing_look *) looking;

void failing_begin(int at, int error)
{
    fail_with = error;
    atomic_store(&calls, 0);
    atomic_store(&fail_at, at);
}

int failing_end(void)
{
    atomic_store(&fail_at, 0);
    return atomic_load(&calls);
}

void failing_watch(failing_look *look)
{
    atomic_store(&looking, look);
}

static bool fails(const char *call, const char *file)
{
    failing_look *look = atomic_load(&looking);
    if (look)
        look(call, file);
    if (atomic_fetch_add(&calls, 1) + 1 != atomic_load(&fail_at))
        return false;
    errno = fail_with;
    return true;
}

/* The C library's own. */
static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static int open_at(int folder, const char *name, int flags, va_list args)
{
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    return fails("openat", name) ? -1 : (int)syscall(SYS_openat, folder, name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_at(folder, name, flags, args);
    va_end(args);
    return fd;
}

int openat64(int folder, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_at(folder, name, flags, args);
    va_end(args);
    return fd;
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return fails("pread", NULL) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    return fails("pread", NULL) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    return fails("pwritev", NULL) ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int n, off64_t at)
{
    return fails("pwritev", NULL) ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

int fstat(int fd, struct stat *st)
{
    int (*next)(int, struct stat *) = (int (*)(int, struct stat *))real("fstat");
    return fails("fstat", NULL) ? -1 : next(fd, st);
}

int fstat64(int fd, struct stat64 *st)
{
    int (*next)(int, struct stat64 *) = (int (*)(int, struct stat64 *))real("fstat64");
    return fails("fstat", NULL) ? -1 : next(fd, st);
}

DIR *fdopendir(int fd)
{
    DIR *(*next)(int) = (DIR * (*)(int)) real("fdopendir");
    return fails("fdopendir", NULL) ? NULL : next(fd);
}

int fdatasync(int fd)
{
    return fails("fdatasync", NULL) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails("fsync", NULL) ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t n)
{
    return fails("ftruncate", NULL) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return fails("ftruncate", NULL) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int unlinkat(int folder, const char *name, int flags)
{
    return fails("unlinkat", name) ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    typedef int creates(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    creates *next = (creates *)real("pthread_create");
    return fails("pthread_create", NULL) ? EAGAIN : next(thread, attributes, run, arg);
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock)
{
    typedef int waits(pthread_cond_t *, pthread_mutex_t *);
    waits *next = (waits *)real("pthread_cond_wait");
    failing_look *look = atomic_load(&looking);
    if (look)
        look("pthread_cond_wait", NULL);
    return next(c, lock);
}
