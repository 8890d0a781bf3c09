/* A store's folder: who may use it (the lock), what it is (meta.json), and how far it is known to be durable (synced,
 * stamp). */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "store/store.h"

#define META_VERSION 3 /* 1: without copy, 2: without taken */
#define META_NAME "meta.json"

/* copy: the folder is a backup of the store that has this incarnation. A copy is nobody's store before it is opened for
 * writing; then it gets an incarnation of its own, so that no two stores ever give two events the same id. taken: as in
 * struct store_info. */
struct meta {
    char incarnation[33];
    bool simulated, copy;
    uint64_t taken;
};

/* Opens the folder, and with make creates it and its parts first. */
enum err folder_open(const char *path, bool make, int *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Of a new store, or of a copy that becomes one: an incarnation that is given, or (NULL) a new one; the rest as in *m,
 * which then has it all, and is no copy. */
enum err meta_make(int folder, const char *incarnation, struct meta *m, struct errmsg *msg) ERR_MUSTCHECK;
enum err meta_write(int folder, const struct meta *m, struct errmsg *msg) ERR_MUSTCHECK;
/* ERR_ABSENT, ERR_VERSION, ERR_DAMAGED */
enum err meta_load(int folder, const char *path, struct meta *out, struct errmsg *msg) ERR_MUSTCHECK;

/* The lock is an open-file-description lock on the file `lock`, which holds the pid: unlike flock(2) it can be looked
 * at without taking it, so that a reader never stands in a starting daemon's way. ERR_LOCKED names the holder. */
enum err lock_take(int folder, const char *path, int *out, struct errmsg *msg) ERR_MUSTCHECK;
bool lock_is_held(int folder);

/* The last durable number, shared with readers in other processes and kept over a crash. A page of memory mapped from
 * the file `synced`; its content is never ahead of the log. */
struct synced {
    char magic[8];
    _Atomic uint64_t seq;
};

enum err synced_map(int folder, bool write, struct synced **out, struct errmsg *msg) ERR_MUSTCHECK;
void synced_unmap(struct synced *s, bool write);

/* The stamp's file: a line {"lifecertd":"stamp","version":1,"durable":N,"crc32c":"HEX"}, then the engine's bytes.
 * ERR_ABSENT: there is none. out may be NULL. */
enum err stamp_write(int folder, uint64_t durable, struct str bytes, struct errmsg *msg) ERR_MUSTCHECK;
enum err stamp_load(int folder, uint64_t *durable, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
