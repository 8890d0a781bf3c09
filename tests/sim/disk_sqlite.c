#include "tests/sim/disk_sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "tests/sim/chance.h"
#include "tests/sim/disk_calls.h"

#define FILES_MAX 64
#define REGION_BYTES 32768
#define REGIONS_MAX 8
#define JULIAN_MS INT64_C(210866760000000) /* of 1970 */

struct file {
    sqlite3_file base; /* comes first */
    struct disk_node *node;
    int lock; /* SQLITE_LOCK_* */
    bool sync_folder, remove;
    struct shared *shared;              /* of its shared memory */
    unsigned holds_shared, holds_alone; /* its locks there, a bit each */
};

/* What the connections to one database have in common. */
struct shared {
    struct disk_node *node; /* NULL: not in use */
    unsigned users;
    void *regions[REGIONS_MAX];
};

static struct {
    struct file *files[FILES_MAX];
    struct shared shared[FILES_MAX];
} all;

static struct file *file_of(sqlite3_file *f)
{
    return (struct file *)f;
}

static int failure(int code)
{
    return errno == ENOSPC ? SQLITE_FULL : code;
}

unsigned disk_sqlite_open_files(void)
{
    unsigned n = 0;
    for (int i = 0; i < FILES_MAX; i++)
        n += all.files[i] != NULL;
    return n;
}

/* --- bytes --- */

static int file_close(sqlite3_file *base)
{
    struct file *f = file_of(base);
    const char *name = disk_name(f->node);
    for (int i = 0; i < FILES_MAX; i++)
        if (all.files[i] == f)
            all.files[i] = NULL;
    if (f->remove && *name)
        disk_remove(disk_mounted(), disk_parent(f->node), name);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *to, int n, sqlite3_int64 at)
{
    int64_t got = disk_read(disk_mounted(), file_of(base)->node, to, (size_t)n, (uint64_t)at);
    if (got < 0)
        return SQLITE_IOERR_READ;
    memset((char *)to + got, 0, (size_t)(n - got));
    return got < n ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int file_write(sqlite3_file *base, const void *from, int n, sqlite3_int64 at)
{
    const char *p = from;
    for (int done = 0; done < n;) {
        int64_t w =
            disk_write(disk_mounted(), file_of(base)->node, p + done, (size_t)(n - done), (uint64_t)(at + done));
        if (w < 0)
            return failure(SQLITE_IOERR_WRITE);
        if (w == 0)
            return SQLITE_FULL;
        done += (int)w;
    }
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    return disk_truncate(disk_mounted(), file_of(base)->node, (uint64_t)size) < 0 ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct file *f = file_of(base);
    (void)flags;
    if (disk_sync(disk_mounted(), f->node) < 0)
        return SQLITE_IOERR_FSYNC;
    if (f->sync_folder && disk_sync(disk_mounted(), disk_parent(f->node)) < 0)
        return SQLITE_IOERR_DIR_FSYNC;
    f->sync_folder = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)disk_size(file_of(base)->node);
    return SQLITE_OK;
}

/* --- locks of the file --- */

/* The strongest that another connection has. */
static int strongest_other(const struct file *f)
{
    int strongest = SQLITE_LOCK_NONE;
    for (int i = 0; i < FILES_MAX; i++)
        if (all.files[i] && all.files[i] != f && all.files[i]->node == f->node && all.files[i]->lock > strongest)
            strongest = all.files[i]->lock;
    return strongest;
}

