/* A store in Redis: opening and closing it, and its tables of functions. */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "redis/slot.h"
#include "store/logline.h"

#define URI_MAX 2048
#define SHARD_MAX 16
#define WAIT_MS 3000 /* below the time-out of a reply */

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
};

static void redis_close(struct store *store);

enum err redis_shard_parse(const char *uri, struct redis_shard *out, struct errmsg *msg)
{
    char address[URI_MAX], shard[SHARD_MAX] = "0";
    struct redis_shard found = {.slot = 0};
    size_t n = strcspn(uri, "#");
    if (n >= sizeof address)
        return err_set(msg, ERR_INVALID, "a store's URI is shorter than %d bytes", URI_MAX);
    memcpy(address, uri, n);
    address[n] = '\0';
    if (uri[n] && (size_t)snprintf(shard, sizeof shard, "%s", uri + n + 1) >= sizeof shard)
        return err_set(msg, ERR_INVALID, "a shard's name is shorter than %d bytes", SHARD_MAX);
    enum err e = redis_address_parse(address, &found.settings.address, msg);
    if (e)
        return e;
    for (int k = 0; k < KEY_N; k++)
        snprintf(found.keys[k], sizeof found.keys[k], "{%s/%s}:%s", found.settings.address.prefix, shard, key_names[k]);
    found.slot = redis_slot(redis_key(&found, KEY_STATE));
    *out = found;
    return ERR_OK;
}

/* --- asking --- */

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

/* --- opening --- */

static struct redis_store *new_store(void)
{
    struct redis_store *s = mem_zalloc(1, sizeof *s);
    s->bell.fd = -1;
    pthread_mutex_init(&s->guard, NULL);
    worker_init(&s->committer, &s->bell);
    worker_init(&s->checkpointer, &s->bell);
    s->hasher = seal_hasher_new();
    return s;
}

static enum err make(struct redis_store *s, bool simulated, struct errmsg *msg)
{
    unsigned char random[16];
    struct buf hex = BUF_INIT;
    struct script_call c = {.script = SCRIPT_INIT};
    redisReply *reply;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return err_set(msg, ERR_IO, "cannot get random bytes");
    hex_add(&hex, random, sizeof random);
    script_begin(&c, SCRIPT_INIT, 2);
    redis_command_add(&c.command, redis_key(&s->shard, KEY_STATE));
    redis_command_add(&c.command, redis_key(&s->shard, KEY_LEASE));
    redis_command_add(&c.command, buf_str(&hex));
    redis_command_add_u64(&c.command, simulated);
    redis_command_add_u64(&c.command, REDIS_STORE_VERSION);
    enum err e = script_run(s->redis, s->shard.slot, &c, &s->wait, &reply, msg);
    script_call_done(&c);
    buf_done(&hex);
    if (e)
        return e;
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer != 1)
        e = err_set(msg, ERR_EXISTS, "there is a store under %s already", s->shard.keys[KEY_STATE]);
    freeReplyObject(reply);
    return e;
}

enum { FIELD_VERSION, FIELD_INCARNATION, FIELD_SIMULATED, FIELD_LAST, FIELD_SEAL, FIELD_BYTES, FIELD_N };

static enum err take_state(struct redis_store *s, const redisReply *r, struct errmsg *msg)
{
    uint64_t version, simulated;
    redisReply *const *f = r->element;
    if (r->elements == FIELD_N && f[FIELD_VERSION]->type == REDIS_REPLY_NIL)
        return err_set(msg, ERR_ABSENT, "there is no store under %s", s->shard.keys[KEY_STATE]);
    if (r->elements != FIELD_N || !redis_text_u64(f[FIELD_VERSION], &version))
        return err_set(msg, ERR_DAMAGED, "%s is not what was written", s->shard.keys[KEY_STATE]);
    if (version > REDIS_STORE_VERSION)
        return err_set(msg, ERR_VERSION, "%s has version %" PRIu64 ": this program knows up to %d",
                       s->shard.keys[KEY_STATE], version, REDIS_STORE_VERSION);
    if (!redis_text_u64(f[FIELD_SIMULATED], &simulated) || !redis_text_u64(f[FIELD_LAST], &s->seal.seq) ||
        !redis_text_seal(f[FIELD_SEAL], s->seal.hash) || !redis_text_u64(f[FIELD_BYTES], &s->bytes) ||
        f[FIELD_INCARNATION]->type != REDIS_REPLY_STRING || f[FIELD_INCARNATION]->len != sizeof s->incarnation - 1)
        return err_set(msg, ERR_DAMAGED, "%s is not what was written", s->shard.keys[KEY_STATE]);
    memcpy(s->incarnation, f[FIELD_INCARNATION]->str, sizeof s->incarnation);
    s->simulated = simulated;
    return ERR_OK;
}

static enum err load_state(struct redis_store *s, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "HMGET", s->shard.keys[KEY_STATE], "version", "incarnation", "simulated", "last", "seal",
                      "bytes", NULL);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    e = take_state(s, reply, msg);
    freeReplyObject(reply);
    return e;
}

/* The chain goes through the checkpoint's seal, or it was taken of another log. */
static enum err check_seal(struct redis_store *s, const struct seal *from, struct errmsg *msg)
{
    char id[32];
    struct redis_command c = {.n = 0};
    redisReply *reply;
    unsigned char hash[SEAL_HASH];
    snprintf(id, sizeof id, "%" PRIu64 "-0", from->seq);
    redis_command_set(&c, "XRANGE", s->shard.keys[KEY_LOG], id, id, NULL);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    const redisReply *entry = reply->elements == 1 ? reply->element[0] : NULL;
    const redisReply *fields = entry && entry->elements == 2 ? entry->element[1] : NULL;
    if (!fields || fields->elements != 4 || !redis_text_seal(fields->element[3], hash))
        e = err_set(msg, ERR_DAMAGED, "the log has no seal at event %" PRIu64 ", where the checkpoint was taken",
                    from->seq);
    else if (memcmp(hash, from->hash, SEAL_HASH) != 0)
        e = err_set(msg, ERR_DAMAGED, "the checkpoint was taken of another log");
    freeReplyObject(reply);
    return e;
}

