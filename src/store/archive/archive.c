/* What is to be moved to an archive, and the order of the steps. */
#include "store/archive/archive_inside.h"

#include "codec/event_json.h"
#include "store/file.h"
#include "store/log/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME "archive.lock"

void archiving_show(const struct archiving *a, uint64_t event)
{
    if (a->order->show)
        a->order->show(a->order->arg, a->done, a->total, event);
}

/* --- one at a time --- */

static enum err take_lock(struct archiving *a, struct errmsg *msg)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    a->lock = file_open(a->dir->folder, LOCK_NAME, O_RDWR | O_CREAT);
    if (a->lock < 0)
        return file_error(msg, "cannot make", LOCK_NAME);
    if (fcntl(a->lock, F_OFD_SETLK, &whole) == 0)
        return ERR_OK;
    if (errno == EAGAIN || errno == EACCES)
        return err_set(msg, ERR_LOCKED, "events of the store in %s are being archived already", a->dir->path);
    return file_error(msg, "cannot lock", LOCK_NAME);
}

/* --- what goes --- */

/* The last event of segment i, and when it was decided. */
static enum err look_at_end(struct archiving *a, size_t i, struct event *head, struct errmsg *msg)
{
    struct buf line = BUF_INIT;
    struct event_arena arena = {.text = BUF_INIT};
    uint64_t seq = archiving_next(a, i) - 1;
    enum err e = store_get(a->store, seq, &line, msg);
    if (e == ERR_ABSENT)
        e = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is missing", seq);
    if (!e && event_read_head(buf_str(&line), head, &arena) != ERR_OK)
        e = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is not one that this version writes", seq);
    buf_done(&line);
    event_arena_done(&arena);
    return e;
}

static enum err measure(struct archiving *a, size_t i, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    enum err e = segment_file_open(&f, a->dir->log_folder, a->firsts[i], msg);
    if (e)
        return e == ERR_ABSENT ? ERR_DAMAGED : e;
    a->disk += f.disk;
    a->text += f.bytes;
    segment_file_close(&f);
    return ERR_OK;
}

/* Segments before those with which the log begins are left over: compressed, perhaps, while they were moved. */
static enum err list_log(struct archiving *a, struct errmsg *msg)
{
    struct store_info info;
    enum err e = list_firsts(a->dir->log_folder, &a->all, &a->n_firsts, msg);
    if (e)
        return e;
    store_info(a->store, &info);
    a->firsts = a->all;
    while (a->n_firsts && *a->firsts < info.first) {
        a->firsts++;
        a->n_firsts--;
    }
    return ERR_OK;
}

/* Times never go back along the log, so what goes is its front. */
static enum err choose(struct archiving *a, struct errmsg *msg)
{
    struct event head = {.seq = 0};
    char day[10];
    enum err e = list_log(a, msg);
    for (; !e && a->n + 1 < a->n_firsts; a->n++) {
        e = look_at_end(a, a->n, &head, msg);
        if (e || head.today >= a->order->before)
            break;
        a->to = head.seq;
        a->to_at = head.time;
        e = measure(a, a->n, msg);
    }
    if (e || a->n)
        return e;
    if (a->n_firsts < 2)
        return err_set(msg, ERR_END, "nothing to archive: the log has no closed file");
    date_format(head.today, day);
    return err_set(msg, ERR_END, "nothing to archive: the log's first file goes on until %.10s", day);
}

static enum err check_checkpoints(const struct archiving *a, struct errmsg *msg)
{
    const uint64_t *covered = a->order->covered;
    if (covered[0] >= a->to && covered[1] >= a->to)
        return ERR_OK;
    return err_set(
        msg, ERR_INVALID,
        "the events %" PRIu64 " to %" PRIu64
        " may be needed at the daemon's next start: two checkpoints must lie behind them, and %s. The daemon "
        "writes one when it is stopped (unless it was killed), and every 20 million events",
        a->firsts[0], a->to,
        covered[0] < a->to ? "none does"
        : covered[1]       ? "only the newest does"
                           : "there is only one");
}

/* --- what stays --- */

static enum err read_history(struct archiving *a, struct errmsg *msg)
{
    struct history_file *f;
    struct str line;
    uint64_t seq = a->dir->archived.seal.seq;
    if (!seq)
        return ERR_OK;
    enum err e = history_file_open(a->dir->log_folder, seq, &f, msg);
    if (e)
        return e == ERR_ABSENT ? ERR_DAMAGED : e;
    while (!e && (e = history_file_next(f, &line, msg)) == ERR_OK)
        e = history_fold_person(a->fold, line, msg);
    history_file_close(f);
    return e == ERR_END ? ERR_OK : e;
}

/* What the earlier history takes is not known as text: a person, some 300 bytes. */
static unsigned buckets(const struct archiving *a)
{
    uint64_t n = a->text * (a->dir->archived.seal.seq ? 2 : 1) / FOLD_BUCKET + 1;
    if (a->order->buckets)
        n = a->order->buckets;
    return n < FOLD_BUCKETS_MAX ? (unsigned)n : FOLD_BUCKETS_MAX;
}

