/* A backup from inside: what its files share. */
#ifndef STORE_BACKUP_INSIDE_H
#define STORE_BACKUP_INSIDE_H

#include "store/backup/backup.h"
#include "store/backup/backup_folder.h"
#include "store/backup/backup_log.h"
#include "store/dir/dir.h"

struct backup {
    struct store *opened; /* the store; and the same from inside */
    const struct dir_store *store;
    const char *path; /* of the folder; borrowed */
    int folder, lock, log_folder, incoming;
    struct backup_log log;
    struct backup_end earlier;
    struct meta there; /* what the backup before says of itself */
    uint64_t known, until;
    const struct backup_watch *watch;
    uint64_t done, total; /* bytes, for the watch: of files that are whole; and all that are expected */
    struct backup_report report;
};

uint64_t backup_file_bytes(int folder, const char *name); /* 0: there is none */
/* Of the file that is being copied so many bytes are there (arg: the backup); and: all. */
void backup_show(void *arg, uint64_t bytes);
void backup_file_done(struct backup *b, uint64_t bytes);

/* backup_target.c: takes the folder, with its lock, and settles it, if it is one that the backup may go into; and finds
 * where the backup before ends, in the store's log too. */
enum err backup_take_folder(struct backup *b, struct errmsg *msg) ERR_MUSTCHECK;
enum err backup_meet_earlier(struct backup *b, struct errmsg *msg) ERR_MUSTCHECK;

/* backup_parts.c: each copies a part into `incoming`, synced; what the store has not is passed over. */
/* known: the number that the stamp has seen durable; left alone when there is none. */
enum err backup_copy_stamp(struct backup *b, uint64_t *known, struct errmsg *msg) ERR_MUSTCHECK;
enum err backup_copy_delivery(struct backup *b, struct errmsg *msg) ERR_MUSTCHECK;
/* Decides `until`. */
enum err backup_copy_contacts(struct backup *b, struct errmsg *msg) ERR_MUSTCHECK;
enum err backup_copy_checkpoints(struct backup *b, struct errmsg *msg) ERR_MUSTCHECK;
/* What the log of a backup that begins goes on from. */
enum err backup_copy_archived(struct backup *b, struct errmsg *msg) ERR_MUSTCHECK;

#endif
