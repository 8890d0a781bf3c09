/* Checkpoints in Redis: a list of slices, each behind its checksum; the header, with the seal and the number of slices,
 * stands in the shard's state and says which list is whole. */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/crc32c.h"
#include "store/log/logline.h"

#define CRC_HEX 8

struct redis_checkpoint {
    struct checkpoint_reader base;
    struct redis_shard shard;
    struct redis *redis;
    enum redis_key key;
    uint64_t slices, next;
    redisReply *slice;
};

static const char *const fields[] = {"checkpoint", "checkpoint before"};
static const enum redis_key lists[] = {KEY_CHECKPOINT, KEY_CHECKPOINT_BEFORE};

/* --- writing --- */

static enum err in_progress(const struct redis_store *s, struct errmsg *msg)
{
    return s->checkpoint.open ? ERR_OK : err_set(msg, ERR_INVALID, "no checkpoint is being written");
}

enum err redis_checkpoint_begin(struct store *store, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    if (s->checkpoint.open)
        return err_set(msg, ERR_INVALID, "a checkpoint is being written already");
    s->checkpoint = (struct redis_checkpoint_job){.open = true};
    return ERR_OK;
}

static void run_slice(void *arg)
{
    struct redis_store *s = arg;
    struct redis_checkpoint_job *job = &s->checkpoint;
    struct script_call *c = &s->checkpoint_call;
    struct buf value = BUF_INIT;
    redisReply *reply;
    buf_printf(&value, "%08" PRIx32, crc32c((uint32_t)job->slices, job->slice.p, job->slice.n));
    buf_addstr(&value, job->slice);
    script_begin(c, SCRIPT_CHECKPOINT_SLICE, 2);
    redis_command_add(&c->command, redis_key(&s->shard, KEY_STATE));
    redis_command_add(&c->command, redis_key(&s->shard, KEY_CHECKPOINT_NEW));
    redis_command_add(&c->command, str_of(s->lease.fence));
    redis_command_add_u64(&c->command, job->slices);
    redis_command_add(&c->command, buf_str(&value));
    job->result = script_run(s->checkpoint_redis, s->shard.slot, c, NULL, &reply, &job->msg);
    if (!job->result)
        freeReplyObject(reply);
    buf_done(&value);
}

static void run_finish(void *arg)
{
    struct redis_store *s = arg;
    struct redis_checkpoint_job *job = &s->checkpoint;
    struct script_call *c = &s->checkpoint_call;
    struct buf header = BUF_INIT;
    redisReply *reply;
    buf_printf(&header, "%d %" PRIu64 " ", REDIS_STORE_VERSION, job->seal.seq);
    hex_add(&header, job->seal.hash, SEAL_HASH);
    buf_printf(&header, " %" PRIu64, job->slices);
    script_begin(c, SCRIPT_CHECKPOINT_FINISH, 4);
    redis_command_add(&c->command, redis_key(&s->shard, KEY_STATE));
    redis_command_add(&c->command, redis_key(&s->shard, KEY_CHECKPOINT_NEW));
    redis_command_add(&c->command, redis_key(&s->shard, KEY_CHECKPOINT));
    redis_command_add(&c->command, redis_key(&s->shard, KEY_CHECKPOINT_BEFORE));
    redis_command_add(&c->command, str_of(s->lease.fence));
    redis_command_add(&c->command, buf_str(&header));
    job->result = redis_shard_write(s->checkpoint_redis, &s->shard, c, &s->wait, &reply, &job->msg);
    if (!job->result)
        freeReplyObject(reply);
    buf_done(&header);
}

enum err redis_checkpoint_slice(struct store *store, struct str slice, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    enum err e = in_progress(s, msg);
    if (e)
        return e;
    s->checkpoint.slice = slice;
    if (!worker_give(&s->checkpointer, run_slice, s))
        return err_set(msg, ERR_IO, "cannot start a thread for checkpoints");
    return ERR_MORE;
}

enum err redis_checkpoint_finish(struct store *store, const struct seal *seal, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    enum err e = in_progress(s, msg);
    if (e)
        return e;
    s->checkpoint.seal = *seal;
    s->checkpoint.finishing = true;
    if (!worker_give(&s->checkpointer, run_finish, s))
        return err_set(msg, ERR_IO, "cannot start a thread for checkpoints");
    return ERR_MORE;
}

