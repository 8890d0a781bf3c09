#include "store/backup/backup_log.h"

#include "store/file.h"
#include "store/log/log_files.h"
#include "store/log/logline.h"
#include "store/log/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

void backup_log_done(struct backup_log *l)
{
    index_done(&l->last.index);
}

/* --- does the store's log go on where the copy ends? --- */

/* The copy's last seal stands at the same place in the same segment. Since seals are a chain, so does all before. */
static enum err meets_inside(const struct backup_log *l, struct segment_file *f, bool *yes, struct errmsg *msg)
{
    char room[LOG_SEAL_MAX];
    struct buf seal = {room, 0, sizeof room}, there = BUF_INIT;
    log_seal_add(&seal, &l->seal);
    *yes = false;
    if (l->last.bytes < seal.n || l->last.bytes > f->bytes)
        return ERR_OK;
    enum err e = segment_file_read(f, &there, seal.n, l->last.bytes - seal.n, msg);
    *yes = !e && there.n == seal.n && memcmp(there.p, seal.p, seal.n) == 0;
    buf_done(&there);
    return e;
}

/* The copy's last segment is gone from the store: then the next one says on what it goes on. */
static enum err meets_next(const struct backup_log *l, struct segment_file *f, bool *yes, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    enum err e = segment_file_read(f, &b, LOG_HEADER_MAX, 0, msg);
    const char *nl = e || !b.n ? NULL : log_line_end(b.p, b.p + b.n);
    *yes = nl && log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) == ERR_OK && h.first == f->first &&
           memcmp(h.previous, l->seal.hash, SEAL_HASH) == 0;
    buf_done(&b);
    return e;
}

enum err backup_log_meets(const struct backup_log *l, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    bool yes = false;
    if (!l->last.index.first)
        return ERR_OK;
    enum err e = segment_file_open(&f, l->from, l->last.index.first, msg);
    if (!e) {
        e = meets_inside(l, &f, &yes, msg);
    } else if (e == ERR_ABSENT) {
        e = segment_file_open(&f, l->from, l->seal.seq + 1, msg);
        if (!e)
            e = meets_next(l, &f, &yes, msg);
        else if (e == ERR_ABSENT)
            e = ERR_OK;
    }
    segment_file_close(&f);
    if (e || yes)
        return e;
    return err_set(msg, ERR_EXISTS,
                   "the backup there ends with event %" PRIu64
                   ", and the store's log has no such seal: it is another log",
                   l->seal.seq);
}

/* --- what is there, and what is not --- */

struct segments {
    struct segment *v;
    size_t n;
};

/* The last event that can be in segment i. */
static uint64_t last_in(const struct segments *s, size_t i)
{
    return i + 1 < s->n ? s->v[i + 1].index.first - 1 : UINT64_MAX;
}

enum err backup_log_lacks(const struct backup_log *l, uint64_t until, uint64_t *bytes, struct errmsg *msg)
{
    struct segments s;
    enum err e = list_segments(l->from, &s.v, &s.n, msg);
    if (e)
        return e;
    *bytes = 0;
    for (size_t i = 0; i < s.n && s.v[i].index.first <= until; i++) {
        if (s.v[i].index.first == l->last.index.first && s.v[i].bytes > l->last.bytes)
            *bytes += s.v[i].bytes - l->last.bytes;
        else if (s.v[i].index.first > l->last.index.first)
            *bytes += s.v[i].disk;
    }
    free(s.v);
    return ERR_OK;
}

/* --- taking what was read --- */

static enum err wrong(const struct backup_log *l, uint64_t offset, const char *what, struct errmsg *msg)
{
    return damage_at(l->from, l->last.index.first, offset, msg, "%s", what);
}

