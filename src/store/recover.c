/* Opening a log: every segment is there and goes on where the one before ended, seals and numbers fit, and what a
 * crash left behind the last whole commit is told from damage.
 *
 * A batch is appended only after the one before is synced, so a crash leaves at most one torn batch, at the very end;
 * of that one any bytes may be missing. Since its seal is its end, no trace of a seal can stand before the tail's last
 * line. And nobody can know a number behind it: who does has seen it synced. Anything else is damage. */
#include "store/dir.h"

#include "store/file.h"
#include "store/log_files.h"
#include "store/logline.h"
#include "store/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* The largest that one torn batch can be. */
#define TAIL_MAX (COMMIT_MAX_BYTES + LOG_HEADER_MAX + LOG_SEAL_MAX)

/* So large a log is verified as a whole at every start: it takes about a second. */
#define VERIFY_WHOLE (UINT64_C(1) << 30)

struct recovery {
    struct dir_store *d;
    const struct recovery_plan *plan;
    bool met;   /* the chain went through the checkpoint's seal */
    bool small; /* the whole log is verified, whatever a checkpoint spares */
    struct scan scan;
    struct seal seal;     /* the last good one */
    uint64_t last_commit; /* where it begins in its file */
    uint64_t tail;        /* bytes behind it in the last segment */
    struct errmsg *msg;
};

static enum err damage(struct recovery *r, const struct segment *s, uint64_t offset, const char *what)
{
    return damage_at(r->d->log_folder, s->index.first, offset, r->msg, "%s", what);
}

/* A header as it must stand at the front of s; *n becomes its length with the newline. */
static enum err check_header(struct recovery *r, const struct segment *s, struct str text, size_t *n)
{
    struct log_header h;
    const char *nl = text.n ? log_line_end(text.p, text.p + text.n) : NULL;
    enum err e = nl ? log_header_parse((struct str){text.p, (size_t)(nl - text.p)}, &h) : ERR_DAMAGED;
    if (e == ERR_VERSION)
        return err_set(r->msg, e,
                       "log/%020" PRIu64 ".ndjson was written by a later version: this program knows up to %d",
                       s->index.first, LOG_VERSION);
    if (e)
        return damage(r, s, 0, "this is not the first line of a log file");
    if (h.first != s->index.first)
        return damage(r, s, 0, "the file begins with another event than its name says");
    if (memcmp(h.previous, r->seal.hash, SEAL_HASH) != 0)
        return damage(r, s, 0, "it does not go on from the seal before");
    *n = (size_t)(nl + 1 - text.p);
    return ERR_OK;
}

/* The seal fits; so must what it covers. */
static enum err take_batch(struct recovery *r, struct segment *s, const struct batch *b)
{
    struct str lines = b->lines;
    const char *bad;
    size_t header = 0;
    enum err e = b->offset == 0 ? check_header(r, s, lines, &header) : ERR_OK;
    if (e)
        return e;
    lines.p += header;
    lines.n -= header;
    if (index_lines(&s->index, lines, b->offset + header, &bad) != ERR_OK)
        return damage_at(r->d->log_folder, s->index.first, b->offset + (uint64_t)(bad - b->bytes.p), r->msg,
                         "event %" PRIu64 " was expected", s->index.next);
    if (s->index.next != b->seal.seq + 1)
        return damage(r, s, b->offset + b->lines.n, "the seal names another event than the one before it");
    const struct seal *from = r->plan->from;
    if (from && from->seq == b->seal.seq) {
        if (memcmp(from->hash, b->seal.hash, SEAL_HASH) != 0)
            return damage(r, s, b->offset + b->lines.n, "the checkpoint was taken of another log");
        r->met = true;
    }
    r->last_commit = b->offset;
    r->seal = s->end = b->seal;
    return ERR_OK;
}

/* The first line of a batch that cannot be there: an event out of its turn, or one that has swallowed a seal. */
static const char *find_bad_line(const struct segment *s, struct str lines, uint64_t *expected)
{
    struct index probe;
    const char *bad = lines.p + lines.n;
    index_start(&probe, s->index.first, s->index.next);
    enum err e = index_lines(&probe, lines, 0, &bad);
    *expected = e ? probe.next : 0;
    index_done(&probe);
    const char *seal = memmem(lines.p, (size_t)(bad - lines.p), "\"sha256\":\"", 10);
    if (!seal)
        return bad;
    *expected = 0;
    const char *before = memrchr(lines.p, '\n', (size_t)(seal - lines.p));
    return before ? before + 1 : lines.p;
}

/* The seal does not fit, and this is no torn tail. Where a line gives itself away it is named, else the seal. */
static enum err damaged_batch(struct recovery *r, const struct segment *s, const struct batch *b)
{
    struct str lines = b->lines;
    uint64_t expected;
    size_t header = 0;
    enum err e = b->offset == 0 ? check_header(r, s, lines, &header) : ERR_OK;
    if (e)
        return e;
    lines.p += header;
    lines.n -= header;
    const char *bad = find_bad_line(s, lines, &expected);
    uint64_t offset = b->offset + (uint64_t)(bad - b->bytes.p);
    if (expected)
        return damage_at(r->d->log_folder, s->index.first, offset, r->msg, "event %" PRIu64 " was expected", expected);
    return damage_at(r->d->log_folder, s->index.first, offset, r->msg,
                     "what stands there or before is altered: the seal over the events %" PRIu64 " to %" PRIu64
                     " does not fit",
                     s->index.next, b->seal.seq);
}

