#include "shards/move/fill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/slot.h"
#include "shards/office/system.h"
#include "store/log/logline.h"

/* KEYS the set. ARGV version, shards, incarnation, simulated, key. A set that is there is left alone; of one that was
 * being filled the number of its shards is told, and it becomes this one. */
static const char begin_lua[] =
    "local making = redis.call('HGET', KEYS[1], 'making')\n"
    "if making and making ~= '2' then return redis.error_reply('EXISTS') end\n"
    "local left = redis.call('HGET', KEYS[1], 'shards') or '0'\n"
    "redis.call('HSET', KEYS[1], 'version', ARGV[1], 'shards', ARGV[2], 'incarnation', ARGV[3], 'simulated', ARGV[4],\n"
    "    'key', ARGV[5], 'making', '2')\n"
    "return left";

/* KEYS one of a shard's keys; ARGV the pattern of all of them. Nobody works there, so it may take a while. */
static const char wipe_lua[] = "local keys = redis.call('KEYS', ARGV[1])\n"
                               "for _, key in ipairs(keys) do redis.call('UNLINK', key) end\n"
                               "return #keys";

/* KEYS one of a shard's keys; ARGV the pattern of its input streams. The first that is not empty, and its length. */
static const char waiting_lua[] = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do\n"
                                  "    local n = redis.call('XLEN', key)\n"
                                  "    if n > 0 then return {key, tostring(n)} end\n"
                                  "end\n"
                                  "return {}";

struct filling {
    struct system_shard system;
    struct redis *redis;
};

static enum err open_filling(struct filling *f, const char *uri, const struct store_options *o, struct errmsg *msg)
{
    enum err e = system_shard_init(uri, o, &f->system, msg);
    f->redis = e ? NULL : redis_new(&f->system.settings);
    return e;
}

/* One command, its answer no error. */
static enum err ask(struct filling *f, unsigned slot, struct redis_command *c, redisReply **reply, struct errmsg *msg)
{
    enum err e = redis_run(f->redis, slot, c, 1, reply, msg);
    redis_command_done(c);
    if (e || (*reply)->type != REDIS_REPLY_ERROR)
        return e;
    bool there = strstr((*reply)->str, "EXISTS") != NULL;
    e = there ? err_set(msg, ERR_EXISTS, "{%s/system}:set: there is a set of shards already",
                        f->system.settings.address.prefix)
              : err_set(msg, ERR_IO, "Redis answers: %.300s", (*reply)->str);
    freeReplyObject(*reply);
    return e;
}

/* A script over a shard's keys of that pattern. */
static enum err ask_shard(struct filling *f, unsigned shard, const char *lua, const char *pattern, redisReply **reply,
                          struct errmsg *msg)
{
    char key[128], all[192];
    struct redis_command c = {.n = 0};
    snprintf(key, sizeof key, "{%s/%u}:state", f->system.settings.address.prefix, shard);
    snprintf(all, sizeof all, "{%s/%u}:%s", f->system.settings.address.prefix, shard, pattern);
    redis_command_set(&c, "EVAL", lua, "1", key, all, NULL);
    return ask(f, redis_slot(str_of(key)), &c, reply, msg);
}

static void add_hex(struct redis_command *c, const unsigned char *p, size_t n)
{
    struct buf hex = BUF_INIT;
    hex_add(&hex, p, n);
    redis_command_add(c, buf_str(&hex));
    buf_done(&hex);
}

static enum err begin(struct filling *f, const struct shard_set *like, unsigned *left, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "EVAL", begin_lua, "1", NULL);
    system_key(&f->system, &c, "set");
    redis_command_add_u64(&c, SHARD_SET_VERSION);
    redis_command_add_u64(&c, like->n);
    redis_command_add(&c, str_of(like->incarnation));
    redis_command_add_u64(&c, like->simulated);
    add_hex(&c, like->key, sizeof like->key);
    enum err e = ask(f, f->system.slot, &c, &reply, msg);
    if (e)
        return e;
    *left = reply->type == REDIS_REPLY_STRING ? (unsigned)strtoul(reply->str, NULL, 10) : 0;
    freeReplyObject(reply);
    return ERR_OK;
}

