/* Events by number, and in order. A reader has a client of its own; whole commits are held against their seals, as in
 * every store. */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 1000 /* events asked for at a time: some 300 KB */

struct redis_reader {
    struct store_reader base;
    const struct redis_store *s;
    struct redis *redis;
    struct seal_hasher *hasher;
    struct buf line; /* the one given out, with its newline */
    redisReply *page;
    size_t at;        /* in it */
    uint64_t passed;  /* the last number given out, or the one before the first wanted */
    bool chained;     /* the hasher has seen everything since `seal` */
    bool sealed;      /* no event was given out since `seal` */
    struct seal seal; /* the last one passed */
    enum err failed;
    struct errmsg why;
};

static uint64_t durable(const struct redis_store *s)
{
    struct store_info info;
    s->base.backend->info(&s->base, &info);
    return info.durable;
}

static void range(struct redis_command *c, const struct redis_shard *shard, uint64_t from, uint64_t to, unsigned count)
{
    char first[32], last[32];
    snprintf(first, sizeof first, "%" PRIu64 "-0", from);
    snprintf(last, sizeof last, "%" PRIu64 "-0", to);
    redis_command_set(c, "XRANGE", shard->keys[KEY_LOG], first, last, "COUNT", NULL);
    redis_command_add_u64(c, count);
}

/* One entry: [id, [e, line]] or [id, [e, line, s, hash]]. */
static bool read_entry(const redisReply *entry, uint64_t *seq, struct str *line, const redisReply **hash)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING)
        return false;
    const redisReply *fields = entry->element[1];
    if (sscanf(entry->element[0]->str, "%" SCNu64 "-0", seq) != 1 || fields->type != REDIS_REPLY_ARRAY ||
        (fields->elements != 2 && fields->elements != 4))
        return false;
    *line = (struct str){fields->element[1]->str, fields->element[1]->len};
    *hash = fields->elements == 4 ? fields->element[3] : NULL;
    return true;
}

enum err redis_store_get(struct store *store, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct redis_command c = {.n = 0};
    redisReply *reply;
    const redisReply *hash;
    struct str line;
    uint64_t got;
    if (seq == 0 || seq > durable(s))
        return ERR_ABSENT;
    range(&c, &s->shard, seq, seq, 1);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    if (reply->elements != 1 || !read_entry(reply->element[0], &got, &line, &hash) || got != seq)
        e = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is not in %s", seq, s->shard.keys[KEY_LOG]);
    else
        buf_addstr(out, line);
    freeReplyObject(reply);
    return e;
}

/* --- in order --- */

enum err redis_reader_open(const struct store *store, uint64_t after, struct store_reader **out, struct errmsg *msg)
{
    struct redis_reader *r = mem_zalloc(1, sizeof *r);
    (void)msg;
    r->s = redis_of(store);
    r->redis = redis_new(&r->s->shard.settings);
    r->hasher = seal_hasher_new();
    r->passed = after;
    r->chained = after == 0;
    if (r->chained)
        seal_begin(r->hasher, r->seal.hash);
    *out = &r->base;
    return ERR_OK;
}

void redis_reader_close(struct store_reader *reader)
{
    struct redis_reader *r = (struct redis_reader *)reader;
    if (r->page)
        freeReplyObject(r->page);
    seal_hasher_free(r->hasher);
    buf_done(&r->line);
    redis_free(r->redis);
    free(r);
}

static enum err misplaced(struct redis_reader *r)
{
    return err_set(&r->why, ERR_DAMAGED, "%s: event %" PRIu64 " was expected", r->s->shard.keys[KEY_LOG],
                   r->passed + 1);
}

static enum err turn_page(struct redis_reader *r)
{
    uint64_t bound = durable(r->s);
    struct redis_command c = {.n = 0};
    if (r->page)
        freeReplyObject(r->page);
    r->page = NULL;
    r->at = 0;
    if (r->passed >= bound)
        return ERR_END;
    range(&c, &r->s->shard, r->passed + 1, bound, PAGE);
    enum err e = redis_shard_ask(r->redis, &r->s->shard, &c, REDIS_REPLY_ARRAY, &r->page, &r->why);
    redis_command_done(&c);
    if (!e && r->page->elements == 0)
        e = misplaced(r);
    return e;
}

/* The seal behind the line that was just given to the hasher. */
static enum err check_seal(struct redis_reader *r, uint64_t seq, const redisReply *hash)
{
    struct seal told = {.seq = seq};
    unsigned char found[SEAL_HASH];
    if (!redis_text_seal(hash, told.hash))
        return err_set(&r->why, ERR_DAMAGED, "%s: the seal of event %" PRIu64 " is none", r->s->shard.keys[KEY_LOG],
                       seq);
    if (r->chained) {
        seal_end(r->hasher, found);
        if (memcmp(found, told.hash, SEAL_HASH) != 0)
            return err_set(&r->why, ERR_DAMAGED, "%s: the seal of event %" PRIu64 " does not fit what it covers",
                           r->s->shard.keys[KEY_LOG], seq);
    }
    r->seal = told;
    r->sealed = r->chained = true;
    seal_begin(r->hasher, told.hash);
    return ERR_OK;
}

static enum err take_line(struct redis_reader *r, uint64_t *seq, struct str *line)
{
    const redisReply *hash;
    struct str text;
    uint64_t number;
    if (!read_entry(r->page->element[r->at++], &number, &text, &hash) || number != r->passed + 1)
        return misplaced(r);
    buf_clear(&r->line);
    buf_addstr(&r->line, text);
    buf_addc(&r->line, '\n');
    if (r->chained)
        seal_add(r->hasher, r->line.p, r->line.n);
    r->passed = number;
    r->sealed = false;
    enum err e = hash ? check_seal(r, number, hash) : ERR_OK;
    *seq = number;
    *line = (struct str){r->line.p, r->line.n - 1};
    return e;
}

enum err redis_reader_next(struct store_reader *reader, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    struct redis_reader *r = (struct redis_reader *)reader;
    enum err e = r->failed;
    if (!e && (!r->page || r->at == r->page->elements))
        e = turn_page(r);
    if (!e)
        e = take_line(r, seq, line);
    if (e == ERR_OK || e == ERR_END)
        return e;
    if (e == ERR_DAMAGED)
        r->failed = e;
    return err_set(msg, e, "%s", r->why.text);
}

enum err redis_reader_seal(const struct store_reader *reader, struct seal *out)
{
    const struct redis_reader *r = (const struct redis_reader *)reader;
    if (!r->sealed)
        return ERR_ABSENT;
    *out = r->seal;
    return ERR_OK;
}
