#include "store/log/log_files.h"

#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Listings until two agree: each new segment and each change of form that falls between costs one more. */
#define LOOKS 1000

/* --- names --- */

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* A segment's number by a file's name with that suffix; 0: it is none. */
static uint64_t segment_number(const char *file, const char *suffix)
{
    char name[SEGMENT_NAME];
    uint64_t first;
    if (sscanf(file, "%20" SCNu64 ".", &first) != 1)
        return 0;
    segment_name(first, suffix, name);
    return strcmp(file, name) == 0 ? first : 0;
}

static DIR *open_list(int log_folder, struct errmsg *msg)
{
    int fd = openat(log_folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        file_error(msg, "cannot list the folder", "log");
        if (fd >= 0)
            close(fd);
    }
    return dir;
}

static size_t without_doubles(uint64_t *v, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || v[kept - 1] != v[i])
            v[kept++] = v[i];
    return kept;
}

static enum err list_once(int log_folder, uint64_t **out, size_t *n, struct errmsg *msg)
{
    size_t cap = 0;
    uint64_t *list = NULL;
    DIR *dir = open_list(log_folder, msg);
    if (!dir)
        return ERR_IO;
    *n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint64_t first = segment_number(entry->d_name, "ndjson");
        if (!first)
            first = segment_number(entry->d_name, "ndjson.zst");
        if (!first)
            continue;
        if (*n == cap)
            list = mem_resize(list, cap = cap ? 2 * cap : 16, sizeof *list);
        list[(*n)++] = first;
    }
    closedir(dir);
    if (*n)
        qsort(list, *n, sizeof *list, ascending);
    *n = without_doubles(list, *n);
    *out = list;
    return ERR_OK;
}

/* While the folder is read, a compressed file may appear in front of the place that was read, and the plain one
 * disappear behind it: then neither is seen. The next listing, which begins when the one is there, has it: so once two
 * in a row have the same, nothing was missed in either. */
enum err list_firsts(int log_folder, uint64_t **out, size_t *n, struct errmsg *msg)
{
    uint64_t *before = NULL;
    size_t n_before = 0;
    bool same = false;
    enum err e = list_once(log_folder, &before, &n_before, msg);
    for (int i = 0; !e && !same && i < LOOKS; i++) {
        uint64_t *again;
        size_t n_again;
        e = list_once(log_folder, &again, &n_again, msg);
        if (e)
            break;
        same = n_again == n_before && (n_again == 0 || memcmp(again, before, n_again * sizeof *again) == 0);
        free(before);
        before = again;
        n_before = n_again;
    }
    if (!e && !same)
        e = err_set(msg, ERR_IO, "cannot list the folder log: it keeps changing");
    if (e) {
        free(before);
        return e;
    }
    *out = before;
    *n = n_before;
    return ERR_OK;
}

/* --- segments --- */

static enum err describe(int log_folder, uint64_t first, struct segment *s, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    enum err e = segment_file_open(&f, log_folder, first, msg);
    if (e)
        return e;
    memset(s, 0, sizeof *s);
    index_start(&s->index, first, first);
    s->bytes = f.bytes;
    s->disk = f.disk;
    s->packed = f.packed != NULL;
    segment_file_close(&f);
    return ERR_OK;
}

enum err list_segments(int log_folder, struct segment **out, size_t *n, struct errmsg *msg)
{
    uint64_t *firsts;
    size_t n_firsts;
    enum err e = list_firsts(log_folder, &firsts, &n_firsts, msg);
    if (e)
        return e;
    struct segment *list = n_firsts ? mem_alloc(n_firsts * sizeof *list) : NULL;
    size_t there = 0;
    for (size_t i = 0; !e && i < n_firsts; i++) {
        e = describe(log_folder, firsts[i], &list[there], msg);
        if (!e)
            there++;
        else if (e == ERR_ABSENT) /* moved away meanwhile: whoever needs it will miss it */
            e = ERR_OK;
    }
    free(firsts);
    if (e) {
        free(list);
        return e;
    }
    *out = list;
    *n = there;
    return ERR_OK;
}

/* --- what a crash left --- */

static bool is_leftover(int log_folder, const char *file)
{
    char plain[SEGMENT_NAME];
    if (segment_number(file, "ndjson.zst.new"))
        return true;
    uint64_t first = segment_number(file, "ndjson.zst");
    segment_name(first, "ndjson", plain);
    return first && faccessat(log_folder, plain, F_OK, 0) == 0;
}

void remove_leftovers(int log_folder)
{
    DIR *dir = open_list(log_folder, NULL);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_leftover(log_folder, entry->d_name))
            unlinkat(log_folder, entry->d_name, 0); /* what stays does no harm, and is tried again */
    if (dir)
        closedir(dir);
}

/* --- places --- */

uint64_t line_number(struct segment_file *f, uint64_t offset)
{
    enum { BLOCK = 1 << 20 };
    struct buf b = BUF_INIT;
    uint64_t line = 1, at = 0;
    while (at < offset) {
        buf_clear(&b);
        if (segment_file_read(f, &b, offset - at < BLOCK ? (size_t)(offset - at) : BLOCK, at, NULL) != ERR_OK ||
            b.n == 0)
            break;
        for (size_t i = 0; i < b.n; i++)
            line += b.p[i] == '\n';
        at += b.n;
    }
    buf_done(&b);
    return line;
}

enum err damage_at(int log_folder, uint64_t first, uint64_t offset, struct errmsg *msg, const char *format, ...)
{
    char what[512];
    struct segment_file f = SEGMENT_FILE_CLOSED;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    uint64_t line = segment_file_open(&f, log_folder, first, NULL) == ERR_OK ? line_number(&f, offset) : 1;
    segment_file_close(&f);
    return err_set(msg, ERR_DAMAGED, "log/%s line %" PRIu64 ": %s", f.name, line, what);
}
