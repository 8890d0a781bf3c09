#include "tests/sim/disk_calls_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"

#define FIRST_FD (1 << 20)
#define FILES_MAX 256
#define FOLDERS_MAX 8

/* Is it one of ours, and which? */
static struct {
    struct disk *disk;
    struct disk_node *files[FILES_MAX]; /* by descriptor */
    struct listing {
        bool used;
        int fd;
        size_t at;
        struct dirent entry;
    } listings[FOLDERS_MAX];
} mount;

void disk_mount(struct disk *d)
{
    mount.disk = d;
    disk_bytes_forget();
}

struct disk *disk_mounted(void)
{
    return mount.disk;
}

unsigned disk_open_files(void)
{
    unsigned n = 0;
    for (int i = 0; i < FILES_MAX; i++)
        n += mount.files[i] != NULL;
    return n;
}

/* --- descriptors and paths --- */

struct disk_node *disk_node_of(int fd)
{
    return fd >= FIRST_FD && fd < FIRST_FD + FILES_MAX ? mount.files[fd - FIRST_FD] : NULL;
}

static int new_fd(struct disk_node *n)
{
    for (int i = 0; i < FILES_MAX; i++) {
        if (!mount.files[i]) {
            mount.files[i] = n;
            return FIRST_FD + i;
        }
    }
    errno = EMFILE;
    return -1;
}

bool disk_is_below(const char *path)
{
    size_t n = strlen(SIM_ROOT);
    return mount.disk && strncmp(path, SIM_ROOT, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* From a folder along a path; the last part is left over when `last` wants it. */
struct disk_node *disk_walk(struct disk_node *from, const char *path, const char **last)
{
    struct disk_node *n = from;
    while (*path == '/')
        path++;
    while (n && *path) {
        char part[DISK_NAME];
        size_t length = strcspn(path, "/");
        if (length >= sizeof part) {
            errno = ENAMETOOLONG;
            return NULL;
        }
        memcpy(part, path, length);
        part[length] = '\0';
        if (last && !path[length]) {
            *last = path;
            return n;
        }
        if (strcmp(part, "..") == 0)
            n = disk_parent(n);
        else if (strcmp(part, ".") != 0)
            n = disk_find(mount.disk, n, part);
        path += length + strspn(path + length, "/");
    }
    if (last)
        *last = "";
    return n;
}

struct disk_node *disk_path(const char *path)
{
    return disk_walk(disk_root(mount.disk), path + strlen(SIM_ROOT), NULL);
}

struct disk_node *disk_path_folder(const char *path, const char **last)
{
    return disk_walk(disk_root(mount.disk), path + strlen(SIM_ROOT), last);
}

/* Where a call with a folder's descriptor and a path begins; NULL: it is the kernel's. */
struct disk_node *disk_start_of(int folder, const char **path)
{
    if (**path == '/') {
        if (!disk_is_below(*path))
            return NULL;
        *path += strlen(SIM_ROOT);
        return disk_root(mount.disk);
    }
    return disk_node_of(folder);
}

/* --- opening --- */

static int open_in(struct disk_node *from, const char *path, int flags)
{
    const char *last;
    struct disk_node *folder = disk_walk(from, path, &last), *n;
    if (!folder)
        return -1;
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        n = disk_make(mount.disk, disk_walk(from, path, NULL), NULL, false);
        return n ? new_fd(n) : -1;
    }
    n = disk_walk(from, path, NULL);
    if (n && (flags & O_CREAT) && (flags & O_EXCL)) {
        errno = EEXIST;
        return -1;
    }
    if (!n && errno == ENOENT && (flags & O_CREAT))
        n = disk_make(mount.disk, folder, last, false);
    if (!n)
        return -1;
    if ((flags & O_DIRECTORY) && !disk_is_folder(n)) {
        errno = ENOTDIR;
        return -1;
    }
    if ((flags & O_TRUNC) && disk_size(n) && disk_truncate(mount.disk, n, 0) < 0)
        return -1;
    return new_fd(n);
}

static int open_any(int folder, const char *path, int flags, mode_t mode)
{
    struct disk_node *from = disk_start_of(folder, &path);
    return from ? open_in(from, path, flags) : (int)syscall(SYS_openat, folder, path, flags, mode);
}

static mode_t mode_of(int flags, va_list *more)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(*more, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, &more);
    va_end(more);
    return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, &more);
    va_end(more);
    return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, &more);
    va_end(more);
    return open_any(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, &more);
    va_end(more);
    return open_any(folder, path, flags, mode);
}

