/* Segments to the archive's folder, read there before anything is relied on, and away from the log. */
#include "store/archive/archive_inside.h"

#include "codec/utf8.h"
#include "store/file.h"
#include "store/log/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the folder --- */

static bool is_utf8(const char *p)
{
    for (const char *end = p + strlen(p); p < end;) {
        size_t n = utf8_length(p, end);
        if (!n)
            return false;
        p += n;
    }
    return true;
}

static enum err make_folder(const struct archiving *a, bool *made, struct errmsg *msg)
{
    const char *name = a->order->folder;
    *made = mkdir(name, 0700) == 0;
    return *made || errno == EEXIST ? ERR_OK : file_error(msg, "cannot make the folder", name);
}

static enum err refuse_place(struct archiving *a, struct errmsg *msg)
{
    struct stat st;
    char *store = realpath(a->dir->path, NULL), *own = realpath(a->order->folder, NULL);
    enum err e = ERR_OK;
    if (!store || !own || strlen(own) >= sizeof a->path)
        e = file_error(msg, "cannot find the path of", own ? a->dir->path : a->order->folder);
    else if (file_lies_in(own, store))
        e = err_set(msg, ERR_INVALID, "%s lies in the store's own folder %s: an archive is to be somewhere else", own,
                    store);
    else if (!is_utf8(own) || !is_utf8(a->order->folder))
        e = err_set(msg, ERR_INVALID, "the path of the archive is not UTF-8");
    else if (fstatat(a->folder, META_NAME, &st, 0) == 0)
        e = err_set(msg, ERR_EXISTS, "%s is a store, or a backup of one, and no archive", own);
    if (!e)
        snprintf(a->path, sizeof a->path, "%s", own);
    free(store);
    free(own);
    return e;
}

/* What the log says of the seal of event `last`: what goes on from it, or the runs that ended there. */
static bool is_ours(const struct archiving *a, const struct seal *end)
{
    const struct archived *known = &a->dir->archived;
    struct buf b = BUF_INIT;
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct log_header h;
    for (size_t i = 0; i < known->n_runs; i++)
        if (known->runs[i].to == end->seq && memcmp(known->runs[i].hash, end->hash, SEAL_HASH) == 0)
            return true;
    bool ours = segment_file_open(&f, a->dir->log_folder, end->seq + 1, NULL) == ERR_OK &&
                segment_file_read(&f, &b, LOG_HEADER_MAX, 0, NULL) == ERR_OK;
    const char *nl = ours && b.n ? log_line_end(b.p, b.p + b.n) : NULL;
    ours = nl && log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) == ERR_OK &&
           memcmp(h.previous, end->hash, SEAL_HASH) == 0;
    segment_file_close(&f);
    buf_done(&b);
    return ours;
}

/* Since seals are a chain, the last one speaks for all before. */
static enum err check_owner(struct archiving *a, struct errmsg *msg)
{
    enum err e = archive_list_load(a->folder, a->path, &a->list, msg);
    if (e == ERR_ABSENT)
        return ERR_OK;
    if (e || a->list.n == 0 || is_ours(a, &a->list.v[a->list.n - 1].end))
        return e;
    return err_set(msg, ERR_EXISTS, "%s holds the archive of another log, up to its event %" PRIu64, a->path,
                   a->list.v[a->list.n - 1].end.seq);
}

