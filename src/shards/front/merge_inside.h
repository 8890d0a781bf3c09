/* What the files of merge.h share. */
#ifndef SHARDS_MERGE_INSIDE_H
#define SHARDS_MERGE_INSIDE_H

#include "base/date.h"
#include "shards/front/merge.h"
#include "shards/front/raw_json.h"

/* The objects of one array of each body; those of the same key together, in order of the bodies. */
struct merge_rows {
    struct merge_row {
        struct str key;    /* by which they are the same */
        struct str object; /* as it stands in the body */
        unsigned body;
        size_t place; /* among all, as they were read */
    } * v;
    size_t n, cap;
};

/* Those of one key. */
struct merge_group {
    const struct merge_row *v;
    size_t n;
};

/* name: the array's; key: the member by which rows are the same. false: a body has no such array of such objects. */
bool merge_take(struct merge_rows *rows, const struct str *bodies, unsigned n, const char *name, const char *key);
void merge_rows_done(struct merge_rows *rows);
/* In the order in which the keys first came; how many. The caller frees *groups. */
size_t merge_groups(const struct merge_rows *rows, struct merge_group **groups);

/* "2026-07-01T09:00:00+08:00", in quotes; false: it is none. */
bool merge_instant(struct str value, lc_instant *out);
bool merge_number(struct str value, uint64_t *out);
/* Is value the one to be shown rather than best (which may be STR_NONE), where the latest or the earliest counts? */
bool merge_is_later(struct str value, struct str best);
bool merge_is_earlier(struct str value, struct str best);

/* merge_holds.c */
bool merge_hold_rows(const struct str *bodies, unsigned n, struct buf *out);

#endif
