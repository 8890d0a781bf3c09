#include "store/contacts/contacts_db.h"

#include "store/file.h"
#include "store/sql.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUSY_WAIT_MS 5000
#define ERASURE_WAIT_MS 100

/* To change the tables: raise CONTACTS_VERSION, bring older ones up in raise_version(), refuse later ones.
 * seq is the event that the row belongs to; in replaced_*, seq 0 says that there was no row. state: the commit that
 * the last transaction belongs to (durable: the number before it), and the first person number that it could add. */
static const char schema[] =
    "CREATE TABLE person(number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, id TEXT, name TEXT, phone TEXT, by TEXT);"
    "CREATE TABLE replaced_person(number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, id TEXT, name TEXT, phone TEXT,"
    " by TEXT);"
    "CREATE TABLE unit(id TEXT PRIMARY KEY, seq INTEGER NOT NULL, name TEXT, phone TEXT, by TEXT) WITHOUT ROWID;"
    "CREATE TABLE replaced_unit(id TEXT PRIMARY KEY, seq INTEGER NOT NULL, name TEXT, phone TEXT, by TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE state(one INTEGER PRIMARY KEY CHECK(one = 1), durable INTEGER NOT NULL, last INTEGER NOT NULL,"
    " fresh INTEGER NOT NULL);"
    "INSERT INTO state VALUES(1, 0, 0, 0);";

/* Small pages: a changed phone rewrites one (measured: 1024 is best for random changes, and good enough for the
 * rest). 8 MiB of cache for the writer and 1 for the reader bound what is resident; the write-ahead log is put back
 * every 8 MiB and cut to at most 64. */
static const char writer_pragmas[] = "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                     "PRAGMA secure_delete = ON; PRAGMA cache_size = -8192;"
                                     "PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864;"
                                     "PRAGMA temp_store = MEMORY;";
static const char reader_pragmas[] = "PRAGMA query_only = ON; PRAGMA cache_size = -1024;";

static const char *const writer_sql[N_WRITE] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [DROP_PERSONS] = "DELETE FROM replaced_person",
    [DROP_UNITS] = "DELETE FROM replaced_unit",
    [KEEP_PERSON] = "INSERT INTO replaced_person SELECT * FROM person WHERE number = ?1",
    [KEEP_NO_PERSON] = "INSERT INTO replaced_person(number, seq) VALUES(?1, 0)",
    [KEEP_UNIT] = "INSERT OR IGNORE INTO replaced_unit SELECT * FROM unit WHERE id = ?1",
    [KEEP_NO_UNIT] = "INSERT OR IGNORE INTO replaced_unit(id, seq) VALUES(?1, 0)",
    [PUT_PERSON] = "INSERT INTO person VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(number) DO UPDATE SET"
                   " seq = ?2, id = ?3, name = ?4, phone = ?5, by = ?6",
    [PUT_UNIT] = "INSERT INTO unit VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET"
                 " seq = ?2, name = ?3, phone = ?4, by = ?5",
    [PUT_STATE] = "UPDATE state SET durable = ?1, last = ?2, fresh = ?3",
    [PUT_KEY] = "INSERT OR REPLACE INTO idempotency(key, body, at, seq, first_seq, n_events, result, reason)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [FORGET_KEYS] = "DELETE FROM idempotency WHERE n < (SELECT min(n) FROM idempotency) + ?1"
                    " AND (at <= ?2 OR n <= (SELECT max(n) FROM idempotency) - ?3)",
};

enum err contacts_failed(sqlite3 *db, const char *what, struct errmsg *msg)
{
    int code = sqlite3_errcode(db);
    enum err e = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_DAMAGED : ERR_IO;
    return err_set(msg, e, "contacts.db: cannot %s: %s", what, sqlite3_errmsg(db));
}

static enum err exec(sqlite3 *db, const char *sql, const char *what, struct errmsg *msg)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : contacts_failed(db, what, msg);
}

static enum err open_one(struct contacts *c, const char *path, const char *pragmas, sqlite3 **db, struct errmsg *msg)
{
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, wipe_name(c->wipe)) != SQLITE_OK)
        return contacts_failed(*db, "open", msg);
    if (sqlite3_db_readonly(*db, "main")) /* what SQLite makes of a failed open, without a word */
        return err_set(msg, ERR_IO, "contacts.db: cannot open it for writing");
    sqlite3_extended_result_codes(*db, 0);
    sqlite3_busy_timeout(*db, BUSY_WAIT_MS);
    return exec(*db, pragmas, "set up", msg);
}