static enum err wipe(struct filling *f, unsigned n, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < n && !e; i++) {
        redisReply *reply;
        e = ask_shard(f, i, wipe_lua, "*", &reply, msg);
        if (!e)
            freeReplyObject(reply);
    }
    return e;
}

static enum err make(const char *uri, const struct store_options *options, const struct shard_set *like, unsigned shard,
                     struct errmsg *msg)
{
    char place[SHARD_URI_MAX];
    struct store_options o = *options;
    struct errmsg why = {""};
    struct store *s;
    o.incarnation = like->incarnation;
    o.simulated = like->simulated;
    shard_uri(uri, shard, place);
    enum err e = store_open(place, STORE_INIT, &o, &s, NULL, &why);
    if (e)
        return err_set(msg, e, "shard %u: %s", shard, why.text);
    store_close(s);
    return ERR_OK;
}

enum err shard_set_fill(const char *uri, const struct store_options *options, const struct shard_set *like,
                        struct errmsg *msg)
{
    struct filling f;
    unsigned left = 0;
    enum err e = open_filling(&f, uri, options, msg);
    if (!e)
        e = begin(&f, like, &left, msg);
    if (!e && left)
        e = wipe(&f, left > like->n ? left : like->n, msg);
    for (unsigned i = 0; i < like->n && !e; i++)
        e = make(uri, options, like, i, msg);
    redis_free(f.redis);
    return e;
}

enum err shard_set_filled(const char *uri, const struct store_options *options, struct errmsg *msg)
{
    struct filling f;
    struct redis_command c = {.n = 0};
    redisReply *reply;
    enum err e = open_filling(&f, uri, options, msg);
    if (e)
        return e;
    redis_command_begin(&c, "HSET");
    system_key(&f.system, &c, "set");
    redis_command_add(&c, STR_LIT("making"));
    redis_command_add(&c, STR_LIT("0"));
    e = ask(&f, f.system.slot, &c, &reply, msg);
    if (!e)
        freeReplyObject(reply);
    redis_free(f.redis);
    return e;
}

/* --- one that is left --- */

static enum err check_inputs(struct filling *f, unsigned shard, struct errmsg *msg)
{
    redisReply *reply;
    enum err e = ask_shard(f, shard, waiting_lua, "in*", &reply, msg);
    if (e)
        return e;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        e = err_set(msg, ERR_INVALID, "%s inputs wait in %s: let the daemons run until they are decided",
                    reply->element[1]->str, reply->element[0]->str);
    freeReplyObject(reply);
    return e;
}

static enum err read_ordered(struct filling *f, uint64_t *out, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_begin(&c, "XREVRANGE");
    system_key(&f->system, &c, "orders");
    redis_command_add(&c, STR_LIT("+"));
    redis_command_add(&c, STR_LIT("-"));
    redis_command_add(&c, STR_LIT("COUNT"));
    redis_command_add(&c, STR_LIT("1"));
    enum err e = ask(f, f->system.slot, &c, &reply, msg);
    if (e)
        return e;
    const redisReply *entry = reply->type == REDIS_REPLY_ARRAY && reply->elements ? reply->element[0] : NULL;
    *out = entry && entry->elements == 2 ? strtoull(entry->element[0]->str, NULL, 10) : 0;
    freeReplyObject(reply);
    return ERR_OK;
}

enum err shard_set_waiting(const char *uri, const struct store_options *options, const struct shard_set *set,
                           uint64_t *ordered, struct errmsg *msg)
{
    struct filling f;
    enum err e = open_filling(&f, uri, options, msg);
    for (unsigned i = 0; i < set->n && !e; i++)
        e = check_inputs(&f, i, msg);
    if (!e)
        e = read_ordered(&f, ordered, msg);
    redis_free(f.redis);
    return e;
}
