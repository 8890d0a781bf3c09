/* Moving the front of a dir store's log to another folder, whether somebody writes to the store or not: whole closed
 * segments, as they are. What stays is log/archived.json (archived.h) and everyone's history as of there
 * (history_file.h), so that the chain goes on and no decision ever needs what was moved.
 *
 * The steps: segments are copied, each under its name when it is synced; the copies are read, seal by seal, and folded;
 * the history is written; the folder's list (archive_folder.h); archived.json; then the segments are removed, the
 * oldest first. Cut short anywhere the store is whole, and the same call again finishes. */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include "base/date.h"
#include "store/store.h"

/* An endpoint that is configured, and has to have got what is moved. */
struct archive_reader {
    const char *name;
    uint64_t from; /* where it begins when it is new; 0: at the log's end */
};

struct archive_order {
    const char *uri;
    lc_date before;     /* events from before this local day, as they were told the time */
    const char *folder; /* made when it is not there; its parent must be */
    uint64_t
        covered[2]; /* the last events that a start by the newest checkpoint, and by the one before it, does without;
                            0: there is none such */
    const struct archive_reader *readers;
    size_t n_readers;
    unsigned buckets; /* for sorting people; 0: by how much there is */
    /* Told now and then: bytes done of so many, and the last event that is done with. */
    void (*show)(void *arg, uint64_t done, uint64_t total, uint64_t event);
    void *arg;
};

struct archive_report {
    uint64_t from, to;        /* the events that were moved */
    struct seal seal;         /* the last of them, and its seal */
    uint64_t segments, bytes; /* files, and what they took on the disk */
    char path[4096];          /* of the folder */
};

/* ERR_END: there is nothing to move, and the message says why. ERR_INVALID: it may not be moved (yet), and the message
 * says what to do; ERR_EXISTS: the folder is another log's, or a store; ERR_LOCKED: another call is under way. Else as
 * store_open(). */
enum err store_archive(const struct archive_order *o, struct archive_report *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