static int file_lock(sqlite3_file *base, int level)
{
    struct file *f = file_of(base);
    int other = strongest_other(f);
    if (level <= f->lock)
        return SQLITE_OK;
    if (other >= SQLITE_LOCK_PENDING || (level > SQLITE_LOCK_SHARED && other >= SQLITE_LOCK_RESERVED) ||
        (level == SQLITE_LOCK_EXCLUSIVE && other > SQLITE_LOCK_NONE))
        return SQLITE_BUSY;
    f->lock = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    if (file_of(base)->lock > level)
        file_of(base)->lock = level;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *base, int *out)
{
    *out = file_of(base)->lock >= SQLITE_LOCK_RESERVED || strongest_other(file_of(base)) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    (void)base, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int file_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --- shared memory --- */

static struct shared *shared_of(struct file *f)
{
    struct shared *s = NULL;
    for (int i = 0; i < FILES_MAX && !f->shared; i++) {
        if (all.shared[i].node == f->node)
            f->shared = &all.shared[i];
        else if (!all.shared[i].node && !s)
            s = &all.shared[i];
    }
    if (!f->shared && s) {
        s->node = f->node;
        f->shared = s;
    }
    return f->shared;
}

static int shm_map(sqlite3_file *base, int region, int bytes, int extend, void volatile **out)
{
    struct file *f = file_of(base);
    bool had = f->shared;
    struct shared *s = shared_of(f);
    *out = NULL;
    if (!s || region >= REGIONS_MAX || bytes != REGION_BYTES)
        return SQLITE_IOERR_SHMMAP;
    s->users += !had;
    if (!s->regions[region] && extend)
        s->regions[region] = mem_zalloc(1, REGION_BYTES);
    *out = s->regions[region];
    return SQLITE_OK;
}

static int shm_lock(sqlite3_file *base, int from, int n, int flags)
{
    struct file *f = file_of(base);
    unsigned mask = ((1u << n) - 1) << from;
    if (flags & SQLITE_SHM_UNLOCK) {
        f->holds_shared &= ~mask;
        f->holds_alone &= ~mask;
        return SQLITE_OK;
    }
    for (int i = 0; i < FILES_MAX; i++) {
        const struct file *other = all.files[i];
        if (!other || other == f || other->node != f->node)
            continue;
        if ((other->holds_alone | (flags & SQLITE_SHM_EXCLUSIVE ? other->holds_shared : 0)) & mask)
            return SQLITE_BUSY;
    }
    if (flags & SQLITE_SHM_EXCLUSIVE)
        f->holds_alone |= mask;
    else
        f->holds_shared |= mask;
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int shm_unmap(sqlite3_file *base, int remove)
{
    struct file *f = file_of(base);
    struct shared *s = f->shared;
    (void)remove;
    f->shared = NULL;
    f->holds_shared = f->holds_alone = 0;
    if (!s || --s->users)
        return SQLITE_OK;
    for (int i = 0; i < REGIONS_MAX; i++)
        free(s->regions[i]);
    *s = (struct shared){.node = NULL};
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* --- the layer --- */

static struct disk_node *find_or_make(const char *name, int flags, bool *made)
{
    const char *last = NULL;
    if (!name)
        return disk_make(disk_mounted(), disk_root(disk_mounted()), NULL, false);
    struct disk_node *n = disk_is_below(name) ? disk_path(name) : NULL;
    if (n || !disk_is_below(name) || errno != ENOENT || !(flags & SQLITE_OPEN_CREATE))
        return n;
    struct disk_node *folder = disk_path_folder(name, &last);
    n = folder ? disk_make(disk_mounted(), folder, last, false) : NULL;
    *made = n != NULL;
    return n;
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *out_flags)
{
    struct file *f = file_of(base);
    bool made = false;
    int i = 0;
    (void)vfs;
    memset(f, 0, sizeof *f);
    while (i < FILES_MAX && all.files[i])
        i++;
    if (i == FILES_MAX || !disk_mounted() || !(f->node = find_or_make(name, flags, &made)))
        return errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN;
    f->base.pMethods = &methods;
    f->remove = flags & SQLITE_OPEN_DELETEONCLOSE;
    f->sync_folder = made && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL);
    all.files[i] = f;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    const char *last;
    struct disk_node *folder = disk_path_folder(name, &last);
    (void)vfs;
    if (!folder || disk_remove(disk_mounted(), folder, last) < 0)
        return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    return sync_folder && disk_sync(disk_mounted(), folder) < 0 ? SQLITE_IOERR_DIR_FSYNC : SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    const struct disk_node *n = disk_path(name);
    (void)vfs;
    if (!n && errno != ENOENT)
        return SQLITE_IOERR_ACCESS;
    *out = n && (flags != SQLITE_ACCESS_EXISTS || disk_size(n) > 0);
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    chance_fill(out, (size_t)n);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = JULIAN_MS + clock_wall_ns() / 1000000;
    return SQLITE_OK;
}

static int vfs_time_days(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 ms;
    vfs_time(vfs, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs, (void)size, (void)out;
    return errno;
}

void disk_sqlite_register(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct file),
        .mxPathname = 512,
        .zName = "simulated",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_name,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time_days,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    sqlite3_initialize();
    sqlite3_vfs_register(&vfs, 1);
}

void disk_sqlite_forget(void)
{
    sqlite3_randomness(0, NULL);
}
