/* The delivery state's life: made, opened, closed. */
#include "store/delivery/delivery_db.h"

#include "base/clock.h"
#include "store/backend.h"
#include "store/file.h"
#include "store/redis/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* To change the tables: raise DELIVERY_VERSION and add a step, which older ones are taken through when they are opened;
 * later ones are refused. States and receipts are the numbers of their enums, so these only ever grow at the end. An
 * endpoint that has rows and was never put itself has no cursor. What leaves by itself is found by its time, everything
 * else by endpoint and state. */
static const char tables[] =
    "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), incarnation TEXT NOT NULL, key BLOB NOT NULL) STRICT;"
    "INSERT INTO meta VALUES(1, '', randomblob(16));"
    "CREATE TABLE endpoint(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cursor INTEGER, paused TEXT,"
    " paused_by TEXT, paused_at INTEGER, delivered INTEGER, skipped INTEGER, dead INTEGER,"
    " receipts_delivered INTEGER, receipts_failed INTEGER) STRICT;"
    "CREATE TABLE delivery(endpoint INTEGER NOT NULL, seq INTEGER NOT NULL, subject TEXT, type TEXT NOT NULL,"
    " state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,"
    " gap INTEGER NOT NULL, why TEXT, ref TEXT, receipt INTEGER NOT NULL, receipt_at INTEGER NOT NULL,"
    " number INTEGER NOT NULL, PRIMARY KEY(endpoint, seq)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX delivery_state ON delivery(endpoint, state, seq);"
    "CREATE INDEX delivery_ref ON delivery(endpoint, ref) WHERE ref IS NOT NULL;"
    "CREATE INDEX delivery_end ON delivery(next_at) WHERE state IN (5, 6);"
    "CREATE TABLE gap(endpoint INTEGER NOT NULL, subject TEXT NOT NULL, PRIMARY KEY(endpoint, subject))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE count(day INTEGER NOT NULL, number INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(day, number))"
    " STRICT, WITHOUT ROWID;";

static const char table_of_redeliveries[] =
    "CREATE TABLE redelivery(endpoint INTEGER PRIMARY KEY, state INTEGER NOT NULL, past INTEGER NOT NULL,"
    " until INTEGER NOT NULL, position INTEGER NOT NULL, type TEXT, subject TEXT, sent INTEGER NOT NULL,"
    " failed INTEGER NOT NULL, skipped INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,"
    " by TEXT, why TEXT, last_error TEXT) STRICT;";

static const char *const steps[DELIVERY_VERSION] = {tables, table_of_redeliveries}; /* from version i to i + 1 */

_Static_assert(DELIVERY_UNKNOWN == 3 && DELIVERY_SENT == 5 && DELIVERY_SKIPPED == 6 && DELIVERY_STATE_N == 7,
               "statements name states by their numbers");
_Static_assert(REDELIVERY_RUNNING == 0 && REDELIVERY_CANCELLED == 2, "and so they do with a redelivery's");

/* 8 MiB of cache for each connection bound what is resident; the write-ahead log is put back every 8 MiB and cut to at
 * most 64. */
static const char writer_pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
                                     "PRAGMA wal_autocheckpoint = 2048; PRAGMA journal_size_limit = 67108864;"
                                     "PRAGMA temp_store = MEMORY;";
static const char reader_pragmas[] = "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;";

static const char *const state_words[DELIVERY_STATE_N] = {
    [DELIVERY_RETRY] = "retry",     [DELIVERY_WAIT] = "wait", [DELIVERY_SENDING] = "sending",
    [DELIVERY_UNKNOWN] = "unknown", [DELIVERY_DEAD] = "dead", [DELIVERY_SENT] = "sent",
    [DELIVERY_SKIPPED] = "skipped",
};

const char *delivery_state_text(enum delivery_state s)
{
    return state_words[s];
}

const char *redelivery_state_text(enum redelivery_state s)
{
    static const char *const words[REDELIVERY_STATE_N] = {"running", "done", "cancelled"};
    return words[s];
}

bool delivery_state_parse(struct str text, enum delivery_state *out)
{
    for (int s = 0; s < DELIVERY_STATE_N; s++)
        if (str_is(text, state_words[s])) {
            *out = (enum delivery_state)s;
            return true;
        }
    return false;
}

/* --- a new one --- */

/* What is left of an attempt that was cut short, or of a database that was taken away: a write-ahead log must never
 * meet a database that it was not written for. */
static enum err clear_place(int folder, const char *path, struct errmsg *msg)
{
    static const char *const left[] = {DELIVERY_FILE ".new", DELIVERY_FILE "-wal", DELIVERY_FILE "-shm"};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (unlinkat(folder, left[i], 0) < 0 && errno != ENOENT)
            return file_error(msg, "cannot remove what is beside", path);
    return ERR_OK;
}

