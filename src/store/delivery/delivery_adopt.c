/* Whose state it is: what was delivered for another incarnation of the store, or beyond its log's end, is stopped. */
#include "store/delivery/delivery_db.h"

#include <stdio.h>

struct meta_row {
    bool found;
    unsigned char key[DELIVERY_KEY];
    char incarnation[40]; /* "": of no store yet */
};

static enum err read_meta(const struct sql *q, struct meta_row *out, struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, "SELECT incarnation, key FROM meta", -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "read", msg);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW && sqlite3_column_bytes(s, 1) == DELIVERY_KEY && sql_text(s, 0).p) {
        out->found = true;
        snprintf(out->incarnation, sizeof out->incarnation, "%s", sql_text(s, 0).p);
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
static enum err end_from(const struct sql *q, const char *text, int64_t at, uint64_t from, struct str why,
                         struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, text, -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "prepare a statement", msg);
    sql_bind(s, 1, why);
    sqlite3_bind_int64(s, 2, at);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)from);
    enum err e = sql_run(s) ? ERR_OK : sql_failed(q, "stop what cannot go on", msg);
    sqlite3_finalize(s);
    return e;
}

/* Every endpoint whose cursor is at `from` or behind it. */
static enum err pause_from(const struct sql *q, int64_t at, uint64_t from, struct str why, struct errmsg *msg)
{
    static const char text[] = "UPDATE endpoint SET paused = ?1, paused_by = NULL, paused_at = ?2"
                               " WHERE cursor >= ?3 AND (paused IS NULL OR paused NOT IN (?1, 'restored'))";
    return end_from(q, text, at, from, why, msg);
}

/* Every redelivery whose range ends at `from` or behind it: its numbers are other events' now. */
static enum err cancel_from(const struct sql *q, int64_t at, uint64_t from, struct str why, struct errmsg *msg)
{
    static const char text[] = "UPDATE redelivery SET state = 2, last_error = ?1, ended_at = ?2"
                               " WHERE state = 0 AND until >= ?3";
    return end_from(q, text, at, from, why, msg);
}

static enum err stop_from(const struct sql *q, int64_t at, uint64_t from, struct str why, struct errmsg *msg)
{
    enum err e = pause_from(q, at, from, why, msg);
    return e ? e : cancel_from(q, at, from, why, msg);
}

/* Of a restored store nobody knows what was sent since the backup. Of a log that ends before a cursor nobody knows what
 * its next events will be. Both are for a person to look at. */
static enum err stop_strays(const struct sql *q, const struct delivery_adoption *a, bool restored, struct errmsg *msg)
{
    enum err e = restored ? stop_from(q, a->at, 0, STR_LIT("restored"), msg) : ERR_OK;
    static const char shorter[] = "the log is shorter than what was delivered";
    return e ? e : stop_from(q, a->at, a->durable + 1, STR_LIT(shorter), msg);
}

static enum err write_incarnation(const struct sql *q, struct str incarnation, struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, "UPDATE meta SET incarnation = ?1", -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "prepare a statement", msg);
    sql_bind(s, 1, incarnation);
    enum err e = sql_run(s) ? ERR_OK : sql_failed(q, "write the incarnation", msg);
    sqlite3_finalize(s);
    return e;
}

enum err delivery_adopt(struct delivery_store *d, const struct delivery_adoption *a, struct errmsg *msg)
{
    struct meta_row meta = {.found = false};
    enum err e = read_meta(&d->writer, &meta, msg);
    bool restored = *meta.incarnation && !str_is(a->incarnation, meta.incarnation);
    if (!e)
        e = sql_exec(&d->writer, "BEGIN IMMEDIATE", "begin", msg);
    if (!e)
        e = stop_strays(&d->writer, a, restored, msg);
    if (!e)
        e = write_incarnation(&d->writer, a->incarnation, msg);
    return e ? e : sql_exec(&d->writer, "COMMIT", "commit", msg);
}

enum err delivery_read_key(struct delivery_store *d, struct errmsg *msg)
{
    struct meta_row meta = {.found = false};
    enum err e = read_meta(&d->writer, &meta, msg);
    if (!e)
        memcpy(d->key, meta.key, sizeof d->key);
    return e;
}
