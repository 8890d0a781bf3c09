/* Reading what is durable: every call looks at one state of the database, whatever is being written meanwhile. */
#include "store/delivery/delivery_db.h"

#include <inttypes.h>

#define COLUMNS "seq, subject, type, state, attempts, next_at, changed_at, gap, why, ref, receipt, receipt_at, number"
#define OF_ENDPOINT "endpoint = (SELECT id FROM endpoint WHERE name = ?1)"
#define ROWS_OF(state) \
    "SELECT " COLUMNS " FROM delivery WHERE " OF_ENDPOINT " AND state = " state " AND seq > ?2 ORDER BY seq"

const char *const delivery_read_sql[DR_N] = {
    [DR_BEGIN] = "BEGIN",
    [DR_END] = "COMMIT",
    [DR_ENDPOINTS] = "SELECT name, cursor, paused, paused_by, paused_at, delivered, skipped, dead, receipts_delivered,"
                     " receipts_failed FROM endpoint WHERE cursor IS NOT NULL ORDER BY name",
    [DR_ROW] = "SELECT " COLUMNS " FROM delivery WHERE " OF_ENDPOINT " AND seq = ?2",
    [DR_ROW_BY_REF] = "SELECT " COLUMNS " FROM delivery WHERE " OF_ENDPOINT " AND ref = ?2 ORDER BY seq DESC LIMIT 1",
    [DR_TOTAL] = "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE " OF_ENDPOINT " AND state = ?2 LIMIT ?3)",
    [DR_GAPS] = "SELECT subject FROM gap WHERE " OF_ENDPOINT " ORDER BY subject",
    [DR_COUNTS] = "SELECT number, n FROM count WHERE day = ?1",
    [DR_REDELIVERIES] = "SELECT name, r.state, past, until, position, type, subject, sent, failed, r.skipped, started_at,"
                        " ended_at, by, why, last_error FROM redelivery r JOIN endpoint e ON e.id = r.endpoint"
                        " ORDER BY name",
};

const char *const delivery_state_sql[DELIVERY_STATE_N] = {ROWS_OF("0"), ROWS_OF("1"), ROWS_OF("2"), ROWS_OF("3"),
                                                          ROWS_OF("4"), ROWS_OF("5"), ROWS_OF("6")};

static uint64_t number(sqlite3_stmt *s, int at)
{
    return (uint64_t)sqlite3_column_int64(s, at);
}

/* Runs through a query's rows; each returns false at one that cannot be. */
static enum err each_row(struct delivery_store *d, enum delivery_read which,
                         bool (*each)(void *arg, sqlite3_stmt *s), void *arg, struct errmsg *msg)
{
    sqlite3_stmt *s = d->read[which];
    int code = SQLITE_DONE;
    enum err e = ERR_OK;
    while (!e && (code = sqlite3_step(s)) == SQLITE_ROW)
        if (!each(arg, s))
            e = err_set(msg, ERR_DAMAGED, "%s: a row is not what was written", d->path);
    if (!e && code != SQLITE_DONE)
        e = sql_failed(&d->reader, "read", msg);
    sqlite3_reset(s);
    return e;
}

/* --- endpoints, gaps, counts, total --- */

struct endpoint_reading {
    void (*each)(void *arg, const struct endpoint_row *row);
    void *arg;
};

static bool give_endpoint(void *arg, sqlite3_stmt *s)
{
    const struct endpoint_reading *r = arg;
    struct endpoint_row row = {
        .endpoint = sql_text(s, 0),
        .cursor = number(s, 1),
        .paused = sql_text(s, 2),
        .paused_by = sql_text(s, 3),
        .paused_at = sqlite3_column_int64(s, 4),
        .delivered = number(s, 5),
        .skipped = number(s, 6),
        .dead = number(s, 7),
        .receipts_delivered = number(s, 8),
        .receipts_failed = number(s, 9),
    };
    r->each(r->arg, &row);
    return true;
}

enum err delivery_endpoints(struct delivery_store *d, void (*each)(void *arg, const struct endpoint_row *row),
                            void *arg, struct errmsg *msg)
{
    struct endpoint_reading r = {each, arg};
    return each_row(d, DR_ENDPOINTS, give_endpoint, &r, msg);
}

