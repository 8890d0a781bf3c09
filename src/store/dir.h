/* The dir store from inside: what its files share.
 *
 *   meta.json    what this folder is                  contacts.db  names, phones, keys (contacts.h)
 *   lock         who writes to it (folder.h)          stamp        when the daemon was last alive
 *   synced       the last durable number              checkpoint/  derived state (checkpoint.c)
 *   log/         segments and their indexes (segment.h, index.h)
 *   delivery.db  what was delivered (delivery.h)
 *
 * Threads: the engine's thread owns everything but `end` and `job`, which belong to whoever runs the commit, and the
 * checkpoint's file, which belongs to its worker while a slice is under way. Readers on other threads look at
 * `durable`, and at `segments`, `seal` and `log_bytes` under `guard`; the engine's thread changes these under it only,
 * in publish(). */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include <pthread.h>

#include "store/backend.h"
#include "store/checkpoint.h"
#include "store/contacts.h"
#include "store/folder.h"
#include "store/segment.h"
#include "store/worker.h"

#define GET_FILES 32

struct commit_job {
    struct commit commit;
    struct appended appended;
    enum err result;
    struct errmsg msg;
};

struct get_file {
    uint64_t first; /* of the segment; 0: free */
    int fd;
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
    uint64_t log_bytes;

    struct log_end end;
    struct commit_job job;
    struct bell bell;
    struct worker committer;
    struct checkpoint_writer checkpoint;

    struct get_file files[GET_FILES]; /* store_get's open segments */
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
    const struct seal *from; /* a checkpoint's: closed segments before it are only looked at from outside, when the log is large */
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
void get_done(struct dir_store *d);
/* The place to start reading for event seq, at or before it: under guard. false: no such event. */
bool find_place(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset);

/* reader.c */
enum err dir_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg);
enum err dir_reader_next(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg);
enum err dir_reader_seal(const struct store_reader *r, struct seal *out);
void dir_reader_close(struct store_reader *r);
/* The number up to which everything may be read. */
uint64_t dir_durable(const struct dir_store *d);

#endif
