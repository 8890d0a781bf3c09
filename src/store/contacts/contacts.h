/* The contacts of a dir store: contacts.db, one row a person or unit, in SQLite with secure_delete; and beside them the
 * rows of idempotency keys, which share their transactions.
 *
 * A commit's contacts are written before its lines. So that they can be taken back when its seal never gets there, one
 * transaction keeps the rows that it replaces (in tables beside) and the first number that it adds; the next one, or
 * the next opening, drops these. A read gives what belongs to durable events only. Rows of keys are taken back by their
 * seq.
 *
 * Writing is done by whoever runs the commit, reading by the engine's thread, each on a connection of its own. */
#ifndef STORE_CONTACTS_H
#define STORE_CONTACTS_H

#include "store/store.h"

struct contacts;

/* folder: the store's path. make: a new one, else it must be there. ERR_VERSION, ERR_DAMAGED, ERR_IO. */
enum err contacts_open(const char *folder, bool make, struct contacts **out, struct errmsg *msg) ERR_MUSTCHECK;
void contacts_close(struct contacts *c);

/* The number known to be durable when the last transaction was written: the log must reach at least there. */
uint64_t contacts_known(const struct contacts *c);
/* The last event of the commit that it belonged to, which may never have been sealed. */
uint64_t contacts_last(const struct contacts *c);
/* At opening: durable is where the log ends. Takes back, or makes final, the last transaction. */
enum err contacts_recover(struct contacts *c, uint64_t durable, struct errmsg *msg) ERR_MUSTCHECK;

enum err contacts_write(struct contacts *c, const struct commit *commit, struct errmsg *msg) ERR_MUSTCHECK;
/* After the seal of that commit is durable. When somebody was erased, the bytes are gone from the files after it;
 * or, when another process is reading (a backup, a verification), after the next call at which none is. */
enum err contacts_sealed(struct contacts *c, struct errmsg *msg) ERR_MUSTCHECK;

enum err contacts_get(struct contacts *c, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                      struct errmsg *msg) ERR_MUSTCHECK;
enum err contacts_get_unit(struct contacts *c, struct str unit, struct buf *out, struct contact *contact,
                           struct errmsg *msg) ERR_MUSTCHECK;
/* As store_key_find(). */
enum err contacts_find_key(struct contacts *c, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                           struct errmsg *msg) ERR_MUSTCHECK;

/* contacts_each.c: as store_each_contact() and store_each_key(). */
enum err contacts_each(struct contacts *c, contact_each_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
enum err contacts_each_key(struct contacts *c, key_each_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;

#endif
