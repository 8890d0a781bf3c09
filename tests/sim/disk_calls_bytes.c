/* The C library's calls on what is in a file, and about it. */
#include "tests/sim/disk_calls_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"

#define MAPS_MAX 16
#define PLACE_FREE_BYTES (UINT64_C(1) << 40)

static struct {
    void *maps[MAPS_MAX];
    struct disk_node *locked;
    int locked_by;
} held;

void disk_bytes_forget(void)
{
    memset(&held, 0, sizeof held);
}

void disk_unlock(int fd)
{
    if (held.locked && held.locked_by == fd)
        held.locked = NULL;
}

/* --- bytes --- */

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    struct disk_node *f = disk_node_of(fd);
    return f ? disk_read(disk_mounted(), f, to, n, (uint64_t)at) : syscall(SYS_pread64, fd, to, n, at);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
    return pread(fd, to, n, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    struct disk_node *f = disk_node_of(fd);
    return f ? disk_write(disk_mounted(), f, from, n, (uint64_t)at) : syscall(SYS_pwrite64, fd, from, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
    return pwrite(fd, from, n, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    struct disk_node *f = disk_node_of(fd);
    if (!f)
        return syscall(SYS_pwritev, fd, parts, n, at, 0);
    struct buf all = BUF_INIT;
    for (int i = 0; i < n; i++)
        buf_add(&all, parts[i].iov_base, parts[i].iov_len);
    ssize_t done = disk_write(disk_mounted(), f, all.p, all.n, (uint64_t)at);
    buf_done(&all);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int n, off64_t at)
{
    return pwritev(fd, parts, n, at);
}

int fsync(int fd)
{
    struct disk_node *f = disk_node_of(fd);
    return f ? disk_sync(disk_mounted(), f) : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    struct disk_node *f = disk_node_of(fd);
    return f ? disk_sync(disk_mounted(), f) : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t n)
{
    struct disk_node *f = disk_node_of(fd);
    return f ? disk_truncate(disk_mounted(), f, (uint64_t)n) : (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return ftruncate(fd, n);
}

/* A hint: nothing is durable by it. */
int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
    return disk_node_of(fd) ? 0 : (int)syscall(SYS_sync_file_range, fd, at, n, flags);
}

int posix_fadvise(int fd, off_t at, off_t n, int advice)
{
    return disk_node_of(fd) || syscall(SYS_fadvise64, fd, at, n, advice) == 0 ? 0 : errno;
}

int posix_fadvise64(int fd, off64_t at, off64_t n, int advice)
{
    return posix_fadvise(fd, at, n, advice);
}

ssize_t copy_file_range(int from, off64_t *in, int to, off64_t *out, size_t n, unsigned flags)
{
    if (!disk_node_of(from) && !disk_node_of(to))
        return syscall(SYS_copy_file_range, from, in, to, out, n, flags);
    errno = EXDEV;
    return -1;
}

/* --- looking --- */

static void fill_stat(const struct disk_node *n, struct stat *out)
{
    memset(out, 0, sizeof *out);
    out->st_ino = disk_number(n);
    out->st_mode = disk_is_folder(n) ? S_IFDIR | 0700 : S_IFREG | 0600;
    out->st_nlink = 1;
    out->st_size = (off_t)disk_size(n);
    out->st_mtim.tv_sec = (time_t)disk_changed(n);
}

static int stat_node(const struct disk_node *n, struct stat *out)
{
    if (!n)
        return -1;
    fill_stat(n, out);
    return 0;
}

int fstat(int fd, struct stat *out)
{
    const struct disk_node *f = disk_node_of(fd);
    return f ? stat_node(f, out) : (int)syscall(SYS_newfstatat, fd, "", out, AT_EMPTY_PATH);
}

int fstat64(int fd, struct stat64 *out)
{
    return fstat(fd, (struct stat *)out); /* the same on 64 bits */
}

int fstatat(int folder, const char *path, struct stat *out, int flags)
{
    struct disk_node *from = disk_start_of(folder, &path);
    return from ? stat_node(disk_walk(from, path, NULL), out) : (int)syscall(SYS_newfstatat, folder, path, out, flags);
}

int fstatat64(int folder, const char *path, struct stat64 *out, int flags)
{
    return fstatat(folder, path, (struct stat *)out, flags);
}

int faccessat(int folder, const char *path, int mode, int flags)
{
    struct disk_node *from = disk_start_of(folder, &path);
    if (from)
        return disk_walk(from, path, NULL) ? 0 : -1;
    return (int)syscall(SYS_faccessat2, folder, path, mode, flags);
}

int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

static int statvfs_of(struct statvfs *out)
{
    memset(out, 0, sizeof *out);
    out->f_bsize = out->f_frsize = 4096;
    out->f_blocks = out->f_bfree = out->f_bavail = PLACE_FREE_BYTES / 4096;
    return 0;
}

int fstatvfs64(int fd, struct statvfs64 *out)
{
    if (!disk_node_of(fd))
        errno = ENOSYS;
    return disk_node_of(fd) ? statvfs_of((struct statvfs *)out) : -1;
}

/* --- locks --- */

static int lock(int fd, int command, struct flock *l)
{
    struct disk_node *f = disk_node_of(fd);
    bool by_another = held.locked == f && held.locked_by != fd;
    if (command == F_OFD_GETLK) {
        if (!by_another)
            l->l_type = F_UNLCK;
        return 0;
    }
    if (by_another) {
        errno = EAGAIN;
        return -1;
    }
    held.locked = l->l_type == F_UNLCK ? NULL : f;
    held.locked_by = fd;
    return 0;
}

static int control(int fd, int command, void *arg)
{
    if (!disk_node_of(fd))
        return (int)syscall(SYS_fcntl, fd, command, arg);
    if (command == F_OFD_SETLK || command == F_OFD_GETLK)
        return lock(fd, command, arg);
    errno = EINVAL;
    return -1;
}

int fcntl(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *arg = va_arg(more, void *);
    va_end(more);
    return control(fd, command, arg);
}

int fcntl64(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *arg = va_arg(more, void *);
    va_end(more);
    return control(fd, command, arg);
}

/* --- mappings --- */

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    struct disk_node *f = disk_node_of(fd);
    if (!f)
        return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
    void *p = disk_map(f, n);
    for (int i = 0; p && i < MAPS_MAX; i++) {
        if (!held.maps[i] || held.maps[i] == p) {
            held.maps[i] = p;
            return p;
        }
    }
    return MAP_FAILED;
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset)
{
    return mmap(at, n, protection, flags, fd, offset);
}

static bool is_map(const void *p)
{
    for (int i = 0; i < MAPS_MAX; i++)
        if (p && held.maps[i] == p)
            return true;
    return false;
}

int munmap(void *p, size_t n)
{
    return is_map(p) ? 0 : (int)syscall(SYS_munmap, p, n);
}

int msync(void *p, size_t n, int flags)
{
    return is_map(p) ? 0 : (int)syscall(SYS_msync, p, n, flags);
}