/* Whether the tail can be what a crash leaves of one batch. */
static bool is_torn(struct str tail)
{
    static const char *const traces[] = {"{\"seal\":", "\"sha256\":\""};
    const char *last = tail.n > 1 ? memrchr(tail.p, '\n', tail.n - 1) : NULL;
    size_t before = last ? (size_t)(last + 1 - tail.p) : 0;
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        size_t n = strlen(traces[i]);
        size_t window =
            before + n - 1 < tail.n ? before + n - 1 : tail.n; /* a trace that starts before the last line */
        if (before && memmem(tail.p, window, traces[i], n))
            return false;
    }
    return true;
}

/* Behind the last good seal of the last segment: torn, or damaged? */
static enum err look_at_tail(struct recovery *r, struct segment *s, int fd, uint64_t size, enum err why,
                             const struct batch *b)
{
    struct buf tail = BUF_INIT;
    bool torn = false;
    if (r->tail <= TAIL_MAX) {
        enum err e = file_read(fd, "a log file", &tail, r->tail, size - r->tail, r->msg);
        torn = !e && is_torn(buf_str(&tail));
        buf_done(&tail);
        if (e)
            return e;
    }
    if (torn)
        return ERR_OK;
    if (why == ERR_DAMAGED)
        return damaged_batch(r, s, b);
    return damage(r, s, size - r->tail, "no whole commit follows, and this is not the torn end of one");
}

static enum err refuse_later_version(struct recovery *r, const struct segment *s, int fd)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    enum err e = file_read(fd, "a log file", &b, LOG_HEADER_MAX, 0, r->msg);
    const char *nl = e || !b.n ? NULL : log_line_end(b.p, b.p + b.n);
    size_t n;
    if (nl && log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) == ERR_VERSION)
        e = check_header(r, s, buf_str(&b), &n);
    buf_done(&b);
    return e;
}

static enum err scan_segment(struct recovery *r, struct segment *s, int fd, bool last)
{
    uint64_t size = s->bytes;
    struct batch b;
    enum err e, scanned = ERR_OK;
    e = refuse_later_version(r, s, fd);
    if (e)
        return e;
    scan_start(&r->scan, fd, "a log file", 0, &r->seal);
    while (!e && (scanned = scan_next(&r->scan, &b, r->msg)) == ERR_OK)
        e = take_batch(r, s, &b);
    if (e || scanned == ERR_IO)
        return e ? e : scanned;
    s->bytes = scan_offset(&r->scan);
    if (last) {
        r->tail = size - s->bytes;
        return r->tail ? look_at_tail(r, s, fd, size, scanned, &b) : ERR_OK;
    }
    if (scanned == ERR_DAMAGED)
        return damaged_batch(r, s, &b);
    if (scanned == ERR_MORE)
        return damage(r, s, s->bytes, "the file ends without a seal, and others follow");
    return s->index.n ? ERR_OK : damage(r, s, 0, "the file is empty, and others follow");
}

/* A closed segment from before the checkpoint: its index speaks for it, and its first line. */
static bool take_by_index(struct recovery *r, struct segment *s, int fd)
{
    struct segment found;
    struct buf b = BUF_INIT;
    struct errmsg *msg = r->msg;
    size_t n;
    if (!index_load(r->d->log_folder, s->index.first, s->bytes, &found))
        return false;
    r->msg = NULL;
    bool good = file_read(fd, "a log file", &b, LOG_HEADER_MAX, 0, NULL) == ERR_OK &&
                check_header(r, s, buf_str(&b), &n) == ERR_OK;
    r->msg = msg;
    buf_done(&b);
    if (!good) {
        index_done(&found.index);
        return false;
    }
    *s = found;
    r->seal = found.end;
    return true;
}

/* Whether segment i is only looked at from outside. */
static bool is_older(const struct recovery *r, size_t i)
{
    const struct dir_store *d = r->d;
    const struct seal *from = r->plan->from;
    if (i + 1 == d->n_segments)
        return false;
    return r->plan->only_last || (from && !r->small && d->segments[i + 1].index.first <= from->seq);
}

static enum err take_segment(struct recovery *r, size_t i)
{
    struct dir_store *d = r->d;
    struct segment *s = &d->segments[i];
    char name[SEGMENT_NAME];
    bool last = i + 1 == d->n_segments;
    segment_name(s->index.first, "ndjson", name);
    if (s->index.first != r->seal.seq + 1)
        return err_set(r->msg, ERR_DAMAGED, "the events from %" PRIu64 " to %" PRIu64 " are missing: before log/%s",
                       r->seal.seq + 1, s->index.first - 1, name);
    int fd = file_open(d->log_folder, name, O_RDONLY);
    if (fd < 0)
        return file_error(r->msg, "cannot open log file", name);
    enum err e = ERR_OK;
    if (!is_older(r, i) || !take_by_index(r, s, fd)) {
        e = scan_segment(r, s, fd, last);
        if (!e && !last && r->plan->cut)
            index_save(d->log_folder, s);
    }
    close(fd);
    return e;
}

