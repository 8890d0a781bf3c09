#include "store/log_files.h"

#include "store/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_first(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return x->index.first < y->index.first ? -1 : x->index.first > y->index.first;
}

static enum err list_one(int folder, const char *name, struct segment *s, struct errmsg *msg)
{
    struct stat st;
    int end = 0;
    uint64_t first;
    if (sscanf(name, "%20" SCNu64 ".ndjson%n", &first, &end) != 1 || end != 27 || name[end])
        return ERR_ABSENT;
    if (fstatat(folder, name, &st, 0) < 0)
        return file_error(msg, "cannot look at log file", name);
    memset(s, 0, sizeof *s);
    index_start(&s->index, first, first);
    s->bytes = (uint64_t)st.st_size;
    return ERR_OK;
}

enum err list_segments(int log_folder, struct segment **out, size_t *n, struct errmsg *msg)
{
    size_t cap = 0;
    enum err e = ERR_OK;
    struct segment *list = NULL;
    int fd = openat(log_folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        e = file_error(msg, "cannot list the folder", "log");
        if (fd >= 0)
            close(fd);
        return e;
    }
    *n = 0;
    for (struct dirent *entry; !e && (entry = readdir(dir));) {
        if (*n == cap)
            list = mem_resize(list, cap = cap ? 2 * cap : 16, sizeof *list);
        e = list_one(log_folder, entry->d_name, &list[*n], msg);
        if (!e)
            ++*n;
        else if (e == ERR_ABSENT) /* not a segment */
            e = ERR_OK;
    }
    closedir(dir);
    if (e) {
        free(list);
        return e;
    }
    if (*n)
        qsort(list, *n, sizeof *list, by_first);
    *out = list;
    return ERR_OK;
}

/* 1 for the first line. Reads the file from its beginning: only done to name a place. */
static uint64_t line_number(int folder, const char *name, uint64_t offset)
{
    enum { BLOCK = 1 << 16 };
    struct buf b = BUF_INIT;
    uint64_t line = 1, at = 0;
    int fd = file_open(folder, name, O_RDONLY);
    while (fd >= 0 && at < offset) {
        size_t want = offset - at < BLOCK ? (size_t)(offset - at) : BLOCK;
        buf_clear(&b);
        if (file_read(fd, name, &b, want, at, NULL) != ERR_OK || b.n == 0)
            break;
        for (size_t i = 0; i < b.n; i++)
            line += b.p[i] == '\n';
        at += b.n;
    }
    if (fd >= 0)
        close(fd);
    buf_done(&b);
    return line;
}

enum err damage_at(int log_folder, uint64_t first, uint64_t offset, struct errmsg *msg, const char *format, ...)
{
    char name[SEGMENT_NAME], what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    segment_name(first, "ndjson", name);
    return err_set(msg, ERR_DAMAGED, "log/%s line %" PRIu64 ": %s", name, line_number(log_folder, name, offset), what);
}
