#include "store/redis/delivery_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/slot.h"
#include "store/crc32c.h"
#include "store/delivery/delivery_code.h"
#include "store/log/logline.h"

#define ENTRIES_AT_ONCE "256"
#define ENTRY_WEIGHT 64 /* what an entry takes besides its bytes */

/* --- marks --- */

void delivery_mark_write(const struct delivery_mark *m, char out[MARK_TEXT])
{
    snprintf(out, MARK_TEXT, "%" PRIu64 " %08" PRIx32, m->number, m->sum);
}

static bool read_mark(const char *text, struct delivery_mark *out)
{
    int end = 0;
    return sscanf(text, "%" SCNu64 " %8" SCNx32 "%n", &out->number, &out->sum, &end) == 2 && !text[end];
}

struct delivery_mark delivery_mark_next(const struct delivery_mark *m, struct str entry)
{
    return (struct delivery_mark){m->number + 1, crc32c(m->sum, entry.p, entry.n)};
}

/* --- its life --- */

const struct redis_shard *delivery_redis_shard(const struct store *s)
{
    return &redis_of(s)->shard;
}

const char *delivery_redis_name(const struct redis_shard *shard)
{
    return shard->keys[KEY_DELIVERY];
}

struct delivery_redis *delivery_redis_new_reader(const struct redis_shard *shard)
{
    struct delivery_redis *r = mem_zalloc(1, sizeof *r);
    r->shard = *shard;
    r->redis = redis_new(&shard->settings);
    r->shard.settings.password = NULL; /* the store's; the clients have a copy */
    delivery_taking_init(&r->taking);
    return r;
}

struct delivery_redis *delivery_redis_new(const struct store *s)
{
    const struct redis_store *store = redis_of(s);
    struct delivery_redis *r = delivery_redis_new_reader(&store->shard);
    r->wait = store->wait;
    snprintf(r->fence, sizeof r->fence, "%s", store->lease.fence);
    r->taking.redis = redis_new(&store->shard.settings);
    return r;
}

void delivery_redis_free(struct delivery_redis *r)
{
    if (!r)
        return;
    delivery_taking_done(&r->taking);
    redis_free(r->redis);
    script_call_done(&r->call);
    buf_done(&r->entry);
    free(r);
}

/* --- opening: the snapshot, and the entries behind it --- */

static void copy_text(const redisReply *r, char *out, size_t size)
{
    snprintf(out, size, "%s", r->type == REDIS_REPLY_STRING ? r->str : "");
}

/* Where the state has got to, and the snapshot's header. */
static enum err read_state(struct delivery_redis *r, char mark[MARK_TEXT], char header[128], struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "HMGET", r->shard.keys[KEY_STATE], "delivery", "delivery snapshot", NULL);
    enum err e = redis_shard_ask(r->redis, &r->shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    if (reply->elements == 2) {
        copy_text(reply->element[0], mark, MARK_TEXT);
        copy_text(reply->element[1], header, 128);
    } else
        e = err_set(msg, ERR_DAMAGED, "%s is not what was written", r->shard.keys[KEY_STATE]);
    freeReplyObject(reply);
    return e;
}

static enum err learn(struct delivery_redis *r, struct errmsg *msg)
{
    char mark[MARK_TEXT];
    enum err e = read_state(r, mark, r->header_text, msg);
    if (e)
        return e;
    if (*mark && !read_mark(mark, &r->end))
        return err_set(msg, ERR_DAMAGED, "%s: where the delivery state has got to is not what was written",
                       r->shard.keys[KEY_STATE]);
    e = delivery_header_read(r->header_text, &r->snapshot, msg);
    r->mark = r->snapshot.mark;
    return e;
}

/* What does not fit together may only be of two times: a snapshot has taken the place of what was being read. */
static enum err doubt(struct delivery_redis *r, enum err found, struct errmsg *msg)
{
    char mark[MARK_TEXT], header[128];
    struct errmsg why;
    if (found != ERR_DAMAGED)
        return found;
    enum err e = read_state(r, mark, header, &why);
    if (e)
        return err_set(msg, e, "%s", why.text);
    return strcmp(header, r->header_text) != 0 ? ERR_MORE : ERR_DAMAGED;
}

