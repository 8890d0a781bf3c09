/* Rows of idempotency keys. Their numbers ascend, and with them seq and, as far as nobody sets the clock back, the
 * time: so the oldest stand first, and what a commit has added stands last.
 *
 * Words, not numbers, stand for result and reason: an enum may change while a row lives. */
#include "store/contacts/contacts_db.h"

#include "core/text.h"

const char keys_schema[] =
    "CREATE TABLE idempotency(n INTEGER PRIMARY KEY, key BLOB NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, first_seq INTEGER NOT NULL, n_events INTEGER NOT NULL, result TEXT NOT NULL, reason TEXT);"
    "CREATE UNIQUE INDEX idempotency_key ON idempotency(key);";

static void bind_blob(sqlite3_stmt *s, int at, const unsigned char bytes[KEY_HASH])
{
    sqlite3_bind_blob(s, at, bytes, KEY_HASH, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *s, int at, uint64_t n)
{
    sqlite3_bind_int64(s, at, (sqlite3_int64)n);
}

static bool put_key(struct contacts *c, const struct key_row *k)
{
    sqlite3_stmt *s = c->write[PUT_KEY];
    bind_blob(s, 1, k->key);
    bind_blob(s, 2, k->body);
    sqlite3_bind_int64(s, 3, k->at);
    bind_number(s, 4, k->seq);
    bind_number(s, 5, k->first_seq);
    bind_number(s, 6, k->n_events);
    sql_bind(s, 7, str_of(result_text(k->result)));
    sql_bind(s, 8, str_of(reason_text(k->reason)));
    return sql_run(s);
}

/* Looks at twice as many of the oldest as were added, so that what is too old or too much comes to an end. */
static bool forget_some(struct contacts *c, size_t added, int64_t now)
{
    sqlite3_stmt *s = c->write[FORGET_KEYS];
    bind_number(s, 1, 2 * added + 64);
    sqlite3_bind_int64(s, 2, now - KEY_SECONDS);
    bind_number(s, 3, c->keys_max);
    return sql_run(s);
}

bool contacts_put_keys(struct contacts *c, const struct commit *commit)
{
    for (size_t i = 0; i < commit->n_keys; i++)
        if (!put_key(c, &commit->keys[i]))
            return false;
    return commit->n_keys == 0 || forget_some(c, commit->n_keys, commit->keys[commit->n_keys - 1].at);
}

/* --- reading --- */

static bool copy_hash(sqlite3_stmt *s, int at, unsigned char out[KEY_HASH])
{
    const void *bytes = sqlite3_column_blob(s, at);
    if (!bytes || sqlite3_column_bytes(s, at) != KEY_HASH)
        return false;
    memcpy(out, bytes, KEY_HASH);
    return true;
}

bool contacts_key_row(sqlite3_stmt *s, struct key_row *out)
{
    struct str reason_word = sql_text(s, 6);
    unsigned result, reason = REASON_NONE;
    if (!copy_hash(s, 0, out->body) || !texts_find(&result_texts, sql_text(s, 5), &result) ||
        (reason_word.p && !texts_find(&reason_texts, reason_word, &reason)) ||
        (sqlite3_column_count(s) > 7 && !copy_hash(s, 7, out->key)))
        return false;
    out->at = sqlite3_column_int64(s, 1);
    out->seq = (uint64_t)sqlite3_column_int64(s, 2);
    out->first_seq = (uint64_t)sqlite3_column_int64(s, 3);
    out->n_events = (uint32_t)sqlite3_column_int64(s, 4);
    out->result = (enum result)result;
    out->reason = (enum reason)reason;
    return true;
}

enum err contacts_find_key(struct contacts *c, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                           struct errmsg *msg)
{
    sqlite3_stmt *s = c->read[GET_KEY];
    struct key_row row;
    enum err e = ERR_OK;
    memcpy(row.key, key, KEY_HASH);
    bind_blob(s, 1, key);
    int code = sqlite3_step(s);
    if (code == SQLITE_DONE)
        e = ERR_ABSENT;
    else if (code != SQLITE_ROW)
        e = contacts_failed(c->reader, "read a key", msg);
    else if (!contacts_key_row(s, &row))
        e = err_set(msg, ERR_DAMAGED, "contacts.db: the row of a key is not what was written");
    else if (row.seq > atomic_load(&c->sealed) || row.at <= now - KEY_SECONDS)
        e = ERR_ABSENT;
    sqlite3_reset(s);
    if (!e)
        *out = row;
    return e;
}
