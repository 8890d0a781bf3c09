#include "store/backup/backup_folder.h"

#include "store/checkpoint/checkpoint_file.h"
#include "store/file.h"
#include "store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* To bump MARK_VERSION: write the new one, read every older one, refuse later ones. */
#define MARK_VERSION 1

#define CHECKPOINTS_KEPT 2
#define SEGMENT_DIGITS 20 /* of a log file's name, whatever follows them */

/* What is in `incoming`, in the order in which it is moved: "" is that folder itself. */
static const char *const parts[] = {"log", "checkpoint", ""};

/* --- the mark --- */

struct mark {
    bool committing;
    struct backup_end end;
};

static enum err mark_write(int folder, const char *phase, const struct backup_end *end, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "{\"lifecertd\":\"backup\",\"version\":%d,\"phase\":\"%s\",\"seq\":%" PRIu64 ",\"first\":%" PRIu64
               ",\"bytes\":%" PRIu64 "}\n",
               MARK_VERSION, phase, end->seq, end->first, end->bytes);
    enum err e = file_replace(folder, BACKUP_MARK, buf_str(&b), msg);
    buf_done(&b);
    return e;
}

enum err backup_mark_copying(int folder, const struct backup_end *end, struct errmsg *msg)
{
    return mark_write(folder, "copying", end, msg);
}

enum err backup_mark_committing(int folder, struct errmsg *msg)
{
    const struct backup_end none = {0};
    return mark_write(folder, "committing", &none, msg);
}

static enum err mark_parse(const char *text, const char *path, struct mark *out, struct errmsg *msg)
{
    char phase[12];
    unsigned version = 0;
    int n = sscanf(text,
                   "{\"lifecertd\":\"backup\",\"version\":%u,\"phase\":\"%11[a-z]\",\"seq\":%" SCNu64
                   ",\"first\":%" SCNu64 ",\"bytes\":%" SCNu64 "}",
                   &version, phase, &out->end.seq, &out->end.first, &out->end.bytes);
    if (n >= 1 && version > MARK_VERSION)
        return err_set(msg, ERR_VERSION, "%s/" BACKUP_MARK " has version %u: this program knows up to %d", path,
                       version, MARK_VERSION);
    if (n == 5 && strcmp(phase, "copying") == 0)
        out->committing = false;
    else if (n == 5 && strcmp(phase, "committing") == 0)
        out->committing = true;
    else
        return err_set(msg, ERR_DAMAGED, "%s/" BACKUP_MARK " is not what was written", path);
    return ERR_OK;
}

/* ERR_ABSENT: there is none. */
static enum err mark_load(int folder, const char *path, struct mark *out, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    enum err e = file_load(folder, BACKUP_MARK, 4096, &b, msg);
    if (!e) {
        buf_addc(&b, '\0');
        e = mark_parse(b.p, path, out, msg);
    }
    buf_done(&b);
    return e;
}

static enum err mark_remove(int folder, struct errmsg *msg)
{
    if (unlinkat(folder, BACKUP_MARK, 0) < 0)
        return file_error(msg, "cannot remove", BACKUP_MARK);
    return file_sync_folder(folder, BACKUP_MARK, msg);
}

/* --- folders --- */

static int open_folder(int folder, const char *name)
{
    return openat(folder, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The names in a folder, each with its terminator: they may be removed while one goes through them. */
static enum err list_names(int folder, struct buf *out, struct errmsg *msg)
{
    int fd = open_folder(folder, "");
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return file_error(msg, "cannot list", "a folder of the backup");
    }
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            buf_add(out, entry->d_name, strlen(entry->d_name) + 1);
    closedir(dir);
    return ERR_OK;
}

/* Does something with each entry of folder/part; a part that is not there has none. */
static enum err each_entry(int folder, const char *part,
                           enum err (*act)(int at, const char *name, void *arg, struct errmsg *), void *arg,
                           struct errmsg *msg)
{
    struct buf names = BUF_INIT;
    int at = open_folder(folder, part);
    if (at < 0)
        return errno == ENOENT ? ERR_OK : file_error(msg, "cannot open the folder", part);
    enum err e = list_names(at, &names, msg);
    for (size_t i = 0; !e && i < names.n; i += strlen(names.p + i) + 1)
        e = act(at, names.p + i, arg, msg);
    buf_done(&names);
    close(at);
    return e;
}

static enum err remove_file(int at, const char *name, void *arg, struct errmsg *msg)
{
    (void)arg;
    if (unlinkat(at, name, 0) < 0 && errno != EISDIR && errno != ENOENT)
        return file_error(msg, "cannot remove", name);
    return ERR_OK;
}

static enum err remove_incoming(int folder, struct errmsg *msg)
{
    int incoming = open_folder(folder, BACKUP_INCOMING);
    if (incoming < 0)
        return errno == ENOENT ? ERR_OK : file_error(msg, "cannot open the folder", BACKUP_INCOMING);
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < sizeof parts / sizeof *parts; i++) {
        e = each_entry(incoming, parts[i], remove_file, NULL, msg);
        if (!e && *parts[i] && unlinkat(incoming, parts[i], AT_REMOVEDIR) < 0 && errno != ENOENT)
            e = file_error(msg, "cannot remove the folder", parts[i]);
    }
    close(incoming);
    if (!e && unlinkat(folder, BACKUP_INCOMING, AT_REMOVEDIR) < 0)
        e = file_error(msg, "cannot remove the folder", BACKUP_INCOMING);
    return e;
}

