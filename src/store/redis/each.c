/* All rows beside the log, for whoever copies the store. */
#include "store/redis/inside.h"

#include <inttypes.h>

#define SCAN_COUNT "1000"

typedef bool field_fn(void *arg, const redisReply *field, const redisReply *value);

/* One step of a hash's scan; *cursor is "0" again behind the last one. */
static enum err scan_step(struct redis_store *s, enum redis_key key, struct buf *cursor, field_fn *each, void *arg,
                          struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_begin(&c, "HSCAN");
    redis_command_add(&c, redis_key(&s->shard, key));
    redis_command_add(&c, buf_str(cursor));
    redis_command_add(&c, STR_LIT("COUNT"));
    redis_command_add(&c, STR_LIT(SCAN_COUNT));
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    const redisReply *rows = reply->elements == 2 ? reply->element[1] : NULL;
    bool good = rows && rows->type == REDIS_REPLY_ARRAY && reply->element[0]->type == REDIS_REPLY_STRING;
    for (size_t i = 0; good && i + 1 < rows->elements; i += 2)
        good = each(arg, rows->element[i], rows->element[i + 1]);
    if (good) {
        buf_clear(cursor);
        buf_add(cursor, reply->element[0]->str, reply->element[0]->len);
    } else
        e = err_set(msg, ERR_DAMAGED, "%s is not what was written", s->shard.keys[key]);
    freeReplyObject(reply);
    return e;
}

static enum err scan(struct redis_store *s, enum redis_key key, field_fn *each, void *arg, struct errmsg *msg)
{
    struct buf cursor = BUF_INIT;
    enum err e;
    buf_addc(&cursor, '0');
    do
        e = scan_step(s, key, &cursor, each, arg, msg);
    while (!e && !str_is(buf_str(&cursor), "0"));
    buf_done(&cursor);
    return e;
}

struct contact_walk {
    contact_each_fn *each;
    void *arg;
    bool unit;
    struct buf text;
};

static bool give_contact(void *arg, const redisReply *field, const redisReply *value)
{
    struct contact_walk *w = arg;
    struct contact_change row = {.unit = w->unit};
    uint64_t number = 0;
    buf_clear(&w->text);
    if (value->type != REDIS_REPLY_STRING ||
        !redis_contact_read((struct str){value->str, value->len}, &w->text, &row) ||
        (!w->unit && (!redis_text_u64(field, &number) || number > UINT32_MAX)))
        return false;
    row.number = (uint32_t)number;
    w->each(w->arg, &row);
    return true;
}

enum err redis_store_each_contact(struct store *store, contact_each_fn *each, void *arg, struct errmsg *msg)
{
    struct contact_walk w = {each, arg, false, BUF_INIT};
    enum err e = scan(redis_of(store), KEY_CONTACTS, give_contact, &w, msg);
    w.unit = true;
    if (!e)
        e = scan(redis_of(store), KEY_UNITS, give_contact, &w, msg);
    buf_done(&w.text);
    return e;
}

struct key_walk {
    key_each_fn *each;
    void *arg;
};

static bool give_key(void *arg, const redisReply *field, const redisReply *value)
{
    const struct key_walk *w = arg;
    struct key_row row;
    if (field->type != REDIS_REPLY_STRING || field->len != KEY_HASH || !redis_key_read(value, &row))
        return false;
    memcpy(row.key, field->str, KEY_HASH);
    w->each(w->arg, &row);
    return true;
}

enum err redis_store_each_key(struct store *store, key_each_fn *each, void *arg, struct errmsg *msg)
{
    struct key_walk w = {each, arg};
    return scan(redis_of(store), KEY_KEYS, give_key, &w, msg);
}

void redis_store_set_segment(struct store *store, uint64_t bytes)
{
    redis_of(store)->limit = bytes;
}

/* Nobody else writes: the store is held. */
enum err redis_store_set_taken(struct store *store, uint64_t taken, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "HSET", s->shard.keys[KEY_STATE], "taken", NULL);
    redis_command_add_u64(&c, taken);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_INTEGER, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    freeReplyObject(reply);
    s->taken = taken;
    return ERR_OK;
}
