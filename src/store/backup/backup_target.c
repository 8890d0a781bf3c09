/* The folder that a backup goes into: whether it may, and what is there already. */
#include "store/backup/backup_inside.h"

#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a folder whose first backup has not come far. */
static const char *const known_entries[] = {"lock", "log", "checkpoint", BACKUP_MARK ".new", "lost+found"};

static bool is_known_entry(const char *name)
{
    for (size_t i = 0; i < sizeof known_entries / sizeof *known_entries; i++)
        if (strcmp(name, known_entries[i]) == 0)
            return true;
    return *name == '.' && (!name[1] || strcmp(name, "..") == 0);
}

static enum err check_empty(int folder, const char *path, struct errmsg *msg)
{
    enum err e = ERR_OK;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return file_error(msg, "cannot list the folder", path);
    }
    for (struct dirent *entry; !e && (entry = readdir(dir));)
        if (!is_known_entry(entry->d_name))
            e = err_set(msg, ERR_EXISTS, "%s holds other files, such as \"%s\", and no backup: name an empty folder",
                        path, entry->d_name);
    closedir(dir);
    return e;
}

/* Nothing is touched in a folder that is somebody else's. */
static enum err check_folder(const struct backup *b, int folder, struct meta *there, struct errmsg *msg)
{
    struct errmsg ignored;
    struct stat st, own;
    if (fstat(folder, &st) < 0 || fstat(b->store->folder, &own) < 0)
        return file_error(msg, "cannot look at", b->path);
    if (st.st_dev == own.st_dev && st.st_ino == own.st_ino)
        return err_set(msg, ERR_EXISTS, "%s is the store itself: name another folder", b->path);
    enum err e = meta_load(folder, b->path, there, &ignored);
    if (e == ERR_ABSENT)
        return backup_is_settled(folder, b->path, &ignored) ? ERR_OK : check_empty(folder, b->path, msg);
    if (e)
        return err_set(msg, e, "%s", ignored.text);
    if (!there->copy)
        return err_set(msg, ERR_EXISTS, "%s holds a store, not a backup: name another folder", b->path);
    return ERR_OK;
}

/* With the lock, and settled. */
enum err backup_take_folder(struct backup *b, struct errmsg *msg)
{
    struct meta ignored;
    int fd = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return file_error(msg, "cannot open the folder", b->path);
    enum err e = fd < 0 ? ERR_OK : check_folder(b, fd, &ignored, msg);
    if (fd >= 0)
        close(fd);
    if (!e && file_lies_in(b->path, b->store->path))
        e = err_set(msg, ERR_INVALID, "%s lies in the store's own folder %s: a backup is to be somewhere else", b->path,
                    b->store->path);
    if (!e)
        e = folder_open(b->path, true, &b->folder, msg);
    if (!e)
        e = lock_take(b->folder, b->path, &b->lock, msg);
    if (!e)
        e = backup_settle(b->folder, b->path, msg);
    if (e)
        return e;
    b->log_folder = openat(b->folder, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return b->log_folder < 0 ? file_error(msg, "cannot open the log folder of", b->path) : ERR_OK;
}

/* Its last segment, with the index of it, becomes the log's that is gone on with. */
static void take_end(struct backup *b, struct dir_store *there)
{
    if (there->n_segments) {
        struct segment *last = &there->segments[there->n_segments - 1];
        b->log.last = *last;
        index_start(&last->index, last->index.first, last->index.first);
    }
    b->log.seal = there->seal;
    b->earlier = (struct backup_end){there->seal.seq, b->log.last.index.first, b->log.last.bytes};
}

static enum err not_archived(const struct backup *b, struct errmsg *msg)
{
    struct archived a = {0};
    enum err e = archived_load(b->store->log_folder, &a, msg);
    if (!e && a.seal.seq > b->log.seal.seq)
        e = err_set(msg, ERR_EXISTS,
                    "the backup there ends with event %" PRIu64 ", and events up to %" PRIu64
                    " have been archived since",
                    b->log.seal.seq, a.seal.seq);
    archived_done(&a);
    return e == ERR_ABSENT ? ERR_OK : e;
}

/* The seals are what tells whose log it is: whoever goes on behind the last of them has all that stands before. So a
 * store that was restored goes on with the backup that it is from, though it has a new incarnation. */
enum err backup_meet_earlier(struct backup *b, struct errmsg *msg)
{
    struct store *there;
    struct errmsg why;
    enum err e = meta_load(b->folder, b->path, &b->there, msg);
    if (e)
        return e == ERR_ABSENT ? ERR_OK : e;
    char uri[4096];
    if ((size_t)snprintf(uri, sizeof uri, "dir:%s", b->path) >= sizeof uri)
        return err_set(msg, ERR_INVALID, "the path %s is too long", b->path);
    e = store_open(uri, STORE_READ, NULL, &there, NULL, &why);
    if (e)
        return err_set(msg, e, "the backup in %s is not whole: %s; name an empty folder", b->path, why.text);
    take_end(b, dir_of(there));
    store_close(there);
    if (b->earlier.first == 0 && strcmp(b->there.incarnation, b->store->meta.incarnation) != 0)
        return err_set(msg, ERR_EXISTS, "%s holds the backup of another store: name another folder", b->path);
    e = b->earlier.first ? not_archived(b, &why) : ERR_OK;
    if (!e)
        e = backup_log_meets(&b->log, &why);
    return e ? err_set(msg, e, "%s: %s; name another folder", b->path, why.text) : ERR_OK;
}