enum err archive_open_folder(struct archiving *a, struct errmsg *msg)
{
    bool made;
    enum err e = make_folder(a, &made, msg);
    if (e)
        return e;
    a->folder = open(a->order->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->folder < 0)
        return file_error(msg, "cannot open the folder", a->order->folder);
    e = refuse_place(a, msg);
    if (e && made)
        rmdir(a->order->folder);
    if (e)
        return e;
    int parent = openat(a->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (made && parent >= 0)
        e = file_sync_folder(parent, a->path, msg);
    if (parent >= 0)
        close(parent);
    return e ? e : check_owner(a, msg);
}

/* --- copying --- */

struct part_copied {
    struct archiving *a;
    uint64_t before;
};

static void part_copied(void *arg, uint64_t bytes)
{
    struct part_copied *p = arg;
    p->a->done = p->before + bytes;
    archiving_show(p->a, 0);
}

/* Under its name only once it is whole and on the disk. */
static enum err copy_file(struct archiving *a, const struct segment_file *from, struct errmsg *msg)
{
    struct part_copied told = {a, a->done};
    char beside[SEGMENT_NAME + 8];
    snprintf(beside, sizeof beside, "%s.part", from->name);
    int fd = file_open(a->folder, beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0)
        return file_error(msg, "cannot make a file in", a->path);
    enum err e = file_copy(from->fd, fd, from->name, from->disk, part_copied, &told, msg);
    if (!e && fsync(fd) < 0)
        e = file_error(msg, "cannot sync a file in", a->path);
    close(fd);
    if (!e && renameat(a->folder, beside, a->folder, from->name) < 0)
        e = file_error(msg, "cannot rename a file in", a->path);
    return e;
}

/* What is there already was copied by a run that was cut short, or before it was put back: it is read like the rest. */
static enum err copy_segment(struct archiving *a, uint64_t first, struct errmsg *msg)
{
    struct segment_file there = SEGMENT_FILE_CLOSED, from = SEGMENT_FILE_CLOSED;
    enum err e = segment_file_open(&there, a->folder, first, NULL);
    segment_file_close(&there);
    if (e != ERR_ABSENT)
        return ERR_OK;
    e = segment_file_open(&from, a->dir->log_folder, first, msg);
    if (!e)
        e = copy_file(a, &from, msg);
    segment_file_close(&from);
    return e;
}

enum err archive_copy(struct archiving *a, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < a->n; i++)
        e = copy_segment(a, a->firsts[i], msg);
    a->done = a->disk;
    return e ? e : file_sync_folder(a->folder, a->path, msg);
}

/* --- reading what was copied --- */

static enum err wrong(const struct archiving *a, const struct segment_file *f, const char *what, struct errmsg *msg)
{
    return err_set(msg, ERR_DAMAGED,
                   "%s/%s: %s; the log itself is untouched: move that file away, and have it copied again", a->path,
                   f->name, what);
}

static enum err fold_lines(struct archiving *a, struct str lines, struct errmsg *msg)
{
    const char *p = lines.p, *end = lines.p + lines.n, *nl;
    int64_t at;
    enum err e = ERR_OK;
    for (; !e && p < end && (nl = log_line_end(p, end)); p = nl + 1)
        if (log_event_number(p, (size_t)(nl - p)) > a->dir->archived.seal.seq)
            e = history_fold_event(a->fold, (struct str){p, (size_t)(nl - p)}, &at, msg);
    return e;
}

/* A commit whose seal fits. */
static enum err take(struct archiving *a, const struct segment_file *f, struct index *ix, const struct batch *b,
                     struct errmsg *msg)
{
    struct str lines = b->lines;
    struct log_header h;
    const char *bad, *nl;
    if (b->offset == 0) {
        nl = log_line_end(lines.p, lines.p + lines.n);
        if (!nl || log_header_parse((struct str){lines.p, (size_t)(nl - lines.p)}, &h) != ERR_OK ||
            h.first != f->first || memcmp(h.previous, a->seal.hash, SEAL_HASH) != 0)
            return wrong(a, f, "it does not go on from the one before", msg);
        lines.n -= (size_t)(nl + 1 - lines.p);
        lines.p = nl + 1;
    }
    if (index_lines(ix, lines, 0, &bad) != ERR_OK || ix->next != b->seal.seq + 1)
        return wrong(a, f, "its events are not numbered as they should be", msg);
    a->seal = b->seal;
    a->done += b->bytes.n;
    archiving_show(a, b->seal.seq);
    return a->fold ? fold_lines(a, lines, msg) : ERR_OK;
}

