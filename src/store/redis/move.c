/* Moves closed segments from the stream to the archive folder, one at a time, on a thread of the store's own.
 *
 * The steps: NAME.ndjson.new is written and synced, becomes NAME.ndjson, the folder is synced; the file is read back
 * and held against its seals, the one before it and the one that the stream has at its end; readers are sent there;
 * the stream is cut, if the shard is still ours. After a crash the segment is moved again, with the same bytes. */
#include "store/redis/moved.h"

#include <fcntl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/file.h"
#include "store/folder.h"
#include "store/log/log_files.h"
#include "store/log/logline.h"
#include "store/log/scan.h"

/* After a failure: the stream grows meanwhile. */
#define PAUSE_NS (60 * INT64_C(1000000000))
#define CHUNK ((size_t)1 << 20)

/* One segment on its way. */
struct move {
    struct redis_store *s;
    struct errmsg *msg;
    int folder, log_folder, file;
    uint64_t first;
    struct seal before, end; /* the seals around it */
    uint64_t passed;         /* the last event that was written */
    uint64_t written;
    struct buf text; /* not written yet */
    char name[SEGMENT_NAME], beside[SEGMENT_NAME];
};

/* --- the folder --- */

/* A copy: if anybody ever goes on writing there, it is as another store. */
static enum err make_meta(struct move *m)
{
    struct meta meta = {.simulated = m->s->simulated, .copy = true};
    memcpy(meta.incarnation, m->s->incarnation, sizeof meta.incarnation);
    return meta_write(m->folder, &meta, m->msg);
}

