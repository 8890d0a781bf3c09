/* What still needs the events that are to be archived: deliveries that have not got there. */
#include "store/archive/archive_inside.h"

#include "store/delivery/delivery.h"
#include "store/sql.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Rows whose event may be sent yet; of a redelivery, which stands under a name of its own, too. */
#define WAITING "0, 1, 2, 3, 4"

static const char endpoint_sql[] = "SELECT cursor FROM endpoint WHERE name = ?1 AND cursor IS NOT NULL";
static const char row_sql[] = "SELECT d.seq, d.state FROM delivery d JOIN endpoint e ON e.id = d.endpoint"
                              " WHERE (e.name = ?1 OR e.name = ?1 || ' redelivery') AND d.state IN (" WAITING ")"
                              " AND d.seq <= ?2 ORDER BY d.seq LIMIT 1";
static const char redelivery_sql[] = "SELECT r.position FROM redelivery r JOIN endpoint e ON e.id = r.endpoint"
                                     " WHERE e.name = ?1 AND r.state = 0 AND r.position < ?2";

_Static_assert(DELIVERY_RETRY == 0 && DELIVERY_DEAD == 4 && REDELIVERY_RUNNING == 0,
               "statements name states by number");

/* The first row's columns. ERR_ABSENT: there is none. */
static enum err ask(const struct sql *q, const char *text, const char *name, uint64_t to, int64_t out[2],
                    struct errmsg *msg)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(q->db, text, -1, &s, NULL) != SQLITE_OK)
        return sql_failed(q, "prepare a statement", msg);
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(s) > 1)
        sqlite3_bind_int64(s, 2, (sqlite3_int64)to);
    int step = sqlite3_step(s);
    for (int i = 0; step == SQLITE_ROW && i < sqlite3_column_count(s); i++)
        out[i] = sqlite3_column_int64(s, i);
    sqlite3_finalize(s);
    if (step == SQLITE_ROW)
        return ERR_OK;
    return step == SQLITE_DONE ? ERR_ABSENT : sql_failed(q, "read it", msg);
}

static enum err behind(const struct archiving *a, const struct archive_reader *r, uint64_t cursor, struct errmsg *msg)
{
    return err_set(msg, ERR_INVALID,
                   "endpoint \"%s\" has got the events up to %" PRIu64 " only, and those up to %" PRIu64
                   " are to be archived: wait until it has caught up (lifecertctl endpoints), or take it out of the "
                   "configuration",
                   r->name, cursor, a->to);
}

static enum err check_reader(const struct archiving *a, const struct sql *q, const struct archive_reader *r,
                             struct errmsg *msg)
{
    int64_t got[2];
    enum err e = ask(q, endpoint_sql, r->name, 0, got, msg);
    if (e == ERR_ABSENT) /* new: it begins where the configuration says */
        return r->from && r->from <= a->to ? behind(a, r, r->from - 1, msg) : ERR_OK;
    if (!e && (uint64_t)got[0] < a->to)
        return behind(a, r, (uint64_t)got[0], msg);
    if (!e)
        e = ask(q, row_sql, r->name, a->to, got, msg);
    if (!e)
        return err_set(msg, ERR_INVALID,
                       "endpoint \"%s\" may still need event %" PRId64 ", whose delivery is in state \"%s\": have it "
                       "delivered, or retry or drop it (lifecertctl deliveries %s)",
                       r->name, got[0], delivery_state_text((enum delivery_state)got[1]), r->name);
    if (e == ERR_ABSENT)
        e = ask(q, redelivery_sql, r->name, a->to, got, msg);
    if (!e)
        return err_set(msg, ERR_INVALID,
                       "events behind %" PRId64
                       " are being sent to endpoint \"%s\" once more: wait until that is done, "
                       "or cancel it (lifecertctl redeliver %s --cancel)",
                       got[0], r->name, r->name);
    return e == ERR_ABSENT ? ERR_OK : e;
}

static enum err check_readers(const struct archiving *a, const struct sql *q, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < a->order->n_readers; i++)
        e = check_reader(a, q, &a->order->readers[i], msg);
    return e;
}

/* Before the first delivery there is no state, and every endpoint is new. */
static enum err check_new(const struct archiving *a, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < a->order->n_readers; i++) {
        const struct archive_reader *r = &a->order->readers[i];
        if (r->from && r->from <= a->to)
            e = behind(a, r, r->from - 1, msg);
    }
    return e;
}

enum err archive_check_needs(const struct archiving *a, struct errmsg *msg)
{
    char path[4096];
    struct sql q = {NULL, path};
    snprintf(path, sizeof path, "%s/delivery.db", a->dir->path);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return check_new(a, msg);
    enum err e = ERR_OK;
    if (sqlite3_open_v2(path, &q.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        e = sql_failed(&q, "open", msg);
    else
        sqlite3_busy_timeout(q.db, 5000);
    if (!e)
        e = check_readers(a, &q, msg);
    sql_close(&q);
    return e;
}
