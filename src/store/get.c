/* One event by its number: a look at the index, and one block of at most 64 lines. */
#include "store/dir.h"

#include "store/file.h"
#include "store/log_files.h"
#include "store/logline.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

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

void get_done(struct dir_store *d)
{
    for (size_t i = 0; i < GET_FILES; i++)
        if (d->files[i].first)
            close(d->files[i].fd);
    buf_done(&d->block);
}

static enum err open_segment(struct dir_store *d, size_t which, int *fd, struct errmsg *msg)
{
    struct get_file *f = &d->files[which % GET_FILES];
    uint64_t first = d->segments[which].index.first;
    char name[SEGMENT_NAME];
    if (f->first != first) {
        if (f->first)
            close(f->fd);
        segment_name(first, "ndjson", name);
        f->fd = file_open(d->log_folder, name, O_RDONLY);
        f->first = f->fd < 0 ? 0 : first;
        if (f->fd < 0)
            return file_error(msg, "cannot open log file", name);
        posix_fadvise(f->fd, 0, 0, POSIX_FADV_RANDOM);
    }
    *fd = f->fd;
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
            return ERR_DAMAGED;
        p = nl + 1;
    }
    *used = (size_t)(p - block.p);
    return ERR_MORE;
}

/* A store that is opened for reading only keeps no index. */
static enum err get_by_reader(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct store_reader *r;
    struct str line;
    uint64_t got;
    enum err e = dir_reader_open(s, seq - 1, &r, msg);
    if (e)
        return e;
    e = dir_reader_next(r, &got, &line, msg);
    if (!e)
        buf_addstr(out, line);
    dir_reader_close(r);
    return e == ERR_END ? ERR_ABSENT : e;
}

enum err dir_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    if (seq == 0 || seq > dir_durable(d))
        return ERR_ABSENT;
    if (s->mode == STORE_READ)
        return get_by_reader(s, seq, out, msg);
    size_t which = find_segment(d, seq), used = 0;
    const struct segment *g = &d->segments[which];
    size_t k = (seq - g->index.first) / INDEX_STEP;
    uint64_t at = g->index.place[k], end = k + 1 < g->index.n ? g->index.place[k + 1] : g->bytes;
    char name[SEGMENT_NAME];
    int fd = -1;
    struct str line = STR_NONE;
    segment_name(g->index.first, "ndjson", name);
    enum err e = open_segment(d, which, &fd, msg);
    buf_clear(&d->block);
    if (!e)
        e = ERR_MORE;
    for (uint64_t from = at; e == ERR_MORE && from < end; from += BLOCK) {
        e = file_read(fd, name, &d->block, end - from < BLOCK ? end - from : BLOCK, from, msg);
        if (!e)
            e = find_line(buf_str(&d->block), seq, &used, &line);
    }
    if (e == ERR_OK)
        buf_addstr(out, line);
    else if (e != ERR_IO)
        e = damage_at(d->log_folder, g->index.first, at, msg, "event %" PRIu64 " is not where it was written", seq);
    return e;
}
