/* All rows of contacts.db, for whoever copies the store. Nobody writes meanwhile. */
#include "store/contacts/contacts_db.h"

typedef bool row_fn(void *arg, sqlite3_stmt *s);

static enum err each_row(struct contacts *c, const char *query, row_fn *each, void *arg, struct errmsg *msg)
{
    sqlite3_stmt *s;
    int code = SQLITE_DONE;
    enum err e = ERR_OK;
    if (sqlite3_prepare_v2(c->reader, query, -1, &s, NULL) != SQLITE_OK)
        return contacts_failed(c->reader, "read all rows", msg);
    while (!e && (code = sqlite3_step(s)) == SQLITE_ROW)
        if (!each(arg, s))
            e = err_set(msg, ERR_DAMAGED, "contacts.db: a row is not what was written");
    if (!e && code != SQLITE_DONE)
        e = contacts_failed(c->reader, "read all rows", msg);
    sqlite3_finalize(s);
    return e;
}

struct contact_walk {
    contact_each_fn *each;
    void *arg;
};

static bool give_contact(void *arg, sqlite3_stmt *s)
{
    const struct contact_walk *w = arg;
    sqlite3_int64 number = sqlite3_column_int64(s, 0), seq = sqlite3_column_int64(s, 1);
    const struct contact_change row = {
        .seq = (uint64_t)seq,
        .number = (uint32_t)number,
        .id = sql_text(s, 2),
        .unit = sqlite3_column_int(s, 6),
        .contact = {sql_text(s, 3), sql_text(s, 4), sql_text(s, 5)},
    };
    if (number < 0 || number > UINT32_MAX || seq <= 0 || !row.id.p)
        return false;
    w->each(w->arg, &row);
    return true;
}

enum err contacts_each(struct contacts *c, contact_each_fn *each, void *arg, struct errmsg *msg)
{
    struct contact_walk w = {each, arg};
    enum err e =
        each_row(c, "SELECT number, seq, id, name, phone, by, 0 FROM person ORDER BY number", give_contact, &w, msg);
    return e ? e : each_row(c, "SELECT 0, seq, id, name, phone, by, 1 FROM unit", give_contact, &w, msg);
}

struct key_walk {
    key_each_fn *each;
    void *arg;
};

static bool give_key(void *arg, sqlite3_stmt *s)
{
    const struct key_walk *w = arg;
    struct key_row row;
    if (!contacts_key_row(s, &row))
        return false;
    w->each(w->arg, &row);
    return true;
}

enum err contacts_each_key(struct contacts *c, key_each_fn *each, void *arg, struct errmsg *msg)
{
    struct key_walk w = {each, arg};
    return each_row(c, "SELECT body, at, seq, first_seq, n_events, result, reason, key FROM idempotency ORDER BY n",
                    give_key, &w, msg);
}
