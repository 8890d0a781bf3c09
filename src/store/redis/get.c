/* Single events: of late from memory, else from the stream, or from where they were moved to. */
#include "store/redis/moved.h"

#include <inttypes.h>

#include "store/log/logline.h"

static void add_line(const struct ring_block *b, uint64_t seq, struct buf *out)
{
    const char *p = b->bytes, *end = p + b->n;
    for (uint64_t i = b->first; i < seq; i++)
        p = log_line_end(p, end) + 1;
    buf_add(out, p, (size_t)(log_line_end(p, end) - p));
}

static bool get_recent(struct redis_store *s, uint64_t seq, struct buf *out)
{
    pthread_mutex_lock(&s->guard);
    struct ring_block *b = ring_find(&s->ring, seq);
    pthread_mutex_unlock(&s->guard);
    if (b)
        add_line(b, seq, out);
    ring_block_release(b);
    return b != NULL;
}

static enum err get_moved(struct redis_store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct moved_view *v;
    enum err e = moved_take(s, redis_end_of(s).moved.seq, &v, msg);
    if (e)
        return e;
    e = store_get(moved_store(v), seq, out, msg);
    moved_release(v);
    return e;
}

/* ERR_ABSENT: the stream has it no more. */
static enum err get_from_stream(struct redis_store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct redis_entry entry;
    redisReply *page;
    enum err e = redis_range(s->redis, &s->shard, seq, seq, &page, msg);
    if (e)
        return e;
    if (page->elements != 1)
        e = ERR_ABSENT;
    else if (!redis_entry_read(page->element[0], &entry) || entry.seq != seq)
        e = err_set(msg, ERR_DAMAGED, "%s: event %" PRIu64 " is not what was written", s->shard.keys[KEY_LOG], seq);
    else
        buf_addstr(out, entry.line);
    freeReplyObject(page);
    return e;
}

/* A store that is written elsewhere is asked again only for what it was not known to have. */
static uint64_t durable(struct redis_store *s, uint64_t seq)
{
    struct store_info info;
    uint64_t known = redis_end_of(s).seal.seq;
    if (seq <= known || s->base.mode != STORE_READ)
        return known;
    s->base.backend->info(&s->base, &info);
    return info.durable;
}

enum err redis_store_get(struct store *store, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct store_info info;
    if (seq == 0 || seq > durable(s, seq))
        return ERR_ABSENT;
    if (get_recent(s, seq, out))
        return ERR_OK;
    if (seq <= redis_end_of(s).moved.seq)
        return get_moved(s, seq, out, msg);
    enum err e = get_from_stream(s, seq, out, msg);
    if (e != ERR_ABSENT)
        return e;
    s->base.backend->info(&s->base, &info); /* it may have been moved meanwhile */
    if (seq <= redis_end_of(s).moved.seq)
        return get_moved(s, seq, out, msg);
    return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is not in %s", seq, s->shard.keys[KEY_LOG]);
}

enum err redis_store_where(const struct store *store, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct moved_view *v;
    if (seq == 0 || seq > durable(s, seq))
        return err_set(msg, ERR_ABSENT, "there is no event %" PRIu64, seq);
    uint64_t moved = redis_end_of(s).moved.seq;
    if (seq > moved) {
        buf_printf(out, "%s entry %" PRIu64 "-0", s->shard.keys[KEY_LOG], seq);
        return ERR_OK;
    }
    enum err e = moved_take(s, moved, &v, msg);
    if (e)
        return e;
    buf_printf(out, "%s/", s->moved);
    e = store_where(moved_store(v), seq, out, msg);
    moved_release(v);
    return e;
}