/* From one version to this one, in one transaction. */
static enum err take_steps(const struct sql *q, int version, struct errmsg *msg)
{
    char text[64];
    snprintf(text, sizeof text, "PRAGMA user_version = %d; COMMIT", DELIVERY_VERSION);
    enum err e = sql_exec(q, "BEGIN IMMEDIATE", "begin", msg);
    for (; version < DELIVERY_VERSION && !e; version++)
        e = sql_exec(q, steps[version], "make the tables", msg);
    return e ? e : sql_exec(q, text, "commit", msg);
}

static enum err make_tables(const char *path, struct errmsg *msg)
{
    struct sql q = {NULL, path};
    enum err e = sql_open(&q, path, msg);
    if (!e) /* a file that has no name yet needs no journal */
        e = sql_exec(&q, "PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL", "set up", msg);
    if (!e)
        e = take_steps(&q, 0, msg);
    sql_close(&q);
    return e;
}

static enum err make_beside(int folder, const char *path, struct errmsg *msg)
{
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", path);
    enum err e = clear_place(folder, path, msg);
    if (e)
        return e;
    int fd = file_open(folder, DELIVERY_FILE ".new", O_RDWR | O_CREAT | O_EXCL); /* SQLite would let others read it */
    if (fd < 0)
        return file_error(msg, "cannot make", beside);
    close(fd);
    e = make_tables(beside, msg);
    if (!e && renameat(folder, DELIVERY_FILE ".new", folder, DELIVERY_FILE) < 0)
        e = file_error(msg, "cannot rename to", path);
    return e ? e : file_sync_folder(folder, path, msg);
}

