/* A person's history: a walk back through the log along prev, then folded forward. Where events were archived the walk
 * ends at the person's last one of them, whose history is kept folded (store/archive/history_file.h). */
#include <stdlib.h>

#include "codec/history_json.h"
#include "engine/internal.h"

/* What was archived while a walk was under way is found out by missing an event; so often the walk begins anew. */
#define TRIES 4

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
    if (event_read_head((struct str){text->p + start, text->n - start}, head, &e->arena) != ERR_OK ||
        head->seq != seq || head->prev >= seq)
        return err_set(msg, ERR_DAMAGED, "event %llu cannot be read", (unsigned long long)seq);
    return ERR_OK;
}

uint64_t history_archived_up_to(const struct engine *e)
{
    struct store_info info;
    store_info(e->store, &info);
    return info.archived.seq;
}

enum err history_archived(struct engine *e, uint64_t seq, struct history *h, struct errmsg *msg)
{
    struct buf line = BUF_INIT, text = BUF_INIT;
    size_t where;
    history_init(h);
    enum err err = store_history(e->store, seq, &line, msg);
    if (err == ERR_OK && history_read(buf_str(&line), h, &text, &where) != ERR_OK)
        err = err_set(msg, ERR_DAMAGED, "the folded history that ends in event %llu cannot be read at byte %zu",
                      (unsigned long long)seq, where);
    buf_done(&line);
    buf_done(&text);
    return err;
}

/* From event seq back. Every prev is smaller than its event's number, so the walk ends: at the first event, or at one
 * whose history is kept. An archived event that is nobody's last may still be in the log, put back. */
static enum err walk_back(struct engine *e, uint64_t seq, struct walk *w, struct history *h, struct errmsg *msg)
{
    uint64_t archived = history_archived_up_to(e);
    bool asked = false;
    while (seq) {
        struct event head;
        enum err err = ERR_ABSENT;
        if (seq <= archived && !asked) {
            asked = true;
            err = history_archived(e, seq, h, msg);
        }
        if (err != ERR_ABSENT)
            return err;
        size_t start = e->history_text.n;
        err = history_line(e, seq, &e->history_text, &head, msg);
        if (err != ERR_OK)
            return err;
        step(w, start);
        seq = head.prev;
    }
    return ERR_OK;
}

/* Lines lie in the order of the walk: the one before in time lies behind. */
static enum err fold(struct engine *e, const struct walk *w, struct history *h, struct errmsg *msg)
{
    const struct buf *text = &e->history_text;
    for (size_t i = w->n; i-- > 0;) {
        size_t end = i + 1 < w->n ? w->starts[i + 1] : text->n, where;
        struct event ev;
        if (event_read((struct str){text->p + w->starts[i], end - w->starts[i]}, &ev, &e->arena, &where) != ERR_OK)
            return err_set(msg, ERR_DAMAGED, "an event of a history cannot be read at byte %zu", where);
        history_add(h, &ev);
    }
    return ERR_OK;
}

enum err history_fetch(struct engine *e, uint64_t last_seq, struct history *h, struct errmsg *msg)
{
    struct walk w = {NULL, 0, 0};
    enum err err = ERR_ARCHIVED;
    for (int i = 0; i < TRIES && err == ERR_ARCHIVED; i++) {
        w.n = 0;
        buf_clear(&e->history_text);
        history_init(h);
        err = walk_back(e, last_seq, &w, h, msg);
    }
    if (err == ERR_OK)
        err = fold(e, &w, h, msg);
    free(w.starts);
    if (err != ERR_OK)
        history_done(h);
    return err;
}
