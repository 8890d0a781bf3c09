/* The preloaded library's calls on files. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/preload.h"

static mode_t mode_of(int flags, va_list args)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

static enum faults_kind opens(int flags)
{
    return flags & (O_CREAT | O_TRUNC) ? FAULTS_CREATE : FAULTS_OPEN;
}

#define OPEN(name)                                                                                \
    int name(const char *path, int flags, ...)                                                    \
    {                                                                                             \
        va_list args;                                                                             \
        va_start(args, flags);                                                                    \
        long mode = (long)mode_of(flags, args);                                                   \
        va_end(args);                                                                             \
        return (int)WHOLE(opens(flags), -1, path, SYS_openat, AT_FDCWD, (long)path, flags, mode); \
    }
#define OPENAT(name)                                                                            \
    int name(int folder, const char *path, int flags, ...)                                      \
    {                                                                                           \
        va_list args;                                                                           \
        va_start(args, flags);                                                                  \
        long mode = (long)mode_of(flags, args);                                                 \
        va_end(args);                                                                           \
        return (int)WHOLE(opens(flags), -1, path, SYS_openat, folder, (long)path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int fd, void *p, size_t n)
{
    return BYTES(preload_reads(fd), fd, SYS_read, 2, fd, (long)p, (long)n);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return BYTES(preload_reads(fd), fd, SYS_pread64, 2, fd, (long)p, (long)n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    return BYTES(preload_reads(fd), fd, SYS_pread64, 2, fd, (long)p, (long)n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    return BYTES(preload_writes(fd), fd, SYS_write, 2, fd, (long)p, (long)n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return BYTES(preload_writes(fd), fd, SYS_pwrite64, 2, fd, (long)p, (long)n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return BYTES(preload_writes(fd), fd, SYS_pwrite64, 2, fd, (long)p, (long)n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    return VECTOR(preload_writes(fd), fd, SYS_writev, 1, fd, (long)v, n);
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    return VECTOR(preload_writes(fd), fd, SYS_pwritev, 1, fd, (long)v, n, at);
}

ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at)
{
    return VECTOR(preload_writes(fd), fd, SYS_pwritev, 1, fd, (long)v, n, at);
}

int fsync(int fd)
{
    return (int)WHOLE(FAULTS_SYNC, fd, NULL, SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return (int)WHOLE(FAULTS_SYNC, fd, NULL, SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    return (int)WHOLE(FAULTS_RENAME, -1, to, SYS_renameat2, AT_FDCWD, (long)from, AT_FDCWD, (long)to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return (int)WHOLE(FAULTS_RENAME, -1, to, SYS_renameat2, from_folder, (long)from, to_folder, (long)to, 0);
}

int unlink(const char *path)
{
    return (int)WHOLE(FAULTS_UNLINK, -1, path, SYS_unlinkat, AT_FDCWD, (long)path, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    return (int)WHOLE(FAULTS_UNLINK, -1, path, SYS_unlinkat, folder, (long)path, flags);
}

int ftruncate(int fd, off_t size)
{
    return (int)WHOLE(FAULTS_SIZE, fd, NULL, SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return (int)WHOLE(FAULTS_SIZE, fd, NULL, SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    return (int)WHOLE(FAULTS_SIZE, fd, NULL, SYS_fallocate, fd, mode, at, n);
}

/* It returns what went wrong. */
int posix_fallocate(int fd, off_t at, off_t n)
{
    int saved = errno, wrong = WHOLE(FAULTS_SIZE, fd, NULL, SYS_fallocate, fd, 0, at, n) == 0 ? 0 : errno;
    errno = saved;
    return wrong;
}

int mkdir(const char *path, mode_t mode)
{
    return (int)WHOLE(FAULTS_MKDIR, -1, path, SYS_mkdirat, AT_FDCWD, (long)path, (long)mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return (int)WHOLE(FAULTS_MKDIR, -1, path, SYS_mkdirat, folder, (long)path, (long)mode);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags)
{
    return BYTES(FAULTS_COPY, to, SYS_copy_file_range, 4, from, (long)from_at, to, (long)to_at, (long)n, flags);
}

void *mmap(void *p, size_t n, int protection, int flags, int fd, off_t at)
{
    return (void *)WHOLE(FAULTS_MAP, fd, NULL, SYS_mmap, (long)p, (long)n, protection, flags, fd, at);
}

void *mmap64(void *p, size_t n, int protection, int flags, int fd, off64_t at)
{
    return (void *)WHOLE(FAULTS_MAP, fd, NULL, SYS_mmap, (long)p, (long)n, protection, flags, fd, at);
}

int fstat(int fd, struct stat *out)
{
    return (int)WHOLE(FAULTS_STAT, fd, NULL, SYS_fstat, fd, (long)out);
}

int fstat64(int fd, struct stat64 *out)
{
    return (int)WHOLE(FAULTS_STAT, fd, NULL, SYS_fstat, fd, (long)out);
}

#define STAT(name, type, flags)                                                                           \
    int name(const char *path, struct type *out)                                                          \
    {                                                                                                     \
        return (int)WHOLE(FAULTS_STAT, -1, path, SYS_newfstatat, AT_FDCWD, (long)path, (long)out, flags); \
    }
#define STATAT(name, type)                                                                              \
    int name(int folder, const char *path, struct type *out, int flags)                                 \
    {                                                                                                   \
        return (int)WHOLE(FAULTS_STAT, -1, path, SYS_newfstatat, folder, (long)path, (long)out, flags); \
    }
STAT(stat, stat, 0)
STAT(stat64, stat64, 0)
STAT(lstat, stat, AT_SYMLINK_NOFOLLOW)
STAT(lstat64, stat64, AT_SYMLINK_NOFOLLOW)
STATAT(fstatat, stat)
STATAT(fstatat64, stat64)
