/* The parts of a backup beside its log. */
#include "store/backup/backup_inside.h"

#include "store/archive/history_file.h"
#include "store/backup/backup_db.h"
#include "store/checkpoint/checkpoint_file.h"
#include "store/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINTS 2

/* --- small files, and the databases --- */

enum err backup_copy_stamp(struct backup *b, uint64_t *known, struct errmsg *msg)
{
    struct buf stamp = BUF_INIT;
    uint64_t durable;
    enum err e = stamp_load(b->store->folder, &durable, &stamp, msg);
    if (!e) {
        *known = durable;
        e = stamp_write(b->incoming, durable, buf_str(&stamp), msg);
    } else if (e == ERR_ABSENT) {
        e = ERR_OK;
    }
    buf_done(&stamp);
    return e;
}

static enum err copy_db(struct backup *b, const char *name, bool wiped, struct errmsg *msg)
{
    char from[4096], to[4096];
    if ((size_t)snprintf(from, sizeof from, "%s/%s", b->store->path, name) >= sizeof from ||
        (size_t)snprintf(to, sizeof to, "%s/" BACKUP_INCOMING "/%s", b->path, name) >= sizeof to)
        return err_set(msg, ERR_INVALID, "a path is too long: %s", b->path);
    enum err e = backup_db(from, to, wiped, backup_show, b, msg);
    if (!e)
        backup_file_done(b, backup_file_bytes(b->incoming, name));
    return e;
}

static enum err close_db(struct backup *b, const char *name, bool wiped, struct errmsg *msg)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" BACKUP_INCOMING "/%s", b->path, name);
    return backup_db_close(path, wiped, msg);
}

enum err backup_copy_delivery(struct backup *b, struct errmsg *msg)
{
    enum err e = copy_db(b, "delivery.db", false, msg);
    if (!e)
        return close_db(b, "delivery.db", false, msg);
    return e == ERR_ABSENT ? ERR_OK : e; /* nothing was ever delivered */
}

enum err backup_copy_contacts(struct backup *b, struct errmsg *msg)
{
    char path[4096];
    struct contacts *c;
    enum err e = copy_db(b, "contacts.db", true, msg);
    if (e)
        return e == ERR_ABSENT ? ERR_DAMAGED : e;
    snprintf(path, sizeof path, "%s/" BACKUP_INCOMING, b->path);
    e = contacts_open(path, false, &c, msg);
    if (e)
        return e;
    b->until = contacts_last(c) <= b->known ? b->known : contacts_known(c);
    e = contacts_recover(c, b->until, msg);
    contacts_close(c);
    return e ? e : close_db(b, "contacts.db", true, msg);
}

/* --- checkpoints --- */

static bool same_checkpoint(int a, int b)
{
    char x[CHECKPOINT_HEADER], y[CHECKPOINT_HEADER];
    struct stat sa, sb;
    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_size == sb.st_size &&
           pread(a, x, sizeof x, 0) == (ssize_t)sizeof x && pread(b, y, sizeof y, 0) == (ssize_t)sizeof y &&
           memcmp(x, y, sizeof x) == 0;
}

static bool has_checkpoint(const struct backup *b, int from, const char *name)
{
    char path[CHECKPOINT_NAME + 16];
    snprintf(path, sizeof path, "checkpoint/%s", name);
    int fd = file_open(b->folder, path, O_RDONLY);
    bool same = fd >= 0 && same_checkpoint(from, fd);
    if (fd >= 0)
        close(fd);
    return same;
}

static enum err copy_checkpoint(struct backup *b, int from, const char *name, struct errmsg *msg)
{
    char path[CHECKPOINT_NAME + 16];
    struct stat st;
    if (fstat(from, &st) < 0)
        return file_error(msg, "cannot look at", name);
    if (has_checkpoint(b, from, name)) {
        b->report.kept += (uint64_t)st.st_size;
        return ERR_OK;
    }
    snprintf(path, sizeof path, "checkpoint/%s", name);
    int to = file_open(b->incoming, path, O_WRONLY | O_CREAT | O_EXCL);
    if (to < 0)
        return file_error(msg, "cannot make", path);
    enum err e = file_copy(from, to, path, (uint64_t)st.st_size, backup_show, b, msg);
    if (!e && fsync(to) < 0)
        e = file_error(msg, "cannot sync", path);
    close(to);
    backup_file_done(b, (uint64_t)st.st_size);
    return e;
}

/* The newest ones that know of nothing behind the end. One that the daemon removes meanwhile has a newer one. */
enum err backup_copy_checkpoints(struct backup *b, struct errmsg *msg)
{
    char name[CHECKPOINT_NAME];
    uint64_t *seqs;
    enum err e = ERR_OK;
    int folder = openat(b->store->folder, "checkpoint", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return file_error(msg, "cannot open the folder", "checkpoint");
    size_t n = checkpoint_list(folder, &seqs);
    for (size_t i = 0, copied = 0; !e && i < n && copied < CHECKPOINTS; i++) {
        checkpoint_name(seqs[i], name);
        int from = seqs[i] <= b->until ? file_open(folder, name, O_RDONLY) : -1;
        if (from < 0)
            continue;
        e = copy_checkpoint(b, from, name, msg);
        copied++;
        close(from);
    }
    free(seqs);
    close(folder);
    return e;
}

/* --- what was archived --- */

static enum err copy_history(struct backup *b, int to, uint64_t seq, struct errmsg *msg)
{
    char name[HISTORY_NAME];
    struct stat st;
    history_file_name(seq, name);
    int in = file_open(b->store->log_folder, name, O_RDONLY);
    if (in < 0)
        return file_error(msg, "cannot open", name);
    int out = file_open(to, name, O_WRONLY | O_CREAT | O_EXCL);
    enum err e = out < 0 ? file_error(msg, "cannot make", name) : ERR_OK;
    if (!e && fstat(in, &st) < 0)
        e = file_error(msg, "cannot look at", name);
    if (!e)
        e = file_copy(in, out, name, (uint64_t)st.st_size, backup_show, b, msg);
    if (!e && fsync(out) < 0)
        e = file_error(msg, "cannot sync", name);
    if (!e)
        backup_file_done(b, (uint64_t)st.st_size);
    if (out >= 0)
        close(out);
    close(in);
    return e;
}

static enum err begin_archived(struct backup *b, const struct archived *a, struct errmsg *msg)
{
    if (a->seal.seq > b->until)
        return err_set(msg, ERR_ARCHIVED, "events were moved to an archive meanwhile: begin again");
    int to = openat(b->incoming, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0)
        return file_error(msg, "cannot open the folder", BACKUP_INCOMING "/log");
    enum err e = copy_history(b, to, a->seal.seq, msg);
    if (!e)
        e = archived_save(to, a, msg);
    close(to);
    b->log.seal = a->seal;
    return e;
}

/* A backup that begins begins where the store does. One that goes on needs nothing of what was archived since: it has
 * those events. */
enum err backup_copy_archived(struct backup *b, struct errmsg *msg)
{
    struct archived a = {0};
    if (b->log.last.index.first || b->log.seal.seq)
        return ERR_OK;
    enum err e = archived_load(b->store->log_folder, &a, msg);
    if (!e)
        e = begin_archived(b, &a, msg);
    archived_done(&a);
    return e == ERR_ABSENT ? ERR_OK : e;
}
