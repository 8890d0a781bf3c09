/* One event by its number: a look at the index, and one block of at most 64 lines. */
#include "store/dir/dir.h"

#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <fcntl.h>
#include <inttypes.h>

#define BLOCK ((uint64_t)8 << 10) /* measured: about half of a block of 64 lines is looked at */

/* The segment that holds seq, one of those there are. */
static size_t find_segment(const struct dir_store *d, uint64_t seq)
{
    size_t low = 0, high = d->n_segments;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (d->segments[middle].index.first <= seq)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool find_place(const struct dir_store *d, uint64_t seq, uint64_t *first, uint64_t *offset)
{
    if (d->n_segments == 0 || seq < d->segments[0].index.first)
        return false;
    const struct segment *s = &d->segments[find_segment(d, seq)];
    if (seq >= s->index.next)
        return false;
    *first = s->index.first;
    *offset = s->index.place[(seq - s->index.first) / INDEX_STEP];
    return true;
}

void get_init(struct dir_store *d)
{
    for (size_t i = 0; i < GET_FILES; i++)
        d->files[i] = SEGMENT_FILE_CLOSED;
}

void get_done(struct dir_store *d)
{
    for (size_t i = 0; i < GET_FILES; i++)
        segment_file_close(&d->files[i]);
    buf_done(&d->block);
}

void get_forget(struct dir_store *d, uint64_t first)
{
    for (size_t i = 0; i < GET_FILES; i++)
        if (d->files[i].first == first)
            segment_file_close(&d->files[i]);
}

static enum err open_segment(struct dir_store *d, size_t which, struct segment_file **out, struct errmsg *msg)
{
    struct segment_file *f = &d->files[which % GET_FILES];
    uint64_t first = d->segments[which].index.first;
    if (f->first != first) {
        segment_file_close(f);
        enum err e = segment_file_open(f, dir_folder_of(d, first), first, msg);
        if (e)
            return e;
        posix_fadvise(f->fd, 0, 0, POSIX_FADV_RANDOM);
    }
    *out = f;
    return ERR_OK;
}

/* Looks for seq among whole lines. ERR_MORE: not in what is there yet; *used of it need not be looked at again. */
static enum err find_line(struct str block, uint64_t seq, size_t *used, struct str *line)
{
    const char *p = block.p + *used, *end = block.p + block.n, *nl;
    while (p < end && (nl = log_line_end(p, end))) {
        uint64_t number = log_event_number(p, (size_t)(nl - p));
        if (number == seq) {
            *line = (struct str){p, (size_t)(nl - p)};
            return ERR_OK;
        }
        if (number > seq)
            return ERR_INVALID;
        p = nl + 1;
    }
    *used = (size_t)(p - block.p);
    return ERR_MORE;
}

/* Among the lines from one place of the index to the next. ERR_MORE, ERR_DAMAGED without a message: it is not there. */
static enum err get_between(struct dir_store *d, struct segment_file *f, uint64_t seq, uint64_t from, uint64_t end,
                            struct buf *out, struct errmsg *msg)
{
    struct str line;
    size_t used = 0;
    buf_clear(&d->block);
    for (; from < end; from += BLOCK) {
        enum err e = segment_file_read(f, &d->block, end - from < BLOCK ? end - from : BLOCK, from, msg);
        if (e)
            return e;
        e = find_line(buf_str(&d->block), seq, &used, &line);
        if (e == ERR_OK)
            buf_addstr(out, line);
        if (e != ERR_MORE)
            return e;
    }
    return ERR_MORE;
}

enum err dir_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    if (seq == 0 || seq > dir_durable(d))
        return ERR_ABSENT;
    if (seq < d->first)
        return dir_gone(d, seq, msg);
    enum err e = s->mode == STORE_READ ? get_find_out(d, seq, msg) : ERR_OK;
    if (e)
        return e == ERR_ABSENT ? dir_gone(d, seq, msg) : e;
    size_t which = find_segment(d, seq);
    const struct segment *g = &d->segments[which];
    if (seq < g->index.first || seq >= g->index.next)
        return dir_gone(d, seq, msg);
    size_t k = (seq - g->index.first) / INDEX_STEP;
    uint64_t at = g->index.place[k], end = k + 1 < g->index.n ? g->index.place[k + 1] : g->bytes;
    struct segment_file *f;
    e = open_segment(d, which, &f, msg);
    if (e == ERR_ABSENT) {
        dir_notice_archive(d);
        return dir_gone(d, seq, msg);
    }
    if (e)
        return e;
    e = get_between(d, f, seq, at, end, out, msg);
    if (e == ERR_MORE || e == ERR_INVALID)
        e = damage_at(d->log_folder, g->index.first, at, msg, "event %" PRIu64 " is not where it was written", seq);
    return e;
}
