/* Due lists of several shards (engine/past/past.h) as one. */
#ifndef CTL_DUE_FOLD_H
#define CTL_DUE_FOLD_H

#include "ctl/json.h"
#include "shards/position.h"

struct due_row;

struct due_fold {
    struct due_row *v; /* ascending by day or month */
    size_t n, cap;
    int64_t held[3];
    struct position position, end;
    char as_of[32], by[8]; /* "": no shard knew anything then */
};

/* Of so many shards. */
void due_fold_init(struct due_fold *f, unsigned shards);
void due_fold_done(struct due_fold *f);
void due_fold_add(struct due_fold *f, unsigned shard, const struct json *list);
/* In the form of one shard's, but that positions are those of all. */
void due_fold_write(const struct due_fold *f, struct buf *out);

#endif
