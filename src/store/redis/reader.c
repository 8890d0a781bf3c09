/* The log in order: what was moved away from the folder, the rest from the stream, in pieces, and what this process
 * wrote of late from its memory, where nobody is asked. Whole commits are held against their seals, as in every
 * store; those from memory were sealed here. */
#include "store/redis/moved.h"

#include <inttypes.h>
#include <stdlib.h>

#include "store/log/logline.h"

struct redis_reader {
    struct store_reader base;
    struct redis_store *s;
    struct redis *redis;
    struct seal_hasher *hasher;

    /* Where lines come from; of these at most one is there. */
    redisReply *page;
    size_t at; /* in it */
    struct ring_block *block;
    size_t used; /* of it */
    struct store_reader *files;
    struct moved_view *view; /* to which they belong */

    uint64_t passed; /* the last number given out, or the one before the first wanted */
    uint64_t bound;  /* what is known to be durable */
    uint64_t moved;  /* what is known to be in the folder */
    bool chained;    /* the hasher has seen everything since `seal`; */
    bool clean;      /* and that is nothing */
    bool sealed;     /* no event was given out since `seal`, but one before */
    struct seal seal;
    enum err failed;
    struct errmsg why;
};

enum err redis_reader_open(const struct store *store, uint64_t after, struct store_reader **out, struct errmsg *msg)
{
    struct redis_reader *r = mem_zalloc(1, sizeof *r);
    (void)msg;
    r->s = redis_of(store);
    r->redis = redis_new(&r->s->shard.settings);
    r->hasher = seal_hasher_new();
    r->passed = after;
    r->chained = r->clean = after == 0;
    if (r->chained)
        seal_begin(r->hasher, r->seal.hash);
    *out = &r->base;
    return ERR_OK;
}

static void drop_sources(struct redis_reader *r)
{
    if (r->page)
        freeReplyObject(r->page);
    ring_block_release(r->block);
    store_reader_close(r->files);
    moved_release(r->view);
    r->page = NULL;
    r->block = NULL;
    r->files = NULL;
    r->view = NULL;
}

void redis_reader_close(struct store_reader *reader)
{
    struct redis_reader *r = (struct redis_reader *)reader;
    drop_sources(r);
    seal_hasher_free(r->hasher);
    redis_free(r->redis);
    free(r);
}

/* Everything given out so far is under that seal. */
static void reach_seal(struct redis_reader *r, const struct seal *seal)
{
    r->seal = *seal;
    r->sealed = r->chained = r->clean = true;
    seal_begin(r->hasher, seal->hash);
}

/* --- from memory --- */

static bool open_block(struct redis_reader *r)
{
    pthread_mutex_lock(&r->s->guard);
    r->block = ring_find(&r->s->ring, r->passed + 1);
    pthread_mutex_unlock(&r->s->guard);
    if (!r->block)
        return false;
    const char *p = r->block->bytes, *end = p + r->block->n;
    for (uint64_t seq = r->block->first; seq <= r->passed; seq++)
        p = log_line_end(p, end) + 1;
    r->used = (size_t)(p - r->block->bytes);
    return true;
}

static enum err take_from_block(struct redis_reader *r, struct str *line)
{
    const struct ring_block *b = r->block;
    const char *p = b->bytes + r->used, *newline = log_line_end(p, b->bytes + b->n);
    *line = (struct str){p, (size_t)(newline - p)};
    r->used += line->n + 1;
    r->passed++;
    r->chained = r->clean = r->sealed = false;
    if (r->used == b->n)
        reach_seal(r, &b->seal);
    return ERR_OK;
}

/* --- from the folder --- */

static enum err open_files(struct redis_reader *r)
{
    enum err e = moved_take(r->s, r->moved, &r->view, &r->why);
    return e ? e : store_reader_open(moved_store(r->view), r->passed, &r->files, &r->why);
}

/* The stream goes on from there. */
static void leave_files(struct redis_reader *r)
{
    struct seal seal;
    if (store_reader_seal(r->files, &seal) == ERR_OK)
        reach_seal(r, &seal);
    else
        r->chained = r->clean = r->sealed = false;
}

static enum err take_from_files(struct redis_reader *r, struct str *line)
{
    uint64_t seq;
    enum err e = store_reader_next(r->files, &seq, line, &r->why);
    if (e == ERR_END)
        return err_set(&r->why, ERR_DAMAGED, "%s: event %" PRIu64 " was expected", r->s->moved, r->passed + 1);
    if (e)
        return e;
    r->passed = seq;
    if (seq == r->moved)
        leave_files(r);
    return ERR_OK;
}

/* --- from the stream --- */

static enum err misplaced(struct redis_reader *r)
{
    return err_set(&r->why, ERR_DAMAGED, "%s: event %" PRIu64 " was expected", r->s->shard.keys[KEY_LOG],
                   r->passed + 1);
}

static enum err misfit(struct redis_reader *r, uint64_t seq, const char *what)
{
    return err_set(&r->why, ERR_DAMAGED, "%s: the seal %s event %" PRIu64 " does not fit what it covers",
                   r->s->shard.keys[KEY_LOG], what, seq);
}

