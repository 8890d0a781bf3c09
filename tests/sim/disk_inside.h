/* What the disk's files share. */
#ifndef TESTS_SIM_DISK_INSIDE_H
#define TESTS_SIM_DISK_INSIDE_H

#include "tests/sim/disk.h"

#define MAPPED_BYTES 4096

struct bytes {
    unsigned char *p;
    size_t n, cap;
};

struct entry {
    char name[DISK_NAME];
    struct disk_node *node;
};

struct entries {
    struct entry *v;
    size_t n, cap;
};

struct disk_node {
    bool is_folder, mapped;
    uint64_t number, changed;
    char name[DISK_NAME];
    struct disk_node *parent, *next; /* next: of all there ever were */
    struct bytes now, durable;       /* a file */
    unsigned char *state;            /* of its sectors: SECTOR_* */
    size_t n_state;
    struct entries names, durable_names; /* a folder: ascending */
};

enum { SECTOR_CLEAN, SECTOR_DIRTY, SECTOR_DOOMED }; /* doomed: a sync failed over it */

/* One change of names, which is done or not done: at most two entries. */
struct change {
    struct {
        struct disk_node *folder, *node; /* node NULL: it is removed */
        char name[DISK_NAME];
    } v[2];
    unsigned n;
};

struct disk {
    struct disk_node *root, *all;
    struct change *changes; /* not durable, in order */
    size_t n_changes, cap_changes;
    uint64_t numbers, stamp;
    struct disk_lost lost;
    disk_gate *gate;
    disk_seen *seen;
    void *arg;
};

void disk_entries_copy(struct entries *to, const struct entries *from);
void disk_make_durable(const struct change *c);
/* What stands behind the end is always zero. */
void disk_bytes_resize(struct bytes *b, size_t n);
/* Bytes from..to are written and not durable. */
void disk_mark(struct disk_node *n, uint64_t from, uint64_t to);
/* One sector from one state of a file to the other, as far as both have it. */
void disk_copy_sector(struct bytes *to, const struct bytes *from, size_t i);

#endif
