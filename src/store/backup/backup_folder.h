/* A folder that backups of a store are written into. It is laid out as the store itself, so that restoring is copying
 * it back; meta.json says that it is a copy (folder.h).
 *
 * A backup first appends to the log and puts everything else into the folder `incoming`; only then does that take the
 * place of what the backup before has left. Meanwhile backup.json says how to get back to a whole backup, whenever
 * writing is cut short:
 *
 *   copying      the log is cut back to where the backup before ends, and `incoming` removed
 *   committing   everything is there and on the disk: what is left of `incoming` is moved to its place
 *
 * Whoever opens the folder for writing settles that; who only reads is told what to do. */
#ifndef STORE_BACKUP_FOLDER_H
#define STORE_BACKUP_FOLDER_H

#include "store/store.h"

#define BACKUP_INCOMING "incoming"
#define BACKUP_MARK "backup.json"

/* Where the backup before ends; all 0: there is none. */
struct backup_end {
    uint64_t seq;   /* its last event */
    uint64_t first; /* of its last segment */
    uint64_t bytes; /* of that segment's text */
};

/* Both make it durable. Before the first everything in the folder is a whole backup, or nothing; before the second
 * everything written since is on the disk. */
enum err backup_mark_copying(int folder, const struct backup_end *end, struct errmsg *msg) ERR_MUSTCHECK;
enum err backup_mark_committing(int folder, struct errmsg *msg) ERR_MUSTCHECK;

/* The lock must be held. path is for messages. What it does may be cut short and done again. */
enum err backup_settle(int folder, const char *path, struct errmsg *msg) ERR_MUSTCHECK;
/* Without the lock: ERR_DAMAGED when a backup into the folder was cut short, ERR_LOCKED when one is under way. */
enum err backup_is_settled(int folder, const char *path, struct errmsg *msg) ERR_MUSTCHECK;

#endif
