#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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
