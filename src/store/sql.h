/* SQLite as the store's databases use it: a connection with the name that its errors tell, and values that are runs of
 * bytes. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/str.h"

struct sql {
    sqlite3 *db;
    const char *name; /* of the file, for people; borrowed */
};

/* What the last call came to: ERR_DAMAGED or ERR_IO, "NAME: cannot WHAT: why, and SQLite's code". */
enum err sql_failed(const struct sql *q, const char *what, struct errmsg *msg);

/* To be done before a writer opens path: what its write-ahead log has is written once more. The process before may have ended
 * for a sync that failed; what is written behind that, though synced, would be lost with it, or half of it get into the
 * database. */
enum err sql_write_wal_again(const char *path, struct errmsg *msg) ERR_MUSTCHECK;

/* A file that must be there, for one thread at a time. It waits five seconds for whoever else writes to it. */
enum err sql_open(struct sql *q, const char *path, struct errmsg *msg) ERR_MUSTCHECK;
void sql_close(struct sql *q);
/* Statements without values and results. */
enum err sql_exec(const struct sql *q, const char *statements, const char *what, struct errmsg *msg) ERR_MUSTCHECK;
/* Prepares n statements to be kept. On failure some may be there: NULL or to be finalized. */
enum err sql_prepare(const struct sql *q, const char *const *text, sqlite3_stmt **out, int n,
                     struct errmsg *msg) ERR_MUSTCHECK;
/* The first column of the first row. ERR_DAMAGED: there is none. */
enum err sql_number(const struct sql *q, const char *query, sqlite3_int64 *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Runs a statement without results and makes it ready for the next time. */
bool sql_run(sqlite3_stmt *s);

/* The value stays the caller's until the statement is bound anew. STR_NONE is NULL. */
static inline void sql_bind(sqlite3_stmt *s, int at, struct str value)
{
    if (value.p)
        sqlite3_bind_text64(s, at, value.p, value.n, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_null(s, at);
}

/* Holds until the statement's next step. */
static inline struct str sql_text(sqlite3_stmt *s, int at)
{
    const char *p = (const char *)sqlite3_column_text(s, at);
    return (struct str){p, p ? (size_t)sqlite3_column_bytes(s, at) : 0};
}

#endif
