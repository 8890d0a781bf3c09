/* Commits: one transaction each, on the worker's thread. */
#include "store/delivery/delivery_db.h"

#include "store/file.h"
#include "store/redis/delivery.h"

#include <stdlib.h>

/* Of a row that is there already the receipt stays, and with it the gateway's word; what a receipt came for was sent.
 * 3: DELIVERY_UNKNOWN, 5: DELIVERY_SENT. */
#define REPLACED                                                                                                   \
    "subject = ?3, type = ?4, state = CASE WHEN ?5 = 3 AND receipt > 0 THEN 5 ELSE ?5 END, attempts = ?6,"         \
    " next_at = ?7, changed_at = ?8, gap = ?9, why = CASE WHEN ?5 IN (3, 5) AND receipt > 0 THEN why ELSE ?10 END," \
    " number = ?14"

#define FORGET_ROWS "20000" /* at a time: some 60 ms */

const char *const delivery_write_sql[DW_N] = {
    [DW_BEGIN] = "BEGIN IMMEDIATE",
    [DW_COMMIT] = "COMMIT",
    [DW_ROLLBACK] = "ROLLBACK",
    [DW_NAME] = "INSERT INTO endpoint(name) VALUES(?1)",
    [DW_ENDPOINT] = "UPDATE endpoint SET cursor = ?2, paused = ?3, paused_by = ?4, paused_at = ?5, delivered = ?6,"
                    " skipped = ?7, dead = ?8, receipts_delivered = ?9, receipts_failed = ?10 WHERE id = ?1",
    [DW_PUT] = "INSERT INTO delivery VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
               " ON CONFLICT(endpoint, seq) DO UPDATE SET " REPLACED " WHERE ref IS ?11",
    [DW_PUT_REF] = "UPDATE delivery SET " REPLACED ", ref = ?11 WHERE endpoint = ?1 AND seq = ?2",
    [DW_RECEIPT] = "UPDATE delivery SET receipt = ?3, receipt_at = ?4, why = ?5, changed_at = ?6,"
                   " state = CASE state WHEN 3 THEN 5 ELSE state END WHERE endpoint = ?1 AND seq = ?2 AND receipt < 2",
    [DW_REMOVE] = "DELETE FROM delivery WHERE endpoint = ?1 AND seq = ?2",
    [DW_GAP] = "INSERT OR IGNORE INTO gap VALUES(?1, ?2)",
    [DW_NO_GAP] = "DELETE FROM gap WHERE endpoint = ?1 AND subject = ?2",
    [DW_COUNT] = "INSERT INTO count VALUES(?1, ?2, ?3) ON CONFLICT(day, number) DO UPDATE SET n = ?3",
    [DW_REDELIVERY] = "INSERT OR REPLACE INTO redelivery VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                      " ?13, ?14, ?15)",
    [DW_CLEAR] = "DELETE FROM delivery WHERE endpoint = ?1",
    /* What the cursor has not passed is read again after a crash: its row is what says that it was sent. The order,
     * which is the index's, makes a repetition forget the same ones. */
    [DW_FORGET_ROWS] = "DELETE FROM delivery WHERE (endpoint, seq) IN (SELECT d.endpoint, d.seq FROM delivery d"
                       " JOIN endpoint e ON e.id = d.endpoint WHERE d.state IN (5, 6) AND d.next_at < ?1"
                       " AND d.seq <= e.cursor ORDER BY d.next_at, d.endpoint, d.seq LIMIT " FORGET_ROWS ")",
    [DW_FORGET_COUNTS] = "DELETE FROM count WHERE day < ?1",
};

/* --- endpoints' numbers --- */

void delivery_name_add(struct delivery_store *d, struct str text, sqlite3_int64 id)
{
    d->names = mem_resize(d->names, d->n_names + 1, sizeof *d->names);
    d->names[d->n_names] = (struct delivery_name){{mem_strndup(text.p, text.n), text.n}, id};
    d->last_name = d->n_names++;
}

/* Changes come in runs of one endpoint, and endpoints are few. */
static bool find_name(struct delivery_store *d, struct str text)
{
    if (d->n_names && str_eq(d->names[d->last_name].text, text))
        return true;
    for (size_t i = 0; i < d->n_names; i++)
        if (str_eq(d->names[i].text, text)) {
            d->last_name = i;
            return true;
        }
    return false;
}

static bool add_name(struct delivery_store *d, struct str text)
{
    sql_bind(d->write[DW_NAME], 1, text);
    if (!sql_run(d->write[DW_NAME]))
        return false;
    delivery_name_add(d, text, sqlite3_last_insert_rowid(d->writer.db));
    return true;
}

