/* The database of the contacts, for the files that write and read it. */
#ifndef STORE_CONTACTS_DB_H
#define STORE_CONTACTS_DB_H

#include <stdatomic.h>

#include "store/contacts/contacts.h"
#include "store/contacts/contacts_wipe.h"
#include "store/sql.h"

#define CONTACTS_VERSION 2 /* 1: without keys */

enum write_statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    DROP_PERSONS,
    DROP_UNITS,
    KEEP_PERSON,
    KEEP_NO_PERSON,
    KEEP_UNIT,
    KEEP_NO_UNIT,
    PUT_PERSON,
    PUT_UNIT,
    PUT_STATE,
    PUT_KEY,
    FORGET_KEYS,
    N_WRITE
};

enum read_statement { GET_PERSON, GET_REPLACED_PERSON, GET_UNIT, GET_REPLACED_UNIT, GET_KEY, N_READ };

extern const char *const contacts_read_sql[N_READ];
extern const char keys_schema[];

struct contacts {
    struct wipe *wipe;
    sqlite3 *writer, *reader;
    sqlite3_stmt *write[N_WRITE], *read[N_READ];
    uint64_t durable, last;              /* of the last transaction */
    uint64_t fresh;                      /* above every person's number */
    bool erased;                         /* somebody was erased whose bytes may still be there */
    bool patient;                        /* the last transaction did that, and the write-ahead log was not cut since */
    _Atomic uint64_t sealed;             /* the last event whose contacts are final */
    const struct contact_change **order; /* scratch: a commit's persons by number */
    size_t cap;
    uint64_t keys_max; /* KEYS_MAX, but for tests */
};

/* Writes the commit's keys, within the transaction that is open. */
bool contacts_put_keys(struct contacts *c, const struct commit *commit);
/* A row of body, at, seq, first_seq, n_events, result, reason, key (out->key, where the column is there). false: it is
 * not what was written. */
bool contacts_key_row(sqlite3_stmt *s, struct key_row *out);

enum err contacts_failed(sqlite3 *db, const char *what, struct errmsg *msg);

static inline bool contact_is_erased(const struct contact *c)
{
    return !c->name.p && !c->phone.p && !c->by.p;
}

#endif
