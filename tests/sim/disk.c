#include "tests/sim/disk_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

const char *const disk_op_texts[DISK_OP_N] = {"open", "read",   "write",  "sync", "truncate",
                                              "make", "remove", "rename", "look"};

/* --- life --- */

static struct disk_node *node_new(struct disk *d, const char *name, bool is_folder)
{
    struct disk_node *n = mem_zalloc(1, sizeof *n);
    n->is_folder = is_folder;
    n->number = ++d->numbers;
    n->changed = ++d->stamp;
    if (name)
        memcpy(n->name, name, strlen(name) + 1);
    n->next = d->all;
    d->all = n;
    return n;
}

struct disk *disk_new(void)
{
    struct disk *d = mem_zalloc(1, sizeof *d);
    d->root = node_new(d, "", true);
    d->root->parent = d->root;
    return d;
}

void disk_free(struct disk *d)
{
    while (d->all) {
        struct disk_node *n = d->all;
        d->all = n->next;
        free(n->now.p);
        free(n->durable.p);
        free(n->state);
        free(n->names.v);
        free(n->durable_names.v);
        free(n);
    }
    free(d->changes);
    free(d);
}

void disk_watch(struct disk *d, disk_gate *gate, disk_seen *seen, void *arg)
{
    d->gate = gate;
    d->seen = seen;
    d->arg = arg;
}

static bool may(struct disk *d, enum disk_op op, const char *name, size_t *bytes)
{
    size_t none = 0;
    int error = d->gate ? d->gate(d->arg, op, name, bytes ? bytes : &none) : 0;
    if (error)
        errno = error;
    return error == 0;
}

static void tell(struct disk *d, enum disk_op op, const char *name, uint64_t at, const void *bytes, size_t n)
{
    if (d->seen)
        d->seen(d->arg, op, name, at, bytes, n);
}

/* --- names --- */

/* Where that name stands, or would. */
static size_t place_of(const struct entries *e, const char *name)
{
    size_t i = 0;
    while (i < e->n && strcmp(e->v[i].name, name) < 0)
        i++;
    return i;
}

static struct disk_node *entry_get(const struct entries *e, const char *name)
{
    size_t i = place_of(e, name);
    return i < e->n && strcmp(e->v[i].name, name) == 0 ? e->v[i].node : NULL;
}

static void entry_set(struct entries *e, const char *name, struct disk_node *node)
{
    size_t i = place_of(e, name);
    bool there = i < e->n && strcmp(e->v[i].name, name) == 0;
    if (node && !there) {
        if (e->n == e->cap)
            e->v = mem_resize(e->v, e->cap = e->cap ? 2 * e->cap : 8, sizeof *e->v);
        memmove(e->v + i + 1, e->v + i, (e->n - i) * sizeof *e->v);
        memcpy(e->v[i].name, name, strlen(name) + 1);
        e->n++;
    }
    if (node)
        e->v[i].node = node;
    else if (there)
        memmove(e->v + i, e->v + i + 1, (--e->n - i) * sizeof *e->v);
}

void disk_entries_copy(struct entries *to, const struct entries *from)
{
    to->n = 0;
    for (size_t i = 0; i < from->n; i++)
        entry_set(to, from->v[i].name, from->v[i].node);
}

/* Done at once, durable when its folders are synced. */
static void change_names(struct disk *d, const struct change *c)
{
    if (d->n_changes == d->cap_changes)
        d->changes =
            mem_resize(d->changes, d->cap_changes = d->cap_changes ? 2 * d->cap_changes : 16, sizeof *d->changes);
    d->changes[d->n_changes++] = *c;
    for (unsigned i = 0; i < c->n; i++)
        entry_set(&c->v[i].folder->names, c->v[i].name, c->v[i].node);
}

void disk_make_durable(const struct change *c)
{
    for (unsigned i = 0; i < c->n; i++)
        entry_set(&c->v[i].folder->durable_names, c->v[i].name, c->v[i].node);
}

