/* Where an event stands, for people. */
#include "store/log/cursor.h"
#include "store/log/log_files.h"
#include "store/log/logline.h"

#include <inttypes.h>

#define BLOCK ((size_t)1 << 20)

struct search {
    struct segment_file file;
    struct buf block; /* what is not looked at yet */
    uint64_t read;    /* so much of the text is read */
    uint64_t line;    /* the last one looked at */
};

/* ERR_MORE: not among the whole lines that were read. */
static enum err look_at_lines(struct search *w, uint64_t seq)
{
    const char *p = w->block.p, *end = p + w->block.n, *nl;
    for (; p < end && (nl = log_line_end(p, end)); p = nl + 1) {
        w->line++;
        if (log_event_number(p, (size_t)(nl - p)) == seq)
            return ERR_OK;
    }
    w->block.n = (size_t)(end - p);
    memmove(w->block.p, p, w->block.n);
    return ERR_MORE;
}

static enum err count_lines(struct search *w, uint64_t seq, struct errmsg *msg)
{
    for (;;) {
        size_t before = w->block.n;
        enum err e = segment_file_read(&w->file, &w->block, BLOCK, w->read, msg);
        if (e)
            return e;
        if (w->block.n == before)
            return err_set(msg, ERR_DAMAGED, "log/%s does not have event %" PRIu64, w->file.name, seq);
        w->read += w->block.n - before;
        e = look_at_lines(w, seq);
        if (e != ERR_MORE)
            return e;
    }
}

enum err dir_where(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    const struct dir_store *d = dir_of(s);
    struct search w = {.file = SEGMENT_FILE_CLOSED};
    uint64_t first, offset;
    if (seq == 0 || seq > dir_durable(d))
        return err_set(msg, ERR_ABSENT, "there is no event %" PRIu64, seq);
    enum err e = cursor_find(d, seq, &first, &offset, msg);
    if (e)
        return e;
    e = segment_file_open(&w.file, dir_folder_of(d, first), first, msg);
    if (e)
        return e == ERR_ABSENT ? dir_gone(d, seq, msg) : e;
    e = count_lines(&w, seq, msg);
    if (!e)
        buf_printf(out, "log/%s line %" PRIu64, w.file.name, w.line);
    segment_file_close(&w.file);
    buf_done(&w.block);
    return e;
}
