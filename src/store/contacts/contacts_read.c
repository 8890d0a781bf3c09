#include "store/contacts/contacts_db.h"

const char *const contacts_read_sql[N_READ] = {
    [GET_PERSON] = "SELECT seq, id, name, phone, by FROM person WHERE number = ?1",
    [GET_REPLACED_PERSON] = "SELECT seq, id, name, phone, by FROM replaced_person WHERE number = ?1",
    [GET_UNIT] = "SELECT seq, id, name, phone, by FROM unit WHERE id = ?1",
    [GET_REPLACED_UNIT] = "SELECT seq, id, name, phone, by FROM replaced_unit WHERE id = ?1",
    [GET_KEY] = "SELECT body, at, seq, first_seq, n_events, result, reason FROM idempotency WHERE key = ?1",
};

static struct str keep(struct buf *out, struct str s)
{
    if (!s.p)
        return STR_NONE;
    struct str kept = {out->p + out->n, s.n};
    buf_addstr(out, s);
    return kept;
}

static enum err copy_row(sqlite3_stmt *q, struct str id, struct buf *out, struct contact *contact, struct errmsg *msg)
{
    struct contact c = {sql_text(q, 2), sql_text(q, 3), sql_text(q, 4)};
    if (!str_eq(sql_text(q, 1), id))
        return err_set(msg, ERR_DAMAGED, "contacts.db: the row of \"%.*s\" is another's", (int)id.n, id.p);
    if (contact_is_erased(&c))
        return ERR_ABSENT;
    buf_room(out, c.name.n + c.phone.n + c.by.n + 1); /* so that it does not move under what is kept already */
    *contact = (struct contact){keep(out, c.name), keep(out, c.phone), keep(out, c.by)};
    return ERR_OK;
}

/* One row; ERR_ABSENT: there is none, or only a mark that there was none; ERR_MORE: it belongs to an event after
 * sealed. */
static enum err read_row(struct contacts *c, enum read_statement which, uint64_t sealed, struct str id, struct buf *out,
                         struct contact *contact, struct errmsg *msg)
{
    sqlite3_stmt *q = c->read[which];
    int code = sqlite3_step(q);
    enum err e;
    if (code == SQLITE_DONE)
        e = ERR_ABSENT;
    else if (code != SQLITE_ROW)
        e = contacts_failed(c->reader, "read a contact", msg);
    else if (sqlite3_column_int64(q, 0) == 0)
        e = ERR_ABSENT;
    else if ((uint64_t)sqlite3_column_int64(q, 0) > sealed)
        e = ERR_MORE;
    else
        e = copy_row(q, id, out, contact, msg);
    sqlite3_reset(q);
    return e;
}

/* A row of a commit in flight is passed over for the one that it replaces. When that is gone, the commit has become
 * durable meanwhile, and the row is looked at again; or there never was one. */
static enum err read_durable(struct contacts *c, enum read_statement now, enum read_statement replaced, struct str id,
                             struct buf *out, struct contact *contact, struct errmsg *msg)
{
    uint64_t sealed = atomic_load(&c->sealed);
    enum err e = read_row(c, now, sealed, id, out, contact, msg);
    if (e != ERR_MORE)
        return e;
    e = read_row(c, replaced, UINT64_MAX, id, out, contact, msg);
    uint64_t later = atomic_load(&c->sealed);
    if (e != ERR_ABSENT || later == sealed)
        return e;
    e = read_row(c, now, later, id, out, contact, msg);
    return e == ERR_MORE ? ERR_ABSENT : e;
}

enum err contacts_get(struct contacts *c, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                      struct errmsg *msg)
{
    sqlite3_bind_int64(c->read[GET_PERSON], 1, number);
    sqlite3_bind_int64(c->read[GET_REPLACED_PERSON], 1, number);
    return read_durable(c, GET_PERSON, GET_REPLACED_PERSON, id, out, contact, msg);
}

enum err contacts_get_unit(struct contacts *c, struct str unit, struct buf *out, struct contact *contact,
                           struct errmsg *msg)
{
    sql_bind(c->read[GET_UNIT], 1, unit);
    sql_bind(c->read[GET_REPLACED_UNIT], 1, unit);
    return read_durable(c, GET_UNIT, GET_REPLACED_UNIT, unit, out, contact, msg);
}
