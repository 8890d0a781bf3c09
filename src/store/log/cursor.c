#include "store/log/cursor.h"

#include "store/log/log_files.h"

#include <inttypes.h>
#include <stdlib.h>

void cursor_init(struct cursor *c, const struct dir_store *d, uint64_t after)
{
    memset(c, 0, sizeof *c);
    c->d = d;
    c->file = SEGMENT_FILE_CLOSED;
    c->wanted = after + 1;
    scan_init(&c->scan);
}

void cursor_done(struct cursor *c)
{
    segment_file_close(&c->file);
    scan_done(&c->scan);
}

/* Where event seq stands in a closed segment, by its index if there is a good one; else the segment's beginning. */
static enum err look_up(const struct dir_store *d, uint64_t segment, uint64_t seq, uint64_t *offset, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct segment s = {.index.first = segment};
    enum err e = segment_file_open(&f, dir_folder_of(d, segment), segment, msg);
    if (e)
        return e == ERR_ABSENT ? dir_gone(d, seq, msg) : e;
    s.bytes = f.bytes;
    segment_file_close(&f);
    *offset = 0;
    if (index_load(d->log_folder, &s)) {
        if (seq < s.index.next)
            *offset = s.index.place[(seq - segment) / INDEX_STEP];
        index_done(&s.index);
    }
    return ERR_OK;
}

/* A store that is opened for reading only keeps no index: the folder is asked. */
static enum err find_in_folder(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset,
                               struct errmsg *msg)
{
    uint64_t *firsts;
    size_t n, i = 0;
    enum err e = dir_list_firsts(d, &firsts, &n, msg);
    if (e)
        return e;
    while (i + 1 < n && firsts[i + 1] <= seq)
        i++;
    if (n == 0 || firsts[0] > seq)
        e = dir_gone(d, seq, msg);
    if (!e) {
        *first = firsts[i];
        *offset = 0;
        e = i + 1 < n ? look_up(d, *first, seq, offset, msg) : ERR_OK;
    }
    free(firsts);
    return e;
}

enum err cursor_find(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset, struct errmsg *msg)
{
    if (d->base.mode == STORE_READ)
        return find_in_folder(d, seq, first, offset, msg);
    struct dir_store *owner = dir_of(&d->base);
    pthread_mutex_lock(&owner->guard);
    bool there = find_place(d, seq, first, offset);
    pthread_mutex_unlock(&owner->guard);
    return there ? ERR_OK : dir_gone(d, seq, msg);
}

/* The first line of a segment tells the seal before it. */
static enum err seal_before(struct cursor *c, struct seal *out, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    uint64_t first = c->file.first;
    enum err e = segment_file_read(&c->file, &b, LOG_HEADER_MAX, 0, msg);
    if (e) {
        buf_done(&b);
        return e;
    }
    const char *nl = b.n ? log_line_end(b.p, b.p + b.n) : NULL;
    e = nl ? log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) : ERR_DAMAGED;
    buf_done(&b);
    if (e == ERR_VERSION)
        return err_set(msg, e, "log/%s was written by a later version: this program knows up to %d", c->file.name,
                       LOG_VERSION);
    if (e || h.first != first)
        return damage_at(dir_folder_of(c->d, first), first, 0, msg, "this is not the first line of this log file");
    out->seq = first - 1;
    memcpy(out->hash, h.previous, SEAL_HASH);
    return ERR_OK;
}

/* previous: the seal that ends there; NULL: unknown, unless the first line is there to tell. */
static enum err open_at(struct cursor *c, uint64_t first, uint64_t offset, const struct seal *previous,
                        struct errmsg *msg)
{
    struct seal told;
    segment_file_close(&c->file);
    enum err e = segment_file_open(&c->file, dir_folder_of(c->d, first), first, msg);
    if (e)
        return e == ERR_ABSENT ? dir_gone(c->d, first, msg) : e;
    if (offset == 0)
        e = seal_before(c, &told, msg);
    if (e)
        return e;
    if (!previous && offset == 0)
        previous = &told;
    c->first = first;
    scan_start(&c->scan, &c->file, offset, previous);
    return ERR_OK;
}

static enum err start(struct cursor *c, struct errmsg *msg)
{
    uint64_t first, offset, seq = c->wanted < c->bound ? c->wanted : c->bound;
    enum err e = cursor_find(c->d, seq, &first, &offset, msg);
    return e ? e : open_at(c, first, offset, NULL, msg);
}

static void skip_header(struct batch *b)
{
    size_t n = (size_t)(log_line_end(b->bytes.p, b->bytes.p + b->bytes.n) + 1 - b->bytes.p);
    b->offset += n;
    b->bytes.p += n;
    b->bytes.n -= n;
    b->lines.p += n;
    b->lines.n -= n;
}

static enum err cursor_damage(struct cursor *c, const struct batch *b, enum err why, struct errmsg *msg)
{
    if (why == ERR_INVALID)
        return damage_at(dir_folder_of(c->d, c->first), c->first, b->offset + b->lines.n, msg,
                         "the seal of event %" PRIu64 " does not fit what it covers", b->seal.seq);
    if (why == ERR_MORE)
        return damage_at(dir_folder_of(c->d, c->first), c->first, scan_offset(&c->scan), msg,
                         "no whole commit follows, though more events are durable");
    return why;
}

enum err cursor_next(struct cursor *c, uint64_t bound, struct batch *out, struct errmsg *msg)
{
    if (c->passed >= c->bound) {
        scan_forget(&c->scan);
        c->bound = bound;
    }
    if (c->passed >= c->bound)
        return ERR_END;
    enum err e = c->first ? ERR_OK : start(c, msg);
    if (!e)
        e = scan_next(&c->scan, out, msg);
    if (e == ERR_END && c->passed) {
        struct seal seal = c->scan.seal;
        e = open_at(c, c->passed + 1, 0, &seal, msg);
        if (!e)
            e = scan_next(&c->scan, out, msg);
    }
    if (e == ERR_END) /* nothing where there must be something */
        e = dir_gone(c->d, c->wanted, msg) == ERR_ARCHIVED ? ERR_ARCHIVED : ERR_MORE;
    if (e)
        return cursor_damage(c, out, e, msg);
    if (out->seal.seq > c->bound)
        return damage_at(dir_folder_of(c->d, c->first), c->first, out->offset + out->lines.n, msg,
                         "a commit goes past the last durable event, %" PRIu64, c->bound);
    if (out->offset == 0)
        skip_header(out);
    c->passed = out->seal.seq;
    return ERR_OK;
}
