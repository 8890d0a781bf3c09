/* A log read together with a folder of segments that were moved away from it, as if they had never been. */
#include "store/dir/dir.h"

#include "store/archive/archive_folder.h"
#include "store/log/log_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

int dir_folder_of(const struct dir_store *d, uint64_t first)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    if (d->archive_folder < 0)
        return d->log_folder;
    bool here = segment_file_open(&f, d->log_folder, first, NULL) != ERR_ABSENT;
    segment_file_close(&f);
    return here ? d->log_folder : d->archive_folder;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The archive's before the log's own. */
static void merge(uint64_t **list, size_t *n, const uint64_t *more, size_t n_more)
{
    size_t kept = 0;
    *list = mem_resize(*list, *n + n_more, sizeof **list);
    memcpy(*list + *n, more, n_more * sizeof *more);
    *n += n_more;
    qsort(*list, *n, sizeof **list, ascending);
    for (size_t i = 0; i < *n; i++)
        if (kept == 0 || (*list)[kept - 1] != (*list)[i])
            (*list)[kept++] = (*list)[i];
    *n = kept;
}

enum err dir_list_firsts(const struct dir_store *d, uint64_t **out, size_t *n, struct errmsg *msg)
{
    uint64_t *archived;
    size_t n_archived;
    enum err e = list_firsts(d->log_folder, out, n, msg);
    if (e || d->archive_folder < 0)
        return e;
    e = list_firsts(d->archive_folder, &archived, &n_archived, msg);
    if (e) {
        free(*out);
        return e;
    }
    if (n_archived)
        merge(out, n, archived, n_archived);
    free(archived);
    return ERR_OK;
}

/* Only a folder that has all that leads up to the log's beginning is of use, and of this log. */
static enum err check_list(const struct dir_store *d, const char *path, struct errmsg *msg)
{
    struct archive_list list = {.n = 0};
    uint64_t next = 0;
    enum err e = archive_list_load(d->archive_folder, path, &list, msg);
    for (size_t i = 0; !e && i < list.n; i++) {
        if (next && list.v[i].first != next)
            e = err_set(msg, ERR_INVALID, "%s lacks the events from %" PRIu64 " to %" PRIu64, path, next,
                        list.v[i].first - 1);
        next = list.v[i].end.seq + 1;
    }
    if (!e && next < d->first)
        e = err_set(msg, ERR_INVALID, "%s ends with event %" PRIu64 ", and the log begins with event %" PRIu64, path,
                    next ? next - 1 : 0, d->first);
    archive_list_done(&list);
    return e == ERR_ABSENT ? ERR_INVALID : e;
}

enum err dir_open_archive(struct dir_store *d, const char *path, struct errmsg *msg)
{
    uint64_t *firsts;
    size_t n;
    d->archive_folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->archive_folder < 0)
        return err_set(msg, ERR_INVALID, "there is no archive in %s", path);
    enum err e = check_list(d, path, msg);
    if (!e)
        e = dir_list_firsts(d, &firsts, &n, msg);
    if (e)
        return e;
    d->first = n && firsts[0] < d->first ? firsts[0] : d->first;
    free(firsts);
    /* Found out anew, with those that are in the archive (get_read.c). */
    for (size_t i = 0; i < d->n_segments; i++)
        index_done(&d->segments[i].index);
    d->n_segments = 0;
    return ERR_OK;
}