/* The line that a file of the log would begin with is under the seal, too. */
static enum err begin_segment(struct redis_reader *r, const struct redis_entry *entry)
{
    char room[LOG_HEADER_MAX];
    struct buf header = {room, 0, sizeof room};
    struct log_header h = {.first = entry->seq};
    if (r->chained && (!r->clean || memcmp(entry->before, r->seal.hash, SEAL_HASH) != 0))
        return misfit(r, entry->seq, "before");
    memcpy(h.previous, entry->before, SEAL_HASH);
    log_header_add(&header, &h);
    seal_begin(r->hasher, entry->before);
    seal_add(r->hasher, header.p, header.n);
    r->chained = true;
    return ERR_OK;
}

static enum err end_commit(struct redis_reader *r, const struct redis_entry *entry)
{
    struct seal seal = {.seq = entry->seq};
    unsigned char found[SEAL_HASH];
    memcpy(seal.hash, entry->hash, SEAL_HASH);
    if (r->chained) {
        seal_end(r->hasher, found);
        if (memcmp(found, seal.hash, SEAL_HASH) != 0)
            return misfit(r, entry->seq, "of");
    }
    reach_seal(r, &seal);
    return ERR_OK;
}

static enum err take_from_page(struct redis_reader *r, struct str *line)
{
    struct redis_entry entry;
    enum err e = ERR_OK;
    if (!redis_entry_read(r->page->element[r->at++], &entry) || entry.seq != r->passed + 1)
        return misplaced(r);
    if (entry.begins)
        e = begin_segment(r, &entry);
    if (e)
        return e;
    if (r->chained) {
        seal_add(r->hasher, entry.line.p, entry.line.n);
        seal_add(r->hasher, "\n", 1);
    }
    r->passed = entry.seq;
    r->clean = r->sealed = false;
    *line = entry.line;
    return entry.sealed ? end_commit(r, &entry) : ERR_OK;
}

/* Where the log ends, and where the stream begins. */
static enum err look_around(struct redis_reader *r)
{
    struct redis_state state;
    if (r->s->base.mode != STORE_READ) {
        struct redis_end end = redis_end_of(r->s);
        r->bound = end.seal.seq;
        r->moved = end.moved.seq;
        return ERR_OK;
    }
    enum err e = redis_state_read(r->redis, &r->s->shard, &state, &r->why);
    if (e)
        return e;
    uint64_t durable = state.done < state.end.seal.seq ? state.done : state.end.seal.seq;
    r->bound = durable > r->bound ? durable : r->bound;
    r->moved = state.end.moved.seq;
    return ERR_OK;
}

/* ERR_MORE: the stream begins later. */
static enum err open_page(struct redis_reader *r)
{
    struct redis_entry entry;
    enum err e = redis_range(r->redis, &r->s->shard, r->passed + 1, r->bound, &r->page, &r->why);
    r->at = 0;
    if (e || (r->page->elements && redis_entry_read(r->page->element[0], &entry) && entry.seq == r->passed + 1))
        return e;
    drop_sources(r);
    return ERR_MORE;
}

/* --- in order --- */

static bool has_more(const struct redis_reader *r)
{
    return (r->page && r->at < r->page->elements) || (r->block && r->used < r->block->n) ||
           (r->files && r->passed < r->moved);
}

static enum err refill(struct redis_reader *r)
{
    enum err e = ERR_OK;
    drop_sources(r);
    if (r->passed >= r->bound)
        e = look_around(r);
    if (e || r->passed >= r->bound)
        return e ? e : ERR_END;
    if (open_block(r))
        return ERR_OK;
    if (r->passed >= r->moved) {
        e = open_page(r);
        if (e == ERR_MORE)
            e = look_around(r); /* it may have been moved meanwhile */
        if (e || r->page)
            return e;
    }
    return r->passed < r->moved ? open_files(r) : misplaced(r);
}

static enum err take_line(struct redis_reader *r, struct str *line)
{
    return r->page ? take_from_page(r, line) : r->block ? take_from_block(r, line) : take_from_files(r, line);
}

enum err redis_reader_next(struct store_reader *reader, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    struct redis_reader *r = (struct redis_reader *)reader;
    enum err e = r->failed;
    if (!e && !has_more(r))
        e = refill(r);
    if (!e)
        e = take_line(r, line);
    *seq = r->passed;
    if (e == ERR_OK || e == ERR_END)
        return e;
    if (e == ERR_DAMAGED)
        r->failed = e;
    return err_set(msg, e, "%s", r->why.text);
}

enum err redis_reader_seal(const struct store_reader *reader, struct seal *out)
{
    const struct redis_reader *r = (const struct redis_reader *)reader;
    if (r->files && r->passed < r->moved)
        return store_reader_seal(r->files, out);
    if (!r->sealed)
        return ERR_ABSENT;
    *out = r->seal;
    return ERR_OK;
}