static enum err open_folder(struct move *m)
{
    struct meta meta;
    enum err e = folder_open(m->s->moved, true, &m->folder, m->msg);
    if (e)
        return e;
    e = meta_load(m->folder, m->s->moved, &meta, m->msg);
    if (e == ERR_ABSENT)
        e = make_meta(m);
    else if (!e && strcmp(meta.incarnation, m->s->incarnation) != 0)
        e = err_set(m->msg, ERR_DAMAGED, "%s: the log there is another store's", m->s->moved);
    if (e)
        return e;
    m->log_folder = openat(m->folder, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return m->log_folder < 0 ? file_error(m->msg, "cannot open the log folder of", m->s->moved) : ERR_OK;
}

/* --- what a failover has undone --- */

static enum err rename_lost(const struct move *m, uint64_t first, const char *form)
{
    char name[SEGMENT_NAME], aside[SEGMENT_NAME + 8];
    segment_name(first, form, name);
    snprintf(aside, sizeof aside, "%s.lost", name);
    if (renameat(m->log_folder, name, m->log_folder, aside) == 0 || errno == ENOENT)
        return ERR_OK;
    return file_error(m->msg, "cannot rename", name);
}

/* Files behind the one that is to be written are of a log that went on from here, was moved, and was then lost by
 * Redis: they stay for people to look at. Whoever holds the lease after he has looked has not seen a successor's. */
static enum err set_aside(struct move *m)
{
    uint64_t *firsts;
    size_t n;
    enum err e = list_firsts(m->log_folder, &firsts, &n, m->msg);
    if (e)
        return e;
    if (n && firsts[n - 1] > m->first && !redis_lease_held(&m->s->lease, 0))
        e = err_set(m->msg, ERR_IO, "%s: there are files that are not ours", m->s->moved);
    for (size_t i = n; !e && i-- > 0 && firsts[i] > m->first;) {
        e = rename_lost(m, firsts[i], "ndjson.zst");
        if (!e)
            e = rename_lost(m, firsts[i], "ndjson");
    }
    free(firsts);
    return e;
}

/* --- the text --- */

static enum err misplaced(const struct move *m)
{
    return err_set(m->msg, ERR_DAMAGED, "%s: event %" PRIu64 " was expected", m->s->shard.keys[KEY_LOG],
                   m->passed + 1);
}

static enum err flush(struct move *m)
{
    struct iovec part = {m->text.p, m->text.n};
    enum err e = m->text.n ? file_write(m->file, m->beside, &part, 1, m->written, m->msg) : ERR_OK;
    m->written += m->text.n;
    buf_clear(&m->text);
    return e;
}

/* ERR_END: another segment begins with it. */
static enum err take_entry(struct move *m, const redisReply *reply)
{
    struct redis_entry entry;
    if (!redis_entry_read(reply, &entry) || entry.seq != m->passed + 1)
        return misplaced(m);
    if (entry.begins && entry.seq != m->first)
        return m->end.seq == m->passed ? ERR_END : misplaced(m);
    if (entry.seq == m->first) {
        struct log_header h = {.first = m->first};
        if (!entry.begins || memcmp(entry.before, m->before.hash, SEAL_HASH) != 0)
            return err_set(m->msg, ERR_DAMAGED, "%s: no part of the log that goes on from event %" PRIu64 " begins",
                           m->s->shard.keys[KEY_LOG], m->before.seq);
        memcpy(h.previous, entry.before, SEAL_HASH);
        log_header_add(&m->text, &h);
    }
    buf_addstr(&m->text, entry.line);
    buf_addc(&m->text, '\n');
    m->passed = entry.seq;
    if (entry.sealed) {
        m->end.seq = entry.seq;
        memcpy(m->end.hash, entry.hash, SEAL_HASH);
        log_seal_add(&m->text, &m->end);
    }
    return m->text.n > CHUNK ? flush(m) : ERR_OK;
}

static enum err take_page(struct move *m, uint64_t bound)
{
    redisReply *page;
    if (atomic_load(&m->s->closing))
        return err_set(m->msg, ERR_IO, "the store is being closed");
    enum err e = redis_range(m->s->mover_redis, &m->s->shard, m->passed + 1, bound, &page, m->msg);
    if (e)
        return e;
    if (page->elements == 0)
        e = misplaced(m);
    for (size_t i = 0; !e && i < page->elements; i++)
        e = take_entry(m, page->element[i]);
    freeReplyObject(page);
    return e;
}

/* bound: an event of a later segment. */
static enum err write_text(struct move *m, uint64_t bound)
{
    enum err e = ERR_OK;
    while (!e)
        e = take_page(m, bound);
    if (e == ERR_END)
        e = flush(m);
    if (!e && fsync(m->file) < 0)
        e = file_error(m->msg, "cannot sync", m->beside);
    return e;
}

static enum err write_file(struct move *m, uint64_t bound)
{
    segment_name(m->first, "ndjson", m->name);
    segment_name(m->first, "ndjson.new", m->beside);
    m->file = file_open(m->log_folder, m->beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (m->file < 0)
        return file_error(m->msg, "cannot make", m->beside);
    enum err e = write_text(m, bound);
    if (!e && renameat(m->log_folder, m->beside, m->log_folder, m->name) < 0)
        e = file_error(m->msg, "cannot rename", m->beside);
    return e ? e : file_sync_folder(m->log_folder, m->name, m->msg);
}

/* --- reading it back --- */

static enum err unlike(const struct move *m, uint64_t offset)
{
    return err_set(m->msg, ERR_DAMAGED, "%s/log/%s: what stands behind byte %" PRIu64 " is not what was written",
                   m->s->moved, m->name, offset);
}

static enum err take_batch(const struct move *m, const struct batch *b, struct segment *segment)
{
    struct str lines = b->lines;
    const char *bad;
    if (b->offset == 0) {
        size_t header = (size_t)(log_line_end(lines.p, lines.p + lines.n) + 1 - lines.p);
        lines.p += header;
        lines.n -= header;
    }
    segment->end = b->seal;
    return index_lines(&segment->index, lines, b->offset + (uint64_t)(lines.p - b->bytes.p), &bad)
               ? unlike(m, b->offset)
               : ERR_OK;
}

static enum err scan_file(const struct move *m, struct segment_file *f, struct segment *segment)
{
    struct scan scan;
    struct batch b;
    enum err e;
    scan_init(&scan);
    scan_start(&scan, f, 0, &m->before);
    while ((e = scan_next(&scan, &b, m->msg)) == ERR_OK && (e = take_batch(m, &b, segment)) == ERR_OK)
        ;
    if (e == ERR_END)
        e = memcmp(&segment->end, &m->end, sizeof m->end) == 0 ? ERR_OK : unlike(m, scan_offset(&scan));
    else if (e == ERR_MORE || e == ERR_INVALID)
        e = unlike(m, scan_offset(&scan));
    scan_done(&scan);
    return e;
}

static enum err verify_file(const struct move *m)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct segment segment = {.bytes = m->written};
    enum err e = segment_file_open(&f, m->log_folder, m->first, m->msg);
    if (e)
        return e;
    index_start(&segment.index, m->first, m->first);
    e = f.bytes == m->written ? scan_file(m, &f, &segment) : unlike(m, f.bytes);
    if (!e)
        index_save(m->log_folder, &segment);
    index_done(&segment.index);
    segment_file_close(&f);
    return e;
}

/* --- the stream --- */

static void send_readers_there(struct move *m)
{
    pthread_mutex_lock(&m->s->guard);
    m->s->end.moved = m->end;
    pthread_mutex_unlock(&m->s->guard);
}

static enum err trim(struct move *m)
{
    struct redis_store *s = m->s;
    struct script_call c = {.command = {.n = 0}};
    struct buf moved = BUF_INIT;
    redisReply *reply;
    buf_printf(&moved, "%" PRIu64 " ", m->end.seq);
    hex_add(&moved, m->end.hash, SEAL_HASH);
    script_begin(&c, SCRIPT_TRIM, 2);
    redis_command_add(&c.command, redis_key(&s->shard, KEY_STATE));
    redis_command_add(&c.command, redis_key(&s->shard, KEY_LOG));
    redis_command_add(&c.command, str_of(s->lease.fence));
    redis_command_add_u64(&c.command, m->end.seq);
    redis_command_add(&c.command, buf_str(&moved));
    redis_command_add_u64(&c.command, m->end.seq + 1);
    enum err e = redis_shard_write(s->mover_redis, &s->shard, &c, &s->wait, &reply, m->msg);
    if (!e)
        freeReplyObject(reply);
    script_call_done(&c);
    buf_done(&moved);
    return e;
}

/* --- one after another --- */

static void close_all(struct move *m)
{
    int fds[] = {m->file, m->log_folder, m->folder};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    buf_done(&m->text);
}

static void run_move(void *arg)
{
    struct redis_store *s = arg;
    struct redis_mover_job *job = &s->move;
    struct move m = {.s = s, .msg = &job->msg, .folder = -1, .log_folder = -1, .file = -1, .before = job->before};
    m.first = m.before.seq + 1;
    m.passed = m.end.seq = m.before.seq;
    job->result = open_folder(&m);
    if (!job->result)
        job->result = set_aside(&m);
    if (!job->result)
        job->result = write_file(&m, job->open);
    if (!job->result)
        job->result = verify_file(&m);
    if (!job->result) {
        send_readers_there(&m);
        job->result = trim(&m);
    }
    close_all(&m);
}

static enum err begin(struct redis_store *s, struct errmsg *msg)
{
    struct redis_end end = redis_end_of(s);
    struct redis_mover_job *job = &s->move;
    if (!s->moved || s->base.failed || end.first <= end.moved.seq + 1 || clock_monotonic_ns() < job->after)
        return ERR_OK;
    *job = (struct redis_mover_job){.before = end.moved, .open = end.first};
    job->busy = worker_give(&s->mover, run_move, s);
    return job->busy ? ERR_OK : err_set(msg, ERR_IO, "cannot start a thread to move the log");
}

enum err redis_move_on(struct redis_store *s, struct errmsg *msg)
{
    struct redis_mover_job *job = &s->move;
    enum err e = ERR_OK;
    if (job->busy) {
        if (!worker_collect(&s->mover, false))
            return ERR_OK;
        job->busy = false;
        s->packing.plain = true;
        e = job->result ? err_set(msg, job->result, "the log cannot be moved out of Redis: %s", job->msg.text) : ERR_OK;
    }
    if (!e)
        e = begin(s, msg);
    if (e)
        job->after = clock_monotonic_ns() + PAUSE_NS;
    return e;
}
