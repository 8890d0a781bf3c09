/* Recovery of one segment: its seals and numbers fit, and what a crash left behind the last whole commit is told from
 * damage (recover.c says how). */
#include "store/log/recover_inside.h"

#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <inttypes.h>

/* The largest that one torn batch can be. */
#define TAIL_MAX (COMMIT_MAX_BYTES + LOG_HEADER_MAX + LOG_SEAL_MAX)

/* The file itself, compressed, is damaged: the message is there. */
static bool unreadable(enum err scanned)
{
    return scanned == ERR_IO || scanned == ERR_DAMAGED;
}

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
static enum err look_at_tail(struct recovery *r, struct segment *s, struct segment_file *f, enum err why,
                             const struct batch *b)
{
    struct buf tail = BUF_INIT;
    bool torn = false;
    if (r->tail <= TAIL_MAX) {
        enum err e = segment_file_read(f, &tail, r->tail, s->bytes, r->msg);
        torn = !e && is_torn(buf_str(&tail));
        buf_done(&tail);
        if (e)
            return e;
    }
    if (torn)
        return ERR_OK;
    if (why == ERR_INVALID)
        return damaged_batch(r, s, b);
    return damage(r, s, s->bytes, "no whole commit follows, and this is not the torn end of one");
}

static enum err refuse_later_version(struct recovery *r, const struct segment *s, struct segment_file *f)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    enum err e = segment_file_read(f, &b, LOG_HEADER_MAX, 0, r->msg);
    const char *nl = e || !b.n ? NULL : log_line_end(b.p, b.p + b.n);
    size_t n;
    if (nl && log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) == ERR_VERSION)
        e = check_header(r, s, buf_str(&b), &n);
    buf_done(&b);
    return e;
}

enum err recover_scan_segment(struct recovery *r, struct segment *s, struct segment_file *f, bool last)
{
    uint64_t size = s->bytes;
    struct batch b;
    enum err e, scanned = ERR_OK;
    e = refuse_later_version(r, s, f);
    if (e)
        return e;
    scan_start(&r->scan, f, 0, &r->seal);
    while (!e && (scanned = scan_next(&r->scan, &b, r->msg)) == ERR_OK)
        e = take_batch(r, s, &b);
    if (e || unreadable(scanned))
        return e ? e : scanned;
    s->bytes = scan_offset(&r->scan);
    if (last) {
        r->tail = scanned == ERR_END || size < s->bytes ? 0 : size - s->bytes; /* a writer may have begun meanwhile */
        return r->tail ? look_at_tail(r, s, f, scanned, &b) : ERR_OK;
    }
    if (scanned == ERR_INVALID)
        return damaged_batch(r, s, &b);
    if (scanned == ERR_MORE)
        return damage(r, s, s->bytes, "the file ends without a seal, though it was closed");
    return s->index.n ? ERR_OK : damage(r, s, 0, "the file is empty, though it was closed");
}

bool recover_take_by_index(struct recovery *r, struct segment *s, struct segment_file *f)
{
    struct buf b = BUF_INIT;
    struct errmsg *msg = r->msg;
    size_t n;
    r->msg = NULL;
    bool good = segment_file_read(f, &b, LOG_HEADER_MAX, 0, NULL) == ERR_OK &&
                check_header(r, s, buf_str(&b), &n) == ERR_OK && index_load(r->d->log_folder, s);
    r->msg = msg;
    buf_done(&b);
    if (good)
        r->seal = s->end;
    return good;
}
