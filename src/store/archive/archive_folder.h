/* A folder of archived segments: the log's files as they were, from any number of runs, and archive.json, which says
 * what they are, so that the folder can be verified by itself:
 *
 *   {"lifecertd":"archive","version":1,"segments":[{"first":N,"last":N,"previous":"HEX","sha256":"HEX"},...],
 *    "crc32c":"HEX"}
 *
 * Each segment with its first and last event, the hash of the seal before it and that of its last seal; ascending. The
 * file of one is the number of its first event, with .ndjson or .ndjson.zst. Only what is listed has been verified
 * there. To bump ARCHIVE_VERSION: write the new one, read every older one, refuse later ones. */
#ifndef STORE_ARCHIVE_FOLDER_H
#define STORE_ARCHIVE_FOLDER_H

#include "store/store.h"

#define ARCHIVE_VERSION 1
#define ARCHIVE_NAME "archive.json"

struct archive_segment {
    uint64_t first;
    struct seal end;
    unsigned char previous[SEAL_HASH];
};

struct archive_list {
    struct archive_segment *v; /* ascending by first */
    size_t n;
};

/* list: all zero. ERR_ABSENT: there is none. ERR_DAMAGED, ERR_VERSION, ERR_IO. path: for messages. */
enum err archive_list_load(int folder, const char *path, struct archive_list *list, struct errmsg *msg) ERR_MUSTCHECK;
enum err archive_list_save(int folder, const struct archive_list *list, struct errmsg *msg) ERR_MUSTCHECK;
void archive_list_done(struct archive_list *list);
/* In the place of one with the same first number. */
void archive_list_put(struct archive_list *list, const struct archive_segment *s);

#endif