/* The statement with the endpoint's number bound first; NULL: the number cannot be had. */
static sqlite3_stmt *for_endpoint(struct delivery_store *d, enum delivery_write which, struct str endpoint)
{
    if (!find_name(d, endpoint) && !add_name(d, endpoint))
        return NULL;
    sqlite3_bind_int64(d->write[which], 1, d->names[d->last_name].id);
    return d->write[which];
}

/* --- the kinds of changes --- */

static bool run_put(struct delivery_store *d, enum delivery_write which, const struct delivery_row *r)
{
    sqlite3_stmt *s = for_endpoint(d, which, r->endpoint);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 2, (sqlite3_int64)r->seq);
    sql_bind(s, 3, r->subject);
    sql_bind(s, 4, r->type);
    sqlite3_bind_int(s, 5, (int)r->state);
    sqlite3_bind_int64(s, 6, r->attempts);
    sqlite3_bind_int64(s, 7, r->next_at);
    sqlite3_bind_int64(s, 8, r->changed_at);
    sqlite3_bind_int(s, 9, r->gap);
    sql_bind(s, 10, r->why);
    sql_bind(s, 11, r->ref);
    sqlite3_bind_int(s, 12, r->receipt);
    sqlite3_bind_int64(s, 13, r->receipt_at);
    sqlite3_bind_int64(s, 14, (sqlite3_int64)r->number);
    return sql_run(s);
}

/* The first statement leaves ref as it is, and with that the one index whose keys come in no order: a row put again
 * would else write a page of it each time. It changes nothing where there is another ref. */
static bool put(struct delivery_store *d, const struct delivery_change *c)
{
    if (!run_put(d, DW_PUT, &c->row))
        return false;
    return sqlite3_changes(d->writer.db) > 0 || run_put(d, DW_PUT_REF, &c->row);
}

static bool remove_row(struct delivery_store *d, const struct delivery_change *c)
{
    sqlite3_stmt *s = for_endpoint(d, DW_REMOVE, c->row.endpoint);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 2, (sqlite3_int64)c->row.seq);
    return sql_run(s);
}

static bool put_receipt(struct delivery_store *d, const struct delivery_change *c)
{
    sqlite3_stmt *s = for_endpoint(d, DW_RECEIPT, c->row.endpoint);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 2, (sqlite3_int64)c->row.seq);
    sqlite3_bind_int(s, 3, c->row.receipt);
    sqlite3_bind_int64(s, 4, c->row.receipt_at);
    sql_bind(s, 5, c->row.why);
    sqlite3_bind_int64(s, 6, c->row.changed_at);
    return sql_run(s);
}

static bool put_endpoint(struct delivery_store *d, const struct delivery_change *c)
{
    const struct endpoint_row *r = &c->at;
    sqlite3_stmt *s = for_endpoint(d, DW_ENDPOINT, r->endpoint);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 2, (sqlite3_int64)r->cursor);
    sql_bind(s, 3, r->paused);
    sql_bind(s, 4, r->paused_by);
    sqlite3_bind_int64(s, 5, r->paused_at);
    sqlite3_bind_int64(s, 6, (sqlite3_int64)r->delivered);
    sqlite3_bind_int64(s, 7, (sqlite3_int64)r->skipped);
    sqlite3_bind_int64(s, 8, (sqlite3_int64)r->dead);
    sqlite3_bind_int64(s, 9, (sqlite3_int64)r->receipts_delivered);
    sqlite3_bind_int64(s, 10, (sqlite3_int64)r->receipts_failed);
    return sql_run(s);
}

static bool mark_gap(struct delivery_store *d, const struct delivery_change *c)
{
    sqlite3_stmt *s = for_endpoint(d, c->row.gap ? DW_GAP : DW_NO_GAP, c->row.endpoint);
    if (!s)
        return false;
    sql_bind(s, 2, c->row.subject);
    return sql_run(s);
}

static bool set_count(struct delivery_store *d, const struct delivery_change *c)
{
    sqlite3_stmt *s = d->write[DW_COUNT];
    sqlite3_bind_int(s, 1, c->day);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)c->number);
    sqlite3_bind_int64(s, 3, c->count);
    return sql_run(s);
}