static enum err begin_fold(struct archiving *a, struct errmsg *msg)
{
    if (a->to <= a->dir->archived.seal.seq) /* put back, or left over: their history is there */
        return ERR_OK;
    enum err e = history_fold_new(a->dir->log_folder, buckets(a), &a->fold, msg);
    return e ? e : read_history(a, msg);
}

static enum err write_history(struct archiving *a, struct errmsg *msg)
{
    struct history_writer *w;
    if (!a->fold)
        return ERR_OK;
    enum err e = history_writer_new(a->dir->log_folder, a->to, &w, msg);
    if (e)
        return e;
    e = history_fold_write(a->fold, w, msg);
    if (!e)
        e = history_writer_finish(w, msg);
    history_writer_free(w);
    return e;
}

/* A run that was cut short may have noted itself already. */
static bool is_noted(const struct archived *known, const struct archive_run *run)
{
    for (size_t i = 0; i < known->n_runs; i++) {
        const struct archive_run *r = &known->runs[i];
        if (r->from <= run->from && r->to >= run->to && strcmp(r->path, run->path) == 0)
            return true;
    }
    return false;
}

static enum err note(struct archiving *a, struct errmsg *msg)
{
    struct archived *known = &a->dir->archived;
    struct archive_run run = {
        .from = a->firsts[0], .to = a->to, .folder = (char *)(uintptr_t)a->order->folder, .path = a->path};
    time_t now = time(NULL); /* for people only */
    struct tm tm;
    strftime(run.at, sizeof run.at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    memcpy(run.hash, a->seal.hash, SEAL_HASH);
    if (is_noted(known, &run))
        return ERR_OK;
    if (known->n_runs == ARCHIVE_RUNS_MAX)
        return err_set(msg, ERR_FULL, "log/" ARCHIVED_NAME " holds %d runs already", ARCHIVE_RUNS_MAX);
    archived_add(known, &run);
    if (a->to > known->seal.seq) {
        known->seal = a->seal;
        known->last_at = a->to_at > 0 ? a->to_at : 0;
    }
    return archived_save(a->dir->log_folder, known, msg);
}

/* Histories that were replaced, and what a run that was cut short left. */
static void remove_leftovers_of_history(const struct archiving *a)
{
    int fd = openat(a->dir->log_folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    char current[HISTORY_NAME];
    history_file_name(a->dir->archived.seal.seq, current);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strncmp(entry->d_name, "history-", 8) == 0 && strcmp(entry->d_name, current) != 0)
            unlinkat(a->dir->log_folder, entry->d_name, 0); /* what stays does no harm */
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

/* --- the whole --- */

static enum err check(struct archiving *a, struct errmsg *msg)
{
    enum err e = choose(a, msg);
    if (!e)
        e = check_checkpoints(a, msg);
    if (!e)
        e = archive_check_needs(a, msg);
    if (!e)
        e = archive_open_folder(a, msg);
    a->total = a->disk + a->text;
    return e;
}

static enum err move(struct archiving *a, struct errmsg *msg)
{
    remove_leftovers_of_history(a);
    enum err e = archive_copy(a, msg);
    if (!e)
        e = begin_fold(a, msg);
    if (!e)
        e = archive_verify(a, msg);
    if (!e)
        e = write_history(a, msg);
    if (!e)
        e = archive_list_save(a->folder, &a->list, msg);
    if (!e)
        e = note(a, msg);
    if (!e)
        e = archive_remove(a, msg);
    if (!e)
        remove_leftovers_of_history(a);
    return e;
}

static void close_all(struct archiving *a)
{
    history_fold_free(a->fold);
    archive_list_done(&a->list);
    free(a->all);
    if (a->folder >= 0)
        close(a->folder);
    if (a->lock >= 0)
        close(a->lock);
    store_close(a->store);
}

enum err store_archive(const struct archive_order *o, struct archive_report *out, struct errmsg *msg)
{
    struct archiving a = {.order = o, .lock = -1, .folder = -1};
    enum err e = store_open(o->uri, STORE_READ, NULL, &a.store, NULL, msg);
    if (e)
        return e;
    a.dir = dir_of(a.store);
    if (a.store->backend != &backend_dir)
        e = err_set(msg, ERR_INVALID, "the store %s is none in a folder: it has nothing to archive", o->uri);
    if (!e)
        e = take_lock(&a, msg);
    if (!e)
        e = check(&a, msg);
    if (!e)
        e = move(&a, msg);
    if (!e) {
        *out =
            (struct archive_report){.from = a.firsts[0], .to = a.to, .seal = a.seal, .segments = a.n, .bytes = a.disk};
        memcpy(out->path, a.path, sizeof out->path);
    }
    close_all(&a);
    return e;
}