static void add_entry(struct change *c, struct disk_node *folder, const char *name, struct disk_node *node)
{
    c->v[c->n].folder = folder;
    c->v[c->n].node = node;
    memcpy(c->v[c->n].name, name, strlen(name) + 1);
    c->n++;
}

struct disk_node *disk_root(struct disk *d)
{
    return d->root;
}

static struct disk_node *look(const struct disk_node *folder, const char *name)
{
    if (!folder->is_folder) {
        errno = ENOTDIR;
        return NULL;
    }
    struct disk_node *n = entry_get(&folder->names, name);
    if (!n)
        errno = ENOENT;
    return n;
}

struct disk_node *disk_find(struct disk *d, struct disk_node *folder, const char *name)
{
    return may(d, DISK_LOOK, name, NULL) ? look(folder, name) : NULL;
}

bool disk_is_folder(const struct disk_node *n)
{
    return n->is_folder;
}

struct disk_node *disk_parent(struct disk_node *n)
{
    return n->parent;
}

const char *disk_name(const struct disk_node *n)
{
    return n->name;
}

uint64_t disk_number(const struct disk_node *n)
{
    return n->number;
}

uint64_t disk_changed(const struct disk_node *n)
{
    return n->changed;
}

size_t disk_size(const struct disk_node *n)
{
    return n->now.n;
}

const char *disk_entry(const struct disk_node *folder, size_t i)
{
    return i < folder->names.n ? folder->names.v[i].name : NULL;
}

struct disk_node *disk_make(struct disk *d, struct disk_node *folder, const char *name, bool is_folder)
{
    if (name && strlen(name) >= DISK_NAME) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (!may(d, DISK_MAKE, name ? name : "", NULL))
        return NULL;
    if (name && look(folder, name)) {
        errno = EEXIST;
        return NULL;
    }
    struct disk_node *n = node_new(d, name, is_folder);
    struct change c = {.n = 0};
    n->parent = folder;
    if (name) {
        add_entry(&c, folder, name, n);
        change_names(d, &c);
    }
    tell(d, DISK_MAKE, n->name, 0, NULL, 0);
    return n;
}

int disk_remove(struct disk *d, struct disk_node *folder, const char *name)
{
    struct change c = {.n = 0};
    if (!may(d, DISK_REMOVE, name, NULL) || !look(folder, name))
        return -1;
    add_entry(&c, folder, name, NULL);
    change_names(d, &c);
    tell(d, DISK_REMOVE, name, 0, NULL, 0);
    return 0;
}

int disk_rename(struct disk *d, struct disk_node *from, const char *a, struct disk_node *to, const char *b)
{
    struct change c = {.n = 0};
    if (!may(d, DISK_RENAME, b, NULL))
        return -1;
    struct disk_node *n = look(from, a);
    if (!n)
        return -1;
    add_entry(&c, from, a, NULL);
    add_entry(&c, to, b, n);
    change_names(d, &c);
    memcpy(n->name, b, strlen(b) + 1);
    n->parent = to;
    tell(d, DISK_RENAME, b, 0, a, strlen(a));
    return 0;
}

/* --- bytes --- */

