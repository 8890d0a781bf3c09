/* What of a dir store's log was moved to an archive, perhaps just now and by another process: whoever misses a file
 * asks here. */
#include "store/dir/dir.h"

#include "store/archive/history_file.h"
#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum err dir_gone(const struct dir_store *d, uint64_t seq, struct errmsg *msg)
{
    struct archived a = {.runs = NULL};
    struct errmsg why;
    enum err e = archived_load(d->log_folder, &a, &why);
    atomic_store(&dir_of(&d->base)->look_soon, true);
    if (!e && seq <= a.seal.seq)
        e = archived_gone(&a, seq, msg);
    else if (!e || e == ERR_ABSENT)
        e = err_set(msg, ERR_DAMAGED, "the log file that holds event %" PRIu64 " is missing", seq);
    else
        err_set(msg, e, "%s", why.text);
    archived_done(&a);
    return e;
}

/* A segment whose file is not there any more. */
static bool has_gone(const struct dir_store *d, const struct segment *s)
{
    char name[SEGMENT_NAME];
    static const char *const forms[] = {"ndjson", "ndjson.zst", "ndjson"}; /* it may be compressed meanwhile */
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        segment_name(s->index.first, forms[i], name);
        if (faccessat(d->log_folder, name, F_OK, 0) == 0)
            return false;
    }
    return true;
}

bool dir_archive_moved(const struct dir_store *d)
{
    for (size_t i = 0; i < d->n_segments; i++)
        if (has_gone(d, &d->segments[i]))
            return true;
    return false;
}

static void drop_segment(struct dir_store *d, struct segment *s)
{
    get_forget(d, s->index.first);
    d->log_bytes -= s->bytes;
    d->disk_bytes -= s->disk;
    d->n_packed -= s->packed;
    index_done(&s->index);
}

/* The engine's thread alone changes what others read under guard. */
static void take(struct dir_store *d, struct archived *a)
{
    size_t n = 0;
    while (n + 1 < d->n_segments && d->segments[n].index.next <= a->seal.seq + 1 && has_gone(d, &d->segments[n]))
        n++;
    pthread_mutex_lock(&d->guard);
    for (size_t i = 0; i < n; i++)
        drop_segment(d, &d->segments[i]);
    d->n_segments -= n;
    if (n)
        memmove(d->segments, d->segments + n, d->n_segments * sizeof *d->segments);
    archived_done(&d->archived);
    d->archived = *a;
    if (d->n_segments)
        d->first = d->segments[0].index.first;
    pthread_mutex_unlock(&d->guard);
}

static bool look(const struct dir_store *d, struct archived_file *out)
{
    struct stat st;
    *out = (struct archived_file){.inode = 0};
    if (fstatat(d->log_folder, ARCHIVED_NAME, &st, 0) < 0)
        return false;
    *out = (struct archived_file){st.st_ino, st.st_mtim};
    return true;
}

static bool same_file(const struct archived_file *a, const struct archived_file *b)
{
    return a->inode == b->inode && a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static enum err reload(struct dir_store *d, struct errmsg *msg)
{
    struct archived a = {.runs = NULL};
    struct archived_file file;
    (void)!look(d, &file);
    enum err e = archived_load(d->log_folder, &a, msg);
    if (e && e != ERR_ABSENT)
        return e;
    d->archived_file = file;
    take(d, &a);
    return ERR_OK;
}

void dir_notice_archive(struct dir_store *d)
{
    struct archived_file file;
    /* Unchanged, and nothing is left that was to go: nothing was moved since. */
    if (!look(d, &file) || (same_file(&file, &d->archived_file) && d->first > d->archived.seal.seq))
        return;
    (void)!reload(d, NULL); /* whoever misses something is told what is wrong */
}

enum err dir_take_archived(struct dir_store *d, struct errmsg *msg)
{
    return reload(d, msg);
}

/* The last event of a closed segment, by its last line; 0: it cannot be told. */
static uint64_t last_of(const struct dir_store *d, uint64_t first)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct buf b = BUF_INIT;
    struct seal seal = {.seq = 0};
    if (segment_file_open(&f, d->log_folder, first, NULL) == ERR_OK && f.bytes > LOG_SEAL_MAX &&
        segment_file_read(&f, &b, LOG_SEAL_MAX, f.bytes - LOG_SEAL_MAX, NULL) == ERR_OK && b.n == LOG_SEAL_MAX) {
        const char *before = memrchr(b.p, '\n', b.n - 1);
        if (before && !log_seal_parse((struct str){before + 1, (size_t)(b.p + b.n - 1 - (before + 1))}, &seal))
            seal.seq = 0;
    }
    segment_file_close(&f);
    buf_done(&b);
    return seal.seq;
}

/* Archived segments that are there nevertheless count as far as they lead up to the others, as at recovery. */
enum err dir_find_first(struct dir_store *d, struct errmsg *msg)
{
    uint64_t *firsts;
    size_t n, begin = 0;
    enum err e = dir_take_archived(d, msg);
    if (!e)
        e = list_firsts(d->log_folder, &firsts, &n, msg);
    if (e)
        return e;
    for (size_t i = 0; i + 1 < n && firsts[i + 1] <= d->archived.seal.seq + 1; i++)
        if (last_of(d, firsts[i]) + 1 != firsts[i + 1])
            begin = i + 1;
    d->first = n ? firsts[begin] : d->archived.seal.seq + 1;
    free(firsts);
    return ERR_OK;
}

static enum err open_history(struct dir_store *d, struct errmsg *msg)
{
    uint64_t seq = d->archived.seal.seq;
    if (d->history && d->history_seq == seq)
        return ERR_OK;
    history_file_close(d->history);
    d->history = NULL;
    enum err e = history_file_open(d->log_folder, seq, &d->history, msg);
    d->history_seq = seq;
    return e;
}

/* A file that is missing has been replaced since archived.json was read, or is damage. */
enum err dir_history(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    if (!d->archived.seal.seq)
        return ERR_ABSENT;
    enum err e = open_history(d, msg);
    if (e == ERR_ABSENT) {
        uint64_t before = d->archived.seal.seq;
        e = reload(d, msg);
        if (!e && d->archived.seal.seq == before)
            e = err_set(msg, ERR_DAMAGED,
                        "the history of the events up to %" PRIu64 " is missing in log/: a backup has it, or put the "
                        "archived log files back into log/ and remove log/" ARCHIVED_NAME,
                        before);
        else if (!e)
            e = err_set(msg, ERR_ARCHIVED, "more events were moved to an archive just now");
    }
    return e ? e : history_file_find(d->history, seq, out, msg);
}
