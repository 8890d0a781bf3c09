/* Opening a log: every segment is there and goes on where the one before ended, seals and numbers fit, and what a
 * crash left behind the last whole commit is told from damage.
 *
 * A batch is appended only after the one before is synced, so a crash leaves at most one torn batch, at the very end;
 * of that one any bytes may be missing. Since its seal is its end, no trace of a seal can stand before the tail's last
 * line. And nobody can know a number behind it: who does has seen it synced. Anything else is damage. */
#include "store/log/recover_inside.h"

#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

/* So large a log is verified as a whole at every start: it takes about a second. */
#define VERIFY_WHOLE (UINT64_C(1) << 30)

/* Whether segment i is only looked at from outside. */
static bool is_older(const struct recovery *r, size_t i)
{
    const struct dir_store *d = r->d;
    const struct seal *from = r->plan->from;
    if (i + 1 == d->n_segments)
        return false;
    return r->plan->only_last || (from && !r->small && d->segments[i + 1].index.first <= from->seq);
}

/* The seal before segment i is what its own first line says: it is checked where the archived seal is. */
static enum err start_at(struct recovery *r, const struct segment *s, struct segment_file *f)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    enum err e = segment_file_read(f, &b, LOG_HEADER_MAX, 0, r->msg);
    const char *nl = e || !b.n ? NULL : log_line_end(b.p, b.p + b.n);
    r->seal = r->d->archived.seal;
    if (s->index.first == r->seal.seq + 1)
        nl = NULL;
    if (nl && log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) == ERR_OK)
        memcpy(r->seal.hash, h.previous, SEAL_HASH);
    r->seal.seq = s->index.first - 1;
    buf_done(&b);
    const struct seal *from = r->plan->from;
    r->met = from && from->seq == r->seal.seq && memcmp(from->hash, r->seal.hash, SEAL_HASH) == 0;
    return e;
}

/* Archived segments may be there nevertheless: put back, or not yet removed. They count as far as they lead up to what
 * was never moved; where one is missing those before it are left out. */
static enum err pass_gap(struct recovery *r, size_t i, struct segment_file *f)
{
    struct dir_store *d = r->d;
    const struct segment *s = &d->segments[i];
    if (s->index.first > d->archived.seal.seq + 1)
        return err_set(r->msg, ERR_DAMAGED,
                       "the events from %" PRIu64 " to %" PRIu64 " are missing: before log/%020" PRIu64 ".ndjson",
                       (r->seal.seq > d->archived.seal.seq ? r->seal.seq : d->archived.seal.seq) + 1,
                       s->index.first - 1, s->index.first);
    r->begin = i;
    return start_at(r, s, f);
}

/* The log that goes on from the archived seal goes through it, too, where there is more of it. */
static enum err check_archived(struct recovery *r, const struct segment *s)
{
    const struct seal *archived = &r->d->archived.seal;
    if (s->index.first > archived->seq || s->end.seq < archived->seq)
        return ERR_OK;
    if (s->end.seq == archived->seq && memcmp(s->end.hash, archived->hash, SEAL_HASH) == 0)
        return ERR_OK;
    return err_set(r->msg, ERR_DAMAGED,
                   "log/%020" PRIu64 ".ndjson is of another log than the one whose events up to %" PRIu64
                   " were archived",
                   s->index.first, archived->seq);
}

static enum err take_segment(struct recovery *r, size_t i)
{
    struct dir_store *d = r->d;
    struct segment *s = &d->segments[i];
    struct segment_file f = SEGMENT_FILE_CLOSED;
    bool last = i + 1 == d->n_segments && !s->packed; /* only what is closed is ever compressed */
    enum err e = segment_file_open(&f, d->log_folder, s->index.first, r->msg);
    if (e)
        return e == ERR_ABSENT ? ERR_DAMAGED : e;
    if (s->index.first != r->seal.seq + 1)
        e = pass_gap(r, i, &f);
    if (!e && (!is_older(r, i) || !recover_take_by_index(r, s, &f))) {
        e = recover_scan_segment(r, s, &f, last);
        if (!e && !last && r->plan->cut)
            index_save(d->log_folder, s);
    }
    segment_file_close(&f);
    return e ? e : check_archived(r, s);
}

/* The log's first event. */
static uint64_t begins_at(const struct recovery *r)
{
    const struct dir_store *d = r->d;
    return d->n_segments ? d->segments[r->begin].index.first : d->archived.seal.seq + 1;
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
    if (plan->from && plan->from->seq + 1 < begins_at(r))
        return archived_gone(&r->d->archived, plan->from->seq + 1, r->msg);
    if (plan->from && plan->from->seq && !r->met)
        return err_set(r->msg, ERR_DAMAGED, "the log has no seal at event %" PRIu64 ", where the checkpoint was taken",
                       plan->from->seq);
    return ERR_OK;
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
        total += d->segments[i].bytes; /* as listed: with what may be torn */
    return total <= VERIFY_WHOLE;
}

static void count_segments(struct dir_store *d)
{
    for (size_t i = 0; i < d->n_segments; i++) {
        struct segment *s = &d->segments[i];
        if (!s->packed)
            s->disk = s->bytes;
        d->log_bytes += s->bytes;
        d->disk_bytes += s->disk;
        d->n_packed += s->packed;
    }
}

static void leave_out(struct dir_store *d, size_t n)
{
    for (size_t i = 0; i < n; i++)
        index_done(&d->segments[i].index);
    d->n_segments -= n;
    if (n)
        memmove(d->segments, d->segments + n, d->n_segments * sizeof *d->segments);
}

/* Every log that was archived from has a last segment, which is never moved. */
static enum err expect_some(const struct recovery *r)
{
    uint64_t archived = r->d->archived.seal.seq;
    if (r->d->n_segments || !archived)
        return ERR_OK;
    return err_set(r->msg, ERR_DAMAGED,
                   "the log files behind event %" PRIu64 " are missing: those up to it were archived", archived);
}

static enum err recover_once(struct dir_store *d, const struct recovery_plan *plan, struct store_opened *opened,
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
        e = expect_some(&r);
    if (!e)
        e = ask_witnesses(&r);
    if (!e && d->n_segments)
        e = recover_settle_end(&r, opened);
    if (e)
        return e;
    d->first = begins_at(&r);
    leave_out(d, r.begin);
    drop_empty_last(d);
    d->seal = r.seal;
    count_segments(d);
    atomic_store(&d->durable, r.seal.seq);
    return ERR_OK;
}

/* Segments may be moved to an archive while they are looked for: what is left is looked at again. */
enum err recover_log(struct dir_store *d, const struct recovery_plan *plan, struct store_opened *opened,
                     struct errmsg *msg)
{
    enum { TRIES = 3 };
    for (int i = 1;; i++) {
        enum err e = dir_take_archived(d, msg);
        if (!e)
            e = recover_once(d, plan, opened, msg);
        if (e != ERR_DAMAGED || i == TRIES || !dir_archive_moved(d))
            return e;
        leave_out(d, d->n_segments);
        free(d->segments);
        d->segments = NULL;
    }
}