static void bytes_room(struct bytes *b, size_t n)
{
    if (n <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 1024;
    while (cap < n)
        cap *= 2;
    b->p = mem_resize(b->p, cap, 1);
    memset(b->p + b->cap, 0, cap - b->cap);
    b->cap = cap;
}

void disk_bytes_resize(struct bytes *b, size_t n)
{
    bytes_room(b, n);
    if (n < b->n)
        memset(b->p + n, 0, b->n - n);
    b->n = n;
}

void disk_mark(struct disk_node *n, uint64_t from, uint64_t to)
{
    size_t last = (size_t)((to + DISK_SECTOR - 1) / DISK_SECTOR);
    if (last > n->n_state) {
        n->state = mem_resize(n->state, last, 1);
        memset(n->state + n->n_state, SECTOR_CLEAN, last - n->n_state);
        n->n_state = last;
    }
    for (size_t i = (size_t)(from / DISK_SECTOR); i < last; i++)
        n->state[i] = SECTOR_DIRTY;
}

int64_t disk_read(struct disk *d, struct disk_node *n, void *to, size_t bytes, uint64_t at)
{
    if (!may(d, DISK_READ, n->name, NULL))
        return -1;
    if (at >= n->now.n)
        return 0;
    size_t got = n->now.n - at < bytes ? (size_t)(n->now.n - at) : bytes;
    memcpy(to, n->now.p + at, got);
    return (int64_t)got;
}

int64_t disk_write(struct disk *d, struct disk_node *n, const void *from, size_t bytes, uint64_t at)
{
    if (!may(d, DISK_WRITE, n->name, &bytes))
        return -1;
    if (bytes == 0)
        return 0;
    size_t before = n->now.n;
    if (at + bytes > before)
        disk_bytes_resize(&n->now, (size_t)(at + bytes));
    memcpy(n->now.p + at, from, bytes);
    disk_mark(n, at < before ? at : before, at + bytes);
    n->changed = ++d->stamp;
    tell(d, DISK_WRITE, n->name, at, from, bytes);
    return (int64_t)bytes;
}

int disk_truncate(struct disk *d, struct disk_node *n, uint64_t size)
{
    if (!may(d, DISK_TRUNCATE, n->name, NULL))
        return -1;
    size_t before = n->now.n;
    disk_bytes_resize(&n->now, (size_t)size);
    if (size > before)
        disk_mark(n, before, size);
    else if (size % DISK_SECTOR)
        disk_mark(n, size, size + 1);
    n->changed = ++d->stamp;
    tell(d, DISK_TRUNCATE, n->name, size, NULL, 0);
    return 0;
}

void *disk_map(struct disk_node *n, size_t bytes)
{
    if (bytes > MAPPED_BYTES || n->now.n > MAPPED_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    bytes_room(&n->now, MAPPED_BYTES);
    n->mapped = true;
    return n->now.p;
}

void disk_copy_sector(struct bytes *to, const struct bytes *from, size_t i)
{
    size_t at = i * DISK_SECTOR, end = at + DISK_SECTOR;
    size_t n = end < from->n ? DISK_SECTOR : from->n > at ? from->n - at : 0;
    if (at + n > to->n)
        disk_bytes_resize(to, at + n);
    if (to->n <= at)
        return;
    size_t room = to->n - at < DISK_SECTOR ? to->n - at : DISK_SECTOR;
    if (n)
        memcpy(to->p + at, from->p + at, n);
    if (n < room)
        memset(to->p + at + n, 0, room - n);
}

static void sync_bytes(struct disk_node *n)
{
    if (n->mapped)
        disk_mark(n, 0, n->now.n);
    if (n->durable.n != n->now.n)
        disk_bytes_resize(&n->durable, n->now.n);
    for (size_t i = 0; i < n->n_state; i++) {
        if (n->state[i] == SECTOR_DIRTY) {
            disk_copy_sector(&n->durable, &n->now, i);
            n->state[i] = SECTOR_CLEAN;
        }
    }
}

static bool concerns(const struct change *c, const struct disk_node *folder)
{
    for (unsigned i = 0; i < c->n; i++)
        if (c->v[i].folder == folder)
            return true;
    return false;
}

static void sync_names(struct disk *d, const struct disk_node *folder)
{
    size_t left = 0;
    for (size_t i = 0; i < d->n_changes; i++) {
        if (concerns(&d->changes[i], folder))
            disk_make_durable(&d->changes[i]);
        else
            d->changes[left++] = d->changes[i];
    }
    d->n_changes = left;
}

int disk_sync(struct disk *d, struct disk_node *n)
{
    if (!may(d, DISK_SYNC, n->name, NULL)) {
        for (size_t i = 0; errno == EIO && i < n->n_state; i++)
            if (n->state[i] == SECTOR_DIRTY)
                n->state[i] = SECTOR_DOOMED;
        return -1;
    }
    if (n->is_folder)
        sync_names(d, n);
    else
        sync_bytes(n);
    tell(d, DISK_SYNC, n->name, 0, NULL, 0);
    return 0;
}