static enum err open_to_write(struct redis_store *s, const struct store_options *o, struct errmsg *msg)
{
    enum err e = load_state(s, msg); /* before a lease is taken on what is no store */
    if (!e && o->simulated != s->simulated)
        e = err_set(msg, ERR_INVALID, "the store under %s is %s simulated clock", s->shard.keys[KEY_STATE],
                    s->simulated ? "one of a" : "not one of a");
    if (!e && !bell_init(&s->bell))
        e = err_set(msg, ERR_IO, "cannot make an eventfd");
    if (!e)
        e = redis_lease_take(&s->lease, &s->shard, &s->wait, o->lease_ms, msg);
    if (!e)
        e = load_state(s, msg); /* what the holder before has written */
    if (!e && o->seal && o->seal->seq)
        e = check_seal(s, o->seal, msg);
    s->commit_redis = redis_new(&s->shard.settings);
    s->checkpoint_redis = redis_new(&s->shard.settings);
    return e;
}

static enum err redis_open(const char *uri, enum store_mode mode, const struct store_options *o, struct store **out,
                           struct store_opened *opened, struct errmsg *msg)
{
    (void)opened; /* a commit is whole or not there: nothing is ever torn */
    struct redis_store *s = new_store();
    s->wait.ms = WAIT_MS;
    enum err e = redis_shard_parse(uri, &s->shard, msg);
    if (!e)
        s->redis = redis_new(&s->shard.settings);
    if (!e && mode == STORE_INIT)
        e = make(s, o->simulated, msg);
    if (!e)
        e = mode == STORE_READ ? load_state(s, msg) : open_to_write(s, o, msg);
    if (e)
        redis_close(&s->base);
    else
        *out = &s->base;
    return e;
}

static void redis_close(struct store *store)
{
    struct redis_store *s = redis_of(store);
    worker_done(&s->committer);
    worker_done(&s->checkpointer);
    redis_lease_done(&s->lease);
    redis_free(s->redis);
    redis_free(s->commit_redis);
    redis_free(s->checkpoint_redis);
    script_call_done(&s->commit_call);
    script_call_done(&s->checkpoint_call);
    seal_hasher_free(s->hasher);
    buf_done(&s->values);
    pthread_mutex_destroy(&s->guard);
    bell_done(&s->bell);
    free(s);
}

/* --- the rest of the table --- */

/* Opened for reading, the end is where the writer has got to. */
static void look_at_end(struct redis_store *s)
{
    struct errmsg ignored;
    struct redis_store now = {.shard = s->shard, .redis = s->redis};
    if (load_state(&now, &ignored) != ERR_OK)
        return;
    pthread_mutex_lock(&s->guard);
    s->seal = now.seal;
    s->bytes = now.bytes;
    pthread_mutex_unlock(&s->guard);
}

static void redis_info(const struct store *store, struct store_info *out)
{
    struct redis_store *s = redis_of(store);
    memset(out, 0, sizeof *out);
    memcpy(out->incarnation, s->incarnation, sizeof out->incarnation);
    out->simulated = s->simulated;
    if (store->mode == STORE_READ)
        look_at_end(s);
    pthread_mutex_lock(&s->guard);
    out->durable = s->seal.seq;
    out->seal = s->seal;
    out->log_bytes = out->disk_bytes = s->bytes;
    pthread_mutex_unlock(&s->guard);
}

static int redis_fd(const struct store *store)
{
    return redis_of(store)->bell.fd;
}

static const char *redis_delivery_folder(const struct store *store)
{
    (void)store;
    return NULL;
}

static enum err redis_where(const struct store *store, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct store_info info;
    redis_info(store, &info);
    if (seq == 0 || seq > info.durable)
        return err_set(msg, ERR_ABSENT, "there is no event %" PRIu64, seq);
    buf_printf(out, "%s entry %" PRIu64 "-0", s->shard.keys[KEY_LOG], seq);
    return ERR_OK;
}

static enum err redis_stamp(struct store *store, struct buf *out, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "HGET", s->shard.keys[KEY_STATE], "stamp", NULL);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_STRING, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    buf_add(out, reply->str, reply->len);
    freeReplyObject(reply);
    return ERR_OK;
}

const struct backend backend_redis = {
    .scheme = "redis",
    .whole_uri = true,
    .open = redis_open,
    .close = redis_close,
    .info = redis_info,
    .commit = redis_store_commit,
    .commit_poll = redis_store_commit_poll,
    .fd = redis_fd,
    .delivery_folder = redis_delivery_folder,
    .get = redis_store_get,
    .where = redis_where,
    .contact = redis_store_contact,
    .unit_contact = redis_store_unit_contact,
    .key_find = redis_store_key_find,
    .stamp = redis_stamp,
    .reader_open = redis_reader_open,
    .reader_next = redis_reader_next,
    .reader_seal = redis_reader_seal,
    .reader_close = redis_reader_close,
    .checkpoint_begin = redis_checkpoint_begin,
    .checkpoint_slice = redis_checkpoint_slice,
    .checkpoint_poll = redis_checkpoint_poll,
    .checkpoint_finish = redis_checkpoint_finish,
    .checkpoint_abort = redis_checkpoint_abort,
    .checkpoint_open = redis_checkpoint_open,
    .checkpoint_next = redis_checkpoint_next,
    .checkpoint_close = redis_checkpoint_close,
};
