/* Recovery of the log's end: its torn tail goes, and what is left is surely on the disk. */
#include "store/log/recover_inside.h"

#include "store/file.h"
#include "store/log/log_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* A last segment without any whole commit goes altogether. After a sync that failed the last commit may be in memory only:
 * it is written once more. */
static enum err cut_file(struct recovery *r, const struct segment *s, int fd, const char *name)
{
    int folder = r->d->log_folder;
    enum err e = file_write_again(fd, name, r->last_commit, s->bytes, r->msg);
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