static bool put_redelivery(struct delivery_store *d, const struct delivery_change *c)
{
    const struct redelivery_row *r = &c->redelivery;
    sqlite3_stmt *s = for_endpoint(d, DW_REDELIVERY, r->endpoint);
    if (!s)
        return false;
    sqlite3_bind_int(s, 2, (int)r->state);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)r->after);
    sqlite3_bind_int64(s, 4, (sqlite3_int64)r->until);
    sqlite3_bind_int64(s, 5, (sqlite3_int64)r->position);
    sql_bind(s, 6, r->type);
    sql_bind(s, 7, r->subject);
    sqlite3_bind_int64(s, 8, (sqlite3_int64)r->sent);
    sqlite3_bind_int64(s, 9, (sqlite3_int64)r->failed);
    sqlite3_bind_int64(s, 10, (sqlite3_int64)r->skipped);
    sqlite3_bind_int64(s, 11, r->started_at);
    sqlite3_bind_int64(s, 12, r->ended_at);
    sql_bind(s, 13, r->by);
    sql_bind(s, 14, r->why);
    sql_bind(s, 15, r->last_error);
    return sql_run(s);
}

static bool clear(struct delivery_store *d, const struct delivery_change *c)
{
    sqlite3_stmt *s = for_endpoint(d, DW_CLEAR, c->row.endpoint);
    return s && sql_run(s);
}

static bool forget(struct delivery_store *d, const struct delivery_change *c)
{
    sqlite3_bind_int64(d->write[DW_FORGET_ROWS], 1, c->before);
    sqlite3_bind_int(d->write[DW_FORGET_COUNTS], 1, c->day);
    return sql_run(d->write[DW_FORGET_ROWS]) && sql_run(d->write[DW_FORGET_COUNTS]);
}

/* --- the commit --- */

static bool apply(struct delivery_store *d, const struct delivery_change *changes, size_t n)
{
    static bool (*const kinds[])(struct delivery_store *, const struct delivery_change *) = {
        [CHANGE_PUT] = put,
        [CHANGE_REMOVE] = remove_row,
        [CHANGE_ENDPOINT] = put_endpoint,
        [CHANGE_GAP] = mark_gap,
        [CHANGE_COUNT] = set_count,
        [CHANGE_RECEIPT] = put_receipt,
        [CHANGE_REDELIVERY] = put_redelivery,
        [CHANGE_CLEAR] = clear,
        [CHANGE_FORGET] = forget,
    };
    if (!sql_run(d->write[DW_BEGIN]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!kinds[changes[i].kind](d, &changes[i]))
            return false;
    return sql_run(d->write[DW_COMMIT]);
}

enum err delivery_apply(struct delivery_store *d, const struct delivery_change *changes, size_t n, struct errmsg *msg)
{
    if (apply(d, changes, n))
        return ERR_OK;
    enum err e = sql_failed(&d->writer, "write", msg);
    if (!sqlite3_get_autocommit(d->writer.db))
        sql_run(d->write[DW_ROLLBACK]);
    return e;
}

static void run_commit(void *arg)
{
    struct delivery_store *d = arg;
    struct delivery_job *job = &d->job;
    if (d->redis)
        job->result = delivery_redis_send(d->redis, job->changes, job->n, &job->msg);
    else
        job->result = delivery_apply(d, job->changes, job->n, &job->msg);
}

static enum err conclude(struct delivery_store *d, struct errmsg *msg)
{
    struct delivery_job *job = &d->job;
    d->busy = false;
    if (!job->result && d->redis)
        job->result = delivery_redis_settle(d, job->changes, job->n, &job->msg);
    if (!job->result)
        return ERR_OK;
    d->failed = job->result;
    d->why = job->msg;
    return err_set(msg, d->failed, "%s", d->why.text);
}

enum err delivery_commit(struct delivery_store *d, const struct delivery_change *changes, size_t n, struct errmsg *msg)
{
    if (d->failed)
        return err_set(msg, d->failed, "%s", d->why.text);
    if (d->busy)
        return err_set(msg, ERR_INVALID, "a commit of the delivery state is in flight already");
    d->job.changes = changes;
    d->job.n = n;
    if (d->redis && n == 0)
        return ERR_OK;
    if (d->in_memory && !d->redis) {
        run_commit(d);
        return conclude(d, msg);
    }
    if (!worker_give(&d->worker, run_commit, d))
        return file_error(msg, "cannot start a thread for", d->path);
    d->busy = true;
    return ERR_MORE;
}

enum err delivery_poll(struct delivery_store *d, bool wait, struct errmsg *msg)
{
    if (d->failed)
        return err_set(msg, d->failed, "%s", d->why.text);
    if (!d->busy)
        return ERR_OK;
    return worker_collect(&d->worker, wait) ? conclude(d, msg) : ERR_MORE;
}
