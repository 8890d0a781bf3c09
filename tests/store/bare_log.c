#include "tests/store/bare_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file.h"
#include "store/packed/packed_segment.h"
#include "tests/lib/tap.h"
#include "tests/store/events.h"

static void init(struct bare_log *b)
{
    memset(&b->d, 0, sizeof b->d);
    b->d.base.mode = STORE_WRITE;
    b->d.archive_folder = -1;
    b->d.first = 1;
    pthread_mutex_init(&b->d.guard, NULL);
    get_init(&b->d);
}

void bare_make(struct bare_log *b, const char *name)
{
    init(b);
    snprintf(b->path, sizeof b->path, "%s/%s", tap_tmpdir(), name);
    if (mkdir(b->path, 0700) < 0 || (b->d.log_folder = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        bail_out("cannot make %s", b->path);
}

static void let_go(struct bare_log *b)
{
    get_done(&b->d);
    for (size_t i = 0; i < b->d.n_segments; i++)
        index_done(&b->d.segments[i].index);
    free(b->d.segments);
    archived_done(&b->d.archived);
    pthread_mutex_destroy(&b->d.guard);
}

void bare_reset(struct bare_log *b)
{
    int folder = b->d.log_folder;
    let_go(b);
    init(b);
    b->d.log_folder = folder;
}

void bare_done(struct bare_log *b)
{
    let_go(b);
    close(b->d.log_folder);
}

void bare_segment(struct bare_log *b, struct seal *seal, uint64_t first, const uint64_t *lasts)
{
    struct log_end end;
    struct appended out;
    struct errmsg msg;
    log_end_init(&end, b->d.log_folder, SEGMENT_MAX);
    end.seal = *seal;
    for (; *lasts; lasts++) {
        struct buf lines = events_make(first, *lasts);
        if (log_append(&end, buf_str(&lines), first, *lasts, &out, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        index_done(&out.index);
        buf_done(&lines);
        first = *lasts + 1;
    }
    *seal = end.seal;
    log_end_done(&end);
}

static int open_segment(const struct bare_log *b, uint64_t first, const char *suffix, int flags,
                        char name[SEGMENT_NAME])
{
    segment_name(first, suffix, name);
    int fd = file_open(b->d.log_folder, name, flags);
    if (fd < 0)
        bail_out("cannot open %s", name);
    return fd;
}

void bare_pack(struct bare_log *b, uint64_t first)
{
    char plain[SEGMENT_NAME], packed[SEGMENT_NAME];
    struct stat st;
    struct errmsg msg;
    static const atomic_bool never;
    int from = open_segment(b, first, "ndjson", O_RDONLY, plain);
    int to = open_segment(b, first, "ndjson.zst", O_RDWR | O_CREAT | O_EXCL, packed);
    if (fstat(from, &st) < 0)
        bail_out("%s", plain);
    struct packed_source source = {from, plain, first, (uint64_t)st.st_size};
    if (packed_segment_write(&source, to, packed, &never, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    close(from);
    close(to);
    unlinkat(b->d.log_folder, plain, 0);
}

void bare_overwrite(struct bare_log *b, uint64_t first, uint64_t offset, struct str bytes)
{
    char name[SEGMENT_NAME];
    int fd = open_segment(b, first, "ndjson", O_WRONLY, name);
    if (pwrite(fd, bytes.p, bytes.n, (off_t)offset) != (ssize_t)bytes.n)
        bail_out("cannot write %s", name);
    close(fd);
}

void bare_append(struct bare_log *b, uint64_t first, struct str bytes)
{
    char name[SEGMENT_NAME];
    int fd = open_segment(b, first, "ndjson", O_WRONLY | O_APPEND, name);
    if (write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
        bail_out("cannot write %s", name);
    close(fd);
}

void bare_archived(struct bare_log *b, const struct seal *seal)
{
    struct archived a = {.seal = *seal, .last_at = 1};
    char folder[] = "old", path[] = "/old";
    struct archive_run run = {.from = 1, .to = seal->seq, .at = "2026-07-01T00:00:00Z", .folder = folder, .path = path};
    struct errmsg msg;
    memcpy(run.hash, seal->hash, SEAL_HASH);
    archived_add(&a, &run);
    if (archived_save(b->d.log_folder, &a, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    archived_done(&a);
}

static void copy_all(const char *from, const char *to)
{
    char command[1100];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    if (system(command) != 0)
        bail_out("%s", command);
}

void bare_keep(const struct bare_log *b)
{
    char beside[300];
    snprintf(beside, sizeof beside, "%s.kept", b->path);
    copy_all(b->path, beside);
}

/* The folder itself stays, for it is open. */
void bare_restore(const struct bare_log *b)
{
    char command[1100];
    snprintf(command, sizeof command, "find '%s' -type f -delete && cp -a '%s.kept/.' '%s'", b->path, b->path, b->path);
    if (system(command) != 0)
        bail_out("%s", command);
}

void bare_restore_one(const struct bare_log *b, uint64_t first)
{
    char command[1100], name[SEGMENT_NAME];
    segment_name(first, "ndjson", name);
    snprintf(command, sizeof command, "cp '%s.kept/%s' '%s'", b->path, name, b->path);
    if (system(command) != 0)
        bail_out("%s", command);
}