enum err redis_checkpoint_poll(struct store *store, bool wait, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    struct redis_checkpoint_job *job = &s->checkpoint;
    if (s->checkpointer.state == WORKER_IDLE)
        return ERR_OK;
    if (!worker_collect(&s->checkpointer, wait))
        return ERR_MORE;
    job->slices++;
    if (job->result || job->finishing)
        job->open = false;
    return job->result ? err_set(msg, job->result, "%s", job->msg.text) : ERR_OK;
}

void redis_checkpoint_abort(struct store *store)
{
    struct redis_store *s = redis_of(store);
    struct errmsg ignored;
    (void)!redis_checkpoint_poll(store, true, &ignored);
    s->checkpoint.open = false;
}

/* --- reading --- */

static enum err ask(struct redis_checkpoint *c, const struct redis_command *command, redisReply **reply,
                    struct errmsg *msg)
{
    return redis_shard_ask(c->redis, &c->shard, command, REDIS_REPLY_STRING, reply, msg);
}

static enum err read_header(struct redis_checkpoint *c, unsigned which, struct seal *seal, struct errmsg *msg)
{
    struct redis_command get = {.n = 0};
    redisReply *reply;
    char hash[2 * SEAL_HASH + 1];
    int version, end = 0;
    redis_command_set(&get, "HGET", c->shard.keys[KEY_STATE], fields[which], NULL);
    enum err e = ask(c, &get, &reply, msg);
    redis_command_done(&get);
    if (e)
        return e == ERR_ABSENT ? err_set(msg, e, "there is no such checkpoint") : e;
    struct seal found;
    int got =
        sscanf(reply->str, "%d %" SCNu64 " %64[0-9a-f] %" SCNu64 "%n", &version, &found.seq, hash, &c->slices, &end);
    if (got != 4 || (size_t)end != reply->len || strlen(hash) != 2 * SEAL_HASH ||
        !hex_parse(hash, found.hash, SEAL_HASH))
        e = err_set(msg, ERR_DAMAGED, "%s: its \"%s\" is not what was written", c->shard.keys[KEY_STATE],
                    fields[which]);
    else if (version > REDIS_STORE_VERSION)
        e = err_set(msg, ERR_VERSION, "the checkpoint was written by a later version");
    else
        *seal = found;
    freeReplyObject(reply);
    return e;
}

enum err redis_checkpoint_open(const char *uri, const struct store_options *o, unsigned which,
                               struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg)
{
    if (which >= sizeof lists / sizeof *lists)
        return err_set(msg, ERR_ABSENT, "there are two checkpoints at most");
    struct redis_checkpoint *c = mem_zalloc(1, sizeof *c);
    c->key = lists[which];
    enum err e = redis_shard_parse(uri, o, &c->shard, msg);
    if (!e) {
        c->redis = redis_new(&c->shard.settings);
        e = read_header(c, which, seal, msg);
    }
    if (e)
        redis_checkpoint_close(&c->base);
    else
        *out = &c->base;
    return e;
}

enum err redis_checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg)
{
    struct redis_checkpoint *c = (struct redis_checkpoint *)r;
    struct redis_command get = {.n = 0};
    unsigned crc;
    if (c->slice)
        freeReplyObject(c->slice);
    c->slice = NULL;
    if (c->next == c->slices)
        return ERR_END;
    redis_command_set(&get, "LINDEX", c->shard.keys[c->key], NULL);
    redis_command_add_u64(&get, c->next);
    enum err e = ask(c, &get, &c->slice, msg);
    redis_command_done(&get);
    if (e && e != ERR_ABSENT)
        return e;
    if (e || c->slice->len < CRC_HEX || sscanf(c->slice->str, "%8x", &crc) != 1 ||
        crc32c((uint32_t)c->next, c->slice->str + CRC_HEX, c->slice->len - CRC_HEX) != crc)
        return err_set(msg, ERR_DAMAGED, "%s: slice %" PRIu64 " is not what was written", c->shard.keys[c->key],
                       c->next);
    c->next++;
    *slice = (struct str){c->slice->str + CRC_HEX, c->slice->len - CRC_HEX};
    return ERR_OK;
}

void redis_checkpoint_close(struct checkpoint_reader *r)
{
    struct redis_checkpoint *c = (struct redis_checkpoint *)r;
    if (c->slice)
        freeReplyObject(c->slice);
    redis_free(c->redis);
    redis_shard_done(&c->shard);
    free(c);
}
