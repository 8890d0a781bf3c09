#include "store/survey/survey_inside.h"

#include "store/file.h"
#include "store/folder.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE 10000 /* rows a transaction: some 10 ms */

static enum err open_redis(const char *uri, const struct store_options *options, struct survey **out,
                           struct errmsg *msg)
{
    struct redis_survey *redis;
    enum err e = redis_survey_open(uri, options, &redis, msg);
    if (e)
        return e;
    *out = mem_zalloc(1, sizeof **out);
    (*out)->folder = -1;
    (*out)->redis = redis;
    return ERR_OK;
}

enum err survey_open(const char *uri, const struct store_options *options, struct survey **out, struct errmsg *msg)
{
    static const char scheme[] = "dir:";
    int folder;
    if (strncmp(uri, "redis", 5) == 0)
        return open_redis(uri, options, out, msg);
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0)
        return err_set(msg, ERR_INVALID, "store \"%s\": only one in a folder or in Redis can be looked at", uri);
    const char *path = uri + sizeof scheme - 1;
    enum err e = folder_open(path, false, &folder, msg);
    if (e)
        return e;
    struct survey *s = mem_zalloc(1, sizeof *s);
    s->path = mem_strdup(path);
    s->folder = folder;
    *out = s;
    return ERR_OK;
}

void survey_close(struct survey *s)
{
    if (!s)
        return;
    if (s->folder >= 0)
        close(s->folder);
    redis_survey_close(s->redis);
    free(s->path);
    free(s);
}

bool survey_live(const struct survey *s)
{
    return s->redis ? redis_survey_live(s->redis) : lock_is_held(s->folder);
}

/* --- the databases --- */

/* As SQLite's URIs want it. */
static void add_path(struct buf *b, const char *p)
{
    for (; *p; p++)
        if (*p == '?' || *p == '#' || *p == '%')
            buf_printf(b, "%%%02x", (unsigned char)*p);
        else
            buf_addc(b, *p);
}

/* A write-ahead log that a crash left belongs to the database: it is read along. Where there is none and nobody writes,
 * the file alone is looked at, so that none appears beside it. */
static bool alone(const struct survey *s, const char *name)
{
    char wal[64];
    struct stat st;
    snprintf(wal, sizeof wal, "%s-wal", name);
    bool there = fstatat(s->folder, wal, &st, 0) == 0 && st.st_size > 0;
    return !there && !survey_live(s);
}

/* Whoever closes a database last would put its write-ahead log back: that is left to the daemon. */
static enum err open_db(struct survey *s, const char *name, struct sql *q, struct errmsg *msg)
{
    struct buf uri = BUF_INIT;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    BUF_LIT(&uri, "file:");
    add_path(&uri, s->path);
    buf_printf(&uri, "/%s%s", name, alone(s, name) ? "?immutable=1" : "");
    buf_addc(&uri, '\0');
    q->name = name;
    enum err e = ERR_OK;
    if (sqlite3_open_v2(uri.p, &q->db, flags, NULL) != SQLITE_OK)
        e = sql_failed(q, "open", msg);
    buf_done(&uri);
    if (e)
        return e;
    sqlite3_busy_timeout(q->db, 5000);
    if (sqlite3_db_config(q->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
        return sql_failed(q, "set up", msg);
    return sql_exec(q, "PRAGMA query_only = ON; PRAGMA cell_size_check = ON", "set up", msg);
}

/* SQLite's own look at the whole file; beside a daemon that would be one long transaction. */
static enum err check_whole(struct sql *q, struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, "PRAGMA integrity_check(1)", -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "check", msg);
    enum err e = ERR_OK;
    if (sqlite3_step(s) != SQLITE_ROW)
        e = sql_failed(q, "check", msg);
    else if (!str_is(sql_text(s, 0), "ok"))
        e = err_set(msg, ERR_DAMAGED, "%s: %.200s", q->name, sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return e;
}

static enum err check_version(struct sql *q, int version, struct errmsg *msg)
{
    sqlite3_int64 is;
    enum err e = sql_number(q, "PRAGMA user_version", &is, msg);
    if (e)
        return e;
    if (is > version)
        return err_set(msg, ERR_VERSION, "%s has version %lld: this program knows up to %d", q->name, (long long)is,
                       version);
    if (is < 1)
        return err_set(msg, ERR_DAMAGED, "%s is not what was written", q->name);
    return is < version ? err_set(msg, ERR_ABSENT, "%s is of an earlier version", q->name) : ERR_OK;
}

/* One slice; *more: there was a row. The statement ends with the transaction. */
static enum err read_slice(struct sql *q, sqlite3_stmt *st, const struct table_walk *w, bool *more, struct errmsg *msg)
{
    int code;
    enum err e = ERR_OK;
    *more = false;
    while (!e && (code = sqlite3_step(st)) == SQLITE_ROW) {
        *more = true;
        e = w->each(w->arg, st, msg);
    }
    if (!e && code != SQLITE_DONE)
        e = sql_failed(q, "read", msg);
    sqlite3_reset(st);
    return e;
}

static enum err walk(struct sql *q, const struct table_walk *w, struct errmsg *msg)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(q->db, w->query, -1, &st, NULL) != SQLITE_OK)
        return sql_failed(q, "read", msg);
    bool more = true;
    enum err e = ERR_OK;
    while (!e && more) {
        w->from(w->arg, st);
        sqlite3_bind_int(st, w->limit_at, SLICE);
        e = read_slice(q, st, w, &more, msg);
    }
    sqlite3_finalize(st);
    return e;
}

static enum err walk_copy(struct survey *s, const struct table_walk *w, struct errmsg *msg)
{
    struct sql *q;
    enum err e = redis_survey_tables(s->redis, &q, msg);
    return e ? e : walk(q, w, msg);
}

enum err survey_table(struct survey *s, const struct table_walk *w, struct errmsg *msg)
{
    struct sql q = {NULL, w->file};
    struct stat st;
    if (s->redis)
        return walk_copy(s, w, msg);
    if (fstatat(s->folder, w->file, &st, 0) < 0)
        return w->may_be_absent ? ERR_OK : err_set(msg, ERR_DAMAGED, "%s is missing", w->file);
    enum err e = open_db(s, w->file, &q, msg);
    if (!e)
        e = check_version(&q, w->version, msg);
    if (!e && w->check && !survey_live(s))
        e = check_whole(&q, msg);
    if (!e)
        e = walk(&q, w, msg);
    sql_close(&q);
    return e == ERR_ABSENT ? ERR_OK : e;
}

/* --- the small files --- */

enum err survey_stamp(struct survey *s, uint64_t *durable, struct buf *out, struct errmsg *msg)
{
    if (s->redis)
        return redis_survey_stamp(s->redis, durable, out, msg);
    return stamp_load(s->folder, durable, out, msg);
}

enum err survey_synced(struct survey *s, uint64_t *seq, struct errmsg *msg)
{
    struct synced *synced;
    if (s->redis)
        return ERR_ABSENT;
    enum err e = synced_map(s->folder, false, &synced, msg);
    if (e)
        return e;
    *seq = atomic_load(&synced->seq);
    synced_unmap(synced, false);
    return ERR_OK;
}
