/* A copy of a SQLite database as of one moment, while another process goes on with it. */
#ifndef STORE_BACKUP_DB_H
#define STORE_BACKUP_DB_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* from is read within one transaction, which keeps nobody from writing: but as long as it lasts, the write-ahead log
 * beside it grows by all that is written. Page after page is copied: measured, 0.1 s for the contacts of a million
 * people (61 MB), and more where the disk below `to` does not take 600 MB a second. Neither file is synced.
 *
 * wiped: the copy has no text in pages' unallocated space either (contacts_wipe.h). grown() is told after each MiB how
 * many bytes there are. ERR_ABSENT: there is no such file; `to` must not be there, and may be left half-done. */
enum err backup_db(const char *from, const char *to, bool wiped, void (*grown)(void *arg, uint64_t bytes), void *arg,
                   struct errmsg *msg) ERR_MUSTCHECK;

/* Whoever opens the copy next, and only reads, needs no file beside it: it is synced, and no write-ahead log goes with
 * it until it is opened for writing. */
enum err backup_db_close(const char *path, bool wiped, struct errmsg *msg) ERR_MUSTCHECK;

#endif
