#include "store/backup/backup_db.h"

#include "store/contacts/contacts_wipe.h"
#include "store/file.h"
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PAGES 1024 /* of 1 KiB in contacts.db, of 4 in delivery.db */

static enum err open_as(struct sql *q, const char *path, const char *vfs, struct errmsg *msg)
{
    q->name = path;
    if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs) != SQLITE_OK)
        return sql_failed(q, "open", msg);
    sqlite3_busy_timeout(q->db, 5000);
    return ERR_OK;
}

/* The last to close a database would put its write-ahead log back: that is left to whoever writes to it, who may have
 * pages wiped on the way. The transaction begins with the first read. */
static enum err open_source(struct sql *q, const char *path, struct errmsg *msg)
{
    sqlite3_int64 ignored;
    enum err e = open_as(q, path, NULL, msg);
    if (!e && sqlite3_db_config(q->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
        e = sql_failed(q, "set up", msg);
    if (!e)
        e = sql_exec(q, "PRAGMA query_only = ON; BEGIN", "begin", msg);
    return e ? e : sql_number(q, "SELECT count(*) FROM sqlite_schema", &ignored, msg);
}

/* What is cut short is thrown away: no journal, no sync. */
static enum err open_copy(struct sql *q, const char *path, const char *vfs, struct errmsg *msg)
{
    int fd = file_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL); /* SQLite would let others read it */
    if (fd < 0)
        return file_error(msg, "cannot make", path);
    close(fd);
    enum err e = open_as(q, path, vfs, msg);
    return e ? e : sql_exec(q, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", "set up", msg);
}

static enum err copy_pages(struct sql *from, struct sql *to, void (*grown)(void *arg, uint64_t bytes), void *arg,
                           struct errmsg *msg)
{
    sqlite3_int64 page;
    enum err e = sql_number(from, "PRAGMA page_size", &page, msg);
    if (e)
        return e;
    sqlite3_backup *b = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (!b)
        return sql_failed(to, "begin to copy", msg);
    int code;
    while ((code = sqlite3_backup_step(b, PAGES)) == SQLITE_OK)
        grown(arg, (uint64_t)(sqlite3_backup_pagecount(b) - sqlite3_backup_remaining(b)) * (uint64_t)page);
    grown(arg, (uint64_t)sqlite3_backup_pagecount(b) * (uint64_t)page);
    sqlite3_backup_finish(b); /* its error stays with `to` */
    return code == SQLITE_DONE ? ERR_OK : sql_failed(to, "copy", msg);
}

enum err backup_db(const char *from, const char *to, bool wiped, void (*grown)(void *arg, uint64_t bytes), void *arg,
                   struct errmsg *msg)
{
    struct sql source = {NULL, from}, copy = {NULL, to};
    if (access(from, F_OK) < 0)
        return errno == ENOENT ? err_set(msg, ERR_ABSENT, "%s is missing", from)
                               : file_error(msg, "cannot look for", from);
    struct wipe *wipe = wiped ? wipe_new() : NULL;
    enum err e = open_source(&source, from, msg);
    if (!e)
        e = open_copy(&copy, to, wipe ? wipe_name(wipe) : NULL, msg);
    if (!e)
        e = copy_pages(&source, &copy, grown, arg, msg);
    sql_close(&copy);
    sql_close(&source);
    wipe_free(wipe);
    return e;
}

enum err backup_db_close(const char *path, bool wiped, struct errmsg *msg)
{
    struct sql q = {NULL, path};
    struct wipe *wipe = wiped ? wipe_new() : NULL;
    enum err e = open_as(&q, path, wipe ? wipe_name(wipe) : NULL, msg);
    if (!e)
        e = sql_exec(&q, "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE", "end the write-ahead log of", msg);
    sql_close(&q);
    wipe_free(wipe);
    if (e)
        return e;
    int fd = file_open(AT_FDCWD, path, O_RDONLY);
    if (fd < 0)
        return file_error(msg, "cannot open", path);
    e = fsync(fd) < 0 ? file_error(msg, "cannot sync", path) : ERR_OK;
    close(fd);
    return e;
}
