/* A log alone in a folder, without the store around it: made with segments and commits just as a test wants them, and
 * recovered and read by the functions below store/dir. Whatever goes wrong in making it ends the test. */
#ifndef TESTS_STORE_BARE_LOG_H
#define TESTS_STORE_BARE_LOG_H

#include "store/dir/dir.h"

struct bare_log {
    struct dir_store d; /* its log_folder; all else is recovery's to fill in */
    char path[256];
};

/* In a new, empty folder of that name. */
void bare_make(struct bare_log *b, const char *name);
/* Lets go of all that recovery found, to be recovered again. */
void bare_reset(struct bare_log *b);
void bare_done(struct bare_log *b);

/* A segment that begins with event first, goes on from *seal, and has a commit for each of these last events, up to 0;
 * *seal moves on. */
void bare_segment(struct bare_log *b, struct seal *seal, uint64_t first, const uint64_t *lasts);
/* The segment as it is compressed. */
void bare_pack(struct bare_log *b, uint64_t first);
/* Writes bytes behind the last segment's end, or over what is at offset. */
void bare_append(struct bare_log *b, uint64_t first, struct str bytes);
void bare_overwrite(struct bare_log *b, uint64_t first, uint64_t offset, struct str bytes);
/* archived.json, as if all up to that seal had been moved away. */
void bare_archived(struct bare_log *b, const struct seal *seal);

/* The names of all files and their bytes are put beside, and put back. */
void bare_keep(const struct bare_log *b);
void bare_restore(const struct bare_log *b);
/* Only that plain segment, whatever else there is. */
void bare_restore_one(const struct bare_log *b, uint64_t first);

#endif