static bool give_total(void *arg, sqlite3_stmt *s)
{
    *(uint64_t *)arg = number(s, 0);
    return true;
}

enum err delivery_total(struct delivery_store *d, struct str endpoint, enum delivery_state state, uint32_t most,
                        uint64_t *out, struct errmsg *msg)
{
    sql_bind(d->read[DR_TOTAL], 1, endpoint);
    sqlite3_bind_int(d->read[DR_TOTAL], 2, (int)state);
    sqlite3_bind_int64(d->read[DR_TOTAL], 3, most);
    return each_row(d, DR_TOTAL, give_total, out, msg);
}

struct gap_reading {
    void (*each)(void *arg, struct str subject);
    void *arg;
};

static bool give_gap(void *arg, sqlite3_stmt *s)
{
    const struct gap_reading *r = arg;
    r->each(r->arg, sql_text(s, 0));
    return true;
}

enum err delivery_gaps(struct delivery_store *d, struct str endpoint, void (*each)(void *arg, struct str subject),
                       void *arg, struct errmsg *msg)
{
    struct gap_reading r = {each, arg};
    sql_bind(d->read[DR_GAPS], 1, endpoint);
    return each_row(d, DR_GAPS, give_gap, &r, msg);
}

struct count_reading {
    void (*each)(void *arg, uint64_t number, uint32_t n);
    void *arg;
};

static bool give_count(void *arg, sqlite3_stmt *s)
{
    const struct count_reading *r = arg;
    r->each(r->arg, number(s, 0), (uint32_t)sqlite3_column_int64(s, 1));
    return true;
}

enum err delivery_counts(struct delivery_store *d, int32_t day, void (*each)(void *arg, uint64_t number, uint32_t n),
                         void *arg, struct errmsg *msg)
{
    struct count_reading r = {each, arg};
    sqlite3_bind_int(d->read[DR_COUNTS], 1, day);
    return each_row(d, DR_COUNTS, give_count, &r, msg);
}

/* --- redeliveries --- */

struct redelivery_reading {
    void (*each)(void *arg, const struct redelivery_row *row);
    void *arg;
};

static bool give_redelivery(void *arg, sqlite3_stmt *s)
{
    const struct redelivery_reading *r = arg;
    uint64_t state = number(s, 1);
    if (state >= REDELIVERY_STATE_N)
        return false;
    struct redelivery_row row = {
        .endpoint = sql_text(s, 0),
        .state = (enum redelivery_state)state,
        .after = number(s, 2),
        .until = number(s, 3),
        .position = number(s, 4),
        .type = sql_text(s, 5),
        .subject = sql_text(s, 6),
        .sent = number(s, 7),
        .failed = number(s, 8),
        .skipped = number(s, 9),
        .started_at = sqlite3_column_int64(s, 10),
        .ended_at = sqlite3_column_int64(s, 11),
        .by = sql_text(s, 12),
        .why = sql_text(s, 13),
        .last_error = sql_text(s, 14),
    };
    r->each(r->arg, &row);
    return true;
}

enum err delivery_redeliveries(struct delivery_store *d, void (*each)(void *arg, const struct redelivery_row *row),
                               void *arg, struct errmsg *msg)
{
    struct redelivery_reading r = {each, arg};
    return each_row(d, DR_REDELIVERIES, give_redelivery, &r, msg);
}

/* --- rows --- */

struct row_reading {
    struct str endpoint;
    delivery_row_fn *each;
    void *arg;
    bool found;
};

static bool give_row(void *arg, sqlite3_stmt *s)
{
    struct row_reading *r = arg;
    uint64_t state = number(s, 3);
    if (state >= DELIVERY_STATE_N)
        return false;
    struct delivery_row row = {
        .endpoint = r->endpoint,
        .seq = number(s, 0),
        .subject = sql_text(s, 1),
        .type = sql_text(s, 2),
        .state = (enum delivery_state)state,
        .attempts = (uint32_t)sqlite3_column_int64(s, 4),
        .next_at = sqlite3_column_int64(s, 5),
        .changed_at = sqlite3_column_int64(s, 6),
        .gap = sqlite3_column_int(s, 7) != 0,
        .why = sql_text(s, 8),
        .ref = sql_text(s, 9),
        .receipt = (uint8_t)sqlite3_column_int(s, 10),
        .receipt_at = sqlite3_column_int64(s, 11),
        .number = number(s, 12),
    };
    r->found = true;
    r->each(r->arg, &row);
    return true;
}

