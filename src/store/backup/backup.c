/* How a backup goes. Which events it holds, up to event D, is decided like this:
 *
 *   1. the stamp and delivery.db are copied; then `known` is read, a number that is durable: what these two know of is
 *      at most that.
 *   2. contacts.db is copied as of one moment. Its last transaction belongs to the commit of the events K+1 to L.
 *   3. L <= known: D is known. Else D is K, and that transaction is taken back in the copy, as recovery would.
 *
 * Contacts and keys are then exactly those of event D. A commit's rows are written before its seal, and commits one
 * after the other. So a commit whose rows are not in the copy was not sealed when `known` was read, and begins behind
 * `known`, and behind L: none of its events is at or before D. And what is in the copy belongs to commits up to L: they
 * are all at or before D; or the last one is in flight, K is where the one before ended, durable before it began, and
 * its rows are taken back by those that they replaced. Whatever becomes of that commit, a crash included, D keeps its
 * seal.
 *
 *   4. the log is copied up to the seal of D, and checkpoints that are not behind it. */
#include "store/backup/backup_inside.h"

#include "store/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FULL_BELOW ((uint64_t)1 << 20) /* bytes that are free */

/* --- progress --- */

void backup_show(void *arg, uint64_t bytes)
{
    const struct backup *b = arg;
    b->watch->show(b->watch->arg, b->done + bytes, b->total, b->log.seal.seq);
}

void backup_file_done(struct backup *b, uint64_t bytes)
{
    b->done += bytes;
    b->report.copied += bytes;
}

uint64_t backup_file_bytes(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, 0) == 0 ? (uint64_t)st.st_size : 0;
}

static enum err make_incoming(struct backup *b, struct errmsg *msg)
{
    static const char *const folders[] = {BACKUP_INCOMING, BACKUP_INCOMING "/log", BACKUP_INCOMING "/checkpoint"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdirat(b->folder, folders[i], 0700) < 0)
            return file_error(msg, "cannot make the folder", folders[i]);
    b->incoming = openat(b->folder, BACKUP_INCOMING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return b->incoming < 0 ? file_error(msg, "cannot open the folder", BACKUP_INCOMING) : ERR_OK;
}

static enum err copy_log(struct backup *b, struct errmsg *msg)
{
    b->log.grown = backup_show;
    b->log.arg = b;
    enum err e = backup_copy_archived(b, msg);
    if (!e)
        e = backup_log_append(&b->log, b->until, msg);
    backup_file_done(b, b->log.copied);
    b->report.kept += b->log.kept;
    return e;
}

/* --- all of it --- */

static enum err sync_incoming(const struct backup *b, struct errmsg *msg)
{
    static const char *const parts[] = {"checkpoint", "log", "."};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int fd = openat(b->incoming, parts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return file_error(msg, "cannot open the folder", BACKUP_INCOMING);
        enum err e = file_sync_folder(fd, BACKUP_INCOMING, msg);
        close(fd);
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err estimate(struct backup *b, struct errmsg *msg)
{
    uint64_t log;
    enum err e = backup_log_lacks(&b->log, dir_durable(b->store), &log, msg);
    if (!e)
        b->total = log + backup_file_bytes(b->store->folder, "contacts.db") +
                   backup_file_bytes(b->store->folder, "delivery.db");
    return e;
}

static enum err copy_all(struct backup *b, struct errmsg *msg)
{
    uint64_t stamp = 0;
    struct meta meta = b->store->meta;
    meta.copy = true;
    enum err e = make_incoming(b, msg);
    if (!e)
        e = estimate(b, msg);
    if (!e)
        e = backup_copy_stamp(b, &stamp, msg);
    if (!e)
        e = backup_copy_delivery(b, msg);
    b->known = dir_durable(b->store);
    if (b->known < stamp) /* it is written behind the seal, and before all others hear of that */
        b->known = stamp;
    if (!e)
        e = backup_copy_contacts(b, msg);
    if (!e)
        e = copy_log(b, msg);
    if (!e)
        e = backup_copy_checkpoints(b, msg);
    if (!e)
        e = meta_write(b->incoming, &meta, msg);
    return e ? e : sync_incoming(b, msg);
}

/* SQLite's own words for it are "disk I/O error", as a rule. */
static enum err tell_full(const struct backup *b, enum err e, struct errmsg *msg)
{
    struct statvfs fs;
    struct errmsg why;
    if (e != ERR_IO || !msg || fstatvfs(b->folder, &fs) < 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= FULL_BELOW)
        return e;
    why = *msg;
    return err_set(msg, e, "there is no room left in %s: %.500s", b->path, why.text);
}

static enum err run(struct backup *b, struct errmsg *msg)
{
    enum err e = backup_take_folder(b, msg);
    if (e)
        return e;
    b->log.from = b->store->log_folder;
    b->log.to = b->log_folder;
    e = backup_meet_earlier(b, msg);
    if (e)
        return e;
    e = backup_mark_copying(b->folder, &b->earlier, msg);
    if (!e)
        e = copy_all(b, msg);
    if (!e)
        e = backup_mark_committing(b->folder, msg);
    if (e)
        e = tell_full(b, e, msg);
    if (e)
        (void)!backup_settle(b->folder, b->path, NULL); /* what cannot be done now is done by whoever opens it next */
    else
        e = backup_settle(b->folder, b->path, msg);
    return e;
}

static void close_all(struct backup *b)
{
    int fds[] = {b->incoming, b->log_folder, b->folder, b->lock}; /* the lock goes last */
    backup_log_done(&b->log);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    store_close(b->opened);
}

enum err store_backup(const char *uri, const char *folder, const struct backup_watch *watch, struct backup_report *out,
                      struct errmsg *msg)
{
    struct backup b = {.path = folder, .folder = -1, .lock = -1, .log_folder = -1, .incoming = -1, .watch = watch};
    if (strncmp(uri, "dir:", 4) != 0)
        return err_set(msg, ERR_INVALID, "the store \"%s\" is not in a folder: there is nothing to back up", uri);
    enum err e = store_open(uri, STORE_READ, NULL, &b.opened, NULL, msg);
    if (e)
        return e;
    b.store = dir_of(b.opened);
    e = run(&b, msg);
    b.report.seal = b.log.seal;
    b.report.earlier = b.earlier.seq;
    memcpy(b.report.incarnation, b.store->meta.incarnation, sizeof b.report.incarnation);
    close_all(&b);
    if (!e)
        *out = b.report;
    return e;
}
