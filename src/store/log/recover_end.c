/* Recovery of the log's end: its torn tail goes, and what is left is surely on the disk. */
#include "store/log/recover_inside.h"

#include "store/file.h"
#include "store/log/log_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* After a sync that failed the system may hold the last commit for written though it is in memory only: it is written
 * once more. The same bytes at the same place do no harm. */
static enum err write_again(struct recovery *r, const struct segment *s, int fd, const char *name)
{
    struct buf b = BUF_INIT;
    enum err e = file_read(fd, name, &b, s->bytes - r->last_commit, r->last_commit, r->msg);
    struct iovec part = {b.p, b.n};
    if (!e)
        e = file_write(fd, name, &part, 1, r->last_commit, r->msg);
    buf_done(&b);
    return e;
}

/* A last segment without any whole commit goes altogether. */
static enum err cut_file(struct recovery *r, const struct segment *s, int fd, const char *name)
{
    int folder = r->d->log_folder;
    enum err e = s->bytes ? write_again(r, s, fd, name) : ERR_OK;
    if (e)
        return e;
    if (ftruncate(fd, (off_t)s->bytes) < 0 || fsync(fd) < 0)
        return file_error(r->msg, "cannot cut log file", name);
    if (s->bytes == 0 && unlinkat(folder, name, 0) < 0)
        return file_error(r->msg, "cannot remove log file", name);
    return file_sync_folder(folder, name, r->msg);
}

static enum err cut_end(struct recovery *r, const struct segment *s, const char *name)
{
    int fd = file_open(r->d->log_folder, name, O_RDWR);
    if (fd < 0)
        return file_error(r->msg, "cannot open log file", name);
    enum err e = cut_file(r, s, fd, name);
    close(fd);
    return e;
}

static enum err sync_end(struct recovery *r, const struct segment *s)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    enum err e = segment_file_open(&f, r->d->log_folder, s->index.first, r->msg);
    if (!e && fdatasync(f.fd) < 0)
        e = file_error(r->msg, "cannot sync log file", f.name);
    segment_file_close(&f);
    return e;
}

enum err recover_settle_end(struct recovery *r, struct store_opened *opened)
{
    struct dir_store *d = r->d;
    const struct segment *s = &d->segments[d->n_segments - 1];
    char name[SEGMENT_NAME];
    segment_name(s->index.first, "ndjson", name);
    enum err e = r->plan->cut && !s->packed ? cut_end(r, s, name) : sync_end(r, s);
    opened->torn_bytes = r->tail;
    if (r->tail)
        snprintf(opened->torn_file, sizeof opened->torn_file, "log/%s", name);
    return e;
}
