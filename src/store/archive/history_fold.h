/* Everyone's history, folded from the log's lines, of which there may be more than fits into memory.
 *
 * Lines are sorted into buckets by person on the disk (spill.h); then bucket after bucket is folded in memory, each
 * into a run of people by the number of their last event; then the runs are merged. So every line is read once, and
 * written, compressed, twice at most: measured, 100 MB of log a second. What is in memory is one bucket's people, some
 * 40 MB from FOLD_BUCKET bytes of lines, and three blocks of 64 KiB for each bucket: below 300 MB for 64 GiB of lines,
 * beyond which buckets become larger. */
#ifndef STORE_HISTORY_FOLD_H
#define STORE_HISTORY_FOLD_H

#include "store/archive/history_file.h"

#define FOLD_BUCKET ((uint64_t)64 << 20)
#define FOLD_BUCKETS_MAX 1024u

struct history_fold;

/* folder: where there is room for sorting. buckets: 1 to FOLD_BUCKETS_MAX. */
enum err history_fold_new(int folder, unsigned buckets, struct history_fold **out, struct errmsg *msg) ERR_MUSTCHECK;
void history_fold_free(struct history_fold *f);

/* A person's history so far, a line of a history file: before any event. */
enum err history_fold_person(struct history_fold *f, struct str line, struct errmsg *msg) ERR_MUSTCHECK;
/* The log's next line, without its newline; *time becomes its event's. */
enum err history_fold_event(struct history_fold *f, struct str line, int64_t *time, struct errmsg *msg) ERR_MUSTCHECK;
/* Everybody into the writer, which is not finished by it. ERR_DAMAGED: an event does not follow the person's last. */
enum err history_fold_write(struct history_fold *f, struct history_writer *w, struct errmsg *msg) ERR_MUSTCHECK;

#endif
