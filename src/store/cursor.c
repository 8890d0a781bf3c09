#include "store/cursor.h"

#include "store/file.h"
#include "store/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

void cursor_init(struct cursor *c, const struct dir_store *d, uint64_t after)
{
    memset(c, 0, sizeof *c);
    c->d = d;
    c->fd = -1;
    c->wanted = after + 1;
    scan_init(&c->scan);
}

void cursor_done(struct cursor *c)
{
    if (c->fd >= 0)
        close(c->fd);
    scan_done(&c->scan);
}

/* A store that is opened for reading only keeps no index: the closed segment's file is asked, if there is one. */
static enum err find_in_folder(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset,
                               struct errmsg *msg)
{
    struct segment *list, found;
    size_t n, i = 0;
    enum err e = list_segments(d->log_folder, &list, &n, msg);
    if (e)
        return e;
    while (i + 1 < n && list[i + 1].index.first <= seq)
        i++;
    if (n == 0 || list[0].index.first > seq)
        e = err_set(msg, ERR_DAMAGED, "the log file that holds event %" PRIu64 " is missing", seq);
    if (!e) {
        *first = list[i].index.first;
        *offset = 0;
        if (i + 1 < n && index_load(d->log_folder, *first, list[i].bytes, &found)) {
            if (seq < found.index.next)
                *offset = found.index.place[(seq - *first) / INDEX_STEP];
            index_done(&found.index);
        }
    }
    free(list);
    return e;
}

static enum err find(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset, struct errmsg *msg)
{
    if (d->base.mode == STORE_READ)
        return find_in_folder(d, seq, first, offset, msg);
    struct dir_store *owner = dir_of(&d->base);
    pthread_mutex_lock(&owner->guard);
    bool there = find_place(d, seq, first, offset);
    pthread_mutex_unlock(&owner->guard);
    return there ? ERR_OK : err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is in no log file", seq);
}

/* The first line of a segment tells the seal before it. */
static enum err seal_before(struct cursor *c, int fd, const char *name, uint64_t first, struct seal *out,
                            struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    struct log_header h;
    enum err e = file_read(fd, name, &b, LOG_HEADER_MAX, 0, msg);
    const char *nl = e || !b.n ? NULL : log_line_end(b.p, b.p + b.n);
    if (!e)
        e = nl ? log_header_parse((struct str){b.p, (size_t)(nl - b.p)}, &h) : ERR_DAMAGED;
    buf_done(&b);
    if (e == ERR_VERSION)
        return err_set(msg, e, "log/%s was written by a later version: this program knows up to %d", name, LOG_VERSION);
    if (e == ERR_DAMAGED || (!e && h.first != first))
        return damage_at(c->d->log_folder, first, 0, msg, "this is not the first line of this log file");
    if (e)
        return e;
    out->seq = first - 1;
    memcpy(out->hash, h.previous, SEAL_HASH);
    return ERR_OK;
}

/* previous: the seal that ends there; NULL: unknown, unless the first line is there to tell. */
static enum err open_at(struct cursor *c, uint64_t first, uint64_t offset, const struct seal *previous,
                        struct errmsg *msg)
{
    char name[SEGMENT_NAME];
    segment_name(first, "ndjson", name);
    int fd = file_open(c->d->log_folder, name, O_RDONLY);
    if (fd < 0 && errno == ENOENT)
        return err_set(msg, ERR_DAMAGED, "log/%s is missing", name);
    if (fd < 0)
        return file_error(msg, "cannot open log file", name);
    struct seal told;
    enum err e = offset == 0 ? seal_before(c, fd, name, first, &told, msg) : ERR_OK;
    if (e) {
        close(fd);
        return e;
    }
    if (!previous && offset == 0)
        previous = &told;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = fd;
    c->first = first;
    memcpy(c->name, name, sizeof name);
    scan_start(&c->scan, fd, c->name, offset, previous);
    return ERR_OK;
}

static enum err start(struct cursor *c, struct errmsg *msg)
{
    uint64_t first, offset, seq = c->wanted < c->bound ? c->wanted : c->bound;
    enum err e = find(c->d, seq, &first, &offset, msg);
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
    if (why == ERR_DAMAGED)
        return damage_at(c->d->log_folder, c->first, b->offset + b->lines.n, msg,
                         "the seal of event %" PRIu64 " does not fit what it covers", b->seal.seq);
    if (why == ERR_MORE)
        return damage_at(c->d->log_folder, c->first, scan_offset(&c->scan), msg,
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
    if (e == ERR_END)
        e = ERR_MORE; /* nothing where there must be something */
    if (e)
        return cursor_damage(c, out, e, msg);
    if (out->seal.seq > c->bound)
        return damage_at(c->d->log_folder, c->first, out->offset + out->lines.n, msg,
                         "a commit goes past the last durable event, %" PRIu64, c->bound);
    if (out->offset == 0)
        skip_header(out);
    c->passed = out->seal.seq;
    return ERR_OK;
}
