/* The simulated disk itself: what a crash leaves of what was written, synced and renamed. */
#include "tests/sim/disk.h"

#include <errno.h>
#include <string.h>

#define SECTORS 8
#define BYTES (SECTORS * DISK_SECTOR)
#define ROUNDS 400

static struct disk_node *make(struct disk *d, const char *name, bool folder)
{
    struct disk_node *n = disk_make(d, disk_root(d), name, folder);
    if (!n)
        bail_out("%s cannot be made", name);
    return n;
}

static void fill(struct disk *d, struct disk_node *n, char c, size_t bytes, uint64_t at)
{
    char text[BYTES];
    memset(text, c, sizeof text);
    if (disk_write(d, n, text, bytes, at) != (int64_t)bytes)
        bail_out("a write fails");
}

/* The sectors' first letters; '.' for zero. */
static const char *letters(struct disk *d, const char *name)
{
    static char out[SECTORS + 1];
    struct disk_node *n = disk_find(d, disk_root(d), name);
    size_t at = 0;
    char c;
    if (!n)
        return "absent";
    for (; at < SECTORS && disk_read(d, n, &c, 1, at * DISK_SECTOR) == 1; at++)
        out[at] = c ? c : '.';
    out[at] = '\0';
    return out;
}

static struct disk *with_file(void)
{
    struct disk *d = disk_new();
    struct disk_node *n = make(d, "file", false);
    fill(d, n, 'a', BYTES, 0);
    if (disk_sync(d, n) < 0 || disk_sync(d, disk_root(d)) < 0)
        bail_out("a sync fails");
    return d;
}

static void test_bytes(void)
{
    struct rng dice = rng_seed(1);
    struct disk *d = with_file();
    struct disk_node *n = disk_find(d, disk_root(d), "file");
    fill(d, n, 'b', 2 * DISK_SECTOR, DISK_SECTOR);
    is_str(letters(d, "file"), "abbaaaaa", "what was written is read");
    disk_crash(d, LOSS_NONE, &dice);
    is_str(letters(d, "file"), "abbaaaaa", "a process that dies takes nothing along");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "aaaaaaaa", "and what it had not synced can still be lost");
    fill(d, n, 'c', DISK_SECTOR, 0);
    disk_sync(d, n);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "caaaaaaa", "what was synced stays");
    disk_flip(n, 3);
    is_str(letters(d, "file"), "kaaaaaaa", "a bit turns round");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "kaaaaaaa", "on the disk itself");
    disk_free(d);
}

static void test_size(void)
{
    struct rng dice = rng_seed(2);
    struct disk *d = with_file();
    struct disk_node *n = disk_find(d, disk_root(d), "file");
    disk_truncate(d, n, DISK_SECTOR);
    is_str(letters(d, "file"), "a", "a file is cut");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "aaaaaaaa", "which is undone by a crash");
    disk_truncate(d, n, DISK_SECTOR);
    disk_sync(d, n);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "a", "unless it was synced");
    fill(d, n, 'b', DISK_SECTOR, 3 * DISK_SECTOR);
    is_str(letters(d, "file"), "a..b", "a hole has zeros");
    disk_sync(d, n);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "a..b", "synced as well");
    disk_free(d);
}

/* Every outcome of a few writes is seen, and no other. */
static void test_parts(void)
{
    static const struct {
        enum disk_loss loss;
        const char *outcomes[4];
        unsigned n;
        const char *name;
    } rows[] = {
        {LOSS_TAIL, {"aaaaaaaa", "baaaaaaa", "bbaaaaaa", NULL}, 3, "in order: a beginning of what was written is kept"},
        {LOSS_ANY, {"aaaaaaaa", "baaaaaaa", "abaaaaaa", "bbaaaaaa"}, 4, "in any order: any part of it is"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rng dice = rng_seed(3);
        unsigned seen[4] = {0}, other = 0;
        for (int k = 0; k < ROUNDS; k++) {
            struct disk *d = with_file();
            fill(d, disk_find(d, disk_root(d), "file"), 'b', 2 * DISK_SECTOR, 0);
            disk_crash(d, rows[i].loss, &dice);
            unsigned o = 0;
            while (o < rows[i].n && strcmp(letters(d, "file"), rows[i].outcomes[o]) != 0)
                o++;
            o < rows[i].n ? seen[o]++ : other++;
            disk_free(d);
        }
        unsigned missing = 0;
        for (unsigned o = 0; o < rows[i].n; o++)
            missing += seen[o] == 0;
        ok(missing == 0 && other == 0, "%s", rows[i].name);
    }
}

static void test_growth(void)
{
    struct rng dice = rng_seed(4);
    unsigned holes = 0, bad = 0;
    for (int k = 0; k < ROUNDS; k++) {
        struct disk *d = disk_new();
        struct disk_node *n = make(d, "file", false);
        disk_sync(d, disk_root(d));
        fill(d, n, 'b', 3 * DISK_SECTOR, 0);
        disk_crash(d, LOSS_ANY, &dice);
        const char *left = letters(d, "file");
        holes += strchr(left, '.') != NULL;
        bad += strspn(left, "b.") != strlen(left) || (*left && left[strlen(left) - 1] == '.');
        disk_free(d);
    }
    ok(holes > 0, "a file that grew may have zeros where a sector was lost");
    is_int(bad, 0, "and ends where the last that was kept ends");
}

static void test_names(void)
{
    struct rng dice = rng_seed(5);
    struct disk *d = with_file();
    struct disk_node *n = make(d, "new", false);
    fill(d, n, 'n', DISK_SECTOR, 0);
    disk_sync(d, n);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "new"), "absent", "a synced file whose folder was not is not there");
    n = make(d, "new", false);
    fill(d, n, 'n', DISK_SECTOR, 0);
    disk_sync(d, n);
    disk_rename(d, disk_root(d), "new", disk_root(d), "file");
    is_str(letters(d, "file"), "n", "a file takes another's place");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "aaaaaaaa", "and gives it back when its folder was not synced");
    n = make(d, "new", false);
    fill(d, n, 'n', DISK_SECTOR, 0);
    disk_rename(d, disk_root(d), "new", disk_root(d), "file");
    disk_sync(d, disk_root(d));
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "", "renamed and synced, its bytes not: it is empty");
    disk_remove(d, disk_root(d), "file");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "", "what was removed is there again");
    disk_remove(d, disk_root(d), "file");
    disk_sync(d, disk_root(d));
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "absent", "unless that was synced");
    disk_free(d);
}

