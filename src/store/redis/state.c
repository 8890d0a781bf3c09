/* The shard's state: what it is, and where its log ends.
 *
 *   segment   "FIRST BYTES": the segment that is being written, and its text's size; "" at first
 *   segments  how many there are
 *   bytes     the text of all of them
 *   moved     "NUMBER SEAL": the last event that is in the archive folder and in the stream no more; "" at first
 *   taken     up to which event the log was taken over from others (struct store_info); absent: none */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "store/log/logline.h"

#define INCARNATION 32

static enum err choose_incarnation(const struct store_options *o, struct buf *out, struct errmsg *msg)
{
    unsigned char random[INCARNATION / 2];
    if (o->incarnation) {
        if (strlen(o->incarnation) != INCARNATION || !hex_parse(o->incarnation, random, sizeof random))
            return err_set(msg, ERR_INVALID, "an incarnation is %d hex digits", INCARNATION);
    } else if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return err_set(msg, ERR_IO, "cannot get random bytes");
    hex_add(out, random, sizeof random);
    return ERR_OK;
}

enum err redis_state_make(struct redis *r, const struct redis_shard *shard, const struct store_options *o,
                          struct errmsg *msg)
{
    struct redis_wait wait = {.replicas = o->replicas, .ms = REDIS_WAIT_MS};
    struct script_call c = {.command = {.n = 0}};
    struct buf hex = BUF_INIT;
    redisReply *reply;
    enum err e = choose_incarnation(o, &hex, msg);
    if (!e) {
        script_begin(&c, SCRIPT_INIT, 2);
        redis_command_add(&c.command, redis_key(shard, KEY_STATE));
        redis_command_add(&c.command, redis_key(shard, KEY_LEASE));
        redis_command_add(&c.command, buf_str(&hex));
        redis_command_add_u64(&c.command, o->simulated);
        redis_command_add_u64(&c.command, REDIS_STORE_VERSION);
        e = redis_shard_write(r, shard, &c, &wait, &reply, msg);
        script_call_done(&c);
    }
    buf_done(&hex);
    if (e)
        return e;
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer != 1)
        e = err_set(msg, ERR_EXISTS, "there is a store under %s already", shard->keys[KEY_STATE]);
    freeReplyObject(reply);
    return e;
}

/* --- reading it --- */

enum {
    FIELD_VERSION,
    FIELD_INCARNATION,
    FIELD_SIMULATED,
    FIELD_LAST,
    FIELD_SEAL,
    FIELD_BYTES,
    FIELD_SEGMENT,
    FIELD_SEGMENTS,
    FIELD_MOVED,
    FIELD_DONE,
    FIELD_TAKEN,
    FIELD_N
};

static bool read_segment(const redisReply *r, struct redis_end *end)
{
    int at = 0;
    if (r->type != REDIS_REPLY_STRING)
        return false;
    return r->len == 0 || (sscanf(r->str, "%" SCNu64 " %" SCNu64 "%n", &end->first, &end->bytes, &at) == 2 &&
                           (size_t)at == r->len);
}

static bool read_moved(const redisReply *r, struct seal *out)
{
    int at = 0;
    if (r->type != REDIS_REPLY_STRING)
        return false;
    return r->len == 0 || (sscanf(r->str, "%" SCNu64 " %n", &out->seq, &at) == 1 && at > 0 &&
                           r->len == (size_t)at + 2 * SEAL_HASH && hex_parse(r->str + at, out->hash, SEAL_HASH));
}

static bool read_fields(redisReply *const *f, struct redis_state *out)
{
    struct redis_end *end = &out->end;
    uint64_t simulated;
    if (f[FIELD_INCARNATION]->type != REDIS_REPLY_STRING || f[FIELD_INCARNATION]->len != INCARNATION)
        return false;
    if (!redis_text_u64(f[FIELD_SIMULATED], &simulated) || !redis_text_u64(f[FIELD_LAST], &end->seal.seq) ||
        !redis_text_seal(f[FIELD_SEAL], end->seal.hash) || !redis_text_u64(f[FIELD_BYTES], &end->log_bytes) ||
        !read_segment(f[FIELD_SEGMENT], end) || !redis_text_u64(f[FIELD_SEGMENTS], &end->n_segments) ||
        !read_moved(f[FIELD_MOVED], &end->moved) || !redis_text_u64(f[FIELD_DONE], &out->done) ||
        (f[FIELD_TAKEN]->type != REDIS_REPLY_NIL && !redis_text_u64(f[FIELD_TAKEN], &out->taken)))
        return false;
    memcpy(out->incarnation, f[FIELD_INCARNATION]->str, INCARNATION + 1);
    out->simulated = simulated;
    return true;
}

static enum err take_state(const struct redis_shard *shard, const redisReply *r, struct redis_state *out,
                           struct errmsg *msg)
{
    const char *key = shard->keys[KEY_STATE];
    uint64_t version;
    struct redis_state found = {.simulated = false};
    if (r->elements == FIELD_N && r->element[FIELD_VERSION]->type == REDIS_REPLY_NIL)
        return err_set(msg, ERR_ABSENT, "there is no store under %s", key);
    if (r->elements != FIELD_N || !redis_text_u64(r->element[FIELD_VERSION], &version))
        return err_set(msg, ERR_DAMAGED, "%s is not what was written", key);
    if (version != REDIS_STORE_VERSION)
        return err_set(msg, ERR_VERSION, "%s has version %" PRIu64 ": this program knows version %d", key, version,
                       REDIS_STORE_VERSION);
    if (!read_fields(r->element, &found))
        return err_set(msg, ERR_DAMAGED, "%s is not what was written", key);
    *out = found;
    return ERR_OK;
}

enum err redis_state_read(struct redis *r, const struct redis_shard *shard, struct redis_state *out,
                          struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "HMGET", shard->keys[KEY_STATE], "version", "incarnation", "simulated", "last", "seal",
                      "bytes", "segment", "segments", "moved", "done", "taken", NULL);
    enum err e = redis_shard_ask(r, shard, &c, REDIS_REPLY_ARRAY, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    e = take_state(shard, reply, out, msg);
    freeReplyObject(reply);
    return e;
}