static enum err prepare(sqlite3 *db, const char *const *sql, sqlite3_stmt **out, int n, struct errmsg *msg)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &out[i], NULL) != SQLITE_OK)
            return contacts_failed(db, "prepare a statement", msg);
    return ERR_OK;
}

/* The numbers of the first row. */
static enum err query_numbers(sqlite3 *db, const char *sql, uint64_t *out, int n, struct errmsg *msg)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        return contacts_failed(db, "read", msg);
    enum err e = ERR_OK;
    if (sqlite3_step(q) != SQLITE_ROW)
        e = contacts_failed(db, "read", msg);
    for (int i = 0; !e && i < n; i++)
        out[i] = (uint64_t)sqlite3_column_int64(q, i);
    sqlite3_finalize(q);
    return e;
}

/* All of a schema's tables or none of them, with the version that they amount to. */
static enum err make_tables(struct contacts *c, const char *first, const char *second, struct errmsg *msg)
{
    char version[48];
    snprintf(version, sizeof version, "PRAGMA user_version = %d", CONTACTS_VERSION);
    const char *const steps[] = {"BEGIN IMMEDIATE", first, second, version, "COMMIT"};
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < sizeof steps / sizeof *steps; i++)
        e = exec(c->writer, steps[i], "make the tables", msg);
    return e;
}

static enum err raise_version(struct contacts *c, struct errmsg *msg)
{
    uint64_t version;
    enum err e = query_numbers(c->writer, "PRAGMA user_version", &version, 1, msg);
    if (e)
        return e;
    if (version > CONTACTS_VERSION)
        return err_set(msg, ERR_VERSION, "contacts.db has version %" PRIu64 ": this program knows up to %d", version,
                       CONTACTS_VERSION);
    if (version == 0)
        return err_set(msg, ERR_DAMAGED, "contacts.db is empty");
    return version == 1 ? make_tables(c, "", keys_schema, msg) : ERR_OK;
}

static enum err read_state(struct contacts *c, struct errmsg *msg)
{
    uint64_t state[3];
    enum err e =
        query_numbers(c->writer, "SELECT durable, last, ifnull((SELECT max(number) + 1 FROM person), 0) FROM state",
                      state, 3, msg);
    if (e)
        return e;
    c->durable = state[0];
    c->last = state[1];
    c->fresh = state[2];
    return ERR_OK;
}

/* SQLite would make the file readable to others. The files beside it take after it. */
static enum err make_file(const char *path, struct errmsg *msg)
{
    int fd = file_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0)
        return file_error(msg, "cannot make", path);
    close(fd);
    return ERR_OK;
}

enum err contacts_open(const char *folder, bool make, struct contacts **out, struct errmsg *msg)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/contacts.db", folder) >= sizeof path)
        return err_set(msg, ERR_INVALID, "the path %s is too long", folder);
    if (make) {
        enum err e = make_file(path, msg);
        if (e)
            return e;
    } else if (access(path, F_OK) < 0) {
        return err_set(msg, ERR_DAMAGED, "%s is missing", path);
    }
    struct contacts *c = mem_zalloc(1, sizeof *c);
    c->wipe = wipe_new();
    c->keys_max = KEYS_MAX;
    enum err e = sql_write_wal_again(path, msg);
    if (!e)
        e = open_one(c, path, writer_pragmas, &c->writer, msg);
    if (!e)
        e = make ? make_tables(c, schema, keys_schema, msg) : raise_version(c, msg);
    if (!e)
        e = read_state(c, msg);
    if (!e)
        e = prepare(c->writer, writer_sql, c->write, N_WRITE, msg);
    if (!e)
        e = open_one(c, path, reader_pragmas, &c->reader, msg);
    if (!e)
        e = prepare(c->reader, contacts_read_sql, c->read, N_READ, msg);
    if (e)
        contacts_close(c);
    else
        *out = c;
    return e;
}

void contacts_close(struct contacts *c)
{
    if (!c)
        return;
    for (int i = 0; i < N_WRITE; i++)
        sqlite3_finalize(c->write[i]);
    for (int i = 0; i < N_READ; i++)
        sqlite3_finalize(c->read[i]);
    sqlite3_close(c->reader);
    sqlite3_close(c->writer);
    wipe_free(c->wipe);
    free(c->order);
    free(c);
}

