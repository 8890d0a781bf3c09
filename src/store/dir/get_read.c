/* Where events stand, for a store that is opened for reading only: found out when the first of them is asked for, and
 * again when one is behind what is known. Closed segments' indexes tell; what has none is looked through once. */
#include "store/dir/dir.h"

#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <stdlib.h>

#define BLOCK ((size_t)1 << 20)

/* Whole lines that stand at offset. Seals and the header are passed over; ERR_END: from here on it is not durable. */
static enum err take_lines(struct segment *s, struct str lines, uint64_t offset, uint64_t durable)
{
    const char *p = lines.p, *end = lines.p + lines.n;
    while (p < end) {
        const char *nl = log_line_end(p, end), *bad;
        uint64_t number = log_event_number(p, (size_t)(nl - p));
        if (number > durable)
            return ERR_END;
        struct str line = {p, (size_t)(nl + 1 - p)};
        if (number && index_lines(&s->index, line, offset + (uint64_t)(p - lines.p), &bad) != ERR_OK)
            return ERR_DAMAGED;
        p = nl + 1;
        s->bytes = offset + (uint64_t)(p - lines.p);
    }
    return ERR_OK;
}

/* Looks through the segment from s->bytes on, as far as it is durable. */
static enum err look_through(const struct dir_store *d, struct segment *s, uint64_t durable, struct errmsg *msg)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct buf text = BUF_INIT;
    enum err e = segment_file_open(&f, dir_folder_of(d, s->index.first), s->index.first, msg);
    while (!e) {
        uint64_t from = s->bytes + text.n;
        size_t before = text.n;
        e = segment_file_read(&f, &text, BLOCK, from, msg);
        const char *last = !e && text.n ? memrchr(text.p, '\n', text.n) : NULL;
        if (!last) {
            if (e || text.n == before)
                break;
            continue;
        }
        uint64_t at = s->bytes;
        struct str lines = {text.p, (size_t)(last + 1 - text.p)};
        e = take_lines(s, lines, at, durable);
        if (e == ERR_DAMAGED)
            damage_at(d->log_folder, s->index.first, s->bytes, msg, "event %llu was expected",
                      (unsigned long long)s->index.next);
        memmove(text.p, text.p + lines.n, text.n - lines.n);
        text.n -= lines.n;
    }
    buf_done(&text);
    segment_file_close(&f);
    return e == ERR_END ? ERR_OK : e;
}

static enum err add_segment(struct dir_store *d, uint64_t first, bool closed, uint64_t durable, struct errmsg *msg)
{
    struct segment s = {.bytes = 0};
    struct segment_file f = SEGMENT_FILE_CLOSED;
    index_start(&s.index, first, first);
    enum err e = segment_file_open(&f, dir_folder_of(d, first), first, msg);
    if (e)
        return e;
    s.bytes = f.bytes;
    segment_file_close(&f);
    if (!closed || !index_load(d->log_folder, &s)) {
        s.bytes = 0;
        e = look_through(d, &s, durable, msg);
    }
    if (e) {
        index_done(&s.index);
        return e;
    }
    pthread_mutex_lock(&d->guard);
    if (d->n_segments == d->cap_segments)
        d->segments = mem_resize(d->segments, d->cap_segments = 2 * d->n_segments + 8, sizeof *d->segments);
    d->segments[d->n_segments++] = s;
    pthread_mutex_unlock(&d->guard);
    return ERR_OK;
}

static bool is_known(const struct dir_store *d, uint64_t seq)
{
    return d->n_segments && seq < d->segments[d->n_segments - 1].index.next;
}

enum err get_find_out(struct dir_store *d, uint64_t seq, struct errmsg *msg)
{
    uint64_t *firsts, durable = dir_durable(d);
    size_t n;
    if (is_known(d, seq))
        return ERR_OK;
    enum err e = d->n_segments ? look_through(d, &d->segments[d->n_segments - 1], durable, msg) : ERR_OK;
    if (e || is_known(d, seq))
        return e;
    e = dir_list_firsts(d, &firsts, &n, msg);
    if (e)
        return e;
    for (size_t i = 0; !e && i < n && firsts[i] <= durable; i++)
        if (!d->n_segments || firsts[i] > d->segments[d->n_segments - 1].index.first)
            e = add_segment(d, firsts[i], i + 1 < n, durable, msg);
    free(firsts);
    if (e || is_known(d, seq))
        return e;
    return dir_gone(d, seq, msg);
}