/* *n becomes the length of the first line of a segment, with its newline. */
static enum err check_header(const struct backup_log *l, struct str text, size_t *n, struct errmsg *msg)
{
    struct log_header h;
    const char *nl = text.n ? log_line_end(text.p, text.p + text.n) : NULL;
    enum err e = nl ? log_header_parse((struct str){text.p, (size_t)(nl - text.p)}, &h) : ERR_DAMAGED;
    if (e == ERR_VERSION)
        return err_set(msg, e, "the store's log was written by a later version: this program knows up to %d",
                       LOG_VERSION);
    if (e || h.first != l->last.index.first || memcmp(h.previous, l->seal.hash, SEAL_HASH) != 0)
        return wrong(l, 0, "the first line does not go on from the segment before", msg);
    *n = (size_t)(nl + 1 - text.p);
    return ERR_OK;
}

/* Its seal fits; so must the events under it. */
static enum err take(struct backup_log *l, const struct batch *b, struct errmsg *msg)
{
    struct str lines = b->lines;
    const char *bad;
    size_t header = 0;
    enum err e = b->offset == 0 ? check_header(l, lines, &header, msg) : ERR_OK;
    if (e)
        return e;
    lines.p += header;
    lines.n -= header;
    if (index_lines(&l->last.index, lines, b->offset + header, &bad) != ERR_OK)
        return wrong(l, b->offset + (uint64_t)(bad - b->bytes.p), "another event was expected", msg);
    if (l->last.index.next != b->seal.seq + 1)
        return wrong(l, b->offset + b->lines.n, "the seal names another event than the one before it", msg);
    l->seal = l->last.end = b->seal;
    l->last.bytes = b->offset + b->bytes.n;
    l->grown(l->arg, l->copied);
    return ERR_OK;
}

static enum err not_scanned(const struct backup_log *l, const struct scan *s, enum err why, struct errmsg *msg)
{
    if (why == ERR_INVALID)
        return wrong(l, scan_offset(s), "the seal over what begins there does not fit", msg);
    if (why == ERR_MORE || why == ERR_END)
        return wrong(l, scan_offset(s), "no whole commit follows, though more events are durable", msg);
    return why;
}

static void begin_segment(struct backup_log *l, uint64_t first)
{
    index_done(&l->last.index);
    memset(&l->last, 0, sizeof l->last);
    index_start(&l->last.index, first, first);
}

/* Batch by batch up to the event, or to the text's end; fd -1: only looks, else writes what it has taken at the same
 * place. */
static enum err scan_until(struct backup_log *l, struct segment_file *f, uint64_t offset, uint64_t until, int fd,
                           struct errmsg *msg)
{
    struct scan scan;
    struct batch b;
    enum err e = ERR_OK;
    scan_init(&scan);
    scan_start(&scan, f, offset, &l->seal);
    while (!e && l->seal.seq < until && (e = scan_next(&scan, &b, msg)) == ERR_OK) {
        struct iovec part = {(void *)(uintptr_t)b.bytes.p, b.bytes.n};
        if (fd >= 0 && b.seal.seq <= until)
            e = file_write(fd, f->name, &part, 1, b.offset, msg);
        if (fd >= 0)
            l->copied += b.bytes.n;
        if (!e)
            e = take(l, &b, msg);
    }
    if (e == ERR_END && until == UINT64_MAX)
        e = ERR_OK;
    else if (e)
        e = not_scanned(l, &scan, e, msg);
    else if (l->seal.seq > until)
        e = wrong(l, scan_offset(&scan), "a commit goes past the last durable event", msg);
    scan_done(&scan);
    return e;
}

/* --- one segment --- */

static enum err sync_file(int fd, const char *name, struct errmsg *msg)
{
    return fsync(fd) < 0 ? file_error(msg, "cannot sync log file", name) : ERR_OK;
}

/* One of those that were listed. */
static enum err open_listed(const struct backup_log *l, struct segment_file *f, uint64_t first, struct errmsg *msg)
{
    enum err e = segment_file_open(f, l->from, first, msg);
    if (e == ERR_ABSENT)
        return err_set(msg, ERR_ARCHIVED, "log/%s was moved away meanwhile: begin again", f->name);
    return e;
}

