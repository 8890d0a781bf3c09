/* log/archived.json: what was moved away from the front of a log (archive.h), and the seal from which what stays goes
 * on. A log that nothing was moved away from has none.
 *
 *   {"lifecertd":"archived","version":1,"seq":N,"sha256":"HEX","last_at":SECONDS,"runs":[{"from":N,"to":N,
 *    "sha256":"HEX","at":"2026-07-01T00:00:00Z","folder":"...","path":"/..."},...],"crc32c":"HEX"}
 *
 * seq and sha256 are the last archived seal's, last_at is when its event was decided; each run says which events went
 * where, the seal of the last of them, and the folder as it was given and as it is found. Beside it stands everyone's
 * history as of seq (history_file.h). The file is written beside, synced and renamed: from then on the archived
 * segments, which may still be there, are not needed any more.
 *
 * To bump ARCHIVED_VERSION: write the new one, read every older one, refuse later ones. */
#ifndef STORE_ARCHIVED_H
#define STORE_ARCHIVED_H

#include "store/store.h"

#define ARCHIVED_VERSION 1
#define ARCHIVED_NAME "archived.json"
#define ARCHIVE_RUNS_MAX 4096 /* a run a week for 78 years */

struct archive_run {
    uint64_t from, to;
    unsigned char hash[SEAL_HASH]; /* the seal of `to` */
    char at[32];
    char *folder, *path; /* owned */
};

struct archived {
    struct seal seal; /* seq 0: nothing was moved away */
    int64_t last_at;  /* Unix seconds */
    struct archive_run *runs;
    size_t n_runs;
};

/* A seal's hash as a JSON string (codec/json_scan.h): the archive's own list has some, too. */
struct scan;
bool scan_hash(struct scan *s, unsigned char out[SEAL_HASH]);

/* a: all zero. ERR_ABSENT: there is none. ERR_DAMAGED, ERR_VERSION, ERR_IO. */
enum err archived_load(int log_folder, struct archived *a, struct errmsg *msg) ERR_MUSTCHECK;
enum err archived_save(int log_folder, const struct archived *a, struct errmsg *msg) ERR_MUSTCHECK;
void archived_done(struct archived *a);

/* Adds a run at the end; strings are copied. */
void archived_add(struct archived *a, const struct archive_run *run);

/* ERR_ARCHIVED, with a sentence: event seq is not in the log any more; which events were moved away with it, and
 * where. */
enum err archived_gone(const struct archived *a, uint64_t seq, struct errmsg *msg);

#endif