/* A rename is done or not: never neither name, never both. */
static void test_rename(void)
{
    struct rng dice = rng_seed(6);
    unsigned old = 0, new = 0, other = 0;
    for (int k = 0; k < ROUNDS; k++) {
        struct disk *d = with_file();
        disk_rename(d, disk_root(d), "file", disk_root(d), "moved");
        disk_crash(d, LOSS_ANY, &dice);
        bool is_old = strcmp(letters(d, "file"), "aaaaaaaa") == 0,
             is_new = strcmp(letters(d, "moved"), "aaaaaaaa") == 0;
        old += is_old && !is_new;
        new += is_new && !is_old;
        other += is_old == is_new;
        disk_free(d);
    }
    ok(old && new && !other, "a rename is done or it is not");
}

static void test_folders(void)
{
    struct rng dice = rng_seed(7);
    struct disk *d = disk_new();
    struct disk_node *folder = make(d, "folder", true), *n = disk_make(d, folder, "file", false);
    disk_sync(d, n);
    disk_sync(d, folder);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    ok(!disk_find(d, disk_root(d), "folder"), "a folder goes with all in it when the one above was not synced");
    ok(errno == ENOENT, "and errno says so");
    folder = make(d, "folder", true);
    disk_make(d, folder, "b", false);
    disk_make(d, folder, "a", false);
    is_str(disk_entry(folder, 0), "a", "names are listed in order");
    ok(!disk_entry(folder, 2), "to their end");
    disk_free(d);
}

/* Fails every sync. */
static int no_sync(void *arg, enum disk_op op, const char *name, size_t *bytes)
{
    (void)arg, (void)name, (void)bytes;
    return op == DISK_SYNC ? EIO : 0;
}

static void test_failed_sync(void)
{
    struct rng dice = rng_seed(8);
    struct disk *d = with_file();
    struct disk_node *n = disk_find(d, disk_root(d), "file");
    fill(d, n, 'b', DISK_SECTOR, 0);
    disk_watch(d, no_sync, NULL, NULL);
    ok(disk_sync(d, n) < 0 && errno == EIO, "a sync fails");
    disk_watch(d, NULL, NULL, NULL);
    is_int(disk_sync(d, n), 0, "the next one does not");
    is_str(letters(d, "file"), "baaaaaaa", "what was written can be read");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "aaaaaaaa", "and is lost all the same");
    fill(d, n, 'b', DISK_SECTOR, 0);
    disk_watch(d, no_sync, NULL, NULL);
    disk_sync(d, n);
    disk_watch(d, NULL, NULL, NULL);
    fill(d, n, 'c', DISK_SECTOR, 0);
    disk_sync(d, n);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "caaaaaaa", "written again and synced it stays");
    disk_free(d);
}

/* Half of a write finds room, then none. */
static int no_room(void *arg, enum disk_op op, const char *name, size_t *bytes)
{
    bool *half = arg;
    (void)name;
    if (op != DISK_WRITE)
        return 0;
    if (!*half)
        return ENOSPC;
    *half = false;
    *bytes /= 2;
    return 0;
}

static void test_full(void)
{
    struct disk *d = disk_new();
    struct disk_node *n = make(d, "file", false);
    char text[BYTES] = {1};
    bool half = true;
    disk_watch(d, no_room, NULL, &half);
    is_int(disk_write(d, n, text, BYTES, 0), BYTES / 2, "the last that there is room for is written");
    ok(disk_write(d, n, text, BYTES, 0) < 0 && errno == ENOSPC, "then nothing is");
    is_int((int64_t)disk_size(n), BYTES / 2, "and the file is so long");
    disk_free(d);
}

static void test_map(void)
{
    struct rng dice = rng_seed(9);
    struct disk *d = with_file();
    struct disk_node *n = disk_find(d, disk_root(d), "file");
    char *p = disk_map(n, 16);
    *p = 'm';
    is_str(letters(d, "file"), "maaaaaaa", "what is changed through a mapping is written");
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "aaaaaaaa", "and not durable");
    p = disk_map(n, 16);
    *p = 'm';
    disk_sync(d, n);
    disk_crash(d, LOSS_UNSYNCED, &dice);
    is_str(letters(d, "file"), "maaaaaaa", "until it is synced");
    disk_free(d);
}

int main(void)
{
    plan(0);
    test_bytes();
    test_size();
    test_parts();
    test_growth();
    test_names();
    test_rename();
    test_folders();
    test_failed_sync();
    test_full();
    test_map();
    return tap_end();
}