static enum err read_segment(struct archiving *a, struct scan *scan, struct segment_file *f, struct errmsg *msg)
{
    struct index ix;
    struct batch b;
    struct errmsg why;
    enum err e = ERR_OK, taken = ERR_OK;
    index_start(&ix, f->first, f->first);
    scan_start(scan, f, 0, &a->seal);
    while (!taken && (e = scan_next(scan, &b, &why)) == ERR_OK)
        taken = take(a, f, &ix, &b, msg);
    index_done(&ix);
    if (taken)
        return taken;
    if (e == ERR_INVALID || e == ERR_MORE)
        return wrong(a, f, "it is not what was written: a seal does not fit", msg);
    return e == ERR_END ? ERR_OK : wrong(a, f, why.text, msg);
}

/* What the log's own segment says of the seal before it. */
static enum err seal_before(const struct archiving *a, uint64_t first, unsigned char hash[SEAL_HASH],
                            struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct buf b = BUF_INIT;
    struct log_header h;
    enum err e = segment_file_open(&f, a->dir->log_folder, first, msg);
    if (!e)
        e = segment_file_read(&f, &b, LOG_HEADER_MAX, 0, msg);
    const char *nl = !e && b.n ? log_line_end(b.p, b.p + b.n) : NULL;
    if (!e && (!nl || log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) != ERR_OK))
        e = damage_at(a->dir->log_folder, first, 0, msg, "this is not the first line of this log file");
    if (!e)
        memcpy(hash, h.previous, SEAL_HASH);
    segment_file_close(&f);
    buf_done(&b);
    return e == ERR_ABSENT ? ERR_DAMAGED : e;
}

static enum err verify_segment(struct archiving *a, struct scan *scan, size_t i, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct archive_segment s = {.first = a->firsts[i]};
    unsigned char next[SEAL_HASH];
    memcpy(s.previous, a->seal.hash, SEAL_HASH);
    enum err e = segment_file_open(&f, a->folder, s.first, msg);
    if (!e)
        e = read_segment(a, scan, &f, msg);
    if (!e)
        e = seal_before(a, archiving_next(a, i), next, msg);
    if (!e && (a->seal.seq + 1 != archiving_next(a, i) || memcmp(a->seal.hash, next, SEAL_HASH) != 0))
        e = wrong(a, &f, "it is not what the log's next file goes on from", msg);
    s.end = a->seal;
    if (!e)
        archive_list_put(&a->list, &s);
    segment_file_close(&f);
    return e == ERR_ABSENT ? ERR_DAMAGED : e;
}

enum err archive_verify(struct archiving *a, struct errmsg *msg)
{
    struct scan scan;
    a->seal.seq = a->firsts[0] - 1;
    enum err e = seal_before(a, a->firsts[0], a->seal.hash, msg);
    scan_init(&scan);
    for (size_t i = 0; !e && i < a->n; i++)
        e = verify_segment(a, &scan, i, msg);
    scan_done(&scan);
    return e;
}

/* --- removing --- */

static enum err remove_one(const struct archiving *a, const char *name, struct errmsg *msg)
{
    return unlinkat(a->dir->log_folder, name, 0) == 0 || errno == ENOENT ? ERR_OK
                                                                         : file_error(msg, "cannot remove log/", name);
}

static enum err remove_segment(const struct archiving *a, uint64_t first, struct errmsg *msg)
{
    static const char *const forms[] = {"ndjson", "ndjson.zst", "idx"};
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < sizeof forms / sizeof forms[0]; i++) {
        char name[SEGMENT_NAME];
        segment_name(first, forms[i], name);
        e = remove_one(a, name, msg);
    }
    return e;
}

static bool is_listed(const struct archiving *a, uint64_t first)
{
    for (size_t i = 0; i < a->list.n; i++)
        if (a->list.v[i].first == first)
            return true;
    return false;
}

/* The oldest first, so that what is left goes on whole; and what is left over from before, if it is safe. */
enum err archive_remove(struct archiving *a, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (const uint64_t *first = a->all; !e && first < a->firsts + a->n; first++)
        if (is_listed(a, *first))
            e = remove_segment(a, *first, msg);
    return e ? e : file_sync_folder(a->dir->log_folder, "the log", msg);
}
