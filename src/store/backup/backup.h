/* A consistent copy of a dir store in a folder, taken from outside, whether somebody writes to the store or not. The
 * copy is a store as of one event: restoring it is copying the folder back (folder.h says what becomes of it then).
 *
 * Where the folder holds an earlier backup of the same store, only what is new is copied: the log grows, the rest is
 * replaced. Cut short at any moment, by a crash, a full disk or a kill, the earlier backup is still there
 * (backup_folder.h). What the store has archived since stays in it. */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

/* Told now and then: bytes written of so many that were expected, and the last event that is there. */
struct backup_watch {
    void (*show)(void *arg, uint64_t done, uint64_t total, uint64_t event);
    void *arg;
};

struct backup_report {
    struct seal seal;     /* where the backup ends */
    uint64_t earlier;     /* the last event of the backup before; 0: there was none */
    uint64_t copied;      /* bytes that were written */
    uint64_t kept;        /* bytes of the store that were there already */
    char incarnation[33]; /* the store's */
};

/* uri names the store, folder the backup. ERR_EXISTS: the folder holds something else, which is left alone: another
 * log's backup, a store, other files. ERR_LOCKED: a backup is being written into it. ERR_ARCHIVED: events were moved
 * away meanwhile, to be begun again. ERR_INVALID: the store is none in a folder. Else as store_open(). */
enum err store_backup(const char *uri, const char *folder, const struct backup_watch *watch, struct backup_report *out,
                      struct errmsg *msg) ERR_MUSTCHECK;

#endif