enum err delivery_redis_load(struct delivery_redis *r, struct sql *into, bool *filled, struct errmsg *msg)
{
    enum err e = learn(r, msg);
    if (!e)
        e = delivery_snapshot_open(into, msg);
    *filled = !e && r->snapshot.pieces > 0;
    return *filled ? doubt(r, delivery_snapshot_load(r, into, msg), msg) : e;
}

static enum err apply_entry(struct delivery_store *d, struct str bytes, struct errmsg *msg)
{
    struct delivery_entry entry;
    enum err e = delivery_entry_read(bytes, &entry, msg);
    if (e)
        return e;
    e = entry.adopts ? delivery_adopt(d, &entry.adoption, msg) : delivery_apply(d, entry.changes, entry.n, msg);
    delivery_entry_done(&entry);
    return e;
}

static void count(struct delivery_redis *r, struct str entry)
{
    r->weight += entry.n + ENTRY_WEIGHT;
}

/* One entry of a reply to XRANGE: [id, [field, value]]. */
static enum err take_entry(struct delivery_store *d, const redisReply *r, struct errmsg *msg)
{
    struct delivery_redis *redis = d->redis;
    char id[32];
    snprintf(id, sizeof id, "%" PRIu64 "-0", redis->mark.number + 1);
    const redisReply *fields = r->elements == 2 ? r->element[1] : NULL;
    if (!fields || fields->elements != 2 || strcmp(r->element[0]->str, id) != 0)
        return err_set(msg, ERR_DAMAGED, "%s: entry %s is missing", d->path, id);
    struct str bytes = {fields->element[1]->str, fields->element[1]->len};
    redis->mark = delivery_mark_next(&redis->mark, bytes);
    count(redis, bytes);
    return apply_entry(d, bytes, msg);
}