/* What the copy lacks of a segment, as text. */
static enum err append_text(struct backup_log *l, uint64_t first, uint64_t until, struct errmsg *msg)
{
    struct segment_file from = SEGMENT_FILE_CLOSED;
    char name[SEGMENT_NAME];
    bool fresh = l->last.index.first != first;
    enum err e = open_listed(l, &from, first, msg);
    if (e)
        return e;
    if (fresh)
        begin_segment(l, first);
    else
        l->kept += l->last.bytes;
    segment_name(first, "ndjson", name);
    int fd = file_open(l->to, name, fresh ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY);
    e = fd < 0 ? file_error(msg, "cannot write log file", name) : ERR_OK;
    if (!e)
        e = scan_until(l, &from, l->last.bytes, until, fd, msg);
    if (!e)
        e = sync_file(fd, name, msg);
    if (fd >= 0)
        close(fd);
    segment_file_close(&from);
    return e;
}

struct part_copied {
    struct backup_log *l;
    uint64_t before;
};

static void part_copied(void *arg, uint64_t bytes)
{
    const struct part_copied *p = arg;
    p->l->copied = p->before + bytes;
    p->l->grown(p->l->arg, p->l->copied);
}

/* As it stands on the disk, whatever its form; then what was written is read. */
static enum err copy_file(struct backup_log *l, uint64_t first, struct errmsg *msg)
{
    struct segment_file from = SEGMENT_FILE_CLOSED;
    struct part_copied told = {l, l->copied};
    enum err e = open_listed(l, &from, first, msg);
    if (e)
        return e;
    int fd = file_open(l->to, from.name, O_WRONLY | O_CREAT | O_TRUNC);
    e = fd < 0 ? file_error(msg, "cannot make log file", from.name) : ERR_OK;
    if (!e)
        e = file_copy(from.fd, fd, from.name, from.disk, part_copied, &told, msg);
    if (!e)
        e = sync_file(fd, from.name, msg);
    if (fd >= 0)
        close(fd);
    segment_file_close(&from);
    return e;
}

static enum err copy_whole(struct backup_log *l, uint64_t first, uint64_t last, struct errmsg *msg)
{
    struct segment_file copy = SEGMENT_FILE_CLOSED;
    enum err e = copy_file(l, first, msg);
    if (!e)
        e = segment_file_open(&copy, l->to, first, msg);
    if (e)
        return e;
    begin_segment(l, first);
    l->last.disk = copy.disk;
    l->last.packed = copy.packed != NULL;
    e = scan_until(l, &copy, 0, UINT64_MAX, -1, msg);
    if (!e && l->seal.seq != last)
        e = wrong(l, l->last.bytes, "the segment ends too early, or too late, for the next one", msg);
    segment_file_close(&copy);
    return e;
}

static enum err append_segment(struct backup_log *l, const struct segments *s, size_t i, uint64_t until,
                               struct errmsg *msg)
{
    uint64_t first = s->v[i].index.first, last = last_in(s, i);
    if (last <= l->seal.seq) {
        l->kept += s->v[i].disk;
        return ERR_OK;
    }
    if (first > l->seal.seq + 1)
        return err_set(msg, ERR_ARCHIVED,
                       "the events from %" PRIu64 " to %" PRIu64 " are not in the store's log any more, and this backup lacks "
                       "them: begin another one, in an empty folder, and keep this one with the archive",
                       l->seal.seq + 1, first - 1);
    enum err e;
    if (first == l->last.index.first || last > until)
        e = append_text(l, first, last < until ? last : until, msg);
    else
        e = copy_whole(l, first, last, msg);
    if (!e && last <= until)
        index_save(l->to, &l->last); /* so that the next backup need not read it again */
    return e;
}

enum err backup_log_append(struct backup_log *l, uint64_t until, struct errmsg *msg)
{
    struct segments s;
    enum err e = list_segments(l->from, &s.v, &s.n, msg);
    if (e)
        return e;
    for (size_t i = 0; !e && i < s.n && s.v[i].index.first <= until; i++)
        e = append_segment(l, &s, i, until, msg);
    free(s.v);
    if (!e && l->seal.seq != until)
        e = err_set(msg, ERR_DAMAGED, "the store's log ends at event %" PRIu64 ", before event %" PRIu64, l->seal.seq,
                    until);
    return e ? e : file_sync_folder(l->to, "the log", msg);
}
