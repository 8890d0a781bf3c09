#include "store/contacts/contacts_wipe.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define PAGE_MAX 65536
#define FILE_HEADER 100 /* in front of page 1 */

/* The system's own layer, with xOpen and the xWrite of database files replaced. */
struct wipe {
    sqlite3_vfs vfs; /* comes first: what SQLite hands back is the whole */
    sqlite3_vfs *system;
    sqlite3_io_methods methods;
    int (*write)(sqlite3_file *, const void *, int, sqlite3_int64);
    char name[40];
};

static size_t get_be16(const unsigned char *p)
{
    return (size_t)p[0] << 8 | p[1];
}

/* The unallocated space of a b-tree page, as SQLite's file format has it: between the cell pointers and the first
 * cell. false: it is no such page. Other pages begin with a page number, whose first byte stays below 2 up to 34 GB. */
static bool find_gap(const unsigned char *page, size_t size, size_t header, size_t *from, size_t *to)
{
    unsigned type = page[header];
    if (type != 2 && type != 5 && type != 10 && type != 13)
        return false;
    size_t cells = get_be16(page + header + 3), first = get_be16(page + header + 5);
    *from = header + (type < 10 ? 12 : 8) + 2 * cells;
    *to = first ? first : PAGE_MAX;
    return *from < *to && *to <= size;
}

static int write_wiped(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    const struct wipe *w = (const struct wipe *)((const char *)file->pMethods - offsetof(struct wipe, methods));
    unsigned char page[PAGE_MAX];
    size_t from, to;
    if (n < 512 || n > PAGE_MAX || !find_gap(p, (size_t)n, at == 0 ? FILE_HEADER : 0, &from, &to))
        return w->write(file, p, n, at);
    memcpy(page, p, (size_t)n);
    memset(page + from, 0, to - from);
    return w->write(file, page, n, at);
}

static int open_wiped(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
    struct wipe *w = (struct wipe *)vfs;
    int code = w->system->xOpen(w->system, name, file, flags, out_flags);
    if (code != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB))
        return code;
    w->methods = *file->pMethods; /* the same for every file of that kind */
    w->write = w->methods.xWrite;
    w->methods.xWrite = write_wiped;
    file->pMethods = &w->methods;
    return SQLITE_OK;
}

struct wipe *wipe_new(void)
{
    struct wipe *w = mem_zalloc(1, sizeof *w);
    w->system = sqlite3_vfs_find(NULL);
    w->vfs = *w->system;
    snprintf(w->name, sizeof w->name, "wipe-%p", (void *)w);
    w->vfs.pNext = NULL;
    w->vfs.zName = w->name;
    w->vfs.xOpen = open_wiped;
    sqlite3_vfs_register(&w->vfs, 0);
    return w;
}

void wipe_free(struct wipe *w)
{
    if (!w)
        return;
    sqlite3_vfs_unregister(&w->vfs);
    free(w);
}

const char *wipe_name(const struct wipe *w)
{
    return w->name;
}
