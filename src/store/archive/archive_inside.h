/* What the files that archive share. */
#ifndef STORE_ARCHIVE_INSIDE_H
#define STORE_ARCHIVE_INSIDE_H

#include "store/archive/archive.h"
#include "store/archive/archive_folder.h"
#include "store/archive/history_fold.h"
#include "store/dir/dir.h"
#include "store/log/scan.h"

struct archiving {
    const struct archive_order *order;
    struct store *store; /* opened for reading */
    struct dir_store *dir;
    int lock, folder; /* folder: where the segments go */
    char path[4096];  /* its own */
    uint64_t *all;    /* the segments in the folder; owned */
    uint64_t *firsts; /* in it, the log's; the first n of them go */
    size_t n_firsts, n;
    uint64_t to;               /* the last event that goes, and */
    int64_t to_at;             /* when it was decided */
    uint64_t disk, text;       /* what goes: as it is, and as text */
    uint64_t done, total;      /* for whoever is shown it */
    struct archive_list list;  /* the folder's */
    struct seal seal;          /* of the last event that was verified in the folder */
    struct history_fold *fold; /* NULL: nothing is to be folded */
};

/* The first number behind segment i. */
static inline uint64_t archiving_next(const struct archiving *a, size_t i)
{
    return a->firsts[i + 1]; /* the last segment never goes */
}

void archiving_show(const struct archiving *a, uint64_t event);

/* archive_needs.c: what still needs events up to `to`. ERR_INVALID says what, and what to do. */
enum err archive_check_needs(const struct archiving *a, struct errmsg *msg) ERR_MUSTCHECK;

/* archive_move.c */
/* Opens or makes the folder and looks at whose it is. */
enum err archive_open_folder(struct archiving *a, struct errmsg *msg) ERR_MUSTCHECK;
enum err archive_copy(struct archiving *a, struct errmsg *msg) ERR_MUSTCHECK;
/* Reads the copies, and gives their events to a->fold; fills in list and seal. */
enum err archive_verify(struct archiving *a, struct errmsg *msg) ERR_MUSTCHECK;
enum err archive_remove(struct archiving *a, struct errmsg *msg) ERR_MUSTCHECK;

#endif
