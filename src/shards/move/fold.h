/* One JSON object of several: each shard's delivery says of an endpoint what it knows, and a table says what that comes
 * to for all of them. */
#ifndef SHARDS_FOLD_H
#define SHARDS_FOLD_H

#include <stdint.h>

#include "base/buf.h"

enum fold_how {
    FOLD_FIRST,    /* of the first that has any; null else */
    FOLD_SUM,      /* of numbers */
    FOLD_SUMS,     /* an object of numbers: each name's */
    FOLD_WORST,    /* of words: the last in the row's list */
    FOLD_EARLIEST, /* of times as text */
    FOLD_LATEST,
    FOLD_LAST,     /* the same; null when one has none */
    FOLD_PLACE,    /* numbers of the shards' logs: a position, as text where there are several */
    FOLD_OBJECT,   /* an object with rows of its own; null when none has it */
};

struct fold_row {
    const char *name; /* NULL: the end of the table */
    enum fold_how how;
    const char *const *words;    /* WORST: ended by NULL; one that is in no list is the worst */
    const struct fold_row *rows; /* OBJECT */
};

struct fold;

struct fold *fold_new(const struct fold_row *rows, unsigned n_shards);
/* NULL is fine. */
void fold_free(struct fold *f);
/* What that shard says; members that are in no row are passed over. */
void fold_take(struct fold *f, unsigned shard, struct str object);
/* In the order of the table; members that none has are left out. */
void fold_write(const struct fold *f, struct buf *out);

#endif
