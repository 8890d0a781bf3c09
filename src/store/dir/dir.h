/* The dir store from inside: what its files share.
 *
 *   meta.json    what this folder is                  contacts.db  names, phones, keys (contacts.h)
 *   lock         who writes to it (folder.h)          stamp        when the daemon was last alive
 *   synced       the last durable number              checkpoint/  derived state (checkpoint.c)
 *   log/         segments and their indexes (segment.h, packed_segment.h, index.h); what was moved away from it
 *                (archived.h, history_file.h)
 *   delivery.db  what was delivered (delivery.h)
 *
 * Threads: the engine's thread owns everything but `end` and `job`, which belong to whoever runs the commit, and the
 * checkpoint's file, which belongs to its worker while a slice is under way. Readers on other threads look at
 * `durable`, and at `segments`, `seal` and the counts behind it under `guard`; the engine's thread changes these under
 * it only, in publish() and when a segment was compressed (tidy.c). The compressing thread looks at none of them. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "store/archive/archived.h"
#include "store/backend.h"
#include "store/checkpoint/checkpoint.h"
#include "store/contacts/contacts.h"
#include "store/dir/worker.h"
#include "store/folder.h"
#include "store/log/segment_file.h"
#include "store/packed/packer.h"

#define GET_FILES 32

struct commit_job {
    struct commit commit;
    struct appended appended;
    enum err result;
    struct errmsg msg;
};

struct archived_file { /* which archived.json was read; all 0: none */
    uint64_t inode;
    struct timespec changed;
};

struct dir_store {
    struct store base;
    char *path;
    int folder, log_folder, lock;
    struct meta meta;
    struct synced *synced;
    struct contacts *contacts;

    pthread_mutex_t guard;
    struct segment *segments;
    size_t n_segments, cap_segments;
    _Atomic uint64_t durable;
    struct seal seal;
    uint64_t log_bytes, disk_bytes, n_packed;
    int archive_folder;       /* segments there are read as if they were in log/; -1: none */
    struct archived archived; /* what was moved away, as far as it is known */
    uint64_t first;           /* the first event that is in the log, or would be */

    struct archived_file archived_file;
    int64_t look_after;           /* monotonic: when it is looked at again, */
    atomic_bool look_soon;        /* unless somebody has missed a segment */
    struct history_file *history; /* of history_seq; NULL: it is not open */
    uint64_t history_seq;

    struct log_end end;
    struct commit_job job;
    struct bell bell;
    struct worker committer;
    struct checkpoint_writer checkpoint;
    struct packer packer;
    int64_t pack_after; /* monotonic: none is begun before */

    struct segment_file files[GET_FILES]; /* store_get's open segments */
    struct buf block;                 /* store_get's scratch */
};

static inline struct dir_store *dir_of(const struct store *s)
{
    return (struct dir_store *)(uintptr_t)s;
}

/* recover.c */
struct witness {     /* somebody who knows a number to be durable */
    const char *who; /* "the stamp" */
    uint64_t seq;
};

struct recovery_plan {
    const struct seal *from; /* a checkpoint's: of a large log closed segments before it are only looked at from outside */
    bool only_last;          /* all closed segments are */
    bool cut;                /* a torn tail is cut off and indexes are mended; else nothing is changed */
    struct witness known[4];
    size_t n_known;
};
/* Fills segments, seal, durable and log_bytes. Afterwards everything up to there is on the disk. */
enum err recover_log(struct dir_store *d, const struct recovery_plan *plan, struct store_opened *opened,
                     struct errmsg *msg) ERR_MUSTCHECK;

/* commit.c */
enum err dir_commit(struct store *s, const struct commit *c, struct errmsg *msg);
enum err dir_commit_poll(struct store *s, bool wait, struct errmsg *msg);

/* get.c */
enum err dir_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);
/* get_read.c: with STORE_READ d->segments covers that durable number then */
enum err get_find_out(struct dir_store *d, uint64_t seq, struct errmsg *msg) ERR_MUSTCHECK;
void get_init(struct dir_store *d);
void get_done(struct dir_store *d);
void get_forget(struct dir_store *d, uint64_t first); /* that segment's file is another one now */
/* The place to start reading for event seq, at or before it: under guard. false: no such event. */
bool find_place(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset);

/* gone.c */
/* Why the file is missing that should have event seq: ERR_ARCHIVED, or ERR_DAMAGED; on any thread. */
enum err dir_gone(const struct dir_store *d, uint64_t seq, struct errmsg *msg);
/* Reads archived.json again, and lets go of segments that were moved away. */
enum err dir_take_archived(struct dir_store *d, struct errmsg *msg) ERR_MUSTCHECK;
/* Where the log begins, by the folder, for whoever keeps no list of segments. */
enum err dir_find_first(struct dir_store *d, struct errmsg *msg) ERR_MUSTCHECK;
/* Whether any of the segments that were listed has been moved away since. */
bool dir_archive_moved(const struct dir_store *d);
/* The same as dir_take_archived(), when there is a reason to. */
void dir_notice_archive(struct dir_store *d);
enum err dir_history(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);

/* archive_view.c */
/* With an archive: the folder in which that segment stands. */
int dir_folder_of(const struct dir_store *d, uint64_t first);
/* The segments there are, by their first numbers (log_files.h). *out is to be freed. */
enum err dir_list_firsts(const struct dir_store *d, uint64_t **out, size_t *n, struct errmsg *msg) ERR_MUSTCHECK;
/* Behind recovery. */
enum err dir_open_archive(struct dir_store *d, const char *path, struct errmsg *msg) ERR_MUSTCHECK;

/* where.c */
enum err dir_where(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);

/* tidy.c */
enum err dir_tidy(struct store *s, bool compress, struct errmsg *msg);

/* reader.c */
enum err dir_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg);
enum err dir_reader_next(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg);
enum err dir_reader_seal(const struct store_reader *r, struct seal *out);
void dir_reader_close(struct store_reader *r);
/* The number up to which everything may be read. */
uint64_t dir_durable(const struct dir_store *d);

#endif