int close(int fd)
{
    if (!disk_node_of(fd))
        return (int)syscall(SYS_close, fd);
    disk_unlock(fd);
    mount.files[fd - FIRST_FD] = NULL;
    return 0;
}

/* --- names --- */

static int make_folder(int folder, const char *path, mode_t mode)
{
    const char *last;
    struct disk_node *from = disk_start_of(folder, &path);
    if (!from)
        return (int)syscall(SYS_mkdirat, folder, path, mode);
    from = disk_walk(from, path, &last);
    if (from && !*last)
        errno = EEXIST;
    return from && *last && disk_make(mount.disk, from, last, true) ? 0 : -1;
}

/* A sanitizer makes its reports' folder before its own memory is there: that needs no instrumented code. */
__attribute__((no_sanitize_address)) int mkdir(const char *path, mode_t mode)
{
    if (!mount.disk)
        return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    return make_folder(AT_FDCWD, path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return make_folder(folder, path, mode);
}

int unlinkat(int folder, const char *path, int flags)
{
    const char *last;
    struct disk_node *from = disk_start_of(folder, &path);
    if (!from)
        return (int)syscall(SYS_unlinkat, folder, path, flags);
    from = disk_walk(from, path, &last);
    return from ? disk_remove(mount.disk, from, last) : -1;
}

int renameat(int from, const char *a, int to, const char *b)
{
    const char *last_a, *last_b;
    struct disk_node *f = disk_start_of(from, &a), *t = disk_start_of(to, &b);
    if (!f || !t)
        return (int)syscall(SYS_renameat2, from, a, to, b, 0);
    f = disk_walk(f, a, &last_a);
    t = disk_walk(t, b, &last_b);
    return f && t ? disk_rename(mount.disk, f, last_a, t, last_b) : -1;
}

static struct listing *listing_of(const DIR *dir)
{
    for (int i = 0; i < FOLDERS_MAX; i++)
        if ((const void *)&mount.listings[i] == (const void *)dir)
            return &mount.listings[i];
    return NULL;
}

/* Other folders are listed before a disk is there, or not at all. */
DIR *fdopendir(int fd)
{
    for (int i = 0; disk_node_of(fd) && i < FOLDERS_MAX; i++) {
        if (!mount.listings[i].used) {
            mount.listings[i] = (struct listing){.used = true, .fd = fd};
            return (DIR *)&mount.listings[i];
        }
    }
    errno = ENOSYS;
    return NULL;
}

struct dirent *readdir(DIR *dir)
{
    struct listing *l = listing_of(dir);
    const char *name = l ? disk_entry(disk_node_of(l->fd), l->at++) : NULL;
    if (!name)
        return NULL;
    snprintf(l->entry.d_name, sizeof l->entry.d_name, "%s", name);
    l->entry.d_type = DT_UNKNOWN;
    return &l->entry;
}

struct dirent64 *readdir64(DIR *dir)
{
    return (struct dirent64 *)readdir(dir);
}

int closedir(DIR *dir)
{
    struct listing *l = listing_of(dir);
    if (!l)
        return -1;
    l->used = false;
    return close(l->fd);
}

char *realpath(const char *path, char *out)
{
    if (disk_is_below(path) && !disk_path(path))
        return NULL;
    if (!out)
        return mem_strdup(path);
    return strcpy(out, path);
}
