/* Batches: events get their numbers and lines here, a commit carries them to the store, and whoever waits for them is
 * answered when it is done. Two batches: one is filled while the other syncs. */
#include <stdlib.h>

#include "engine/internal.h"

void batch_init(struct batch *b)
{
    *b = (struct batch){.contacts = pending_new()};
    b->waiting_tail = &b->waiting;
}

void batch_done(struct batch *b)
{
    buf_done(&b->lines);
    buf_done(&b->stamp);
    free(b->offsets);
    pending_free(b->contacts);
    pending_keys_done(&b->keys);
    consumed_done(b);
}

bool batch_full(const struct engine *e)
{
    return e->cur->lines.n >= e->options.batch_bytes || e->cur->keys.n >= BATCH_KEYS ||
           e->cur->n_parts >= BATCH_PARTS;
}

void batch_add(struct engine *e, struct event *ev)
{
    struct batch *b = e->cur;
    if (b->n == b->cap_offsets) {
        b->cap_offsets = b->cap_offsets ? 2 * b->cap_offsets : 1024;
        b->offsets = mem_resize(b->offsets, b->cap_offsets, sizeof *b->offsets);
    }
    ev->seq = ++e->last_seq;
    e->last_time = ev->time;
    if (b->n == 0)
        b->first = ev->seq;
    b->offsets[b->n++] = (uint32_t)b->lines.n;
    event_write(&b->lines, ev);
    atomic_fetch_add_explicit(&e->count_events[ev->type], 1, memory_order_relaxed);
}

static bool line_in(const struct batch *b, uint64_t seq, struct buf *out)
{
    if (!b || b->n == 0 || seq < b->first || seq >= b->first + b->n)
        return false;
    uint32_t i = (uint32_t)(seq - b->first);
    uint32_t end = i + 1 < b->n ? b->offsets[i + 1] : (uint32_t)b->lines.n;
    buf_add(out, b->lines.p + b->offsets[i], end - b->offsets[i] - 1);
    return true;
}

enum err batch_line(struct engine *e, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    if (line_in(e->cur, seq, out) || line_in(e->flight, seq, out))
        return ERR_OK;
    return store_get(e->store, seq, out, msg);
}

static bool is_empty(const struct batch *b)
{
    size_t contacts;
    pending_list(b->contacts, &contacts);
    return b->n == 0 && contacts == 0 && b->keys.n == 0 && b->stamp.n == 0 && b->n_parts == 0;
}

void batch_answer(struct engine *e, struct request *r)
{
    struct batch *b = !is_empty(e->cur) ? e->cur : e->flight;
    if (!b || scan_is_durable(e, r)) {
        r->done(r);
        return;
    }
    r->next = NULL;
    *b->waiting_tail = r;
    b->waiting_tail = &r->next;
}

static void reset(struct batch *b)
{
    b->n = 0;
    buf_clear(&b->lines);
    buf_clear(&b->stamp);
    pending_clear(b->contacts);
    pending_keys_clear(&b->keys);
    consumed_clear(b);
    b->waiting = NULL;
    b->waiting_tail = &b->waiting;
}

static void finished(struct engine *e)
{
    struct batch *b = e->flight;
    e->flight = NULL;
    counters_commit(e, b->lines.n, clock_monotonic_ns() - e->commit_began);
    if (b->n) {
        atomic_store_explicit(&e->shown.durable_seq, b->first + b->n - 1, memory_order_relaxed);
        if (e->options.committed)
            e->options.committed(e->options.arg, b->first, buf_str(&b->lines));
    }
    if (b->ordered > e->office.ordered_durable)
        e->office.ordered_durable = b->ordered;
    struct request *r = b->waiting;
    reset(b);
    while (r) {
        struct request *next = r->next;
        r->done(r);
        r = next;
    }
}

/* After a failure nothing is answered any more and nothing is written. */
static enum err failed(struct engine *e, enum err err)
{
    e->failed = true;
    return err;
}

enum err batch_poll(struct engine *e, bool wait, struct errmsg *msg)
{
    if (!e->flight)
        return ERR_OK;
    enum err err = store_commit_poll(e->store, wait, msg);
    if (err == ERR_OK)
        finished(e);
    return err == ERR_OK || err == ERR_MORE ? ERR_OK : failed(e, err);
}

enum err batch_commit(struct engine *e, struct errmsg *msg)
{
    struct batch *b = e->cur;
    if (e->flight || is_empty(b))
        return ERR_OK;
    if (b->n == 0)
        b->first = e->last_seq + 1;
    struct commit c = {
        .first = b->first,
        .last = b->first + b->n - 1,
        .lines = b->n ? buf_str(&b->lines) : STR_NONE,
        .keys = b->keys.v,
        .n_keys = b->keys.n,
        .stamp = b->stamp.n ? buf_str(&b->stamp) : STR_NONE,
        .consumed = consumed_list(b),
        .n_consumed = b->n_parts,
    };
    c.contacts = pending_list(b->contacts, &c.n_contacts);
    e->flight = b;
    e->cur = &e->batches[b == &e->batches[0]];
    e->commit_began = clock_monotonic_ns();
    enum err err = store_commit(e->store, &c, msg);
    if (err == ERR_OK)
        finished(e);
    return err == ERR_OK || err == ERR_MORE ? ERR_OK : failed(e, err);
}

enum err batch_flush(struct engine *e, struct errmsg *msg)
{
    enum err err = batch_poll(e, true, msg);
    if (err == ERR_OK)
        err = batch_commit(e, msg);
    return err == ERR_OK ? batch_poll(e, true, msg) : err;
}
