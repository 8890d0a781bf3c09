/* The log's part of a backup: what the copy lacks of it is appended, up to an event that is known to be durable, and
 * every batch of that is held against its seal. */
#ifndef STORE_BACKUP_LOG_H
#define STORE_BACKUP_LOG_H

#include "store/log/segment.h"

struct backup_log {
    int from, to;          /* log folders; borrowed */
    struct seal seal;      /* where the copy ends, verified; all 0: nothing is there */
    struct segment last;   /* the copy's last segment, up to there, and its index; first 0: there is none. Owned */
    uint64_t copied, kept; /* bytes on the disk: written; of the store's, there already */
    void (*grown)(void *arg, uint64_t bytes); /* told now and then: how many were written */
    void *arg;
};

void backup_log_done(struct backup_log *l);

/* ERR_EXISTS: where the copy ends the store's log has no such seal, or does not begin before that any more. */
enum err backup_log_meets(const struct backup_log *l, struct errmsg *msg) ERR_MUSTCHECK;

/* How many bytes on the disk are to be copied for events up to `until`; a guess, for progress. */
enum err backup_log_lacks(const struct backup_log *l, uint64_t until, uint64_t *bytes,
                          struct errmsg *msg) ERR_MUSTCHECK;

/* Appends up to the seal of event `until`, and syncs it. Closed segments are copied as they are, compressed ones too;
 * the last one, and what a segment of the copy lacks, as text. ERR_DAMAGED: the store's log, and where. ERR_ARCHIVED: a
 * segment was moved away meanwhile. */
enum err backup_log_append(struct backup_log *l, uint64_t until, struct errmsg *msg) ERR_MUSTCHECK;

#endif
