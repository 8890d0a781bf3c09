/* A disk in memory that knows of every byte and every name whether it is durable or only written.
 *
 * What a file has is durable once fsync or fdatasync was called on it; a name that was made, removed or renamed, once
 * its folder was synced. disk_crash() forgets the rest: wholly, partly (sector by sector, one change of a name without
 * those before it), or not at all, as its mode and its dice say. What was forgotten within a file reads as zeros or as
 * what was there before.
 *
 * Calls take errno's way: -1 or NULL, and errno. Nothing here knows of descriptors: disk_calls.c has those. */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/tap.h"

#define DISK_SECTOR 512
#define DISK_NAME 64

struct disk;
struct disk_node;

enum disk_op {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_MAKE,
    DISK_REMOVE,
    DISK_RENAME,
    DISK_LOOK,
    DISK_OP_N
};

extern const char *const disk_op_texts[DISK_OP_N];

enum disk_loss {
    LOSS_NONE,     /* the process was killed: the kernel has everything, and nothing more is durable than was */
    LOSS_TAIL,     /* the power went, and things reach the disk in the order in which they were written */
    LOSS_ANY,      /* the power went, and they reach it in any order */
    LOSS_UNSYNCED, /* nothing but what was synced is there */
    LOSS_N
};

/* Asked before every call that is made of it: 0, or the errno with which it fails without any effect. bytes: what a
 * write asks for; it may be lowered, and then so much is written. */
typedef int disk_gate(void *arg, enum disk_op op, const char *name, size_t *bytes);
/* Told of every call that succeeded. */
typedef void disk_seen(void *arg, enum disk_op op, const char *name, uint64_t at, const void *bytes, size_t n);

struct disk *disk_new(void);
void disk_free(struct disk *d);
void disk_watch(struct disk *d, disk_gate *gate, disk_seen *seen, void *arg);

struct disk_node *disk_root(struct disk *d);
/* An entry of a folder; NULL and ENOENT. */
struct disk_node *disk_find(struct disk *d, struct disk_node *folder, const char *name);
bool disk_is_folder(const struct disk_node *n);
struct disk_node *disk_parent(struct disk_node *n);
const char *disk_name(const struct disk_node *n); /* the one that it was made or renamed with */
uint64_t disk_number(const struct disk_node *n);  /* never that of another */
uint64_t disk_changed(const struct disk_node *n); /* grows with each write to it */
size_t disk_size(const struct disk_node *n);
/* The i-th name in a folder, ascending; NULL behind the last. */
const char *disk_entry(const struct disk_node *folder, size_t i);

/* name NULL: a file without one. */
struct disk_node *disk_make(struct disk *d, struct disk_node *folder, const char *name, bool is_folder);
int disk_remove(struct disk *d, struct disk_node *folder, const char *name);
int disk_rename(struct disk *d, struct disk_node *from, const char *a, struct disk_node *to, const char *b);

int64_t disk_read(struct disk *d, struct disk_node *n, void *to, size_t bytes, uint64_t at);
int64_t disk_write(struct disk *d, struct disk_node *n, const void *from, size_t bytes, uint64_t at);
int disk_truncate(struct disk *d, struct disk_node *n, uint64_t size);
/* A file's bytes, or a folder's names. One that fails with EIO leaves what was written since the last one unwritable
 * for ever: it can still be read, and a second try says nothing. */
int disk_sync(struct disk *d, struct disk_node *n);

/* The file's bytes themselves, for a shared mapping: they stay in place from here on, and what is changed through the
 * pointer counts as written. */
void *disk_map(struct disk_node *n, size_t bytes);

/* What a crash leaves. Whoever still has a node must look it up again. */
void disk_crash(struct disk *d, enum disk_loss loss, struct rng *dice);
/* Turns one bit round in a file, on the disk itself. */
void disk_flip(struct disk_node *n, uint64_t bit);

/* What the last crash took: sectors, and changes of names. */
struct disk_lost {
    uint64_t sectors, kept_sectors, names, kept_names;
};
struct disk_lost disk_lost(const struct disk *d);

#endif
