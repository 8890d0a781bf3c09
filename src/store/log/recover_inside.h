/* Recovery from inside: what its files share. */
#ifndef STORE_RECOVER_INSIDE_H
#define STORE_RECOVER_INSIDE_H

#include "store/dir/dir.h"
#include "store/log/scan.h"

struct recovery {
    struct dir_store *d;
    const struct recovery_plan *plan;
    size_t begin; /* the segment with which the log begins; those before it are left out */
    bool met;     /* the chain went through the checkpoint's seal */
    bool small;   /* the whole log is verified, whatever a checkpoint spares */
    struct scan scan;
    struct seal seal;     /* the last good one */
    uint64_t last_commit; /* where it begins in its file */
    uint64_t tail;        /* bytes behind it in the last segment */
    struct errmsg *msg;
};

/* recover_segment.c: both move the seal on to the segment's end. */
/* Reads it whole. last: it may end in a torn commit, whose length becomes the tail. */
enum err recover_scan_segment(struct recovery *r, struct segment *s, struct segment_file *f, bool last) ERR_MUSTCHECK;
/* A closed segment from before the checkpoint: its index speaks for it, and its first line. false: they do not. */
bool recover_take_by_index(struct recovery *r, struct segment *s, struct segment_file *f);

/* recover_end.c: cuts the tail off, if that is asked for; also without a tail the file is synced: what a killed process
 * wrote may not be. */
enum err recover_settle_end(struct recovery *r, struct store_opened *opened) ERR_MUSTCHECK;

#endif
