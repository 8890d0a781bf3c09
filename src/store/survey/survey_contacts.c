/* contacts.db: people's and units' rows, and idempotency keys. Names and phones are not looked at. */
#include "store/contacts/contacts_db.h"
#include "store/survey/survey_inside.h"

#include <stdlib.h>

struct people_walk {
    contact_row_fn *each;
    void *arg;
    int64_t last;
};

static void from_person(void *arg, sqlite3_stmt *s)
{
    sqlite3_bind_int64(s, 1, ((struct people_walk *)arg)->last);
}

static enum err damaged(const char *what, struct errmsg *msg)
{
    return err_set(msg, ERR_DAMAGED, "contacts.db: the row of %s is not what was written", what);
}

static enum err each_person(void *arg, sqlite3_stmt *s, struct errmsg *msg)
{
    struct people_walk *w = arg;
    int64_t number = sqlite3_column_int64(s, 0), seq = sqlite3_column_int64(s, 1);
    struct contact_row row = {(uint32_t)number, sql_text(s, 2), (uint64_t)seq};
    if (number < 0 || number >= UINT32_MAX || seq <= 0 || !row.id.p)
        return damaged("a beneficiary", msg);
    w->last = number;
    return w->each(w->arg, &row) ? ERR_OK : ERR_END;
}

enum err survey_people(struct survey *s, contact_row_fn *each, void *arg, struct errmsg *msg)
{
    struct people_walk w = {each, arg, -1};
    if (s->redis)
        return redis_survey_contacts(s->redis, false, each, arg, msg);
    return survey_table(s,
                        &(struct table_walk){
                            .file = "contacts.db",
                            .version = CONTACTS_VERSION,
                            .check = true,
                            .query = "SELECT number, seq, id FROM person WHERE number > ?1 ORDER BY number LIMIT ?2",
                            .limit_at = 2,
                            .from = from_person,
                            .each = each_person,
                            .arg = &w,
                        },
                        msg);
}

struct units_walk {
    contact_row_fn *each;
    void *arg;
    struct buf last;
};

static void from_unit(void *arg, sqlite3_stmt *s)
{
    struct units_walk *w = arg;
    sqlite3_bind_text64(s, 1, w->last.n ? w->last.p : "", w->last.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static enum err each_unit(void *arg, sqlite3_stmt *s, struct errmsg *msg)
{
    struct units_walk *w = arg;
    int64_t seq = sqlite3_column_int64(s, 1);
    struct contact_row row = {0, sql_text(s, 0), (uint64_t)seq};
    if (!row.id.p || seq <= 0)
        return damaged("a unit", msg);
    buf_clear(&w->last);
    buf_addstr(&w->last, row.id);
    return w->each(w->arg, &row) ? ERR_OK : ERR_END;
}

enum err survey_units(struct survey *s, contact_row_fn *each, void *arg, struct errmsg *msg)
{
    struct units_walk w = {each, arg, BUF_INIT};
    if (s->redis)
        return redis_survey_contacts(s->redis, true, each, arg, msg);
    enum err e = survey_table(s,
                              &(struct table_walk){
                                  .file = "contacts.db",
                                  .version = CONTACTS_VERSION,
                                  .query = "SELECT id, seq FROM unit WHERE id > ?1 ORDER BY id LIMIT ?2",
                                  .limit_at = 2,
                                  .from = from_unit,
                                  .each = each_unit,
                                  .arg = &w,
                              },
                              msg);
    buf_done(&w.last);
    return e;
}

struct state_walk {
    uint64_t durable, last;
    bool read;
};

static void from_state(void *arg, sqlite3_stmt *s)
{
    sqlite3_bind_int(s, 1, ((struct state_walk *)arg)->read);
}

static enum err each_state(void *arg, sqlite3_stmt *s, struct errmsg *msg)
{
    struct state_walk *w = arg;
    (void)msg;
    w->durable = (uint64_t)sqlite3_column_int64(s, 0);
    w->last = (uint64_t)sqlite3_column_int64(s, 1);
    w->read = true;
    return ERR_OK;
}

enum err survey_contacts_state(struct survey *s, uint64_t *durable, uint64_t *last, struct errmsg *msg)
{
    struct state_walk w = {.read = false};
    if (s->redis) { /* rows and events are written in one step */
        *durable = *last = redis_survey_end(s->redis);
        return ERR_OK;
    }
    enum err e = survey_table(s,
                              &(struct table_walk){
                                  .file = "contacts.db",
                                  .version = CONTACTS_VERSION,
                                  .query = "SELECT durable, last FROM state WHERE one > ?1 LIMIT ?2",
                                  .limit_at = 2,
                                  .from = from_state,
                                  .each = each_state,
                                  .arg = &w,
                              },
                              msg);
    *durable = w.durable;
    *last = w.last;
    return e;
}

struct keys_walk {
    key_row_fn *each;
    void *arg;
    int64_t last;
};

static void from_key(void *arg, sqlite3_stmt *s)
{
    sqlite3_bind_int64(s, 1, ((struct keys_walk *)arg)->last);
}

static enum err each_key(void *arg, sqlite3_stmt *s, struct errmsg *msg)
{
    struct keys_walk *w = arg;
    struct key_row row;
    if (!contacts_key_row(s, &row))
        return damaged("a key", msg);
    w->last = sqlite3_column_int64(s, 8);
    return w->each(w->arg, &row) ? ERR_OK : ERR_END;
}

enum err survey_keys(struct survey *s, key_row_fn *each, void *arg, struct errmsg *msg)
{
    struct keys_walk w = {each, arg, INT64_MIN};
    if (s->redis)
        return redis_survey_keys(s->redis, each, arg, msg);
    return survey_table(s,
                        &(struct table_walk){
                            .file = "contacts.db",
                            .version = CONTACTS_VERSION,
                            .query =
                                "SELECT body, at, seq, first_seq, n_events, result, reason, key, n FROM idempotency"
                                " WHERE n > ?1 ORDER BY n LIMIT ?2",
                            .limit_at = 2,
                            .from = from_key,
                            .each = each_key,
                            .arg = &w,
                        },
                        msg);
}