/* Who knows a later number than the log's last whole commit has seen it synced. */
static enum err ask_witnesses(const struct recovery *r)
{
    const struct recovery_plan *plan = r->plan;
    for (size_t i = 0; i < plan->n_known; i++)
        if (plan->known[i].seq > r->seal.seq)
            return err_set(r->msg, ERR_DAMAGED,
                           "the log is whole up to event %" PRIu64 " only (log/%020" PRIu64
                           ".ndjson), but %s knows event %" PRIu64 ": it is damaged, not torn by a crash",
                           r->seal.seq, r->d->n_segments ? r->d->segments[r->d->n_segments - 1].index.first : 1,
                           plan->known[i].who, plan->known[i].seq);
    if (plan->from && plan->from->seq && !r->met)
        return err_set(r->msg, ERR_DAMAGED, "the log has no seal at event %" PRIu64 ", where the checkpoint was taken",
                       plan->from->seq);
    return ERR_OK;
}

/* After a sync that failed the system may hold the last commit for written though it is in memory only: it is written
 * once more. The same bytes at the same place do no harm. */
static enum err write_again(struct recovery *r, const struct segment *s, int fd, const char *name)
{
    struct buf b = BUF_INIT;
    enum err e = file_read(fd, name, &b, s->bytes - r->last_commit, r->last_commit, r->msg);
    struct iovec part = {b.p, b.n};
    if (!e)
        e = file_write(fd, name, &part, 1, r->last_commit, r->msg);
    buf_done(&b);
    return e;
}

/* A last segment without any whole commit goes altogether. */
static enum err cut_file(struct recovery *r, const struct segment *s, int fd, const char *name)
{
    int folder = r->d->log_folder;
    enum err e = s->bytes ? write_again(r, s, fd, name) : ERR_OK;
    if (e)
        return e;
    if (ftruncate(fd, (off_t)s->bytes) < 0 || fsync(fd) < 0)
        return file_error(r->msg, "cannot cut log file", name);
    if (s->bytes == 0 && unlinkat(folder, name, 0) < 0)
        return file_error(r->msg, "cannot remove log file", name);
    return file_sync_folder(folder, name, r->msg);
}

/* Cuts the tail off, if that is asked for; also without a tail the file is synced: what a killed process wrote may
 * not be. */
static enum err settle_end(struct recovery *r, struct store_opened *opened)
{
    struct dir_store *d = r->d;
    const struct segment *s = &d->segments[d->n_segments - 1];
    char name[SEGMENT_NAME];
    segment_name(s->index.first, "ndjson", name);
    int fd = file_open(d->log_folder, name, r->plan->cut ? O_RDWR : O_RDONLY);
    if (fd < 0)
        return file_error(r->msg, "cannot open log file", name);
    enum err e = ERR_OK;
    if (r->plan->cut)
        e = cut_file(r, s, fd, name);
    else if (fdatasync(fd) < 0)
        e = file_error(r->msg, "cannot sync log file", name);
    close(fd);
    opened->torn_bytes = r->tail;
    if (r->tail)
        snprintf(opened->torn_file, sizeof opened->torn_file, "log/%s", name);
    return e;
}

static void drop_empty_last(struct dir_store *d)
{
    if (d->n_segments && d->segments[d->n_segments - 1].bytes == 0)
        index_done(&d->segments[--d->n_segments].index);
}

static bool is_small(const struct dir_store *d)
{
    uint64_t total = 0;
    for (size_t i = 0; i < d->n_segments; i++)
        total += d->segments[i].bytes; /* as listed: the files' sizes */
    return total <= VERIFY_WHOLE;
}

enum err recover_log(struct dir_store *d, const struct recovery_plan *plan, struct store_opened *opened,
                     struct errmsg *msg)
{
    struct recovery r = {.d = d, .plan = plan, .msg = msg};
    enum err e = list_segments(d->log_folder, &d->segments, &d->n_segments, msg);
    if (e)
        return e;
    d->cap_segments = d->n_segments;
    r.small = is_small(d);
    scan_init(&r.scan);
    for (size_t i = 0; !e && i < d->n_segments; i++)
        e = take_segment(&r, i);
    scan_done(&r.scan);
    if (!e)
        e = ask_witnesses(&r);
    if (!e && d->n_segments)
        e = settle_end(&r, opened);
    if (e)
        return e;
    drop_empty_last(d);
    d->seal = r.seal;
    for (size_t i = 0; i < d->n_segments; i++)
        d->log_bytes += d->segments[i].bytes;
    atomic_store(&d->durable, r.seal.seq);
    return ERR_OK;
}
