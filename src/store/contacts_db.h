/* The database of the contacts, for the files that write and read it. */
#ifndef STORE_CONTACTS_DB_H
#define STORE_CONTACTS_DB_H

#include <stdatomic.h>

#include "store/contacts.h"
#include "store/contacts_wipe.h"
#include "store/sql.h"

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
    N_WRITE
};

enum read_statement { GET_PERSON, GET_REPLACED_PERSON, GET_UNIT, GET_REPLACED_UNIT, N_READ };

extern const char *const contacts_read_sql[N_READ];

struct contacts {
    struct wipe *wipe;
    sqlite3 *writer, *reader;
    sqlite3_stmt *write[N_WRITE], *read[N_READ];
    uint64_t durable, last;              /* of the last transaction */
    uint64_t fresh;                      /* above every person's number */
    bool erased;                         /* the last transaction erased somebody whose bytes may still be there */
    _Atomic uint64_t sealed;             /* the last event whose contacts are final */
    const struct contact_change **order; /* scratch: a commit's persons by number */
    size_t cap;
};

enum err contacts_failed(sqlite3 *db, const char *what, struct errmsg *msg);

static inline bool contact_is_erased(const struct contact *c)
{
    return !c->name.p && !c->phone.p && !c->by.p;
}

#endif