/* --- back to the backup before --- */

/* A log file that was written since goes, whatever its form; an index is derived, and made again. */
static enum err cut_log_file(int at, const char *name, void *arg, struct errmsg *msg)
{
    const struct backup_end *end = arg;
    char *behind;
    uint64_t first = strtoull(name, &behind, 10);
    if (end->first && (behind != name + SEGMENT_DIGITS || first < end->first))
        return ERR_OK;
    if (!end->first || first > end->first || strcmp(behind, ".idx") == 0)
        return remove_file(at, name, NULL, msg);
    if (strcmp(behind, ".ndjson") != 0)
        return ERR_OK;
    int fd = file_open(at, name, O_WRONLY);
    if (fd < 0)
        return file_error(msg, "cannot open log file", name);
    enum err e =
        ftruncate(fd, (off_t)end->bytes) < 0 || fsync(fd) < 0 ? file_error(msg, "cannot cut log file", name) : ERR_OK;
    close(fd);
    return e;
}

static enum err sync_part(int folder, const char *part, struct errmsg *msg)
{
    int at = open_folder(folder, part);
    if (at < 0)
        return errno == ENOENT ? ERR_OK : file_error(msg, "cannot open the folder", part);
    enum err e = file_sync_folder(at, *part ? part : BACKUP_MARK, msg);
    close(at);
    return e;
}

static enum err cut_back(int folder, struct backup_end *end, struct errmsg *msg)
{
    enum err e = each_entry(folder, "log", cut_log_file, end, msg);
    if (!e)
        e = sync_part(folder, "log", msg);
    if (!e)
        e = remove_incoming(folder, msg);
    return e ? e : mark_remove(folder, msg);
}

/* --- on to the new one --- */

/* A write-ahead log must never meet a database that it was not written for. */
static enum err remove_logs_of(int to, const char *name, struct errmsg *msg)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    char beside[64];
    size_t n = strlen(name);
    if (n < 3 || strcmp(name + n - 3, ".db") != 0)
        return ERR_OK;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(beside, sizeof beside, "%s%s", name, suffixes[i]);
        e = remove_file(to, beside, NULL, msg);
    }
    return e;
}

static enum err move_file(int from, const char *name, void *arg, struct errmsg *msg)
{
    int to = *(const int *)arg;
    struct stat st;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return ERR_OK;
    enum err e = remove_logs_of(to, name, msg);
    if (!e && renameat(from, name, to, name) < 0)
        e = file_error(msg, "cannot rename to", name);
    return e;
}

static enum err move_part(int folder, int incoming, const char *part, struct errmsg *msg)
{
    int to = open_folder(folder, part);
    if (to < 0)
        return file_error(msg, "cannot open the folder", part);
    enum err e = each_entry(incoming, part, move_file, &to, msg);
    if (!e)
        e = file_sync_folder(to, *part ? part : META_NAME, msg);
    close(to);
    return e;
}

/* One too many is no harm. */
static void drop_old_checkpoints(int folder)
{
    char name[CHECKPOINT_NAME];
    uint64_t *seqs;
    int at = open_folder(folder, "checkpoint");
    if (at < 0)
        return;
    size_t n = checkpoint_list(at, &seqs);
    for (size_t i = CHECKPOINTS_KEPT; i < n; i++) {
        checkpoint_name(seqs[i], name);
        unlinkat(at, name, 0);
    }
    free(seqs);
    close(at);
}

static enum err go_on(int folder, struct errmsg *msg)
{
    enum err e = ERR_OK;
    int incoming = open_folder(folder, BACKUP_INCOMING);
    if (incoming < 0 && errno != ENOENT) /* not there: all has been moved */
        return file_error(msg, "cannot open the folder", BACKUP_INCOMING);
    for (size_t i = 0; !e && incoming >= 0 && i < sizeof parts / sizeof *parts; i++)
        e = move_part(folder, incoming, parts[i], msg);
    if (incoming >= 0)
        close(incoming);
    if (e)
        return e;
    drop_old_checkpoints(folder);
    e = remove_incoming(folder, msg);
    return e ? e : mark_remove(folder, msg);
}

enum err backup_settle(int folder, const char *path, struct errmsg *msg)
{
    struct mark m;
    enum err e = mark_load(folder, path, &m, msg);
    if (e)
        return e == ERR_ABSENT ? ERR_OK : e;
    return m.committing ? go_on(folder, msg) : cut_back(folder, &m.end, msg);
}

enum err backup_is_settled(int folder, const char *path, struct errmsg *msg)
{
    struct mark m;
    enum err e = mark_load(folder, path, &m, msg);
    if (e)
        return e == ERR_ABSENT ? ERR_OK : e;
    if (lock_is_held(folder))
        return err_set(msg, ERR_LOCKED, "a backup is being written into %s: try again when it is done", path);
    return err_set(msg, ERR_DAMAGED, "a backup into %s was cut short: lifecertctl backup %s makes it whole", path,
                   path);
}
