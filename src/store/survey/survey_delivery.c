/* delivery.db: which events its rows are about, and how far everything has got. */
#include "store/delivery/delivery_db.h"
#include "store/survey/survey_inside.h"

struct rows_walk {
    delivery_survey_fn *each;
    void *arg;
    int64_t endpoint, seq;
};

static void from_row(void *arg, sqlite3_stmt *s)
{
    const struct rows_walk *w = arg;
    sqlite3_bind_int64(s, 1, w->endpoint);
    sqlite3_bind_int64(s, 2, w->seq);
}

static enum err each_row(void *arg, sqlite3_stmt *s, struct errmsg *msg)
{
    struct rows_walk *w = arg;
    w->endpoint = sqlite3_column_int64(s, 0);
    w->seq = sqlite3_column_int64(s, 1);
    struct delivery_row row = {
        .endpoint = sql_text(s, 4),
        .seq = (uint64_t)w->seq,
        .subject = sql_text(s, 2),
        .type = sql_text(s, 3),
    };
    if (!row.endpoint.p || !row.type.p)
        return err_set(msg, ERR_DAMAGED, "delivery.db: the row of event %lld is not what was written",
                       (long long)w->seq);
    return w->each(w->arg, &row) ? ERR_OK : ERR_END;
}

enum err survey_deliveries(struct survey *s, delivery_survey_fn *each, void *arg, struct errmsg *msg)
{
    struct rows_walk w = {each, arg, INT64_MIN, INT64_MIN};
    return survey_table(
        s,
        &(struct table_walk){
            .file = DELIVERY_FILE,
            .version = DELIVERY_VERSION,
            .may_be_absent = true,
            .check = true,
            .query = "SELECT d.endpoint, d.seq, d.subject, d.type, e.name FROM delivery d LEFT JOIN endpoint e"
                     " ON e.id = d.endpoint WHERE (d.endpoint, d.seq) > (?1, ?2)"
                     " ORDER BY d.endpoint, d.seq LIMIT ?3",
            .limit_at = 3,
            .from = from_row,
            .each = each_row,
            .arg = &w,
        },
        msg);
}

struct positions_walk {
    position_fn *each;
    void *arg;
    int64_t last;
};

static void from_position(void *arg, sqlite3_stmt *s)
{
    sqlite3_bind_int64(s, 1, ((struct positions_walk *)arg)->last);
}

static enum err each_position(void *arg, sqlite3_stmt *s, struct errmsg *msg)
{
    struct positions_walk *w = arg;
    (void)msg;
    w->last = sqlite3_column_int64(s, 0);
    for (int i = 2; i < sqlite3_column_count(s); i++)
        if (!w->each(w->arg, (const char *)sqlite3_column_text(s, 1), (uint64_t)sqlite3_column_int64(s, i)))
            return ERR_END;
    return ERR_OK;
}

static enum err read_positions(struct survey *s, struct positions_walk w, const char *query, struct errmsg *msg)
{
    w.last = INT64_MIN;
    return survey_table(s,
                        &(struct table_walk){
                            .file = DELIVERY_FILE,
                            .version = DELIVERY_VERSION,
                            .may_be_absent = true,
                            .query = query,
                            .limit_at = 2,
                            .from = from_position,
                            .each = each_position,
                            .arg = &w,
                        },
                        msg);
}

enum err survey_positions(struct survey *s, position_fn *each, void *arg, struct errmsg *msg)
{
    struct positions_walk w = {each, arg, 0};
    enum err e = read_positions(s, w,
                                "SELECT id, 'endpoint ' || name, ifnull(cursor, 0) FROM endpoint WHERE id > ?1"
                                " ORDER BY id LIMIT ?2",
                                msg);
    if (e)
        return e;
    return read_positions(s, w,
                          "SELECT r.endpoint, 'the redelivery to ' || ifnull(e.name, '?'), r.past, r.until, r.position"
                          " FROM redelivery r LEFT JOIN endpoint e ON e.id = r.endpoint WHERE r.endpoint > ?1"
                          " ORDER BY r.endpoint LIMIT ?2",
                          msg);
}
