#include "tests/verify/alter.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/folder.h"

/* --- files --- */

bool alter_read(const struct altering *a, const char *name, struct buf *out)
{
    char path[1024], block[65536];
    snprintf(path, sizeof path, "%s/%s", a->folder, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        buf_add(out, block, n);
    fclose(f);
    return true;
}

void alter_write(const struct altering *a, const char *name, struct str bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", a->folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes.p, 1, bytes.n, f) != bytes.n || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

static bool ends_so(const char *name, const char *suffix)
{
    size_t n = strlen(name), k = strlen(suffix);
    return n > k && strcmp(name + n - k, suffix) == 0;
}

static DIR *open_sub(const struct altering *a, const char *sub)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", a->folder, sub);
    return opendir(path);
}

bool alter_pick(struct altering *a, const char *sub, const char *suffix, char *name)
{
    char all[64][128];
    unsigned n = 0;
    DIR *dir = open_sub(a, sub);
    for (struct dirent *e; dir && n < 64 && (e = readdir(dir));)
        if (ends_so(e->d_name, suffix))
            snprintf(all[n++], sizeof all[0], "%.127s", e->d_name);
    if (dir)
        closedir(dir);
    if (n == 0)
        return false;
    for (unsigned i = 1; i < n; i++) /* whatever order the folder has */
        for (unsigned k = i; k > 0 && strcmp(all[k - 1], all[k]) > 0; k--) {
            char swap[128];
            memcpy(swap, all[k], sizeof swap);
            memcpy(all[k], all[k - 1], sizeof swap);
            memcpy(all[k - 1], swap, sizeof swap);
        }
    snprintf(name, 256, "%s/%s", sub, all[rng_below(&a->rng, n)]);
    return true;
}

/* --- databases --- */

static sqlite3 *open_db(const struct altering *a, const char *file, bool write)
{
    char path[1024];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", a->folder, file);
    if (access(path, F_OK) < 0 ||
        sqlite3_open_v2(path, &db, write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return NULL;
    return db;
}

void alter_sql(const struct altering *a, const char *file, const char *format, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    sqlite3 *db = open_db(a, file, true);
    if (!db || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bail_out("%s: %s: %s", file, sql, db ? sqlite3_errmsg(db) : "cannot open");
    sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    sqlite3_close(db);
}

bool alter_sql_number(const struct altering *a, const char *file, int64_t *out, const char *format, ...)
{
    char sql[1024];
    sqlite3_stmt *s;
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    sqlite3 *db = open_db(a, file, false);
    if (!db)
        return false;
    bool there = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (there)
        *out = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return there;
}

static void add_query(sqlite3 *db, const char *sql, struct buf *out)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return;
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++)
            buf_printf(out, "%s|", sqlite3_column_text(s, i) ? (const char *)sqlite3_column_text(s, i) : "-");
        buf_addc(out, '\n');
    }
    buf_printf(out, "%d\n", code);
    sqlite3_finalize(s);
}

void alter_sql_known(const struct altering *a, const char *file, struct buf *out)
{
    static const char *const queries[] = {
        "SELECT number, id, seq FROM person ORDER BY number",
        "SELECT id, seq FROM unit ORDER BY id",
        "SELECT seq, first_seq, n_events, result FROM idempotency ORDER BY n",
        "SELECT endpoint, seq, subject, type FROM delivery ORDER BY endpoint, seq",
        "SELECT id, cursor FROM endpoint ORDER BY id",
    };
    sqlite3 *db = open_db(a, file, false);
    for (size_t i = 0; db && i < sizeof queries / sizeof queries[0]; i++)
        add_query(db, queries[i], out);
    sqlite3_close(db);
}

/* --- bits --- */

static bool flip(struct altering *a, const char *name)
{
    struct buf b = BUF_INIT;
    if (!alter_read(a, name, &b) || b.n == 0)
        return false;
    size_t at = rng_below(&a->rng, b.n);
    unsigned bit = (unsigned)rng_below(&a->rng, 8);
    b.p[at] = (char)(b.p[at] ^ (1 << bit));
    buf_printf(&a->what, "%s: bit %u of byte %zu of %zu", name, bit, at, b.n);
    alter_write(a, name, buf_str(&b));
    buf_done(&b);
    return true;
}

enum verdict flip_log(struct altering *a)
{
    char name[256];
    bool plain = rng_below(&a->rng, 2);
    if (!alter_pick(a, "log", plain ? ".ndjson" : ".zst", name) &&
        !alter_pick(a, "log", plain ? ".zst" : ".ndjson", name))
        return NOTHING;
    return flip(a, name) ? MUST_FIND : NOTHING;
}

enum verdict flip_checkpoint(struct altering *a)
{
    char name[256];
    return alter_pick(a, "checkpoint", ".ckpt", name) && flip(a, name) ? MUST_FIND : NOTHING;
}

/* Of an index that its checksum gives away nothing is left: it is made again. */
enum verdict flip_index(struct altering *a)
{
    char name[256];
    return alter_pick(a, "log", ".idx", name) && flip(a, name) ? MAY_PASS : NOTHING;
}

/* Names, phones, hashes and pages without content have bits too. */
static enum verdict flip_db(struct altering *a, const char *file)
{
    struct buf before = BUF_INIT, after = BUF_INIT;
    alter_sql_known(a, file, &before);
    bool flipped = flip(a, file);
    alter_sql_known(a, file, &after);
    bool same = str_eq(buf_str(&before), buf_str(&after));
    buf_done(&before);
    buf_done(&after);
    return !flipped ? NOTHING : same ? MAY_PASS : MUST_FIND;
}

enum verdict flip_contacts(struct altering *a)
{
    return flip_db(a, "contacts.db");
}

enum verdict flip_delivery(struct altering *a)
{
    return flip_db(a, "delivery.db");
}

static bool load_stamp(const struct altering *a, struct buf *out)
{
    uint64_t durable;
    int folder = open(a->folder, O_RDONLY | O_DIRECTORY);
    bool good = stamp_load(folder, &durable, out, NULL) == ERR_OK;
    close(folder);
    if (good)
        buf_add_u64(out, durable);
    return good;
}

/* A digit of its checksum means the same as a capital. */
enum verdict flip_stamp(struct altering *a)
{
    struct buf before = BUF_INIT, after = BUF_INIT;
    bool there = load_stamp(a, &before) && flip(a, "stamp");
    bool same = there && load_stamp(a, &after) && str_eq(buf_str(&before), buf_str(&after));
    buf_done(&before);
    buf_done(&after);
    return !there ? NOTHING : same ? MAY_PASS : MUST_FIND;
}

/* Another incarnation is as good, and blanks are blanks. */
enum verdict flip_meta(struct altering *a)
{
    return flip(a, "meta.json") ? MAY_PASS : NOTHING;
}

/* A witness that knows less harms nothing. */
enum verdict flip_synced(struct altering *a)
{
    struct buf b = BUF_INIT;
    uint64_t seq = 0;
    if (!flip(a, "synced"))
        return NOTHING;
    alter_read(a, "synced", &b);
    if (b.n >= 16)
        memcpy(&seq, b.p + 8, sizeof seq);
    enum verdict v = memcmp(b.p, "LCSYNCD1", 8) == 0 && seq <= a->seal.seq ? MAY_PASS : MUST_FIND;
    buf_done(&b);
    return v;
}

/* --- what is missing, or too much --- */

enum verdict cut_file(struct altering *a)
{
    static const char *const subs[][2] = {{"log", ".ndjson"}, {"log", ".zst"}, {"checkpoint", ".ckpt"}};
    struct buf b = BUF_INIT;
    char name[256];
    unsigned which = (unsigned)rng_below(&a->rng, 3);
    if (!alter_pick(a, subs[which][0], subs[which][1], name) || !alter_read(a, name, &b) || b.n < 2)
        return NOTHING;
    size_t n = rng_below(&a->rng, b.n - 1);
    buf_printf(&a->what, "%s: cut to %zu of %zu bytes", name, n, b.n);
    alter_write(a, name, (struct str){b.p, n});
    buf_done(&b);
    return MUST_FIND;
}

enum verdict remove_segment(struct altering *a)
{
    char name[256], path[1024];
    if (!alter_pick(a, "log", rng_below(&a->rng, 2) ? ".ndjson" : ".zst", name))
        return NOTHING;
    snprintf(path, sizeof path, "%s/%s", a->folder, name);
    buf_printf(&a->what, "%s: removed", name);
    unlink(path);
    return MUST_FIND;
}

/* What a crash leaves behind the last whole commit is no damage, and nobody was told of it. */
enum verdict add_torn(struct altering *a)
{
    static const char line[] = "{\"seq\":99999,\"prev\":0,\"time\":\"2027-01-01T00:";
    struct buf b = BUF_INIT;
    char name[256];
    if (!alter_pick(a, "log", ".ndjson", name) || !alter_read(a, name, &b))
        return NOTHING;
    size_t n = 1 + rng_below(&a->rng, sizeof line - 2);
    buf_add(&b, line, n);
    buf_printf(&a->what, "%s: %zu bytes more", name, n);
    alter_write(a, name, buf_str(&b));
    buf_done(&b);
    return MAY_PASS;
}