/* It gets its name when it is whole: an empty file of that name is damage. */
static enum err make_file(const char *folder, const char *path, struct errmsg *msg)
{
    if (access(path, F_OK) == 0)
        return ERR_OK;
    if (errno != ENOENT)
        return file_error(msg, "cannot look for", path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return file_error(msg, "cannot open the folder", folder);
    enum err e = make_beside(fd, path, msg);
    close(fd);
    return e;
}

/* --- opening --- */

static enum err check_version(const struct sql *q, sqlite3_int64 *out, struct errmsg *msg)
{
    sqlite3_int64 version;
    enum err e = sql_number(q, "PRAGMA user_version", &version, msg);
    if (e)
        return e;
    if (version > DELIVERY_VERSION)
        return err_set(msg, ERR_VERSION, "%s has version %lld: this program knows up to %d", q->name,
                       (long long)version, DELIVERY_VERSION);
    if (version < 1)
        return err_set(msg, ERR_DAMAGED, "%s is no delivery state", q->name);
    *out = version;
    return ERR_OK;
}

/* The file of an earlier version is changed only once it is known to be one. */
static enum err bring_up(const struct sql *q, struct errmsg *msg)
{
    sqlite3_int64 version = DELIVERY_VERSION;
    enum err e = check_version(q, &version, msg);
    if (!e)
        e = sql_exec(q, writer_pragmas, "set up", msg);
    return e || version == DELIVERY_VERSION ? e : take_steps(q, (int)version, msg);
}

/* filled: there are tables, perhaps of an earlier version. */
static enum err bring_up_memory(const struct sql *q, bool filled, struct errmsg *msg)
{
    sqlite3_int64 version = 0;
    enum err e = filled ? check_version(q, &version, msg) : ERR_OK;
    return e || version == DELIVERY_VERSION ? e : take_steps(q, (int)version, msg);
}

/* What is in Redis is changed there, too, before it is here. */
static enum err adopt(struct delivery_store *d, const struct store_info *info, struct errmsg *msg)
{
    const struct delivery_adoption now = {str_of(info->incarnation), info->durable, clock_wall_ns() / 1000000};
    enum err e = delivery_read_key(d, msg);
    if (!e && d->redis)
        e = delivery_redis_adopt(d->redis, &now, d->key, msg);
    return e ? e : delivery_adopt(d, &now, msg);
}

static enum err load_names(struct delivery_store *d, struct errmsg *msg)
{
    sqlite3_stmt *s;
    int code;
    if (sqlite3_prepare_v2(d->writer.db, "SELECT id, name FROM endpoint", -1, &s, NULL) != SQLITE_OK)
        return sql_failed(&d->writer, "read", msg);
    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        delivery_name_add(d, sql_text(s, 1), sqlite3_column_int64(s, 0));
    enum err e = code == SQLITE_DONE ? ERR_OK : sql_failed(&d->writer, "read", msg);
    sqlite3_finalize(s);
    return e;
}

static enum err open_reader(struct delivery_store *d, struct errmsg *msg)
{
    if (d->in_memory) {
        d->reader.db = d->writer.db;
        return ERR_OK;
    }
    enum err e = sql_open(&d->reader, d->path, msg);
    return e ? e : sql_exec(&d->reader, reader_pragmas, "set up", msg);
}

static enum err open_tables(struct delivery_store *d, struct errmsg *msg)
{
    bool filled = false;
    enum err e = d->redis ? delivery_redis_load(d->redis, &d->writer, &filled, msg)
                          : sql_open(&d->writer, d->in_memory ? ":memory:" : d->path, msg);
    if (!e)
        e = d->in_memory ? bring_up_memory(&d->writer, filled, msg) : bring_up(&d->writer, msg);
    return e ? e : load_names(d, msg);
}

static enum err open_database(struct delivery_store *d, struct errmsg *msg)
{
    enum err e = open_tables(d, msg);
    if (!e)
        e = sql_prepare(&d->writer, delivery_write_sql, d->write, DW_N, msg);
    if (!e)
        e = open_reader(d, msg);
    if (!e)
        e = sql_prepare(&d->reader, delivery_read_sql, d->read, DR_N, msg);
    if (!e)
        e = sql_prepare(&d->reader, delivery_state_sql, d->by_state, DELIVERY_STATE_N, msg);
    return !e && d->redis ? delivery_redis_replay(d, msg) : e;
}

/* folder: where its file is; NULL: it is in memory, and name is what people are told. */
static struct delivery_store *new_state(const char *folder, const char *name)
{
    struct delivery_store *d = mem_zalloc(1, sizeof *d);
    struct buf path = BUF_INIT;
    if (folder)
        buf_printf(&path, "%s/" DELIVERY_FILE, folder);
    else
        buf_adds(&path, name);
    buf_addc(&path, '\0');
    d->path = path.p;
    d->in_memory = !folder;
    d->writer.name = d->reader.name = d->path;
    d->bell.fd = -1;
    worker_init(&d->worker, &d->bell);
    return d;
}

static enum err ring(struct delivery_store *d, struct errmsg *msg)
{
    return bell_init(&d->bell) ? ERR_OK : file_error(msg, "cannot make an eventfd for", d->path);
}

static enum err open_local(const struct store *s, struct delivery_store **out, struct errmsg *msg)
{
    struct store_info info;
    const char *folder = s->backend->delivery_folder(s);
    struct delivery_store *d = new_state(folder, "the delivery state in memory");
    store_info(s, &info);
    enum err e = folder ? ring(d, msg) : ERR_OK;
    if (!e && folder)
        e = make_file(folder, d->path, msg);
    if (!e && folder)
        e = sql_write_wal_again(d->path, msg);
    if (!e)
        e = open_database(d, msg);
    if (!e)
        e = adopt(d, &info, msg);
    if (e)
        delivery_close(d);
    else
        *out = d;
    return e;
}

/* What is read may be changed by another in the midst of it: by a writer, for whoever only looks, or by whoever took
 * the shard from us. */
#define READINGS_MAX 5

/* s NULL: to be looked at only. */
static enum err open_redis(const struct store *s, const struct redis_shard *shard, struct delivery_store **out,
                           struct errmsg *msg)
{
    struct store_info info;
    enum err e = ERR_MORE;
    for (int i = 0; e == ERR_MORE && i < READINGS_MAX; i++) {
        struct delivery_store *d = new_state(NULL, delivery_redis_name(shard));
        d->redis = s ? delivery_redis_new(s) : delivery_redis_new_reader(shard);
        e = ring(d, msg);
        if (!e)
            e = open_database(d, msg);
        if (!e && s) {
            store_info(s, &info);
            e = adopt(d, &info, msg);
        }
        if (e)
            delivery_close(d);
        else
            *out = d;
    }
    return e == ERR_MORE ? err_set(msg, ERR_IO, "the delivery state in Redis changes faster than it can be read") : e;
}

enum err delivery_open(const struct store *s, struct delivery_store **out, struct errmsg *msg)
{
    if (s->mode == STORE_READ)
        return err_set(msg, ERR_INVALID, "the store was opened for reading only");
    return s->backend == &backend_redis ? open_redis(s, delivery_redis_shard(s), out, msg) : open_local(s, out, msg);
}

enum err delivery_copy(const struct redis_shard *shard, struct delivery_store **out, struct errmsg *msg)
{
    return open_redis(NULL, shard, out, msg);
}

static void finalize(sqlite3_stmt **s, int n)
{
    for (int i = 0; i < n; i++)
        sqlite3_finalize(s[i]);
}

void delivery_close(struct delivery_store *d)
{
    if (!d)
        return;
    worker_done(&d->worker);
    delivery_redis_free(d->redis);
    bell_done(&d->bell);
    finalize(d->write, DW_N);
    finalize(d->read, DR_N);
    finalize(d->by_state, DELIVERY_STATE_N);
    if (!d->in_memory)
        sql_close(&d->reader);
    sql_close(&d->writer);
    for (size_t i = 0; i < d->n_names; i++)
        free((char *)(uintptr_t)d->names[i].text.p);
    free(d->names);
    free(d->path);
    free(d);
}

const unsigned char *delivery_key(const struct delivery_store *d)
{
    return d->key;
}

int delivery_fd(const struct delivery_store *d)
{
    return d->bell.fd;
}