uint64_t contacts_known(const struct contacts *c)
{
    return c->durable;
}

uint64_t contacts_last(const struct contacts *c)
{
    return c->last;
}

/* name, phone and by from column `at` on. */
static void bind_contact(sqlite3_stmt *s, int at, const struct contact *contact)
{
    sql_bind(s, at, contact->name);
    sql_bind(s, at + 1, contact->phone);
    sql_bind(s, at + 2, contact->by);
}

static bool put_person(struct contacts *c, const struct contact_change *change, uint64_t fresh)
{
    if (change->number < fresh) {
        sqlite3_bind_int64(c->write[KEEP_PERSON], 1, change->number);
        if (!sql_run(c->write[KEEP_PERSON]))
            return false;
        sqlite3_bind_int64(c->write[KEEP_NO_PERSON], 1, change->number);
        if (sqlite3_changes(c->writer) == 0 && !sql_run(c->write[KEEP_NO_PERSON]))
            return false;
    }
    sqlite3_stmt *put = c->write[PUT_PERSON];
    sqlite3_bind_int64(put, 1, change->number);
    sqlite3_bind_int64(put, 2, (sqlite3_int64)change->seq);
    sql_bind(put, 3, change->id);
    bind_contact(put, 4, &change->contact);
    return sql_run(c->write[PUT_PERSON]);
}

/* A unit may come twice in a commit; what is kept is what was there before the first. */
static bool put_unit(struct contacts *c, const struct contact_change *change)
{
    sql_bind(c->write[KEEP_UNIT], 1, change->id);
    sql_bind(c->write[KEEP_NO_UNIT], 1, change->id);
    if (!sql_run(c->write[KEEP_UNIT]) || !sql_run(c->write[KEEP_NO_UNIT]))
        return false;
    sqlite3_stmt *put = c->write[PUT_UNIT];
    sql_bind(put, 1, change->id);
    sqlite3_bind_int64(put, 2, (sqlite3_int64)change->seq);
    bind_contact(put, 3, &change->contact);
    return sql_run(c->write[PUT_UNIT]);
}

static int by_number(const void *a, const void *b)
{
    const struct contact_change *x = *(const struct contact_change *const *)a;
    const struct contact_change *y = *(const struct contact_change *const *)b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x < y ? -1 : 1; /* in the order given */
}

/* The commit's persons in order of their number, so that neighbours share a page; enrolments come sorted. */
static size_t sort_persons(struct contacts *c, const struct commit *commit)
{
    size_t n = 0;
    bool sorted = true;
    if (c->cap < commit->n_contacts) {
        c->cap = commit->n_contacts;
        c->order = mem_resize(c->order, c->cap, sizeof *c->order);
    }
    for (size_t i = 0; i < commit->n_contacts; i++) {
        if (commit->contacts[i].unit)
            continue;
        c->order[n] = &commit->contacts[i];
        sorted = sorted && (n == 0 || c->order[n - 1]->number <= c->order[n]->number);
        n++;
    }
    if (!sorted)
        qsort(c->order, n, sizeof *c->order, by_number);
    return n;
}

static bool put_all(struct contacts *c, const struct commit *commit, uint64_t *fresh)
{
    size_t n = sort_persons(c, commit);
    for (size_t i = 0; i < n; i++) {
        bool again = i + 1 < n && c->order[i + 1]->number == c->order[i]->number; /* only the last one counts */
        if (!again && !put_person(c, c->order[i], c->fresh))
            return false;
    }
    if (n && c->order[n - 1]->number >= c->fresh)
        *fresh = (uint64_t)c->order[n - 1]->number + 1;
    for (size_t i = 0; i < commit->n_contacts; i++)
        if (commit->contacts[i].unit && !put_unit(c, &commit->contacts[i]))
            return false;
    return true;
}

static bool put_state(struct contacts *c, uint64_t durable, uint64_t last)
{
    sqlite3_bind_int64(c->write[PUT_STATE], 1, (sqlite3_int64)durable);
    sqlite3_bind_int64(c->write[PUT_STATE], 2, (sqlite3_int64)last);
    sqlite3_bind_int64(c->write[PUT_STATE], 3, (sqlite3_int64)c->fresh);
    return sql_run(c->write[PUT_STATE]);
}

static enum err give_up(struct contacts *c, const char *what, struct errmsg *msg)
{
    enum err e = contacts_failed(c->writer, what, msg);
    sqlite3_step(c->write[ROLLBACK]); /* fails when there is none any more */
    sqlite3_reset(c->write[ROLLBACK]);
    return e;
}

