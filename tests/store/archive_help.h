/* A store of a town's log in small segments, and its archive, for the tests of both. */
#ifndef TESTS_STORE_ARCHIVE_HELP_H
#define TESTS_STORE_ARCHIVE_HELP_H

#include "store/archive/archive.h"
#include "store/archive/archive_folder.h"
#include "tests/store/town_log.h"

#define SEED 31
#define EVENTS 260

#define SMALL_SEGMENTS ((struct store_options){.segment_bytes = 12000})

struct place {
    char uri[256], path[256], folder[256]; /* folder: the archive's */
};

struct place place_of(const char *name);
/* Bails out when it cannot be opened. */
struct store *place_open(const struct place *p, enum store_mode mode);
/* Makes the store, with EVENTS events. */
void place_fill(const struct place *p);
void copy_tree(const char *from, const char *to);

/* The local day on which event seq was decided. */
lc_date event_day(uint64_t seq);
/* Archives what is from before that day, whatever checkpoints and endpoints there are. */
enum err archive_run(const struct place *p, lc_date before, struct archive_report *out, struct errmsg *msg);
/* The archive's list, empty when there is none; to be ended with archive_list_done(). */
void archive_list_of(const struct place *p, struct archive_list *list);

struct store_info info_of(const struct store *s);
/* From its first event to its last. */
bool store_reads_to_end(struct store *s);
/* Events that are neither in the log, nor said to be archived, and are. */
unsigned archive_lost(const struct place *p, struct store *s);
/* Histories as of the last archived event that are not those folded in memory. */
unsigned archive_wrong_histories(struct store *s);

#endif