enum err delivery_row_get(struct delivery_store *d, struct str endpoint, uint64_t seq, delivery_row_fn *each, void *arg,
                          struct errmsg *msg)
{
    struct row_reading r = {endpoint, each, arg, false};
    sql_bind(d->read[DR_ROW], 1, endpoint);
    sqlite3_bind_int64(d->read[DR_ROW], 2, (sqlite3_int64)seq);
    enum err e = each_row(d, DR_ROW, give_row, &r, msg);
    if (!e && !r.found)
        e = err_set(msg, ERR_ABSENT, "event %" PRIu64 " has no delivery at %.*s", seq, (int)endpoint.n, endpoint.p);
    return e;
}

enum err delivery_row_by_ref(struct delivery_store *d, struct str endpoint, struct str ref, delivery_row_fn *each,
                             void *arg, struct errmsg *msg)
{
    struct row_reading r = {endpoint, each, arg, false};
    sql_bind(d->read[DR_ROW_BY_REF], 1, endpoint);
    sql_bind(d->read[DR_ROW_BY_REF], 2, ref);
    enum err e = each_row(d, DR_ROW_BY_REF, give_row, &r, msg);
    if (!e && !r.found)
        e = err_set(msg, ERR_ABSENT, "no delivery at %.*s has that number", (int)endpoint.n, endpoint.p);
    return e;
}

/* --- rows of several states: a query each, which come ascending, merged --- */

struct merge {
    struct delivery_store *d;
    sqlite3_stmt *open[DELIVERY_STATE_N]; /* each stands at a row that was not given out yet */
    int n;
};

/* To the query's next row, or out of the merge. */
static enum err advance(struct merge *m, int i, struct errmsg *msg)
{
    int code = sqlite3_step(m->open[i]);
    if (code == SQLITE_ROW)
        return ERR_OK;
    if (code != SQLITE_DONE)
        return sql_failed(&m->d->reader, "read", msg);
    sqlite3_reset(m->open[i]);
    m->open[i] = m->open[--m->n];
    return ERR_OK;
}

static enum err merge_open(struct merge *m, struct str endpoint, unsigned states, uint64_t after, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (int state = 0; state < DELIVERY_STATE_N && !e; state++) {
        if (!(states & 1u << state))
            continue;
        sqlite3_stmt *s = m->d->by_state[state];
        sql_bind(s, 1, endpoint);
        sqlite3_bind_int64(s, 2, after < INT64_MAX ? (sqlite3_int64)after : INT64_MAX);
        m->open[m->n++] = s;
        e = advance(m, m->n - 1, msg);
    }
    return e;
}

static int merge_least(const struct merge *m)
{
    int least = 0;
    for (int i = 1; i < m->n; i++)
        if (number(m->open[i], 0) < number(m->open[least], 0))
            least = i;
    return least;
}

static void merge_close(struct merge *m)
{
    while (m->n > 0)
        sqlite3_reset(m->open[--m->n]);
}

/* One transaction, so that a row that changes its state meanwhile is neither missed nor given twice. */
enum err delivery_rows(struct delivery_store *d, struct str endpoint, unsigned states, uint64_t after, size_t max,
                       delivery_row_fn *each, void *arg, struct errmsg *msg)
{
    struct row_reading r = {endpoint, each, arg, false};
    struct merge m = {.d = d};
    if (!sql_run(d->read[DR_BEGIN]))
        return sql_failed(&d->reader, "begin", msg);
    enum err e = merge_open(&m, endpoint, states, after, msg);
    for (size_t given = 0; !e && m.n > 0 && (max == 0 || given < max); given++) {
        int least = merge_least(&m);
        if (!give_row(&r, m.open[least]))
            e = err_set(msg, ERR_DAMAGED, "%s: a row is not what was written", d->path);
        else
            e = advance(&m, least, msg);
    }
    merge_close(&m);
    if (!sql_run(d->read[DR_END]) && !e)
        e = sql_failed(&d->reader, "read", msg);
    return e;
}
