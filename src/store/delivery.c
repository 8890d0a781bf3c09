/* The delivery state's life: made, opened, closed. */
#include "store/delivery_db.h"

#include "base/clock.h"
#include "store/backend.h"
#include "store/file.h"

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

struct meta_row {
    bool found, fresh, same; /* fresh: of no store yet; same: of this one */
    unsigned char key[DELIVERY_KEY];
};

static enum err read_meta(const struct sql *q, const struct store_info *info, struct meta_row *out, struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, "SELECT incarnation, key FROM meta", -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "read", msg);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW && sqlite3_column_bytes(s, 1) == DELIVERY_KEY) {
        out->found = true;
        out->fresh = sql_text(s, 0).n == 0;
        out->same = str_is(sql_text(s, 0), info->incarnation);
        memcpy(out->key, sqlite3_column_blob(s, 1), DELIVERY_KEY);
    }
    enum err e = ERR_OK;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        e = sql_failed(q, "read", msg);
    else if (!out->found)
        e = err_set(msg, ERR_DAMAGED, "%s: incarnation and key are missing", q->name);
    sqlite3_finalize(s);
    return e;
}

/* text: takes the reason, the time and the number. */
static enum err end_from(const struct sql *q, const char *text, uint64_t from, struct str why, struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, text, -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "prepare a statement", msg);
    sql_bind(s, 1, why);
    sqlite3_bind_int64(s, 2, clock_wall_ns() / 1000000);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)from);
    enum err e = sql_run(s) ? ERR_OK : sql_failed(q, "stop what cannot go on", msg);
    sqlite3_finalize(s);
    return e;
}

/* Every endpoint whose cursor is at `from` or behind it. */
static enum err pause_from(const struct sql *q, uint64_t from, struct str why, struct errmsg *msg)
{
    static const char text[] = "UPDATE endpoint SET paused = ?1, paused_by = NULL, paused_at = ?2"
                               " WHERE cursor >= ?3 AND (paused IS NULL OR paused NOT IN (?1, 'restored'))";
    return end_from(q, text, from, why, msg);
}

/* Every redelivery whose range ends at `from` or behind it: its numbers are other events' now. */
static enum err cancel_from(const struct sql *q, uint64_t from, struct str why, struct errmsg *msg)
{
    static const char text[] = "UPDATE redelivery SET state = 2, last_error = ?1, ended_at = ?2"
                               " WHERE state = 0 AND until >= ?3";
    return end_from(q, text, from, why, msg);
}

static enum err stop_from(const struct sql *q, uint64_t from, struct str why, struct errmsg *msg)
{
    enum err e = pause_from(q, from, why, msg);
    return e ? e : cancel_from(q, from, why, msg);
}

/* Of a restored store nobody knows what was sent since the backup. Of a log that ends before a cursor nobody knows what
 * its next events will be. Both are for a person to look at. */
static enum err stop_strays(const struct sql *q, const struct store_info *info, bool restored, struct errmsg *msg)
{
    enum err e = restored ? stop_from(q, 0, STR_LIT("restored"), msg) : ERR_OK;
    return e ? e : stop_from(q, info->durable + 1, STR_LIT("the log is shorter than what was delivered"), msg);
}

static enum err write_incarnation(const struct sql *q, const struct store_info *info, struct errmsg *msg)
{
    char text[96];
    snprintf(text, sizeof text, "UPDATE meta SET incarnation = '%s'", info->incarnation); /* hexadecimal digits */
    return sql_exec(q, text, "write the incarnation", msg);
}

static enum err adopt(struct delivery_store *d, const struct store_info *info, struct errmsg *msg)
{
    struct meta_row meta = {.found = false};
    enum err e = read_meta(&d->writer, info, &meta, msg);
    if (!e)
        e = sql_exec(&d->writer, "BEGIN IMMEDIATE", "begin", msg);
    if (!e)
        e = stop_strays(&d->writer, info, !meta.same && !meta.fresh, msg);
    if (!e)
        e = write_incarnation(&d->writer, info, msg);
    if (!e)
        e = sql_exec(&d->writer, "COMMIT", "commit", msg);
    if (!e)
        memcpy(d->key, meta.key, sizeof d->key);
    return e;
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

static enum err open_database(struct delivery_store *d, const struct store_info *info, struct errmsg *msg)
{
    enum err e = sql_open(&d->writer, d->in_memory ? ":memory:" : d->path, msg);
    if (!e && d->in_memory)
        e = take_steps(&d->writer, 0, msg);
    if (!e && !d->in_memory)
        e = bring_up(&d->writer, msg);
    if (!e)
        e = adopt(d, info, msg);
    if (!e)
        e = load_names(d, msg);
    if (!e)
        e = sql_prepare(&d->writer, delivery_write_sql, d->write, DW_N, msg);
    if (!e)
        e = open_reader(d, msg);
    if (!e)
        e = sql_prepare(&d->reader, delivery_read_sql, d->read, DR_N, msg);
    return e ? e : sql_prepare(&d->reader, delivery_state_sql, d->by_state, DELIVERY_STATE_N, msg);
}

static struct delivery_store *new_state(const char *folder)
{
    struct delivery_store *d = mem_zalloc(1, sizeof *d);
    struct buf path = BUF_INIT;
    if (folder)
        buf_printf(&path, "%s/" DELIVERY_FILE, folder);
    else
        buf_adds(&path, "the delivery state in memory");
    buf_addc(&path, '\0');
    d->path = path.p;
    d->in_memory = !folder;
    d->writer.name = d->reader.name = d->path;
    d->bell.fd = -1;
    worker_init(&d->worker, &d->bell);
    return d;
}

enum err delivery_open(const struct store *s, struct delivery_store **out, struct errmsg *msg)
{
    struct store_info info;
    if (s->mode == STORE_READ)
        return err_set(msg, ERR_INVALID, "the store was opened for reading only");
    store_info(s, &info);
    const char *folder = s->backend->delivery_folder(s);
    if (!folder && s->backend != &backend_memory)
        return err_set(msg, ERR_INVALID,
                       "a store in Redis does not keep the state of deliveries yet: expected a dir store");
    struct delivery_store *d = new_state(folder);
    enum err e = ERR_OK;
    if (folder && !bell_init(&d->bell))
        e = file_error(msg, "cannot make an eventfd for", d->path);
    if (!e && folder)
        e = make_file(folder, d->path, msg);
    if (!e)
        e = open_database(d, &info, msg);
    if (e)
        delivery_close(d);
    else
        *out = d;
    return e;
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