/* *more: there was one. */
static enum err take_some(struct delivery_store *d, bool *more, struct errmsg *msg)
{
    struct delivery_redis *r = d->redis;
    char from[32], to[32];
    struct redis_command c = {.n = 0};
    redisReply *reply;
    snprintf(from, sizeof from, "%" PRIu64 "-0", r->mark.number + 1);
    snprintf(to, sizeof to, "%" PRIu64 "-0", r->end.number);
    redis_command_set(&c, "XRANGE", r->shard.keys[KEY_DELIVERY], from, to, "COUNT", ENTRIES_AT_ONCE, NULL);
    enum err e = redis_shard_ask(r->redis, &r->shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    *more = reply->elements > 0;
    for (size_t i = 0; !e && i < reply->elements; i++)
        e = take_entry(d, reply->element[i], msg);
    freeReplyObject(reply);
    return e;
}

enum err delivery_redis_replay(struct delivery_store *d, struct errmsg *msg)
{
    struct delivery_redis *r = d->redis;
    bool more = true;
    enum err e = ERR_OK;
    while (!e && more && r->mark.number < r->end.number)
        e = take_some(d, &more, msg);
    if (!e && (r->mark.number != r->end.number || r->mark.sum != r->end.sum))
        e = err_set(msg, ERR_DAMAGED, "%s: its entries do not lead to where the state has got to, entry %" PRIu64,
                    d->path, r->end.number);
    return doubt(r, e, msg);
}

/* --- writing --- */

/* The entry is in r->entry. */
static enum err send(struct delivery_redis *r, struct errmsg *msg)
{
    char before[MARK_TEXT], after[MARK_TEXT];
    struct redis_command *c = &r->call.command;
    redisReply *reply;
    r->next = delivery_mark_next(&r->mark, buf_str(&r->entry));
    delivery_mark_write(&r->mark, before);
    delivery_mark_write(&r->next, after);
    script_begin(&r->call, SCRIPT_DELIVERY_COMMIT, 2);
    redis_command_add(c, redis_key(&r->shard, KEY_STATE));
    redis_command_add(c, redis_key(&r->shard, KEY_DELIVERY));
    redis_command_add(c, str_of(r->fence));
    redis_command_add(c, str_of(before));
    redis_command_add(c, str_of(after));
    redis_command_add_u64(c, r->next.number);
    redis_command_add(c, buf_str(&r->entry));
    enum err e = redis_shard_write(r->redis, &r->shard, &r->call, &r->wait, &reply, msg);
    if (!e)
        freeReplyObject(reply);
    return e;
}

static void settle(struct delivery_redis *r)
{
    r->mark = r->next;
    count(r, buf_str(&r->entry));
}

enum err delivery_redis_send(struct delivery_redis *r, const struct delivery_change *changes, size_t n,
                             struct errmsg *msg)
{
    buf_clear(&r->entry);
    delivery_changes_write(changes, n, &r->entry);
    return send(r, msg);
}

enum err delivery_redis_settle(struct delivery_store *d, const struct delivery_change *changes, size_t n,
                               struct errmsg *msg)
{
    settle(d->redis);
    enum err e = delivery_apply(d, changes, n, msg);
    if (!e)
        delivery_snapshot_share(d);
    return e;
}

/* --- adopting --- */

static bool read_key(const redisReply *r, unsigned char key[DELIVERY_KEY])
{
    return r->type == REDIS_REPLY_STRING && r->len == 2 * DELIVERY_KEY && hex_parse(r->str, key, DELIVERY_KEY);
}

/* The key of the set that the shard belongs to (shards/set.h). ERR_ABSENT: it belongs to none. */
static enum err ask_set(struct delivery_redis *r, unsigned char key[DELIVERY_KEY], struct errmsg *msg)
{
    char set[REDIS_PREFIX_MAX + 16];
    struct redis_command c = {.n = 0};
    redisReply *reply;
    snprintf(set, sizeof set, "{%s/system}:set", r->shard.settings.address.prefix);
    redis_command_set(&c, "HGET", set, "key", NULL);
    enum err e = redis_run(r->redis, redis_slot(str_of(set)), &c, 1, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    if (reply->type == REDIS_REPLY_NIL)
        e = ERR_ABSENT;
    else if (reply->type == REDIS_REPLY_ERROR)
        e = err_set(msg, ERR_IO, "%s: %.300s", set, reply->str);
    else if (!read_key(reply, key))
        e = err_set(msg, ERR_DAMAGED, "%s: its key is not what was written", set);
    freeReplyObject(reply);
    return e;
}

/* A shard by itself keeps the first key that it is given. */
static enum err ask_shard(struct delivery_redis *r, unsigned char key[DELIVERY_KEY], struct errmsg *msg)
{
    struct buf hex = BUF_INIT;
    redisReply *reply;
    hex_add(&hex, key, DELIVERY_KEY);
    script_begin(&r->call, SCRIPT_DELIVERY_KEY, 1);
    redis_command_add(&r->call.command, redis_key(&r->shard, KEY_STATE));
    redis_command_add(&r->call.command, str_of(r->fence));
    redis_command_add(&r->call.command, buf_str(&hex));
    buf_done(&hex);
    enum err e = redis_shard_write(r->redis, &r->shard, &r->call, &r->wait, &reply, msg);
    if (e)
        return e;
    if (!read_key(reply, key))
        e = err_set(msg, ERR_DAMAGED, "%s: its delivery key is not what was written", r->shard.keys[KEY_STATE]);
    freeReplyObject(reply);
    return e;
}

enum err delivery_redis_adopt(struct delivery_redis *r, const struct delivery_adoption *a,
                              unsigned char key[DELIVERY_KEY], struct errmsg *msg)
{
    enum err e = ask_set(r, key, msg);
    if (e == ERR_ABSENT)
        e = ask_shard(r, key, msg);
    if (e)
        return e;
    buf_clear(&r->entry);
    delivery_adoption_write(a, &r->entry);
    e = send(r, msg);
    if (!e)
        settle(r);
    return e;
}