enum err contacts_write(struct contacts *c, const struct commit *commit, struct errmsg *msg)
{
    uint64_t fresh = c->fresh;
    if (!sql_run(c->write[BEGIN]) || !sql_run(c->write[DROP_PERSONS]) || !sql_run(c->write[DROP_UNITS]) ||
        !put_all(c, commit, &fresh) || !contacts_put_keys(c, commit) ||
        !put_state(c, commit->first - 1, commit->last) || !sql_run(c->write[COMMIT]))
        return give_up(c, "write contacts", msg);
    c->durable = commit->first - 1;
    c->last = commit->last;
    c->fresh = fresh;
    c->patient = false;
    for (size_t i = 0; i < commit->n_contacts && !c->patient; i++)
        c->patient = contact_is_erased(&commit->contacts[i].contact);
    c->erased = c->erased || c->patient;
    return ERR_OK;
}

/* Drops the rows that were replaced. */
static enum err make_final(struct contacts *c, uint64_t durable, struct errmsg *msg)
{
    if (!sql_run(c->write[BEGIN]) || !sql_run(c->write[DROP_PERSONS]) || !sql_run(c->write[DROP_UNITS]) ||
        !put_state(c, durable, durable) || !sql_run(c->write[COMMIT]))
        return give_up(c, "drop replaced contacts", msg);
    c->durable = c->last = durable;
    return ERR_OK;
}

/* What was deleted is zero in the pages; the write-ahead log, which holds older ones, is put back and cut to
 * nothing. As long as somebody reads, it cannot be: our own reader is soon done, and is waited for; a backup takes
 * seconds, and no commit waits for those. It is tried again with the next one. */
static enum err empty_wal(struct contacts *c, struct errmsg *msg)
{
    sqlite3_busy_timeout(c->writer, c->patient ? ERASURE_WAIT_MS : 0);
    int code = sqlite3_wal_checkpoint_v2(c->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(c->writer, BUSY_WAIT_MS);
    c->patient = false;
    c->erased = code != SQLITE_OK;
    return code == SQLITE_OK || code == SQLITE_BUSY ? ERR_OK
                                                    : contacts_failed(c->writer, "empty the write-ahead log", msg);
}

enum err contacts_sealed(struct contacts *c, struct errmsg *msg)
{
    atomic_store(&c->sealed, c->last);
    if (!c->erased)
        return ERR_OK;
    enum err e = make_final(c, c->last, msg);
    return e ? e : empty_wal(c, msg);
}

static enum err take_back(struct contacts *c, uint64_t durable, struct errmsg *msg)
{
    static const char sql[] = "DELETE FROM person WHERE number >= (SELECT fresh FROM state) OR number IN"
                              " (SELECT number FROM replaced_person WHERE seq = 0);"
                              "INSERT OR REPLACE INTO person SELECT * FROM replaced_person WHERE seq > 0;"
                              "DELETE FROM unit WHERE id IN (SELECT id FROM replaced_unit WHERE seq = 0);"
                              "INSERT OR REPLACE INTO unit SELECT * FROM replaced_unit WHERE seq > 0;"
                              "DELETE FROM replaced_person; DELETE FROM replaced_unit;";
    char state[256];
    snprintf(state, sizeof state,
             "DELETE FROM idempotency WHERE n > ifnull((SELECT n FROM idempotency WHERE seq <= %" PRIu64
             " ORDER BY n DESC LIMIT 1), 0); UPDATE state SET durable = %" PRIu64 ", last = %" PRIu64,
             durable, durable, durable);
    enum err e = exec(c->writer, "BEGIN IMMEDIATE", "begin", msg);
    if (!e)
        e = exec(c->writer, sql, "take contacts back", msg);
    if (!e)
        e = exec(c->writer, state, "take contacts back", msg);
    if (!e)
        e = exec(c->writer, "COMMIT", "commit", msg);
    return e ? e : read_state(c, msg);
}

enum err contacts_recover(struct contacts *c, uint64_t durable, struct errmsg *msg)
{
    enum err e = c->last > durable ? take_back(c, durable, msg) : make_final(c, durable, msg);
    c->patient = true;
    if (!e)
        e = empty_wal(c, msg); /* an erasure may have been cut short */
    atomic_store(&c->sealed, durable);
    return e;
}
