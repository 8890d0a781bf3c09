#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_PART ((size_t)16 << 20)
#define COPY_BLOCK ((size_t)1 << 20)

enum err file_error(struct errmsg *msg, const char *what, const char *name)
{
    char why[128];
    return err_set(msg, ERR_IO, "%s %s: %s", what, name, strerror_r(errno, why, sizeof why));
}

int file_open(int folder, const char *name, int flags)
{
    return openat(folder, name, flags | O_CLOEXEC | O_NOCTTY, 0600);
}

enum err file_read(int fd, const char *name, struct buf *out, size_t n, uint64_t offset, struct errmsg *msg)
{
    char *p = buf_room(out, n);
    size_t got = 0;
    while (got < n) {
        ssize_t r = pread(fd, p + got, n - got, (off_t)(offset + got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return file_error(msg, "cannot read", name);
        if (r == 0)
            break;
        got += (size_t)r;
    }
    out->n += got;
    return ERR_OK;
}

enum err file_load(int folder, const char *name, size_t max, struct buf *out, struct errmsg *msg)
{
    struct stat st;
    int fd = file_open(folder, name, O_RDONLY);
    if (fd < 0 && errno == ENOENT)
        return err_set(msg, ERR_ABSENT, "there is no file %s", name);
    if (fd < 0)
        return file_error(msg, "cannot open", name);
    enum err e = ERR_OK;
    if (fstat(fd, &st) < 0)
        e = file_error(msg, "cannot look at", name);
    else if ((uint64_t)st.st_size > max)
        e = err_set(msg, ERR_FULL, "%s has %lld bytes: at most %zu", name, (long long)st.st_size, max);
    else
        e = file_read(fd, name, out, (size_t)st.st_size, 0, msg);
    close(fd);
    return e;
}

/* Takes n bytes off the front of the parts. */
static void skip_written(struct iovec **parts, int *count, size_t n)
{
    while (*count > 0 && n >= (*parts)->iov_len) {
        n -= (*parts)->iov_len;
        (*parts)++;
        (*count)--;
    }
    if (*count > 0) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + n;
        (*parts)->iov_len -= n;
    }
}

enum err file_write(int fd, const char *name, struct iovec *parts, int n, uint64_t offset, struct errmsg *msg)
{
    skip_written(&parts, &n, 0); /* empty ones in front */
    while (n > 0) {
        ssize_t w = pwritev(fd, parts, n, (off_t)offset);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return file_error(msg, "cannot write", name);
        if (w == 0) {
            errno = ENOSPC;
            return file_error(msg, "cannot write", name);
        }
        offset += (uint64_t)w;
        skip_written(&parts, &n, (size_t)w);
    }
    return ERR_OK;
}

/* Through memory; up to n bytes. */
static enum err copy_block(int from, int to, const char *name, uint64_t n, uint64_t offset, size_t *copied,
                           struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    enum err e = file_read(from, name, &b, n < COPY_BLOCK ? (size_t)n : COPY_BLOCK, offset, msg);
    struct iovec part = {b.p, b.n};
    if (!e)
        e = file_write(to, name, &part, 1, offset, msg);
    *copied = b.n;
    buf_done(&b);
    return e;
}

/* What the kernel does not copy by itself, between file systems of different kinds, goes through memory. */
static enum err copy_part(int from, int to, const char *name, size_t n, uint64_t offset, size_t *copied,
                          struct errmsg *msg)
{
    off64_t in = (off64_t)offset, out = (off64_t)offset;
    ssize_t done = copy_file_range(from, &in, to, &out, n, 0);
    *copied = done > 0 ? (size_t)done : 0;
    if (done > 0)
        return ERR_OK;
    if (done < 0 && errno != EINTR && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return file_error(msg, "cannot copy", name);
    return copy_block(from, to, name, n, offset, copied, msg);
}

enum err file_copy(int from, int to, const char *name, uint64_t bytes, void (*told)(void *arg, uint64_t bytes),
                   void *arg, struct errmsg *msg)
{
    uint64_t at = 0;
    while (at < bytes) {
        size_t n = bytes - at < COPY_PART ? (size_t)(bytes - at) : COPY_PART, copied;
        enum err e = copy_part(from, to, name, n, at, &copied, msg);
        if (e)
            return e;
        if (copied == 0)
            return err_set(msg, ERR_DAMAGED, "%s has %llu bytes, expected were %llu", name, (unsigned long long)at,
                           (unsigned long long)bytes);
        at += copied;
        if (told)
            told(arg, at);
    }
    return ERR_OK;
}

enum err file_write_again(int fd, const char *name, uint64_t from, uint64_t until, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (size_t n = 1; !e && n > 0 && from < until; from += n)
        e = copy_block(fd, fd, name, until - from, from, &n, msg);
    return e;
}

enum err file_sync_folder(int folder, const char *name, struct errmsg *msg)
{
    return fsync(folder) < 0 ? file_error(msg, "cannot sync the folder of", name) : ERR_OK;
}

static enum err write_beside(int folder, const char *name, struct str bytes, struct errmsg *msg)
{
    struct iovec part = {(void *)(uintptr_t)bytes.p, bytes.n};
    int fd = file_open(folder, name, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0)
        return file_error(msg, "cannot make", name);
    enum err e = file_write(fd, name, &part, 1, 0, msg);
    if (!e && fsync(fd) < 0)
        e = file_error(msg, "cannot sync", name);
    close(fd);
    return e;
}

enum err file_replace(int folder, const char *name, struct str bytes, struct errmsg *msg)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s.new", name);
    enum err e = write_beside(folder, beside, bytes, msg);
    if (!e && renameat(folder, beside, folder, name) < 0)
        e = file_error(msg, "cannot rename to", name);
    return e ? e : file_sync_folder(folder, name, msg);
}

/* The path itself, or the folder that it would be made in. */
static char *resolve(const char *path)
{
    char *found = realpath(path, NULL);
    if (found || errno != ENOENT)
        return found;
    char *copy = mem_strdup(path);
    found = realpath(dirname(copy), NULL);
    free(copy);
    return found;
}

bool file_lies_in(const char *path, const char *folder)
{
    char *own = resolve(path), *above = realpath(folder, NULL);
    size_t n = above ? strlen(above) : 0;
    bool does = own && above && strncmp(own, above, n) == 0 && (own[n] == '/' || own[n] == '\0');
    free(own);
    free(above);
    return does;
}
