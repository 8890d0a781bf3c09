/* Where a shard's keys are, and asking for them. */
#include "store/redis/inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "redis/slot.h"
#include "store/log/logline.h"

#define URI_MAX 2048
#define PATIENCE_MS 30000

static const char *const key_names[KEY_N] = {
    [KEY_STATE] = "state",
    [KEY_LEASE] = "lease",
    [KEY_LOG] = "log",
    [KEY_CONTACTS] = "contacts",
    [KEY_UNITS] = "units",
    [KEY_KEYS] = "keys",
    [KEY_KEYS_AT] = "keys_at",
    [KEY_CHECKPOINT] = "checkpoint",
    [KEY_CHECKPOINT_BEFORE] = "checkpoint:before",
    [KEY_CHECKPOINT_NEW] = "checkpoint:new",
    [KEY_DELIVERY] = "delivery",
    [KEY_DELIVERY_SNAPSHOT] = "delivery:snapshot",
    [KEY_DELIVERY_NEW] = "delivery:new",
};

static enum err parse(const char *uri, struct redis_shard *out, struct errmsg *msg)
{
    char address[URI_MAX];
    size_t n = strcspn(uri, "#");
    if (n >= sizeof address)
        return err_set(msg, ERR_INVALID, "a store's URI is shorter than %d bytes", URI_MAX);
    memcpy(address, uri, n);
    address[n] = '\0';
    if ((size_t)snprintf(out->name, sizeof out->name, "%s", uri[n] ? uri + n + 1 : "0") >= sizeof out->name)
        return err_set(msg, ERR_INVALID, "a shard's name is shorter than %zu bytes", sizeof out->name);
    return redis_address_parse(address, &out->settings.address, msg);
}

enum err redis_shard_parse(const char *uri, const struct store_options *o, struct redis_shard *out, struct errmsg *msg)
{
    struct redis_shard found = {.slot = 0};
    enum err e = parse(uri, &found, msg);
    if (e)
        return e;
    snprintf(found.tag, sizeof found.tag, "{%s/%s}:", found.settings.address.prefix, found.name);
    for (int k = 0; k < KEY_N; k++)
        snprintf(found.keys[k], sizeof found.keys[k], "%s%s", found.tag, key_names[k]);
    found.slot = redis_slot(redis_key(&found, KEY_STATE));
    found.password = o && o->password ? mem_strdup(o->password) : NULL;
    found.settings.password = found.password;
    *out = found;
    return ERR_OK;
}

void redis_shard_done(struct redis_shard *shard)
{
    if (shard->password)
        explicit_bzero(shard->password, strlen(shard->password));
    free(shard->password);
    shard->password = NULL;
    shard->settings.password = NULL;
}

enum err redis_shard_ask(struct redis *r, const struct redis_shard *shard, const struct redis_command *c, int type,
                         redisReply **reply, struct errmsg *msg)
{
    redisReply *got;
    enum err e = redis_run(r, shard->slot, c, 1, &got, msg);
    if (e)
        return e;
    if (got->type == type)
        *reply = got;
    else if (got->type == REDIS_REPLY_NIL)
        e = err_set(msg, ERR_ABSENT, "there is none in Redis");
    else
        e = err_set(msg, ERR_IO, "Redis answers: %.300s", got->type == REDIS_REPLY_ERROR ? got->str : "something else");
    if (e)
        freeReplyObject(got);
    return e;
}

/* A call that nobody answers has had the client's patience when it comes back: then the time is over here, too. */
enum err redis_shard_write(struct redis *r, const struct redis_shard *shard, struct script_call *c,
                           const struct redis_wait *wait, redisReply **reply, struct errmsg *msg)
{
    int64_t patience = shard->settings.patience_ms ? shard->settings.patience_ms : PATIENCE_MS;
    int64_t until = clock_monotonic_ns() + patience * INT64_C(1000000);
    enum err e;
    do
        e = script_run(r, shard->slot, c, wait, reply, msg);
    while (e == ERR_IO && clock_monotonic_ns() < until);
    return e;
}

bool redis_text_u64(const redisReply *r, uint64_t *out)
{
    char *end;
    if (r->type != REDIS_REPLY_STRING || r->len == 0)
        return false;
    *out = strtoull(r->str, &end, 10);
    return *end == '\0';
}

bool redis_text_seal(const redisReply *r, unsigned char out[SEAL_HASH])
{
    return r->type == REDIS_REPLY_STRING && r->len == 2 * SEAL_HASH && hex_parse(r->str, out, SEAL_HASH);
}

void redis_command_add_hash(struct redis_command *c, const unsigned char hash[SEAL_HASH])
{
    char room[2 * SEAL_HASH + 1];
    struct buf b = {room, 0, sizeof room};
    hex_add(&b, hash, SEAL_HASH);
    redis_command_add(c, buf_str(&b));
}
