#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/file.h"

/* The extended code tells a write from a sync from a lock: "disk I/O error" stands for thirty things. */
enum err sql_failed(const struct sql *q, const char *what, struct errmsg *msg)
{
    int code = sqlite3_errcode(q->db) & 0xff;
    enum err e = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_DAMAGED : ERR_IO;
    return err_set(msg, e, "%s: cannot %s: %s (SQLite's code %d)", q->name, what, sqlite3_errmsg(q->db),
                   sqlite3_extended_errcode(q->db));
}

enum err sql_open(struct sql *q, const char *path, struct errmsg *msg)
{
    if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sql_failed(q, "open", msg);
    if (sqlite3_db_readonly(q->db, "main")) /* what SQLite makes of a failed open, without a word */
        return err_set(msg, ERR_IO, "%s: cannot open it for writing", q->name);
    sqlite3_busy_timeout(q->db, 5000);
    return ERR_OK;
}

void sql_close(struct sql *q)
{
    sqlite3_close(q->db);
    q->db = NULL;
}

enum err sql_exec(const struct sql *q, const char *statements, const char *what, struct errmsg *msg)
{
    return sqlite3_exec(q->db, statements, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : sql_failed(q, what, msg);
}

enum err sql_prepare(const struct sql *q, const char *const *text, sqlite3_stmt **out, int n, struct errmsg *msg)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_prepare_v3(q->db, text[i], -1, SQLITE_PREPARE_PERSISTENT, &out[i], NULL) != SQLITE_OK)
            return sql_failed(q, "prepare a statement", msg);
    return ERR_OK;
}

enum err sql_number(const struct sql *q, const char *query, sqlite3_int64 *out, struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, query, -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "read", msg);
    enum err e = ERR_OK;
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    else if (code == SQLITE_DONE)
        e = err_set(msg, ERR_DAMAGED, "%s: a row is missing", q->name);
    else
        e = sql_failed(q, "read", msg);
    sqlite3_finalize(s);
    return e;
}

bool sql_run(sqlite3_stmt *s)
{
    int code = sqlite3_step(s);
    return sqlite3_reset(s) == SQLITE_OK && code == SQLITE_DONE;
}

enum err sql_write_wal_again(const char *path, struct errmsg *msg)
{
    char wal[4096];
    if ((size_t)snprintf(wal, sizeof wal, "%s-wal", path) >= sizeof wal)
        return err_set(msg, ERR_INVALID, "the path %s is too long", path);
    int fd = open(wal, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : file_error(msg, "cannot open", wal);
    enum err e = file_write_again(fd, wal, 0, UINT64_MAX, msg);
    if (!e && fdatasync(fd) < 0)
        e = file_error(msg, "cannot sync", wal);
    close(fd);
    return e;
}
