/* Alterations of a store: each takes a folder, changes something in it at random, and says whether verify must find it.
 */
#ifndef TESTS_VERIFY_ALTER_H
#define TESTS_VERIFY_ALTER_H

#include "base/buf.h"
#include "tests/lib/tap.h"
#include "tests/verify/logbook.h"

enum verdict {
    MUST_FIND,
    /* What it leaves is a store that could have come about: another input at the end, a name that no event holds; or
     * bytes without any meaning. Counted, by alteration. */
    MAY_PASS,
    NOTHING, /* there was nothing to alter */
};

struct altering {
    struct rng rng;
    const char *folder;
    const struct logbook *log; /* as it was; not to be changed */
    struct seal seal;          /* at its end */
    bool expect;               /* verify is given that seal */
    struct buf what;           /* what was done, for people */
};

typedef enum verdict alter_fn(struct altering *a);

struct alteration {
    const char *name;
    alter_fn *apply;
};

extern const struct alteration alterations[];
extern const unsigned n_alterations;

/* alter_files.c: bytes, as a disk or a careless hand changes them */
alter_fn flip_log, flip_checkpoint, flip_contacts, flip_delivery, flip_index, flip_stamp, flip_meta, flip_synced,
    cut_file, remove_segment, add_torn;

/* alter_log.c: the log, written again with right hashes, and everything beside it moved along */
alter_fn lose_event, remove_event, insert_copy, insert_suspension, swap_neighbours, change_member, change_time,
    cut_tail, cut_all;

/* alter_states.c: what is stored beside the log, with right checksums */
alter_fn change_contact, change_unit, change_key, change_delivery, change_checkpoint, change_checkpoint_text,
    change_index;

/* Runs SQL on one of the folder's databases, whose write-ahead log is put back afterwards. */
void alter_sql(const struct altering *a, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The first column of the first row; false: there is none. */
bool alter_sql_number(const struct altering *a, const char *file, int64_t *out, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* All that verify can know of it: every row without texts and times. "" when it cannot be read. */
void alter_sql_known(const struct altering *a, const char *file, struct buf *out);

/* The whole file, or part of it; false: it is not there. */
bool alter_read(const struct altering *a, const char *name, struct buf *out);
void alter_write(const struct altering *a, const char *name, struct str bytes);
/* One of the files in a sub-folder that end so; false: there is none. name has room for 256 bytes. */
bool alter_pick(struct altering *a, const char *sub, const char *suffix, char *name);

#endif
