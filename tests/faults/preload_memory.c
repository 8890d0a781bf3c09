/* The preloaded library's clock, memory, threads and folders: what has no number, or is not made by it. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/preload.h"

#define NS INT64_C(1000000000)

/* --- the clock --- */

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (syscall(SYS_clock_gettime, clock, out) != 0)
        return -1;
    if (clock == CLOCK_REALTIME) {
        int64_t ns = out->tv_sec * NS + out->tv_nsec + preload_wall_ns();
        *out = (struct timespec){ns / NS, ns % NS};
    }
    return 0;
}

/* --- memory: by the names that the C library has for its own --- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool runs_out(const char *name)
{
    return preload_fails(FAULTS_ALLOC, name, -1, NULL, ENOMEM);
}

void *malloc(size_t size)
{
    return runs_out("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return runs_out("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return runs_out("realloc") ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return runs_out("aligned_alloc") ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
    return runs_out("memalign") ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = runs_out("posix_memalign") ? NULL : __libc_memalign(alignment, size);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

/* --- threads and folders --- */

static struct {
    int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    pid_t (*fork)(void);
    DIR *(*opendir)(const char *);
    DIR *(*fdopendir)(int);
} real;

#define LOOK_UP(name) (*(void **)&real.name = dlsym(RTLD_NEXT, #name))

void preload_look_up(void)
{
    if (real.fdopendir)
        return;
    LOOK_UP(pthread_create);
    LOOK_UP(fork);
    LOOK_UP(opendir);
    LOOK_UP(fdopendir);
}

int pthread_create(pthread_t *restrict out, const pthread_attr_t *restrict how, void *(*start)(void *),
                   void *restrict arg)
{
    preload_look_up();
    return preload_fails(FAULTS_THREAD, __func__, -1, NULL, EAGAIN) ? EAGAIN
                                                                    : real.pthread_create(out, how, start, arg);
}

pid_t fork(void)
{
    preload_look_up();
    return preload_fails(FAULTS_THREAD, __func__, -1, NULL, EAGAIN) ? -1 : real.fork();
}

DIR *opendir(const char *path)
{
    preload_look_up();
    return preload_fails(FAULTS_OPEN, __func__, -1, path, 0) ? NULL : real.opendir(path);
}

DIR *fdopendir(int fd)
{
    preload_look_up();
    return preload_fails(FAULTS_OPEN, __func__, fd, NULL, 0) ? NULL : real.fdopendir(fd);
}
