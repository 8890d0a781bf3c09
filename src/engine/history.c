/* A person's history: a walk back through the log along prev, then folded forward. */
#include <stdlib.h>

#include "engine/internal.h"

/* Where each line of the walk lies in the text. */
struct walk {
    size_t *starts;
    size_t n, cap;
};

static void step(struct walk *w, size_t start)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 32;
        w->starts = mem_resize(w->starts, w->cap, sizeof *w->starts);
    }
    w->starts[w->n++] = start;
}

enum err history_line(struct engine *e, uint64_t seq, struct buf *text, struct event *head, struct errmsg *msg)
{
    size_t start = text->n;
    enum err err = batch_line(e, seq, text, msg);
    if (err != ERR_OK)
        return err == ERR_ABSENT ? err_set(msg, ERR_DAMAGED, "event %llu is missing", (unsigned long long)seq) : err;
    if (event_read_head((struct str){text->p + start, text->n - start}, head, &e->arena) != ERR_OK || head->seq != seq ||
        head->prev >= seq)
        return err_set(msg, ERR_DAMAGED, "event %llu cannot be read", (unsigned long long)seq);
    return ERR_OK;
}

/* Every prev is smaller than its event's number, so the walk ends. */
static enum err walk_back(struct engine *e, uint64_t seq, struct walk *w, struct buf *text, struct errmsg *msg)
{
    while (seq) {
        size_t start = text->n;
        struct event head;
        enum err err = history_line(e, seq, text, &head, msg);
        if (err != ERR_OK)
            return err;
        step(w, start);
        seq = head.prev;
    }
    return ERR_OK;
}

enum err history_fetch(struct engine *e, uint64_t last_seq, struct history *h, struct errmsg *msg)
{
    struct walk w = {NULL, 0, 0};
    struct buf *text = &e->history_text;
    buf_clear(text);
    history_init(h);
    enum err err = walk_back(e, last_seq, &w, text, msg);
    for (size_t i = w.n; err == ERR_OK && i-- > 0;) {
        size_t end = i + 1 < w.n ? w.starts[i + 1] : text->n, where;
        struct event ev;
        /* Lines lie in the order of the walk: the one before in time lies behind. */
        err = event_read((struct str){text->p + w.starts[i], end - w.starts[i]}, &ev, &e->arena, &where);
        if (err == ERR_OK)
            history_add(h, &ev);
        else
            err = err_set(msg, ERR_DAMAGED, "an event of a history cannot be read at byte %zu", where);
    }
    free(w.starts);
    if (err != ERR_OK)
        history_done(h);
    return err;
}
