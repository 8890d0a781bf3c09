/* A store in Redis: opening and closing it, and its tables of functions. */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/log/segment.h"
#include "store/redis/moved.h"
#include "store/redis/safety.h"

/* A quarter of a dir store's: of what is not moved away yet, the segment that is being written is the most, and it
 * stands in Redis' memory. */
#define REDIS_SEGMENT_DEFAULT ((uint64_t)8 << 20)

/* store_info() of a store that somebody else writes: so long it may take to hear where the log ends, and for so long
 * it does not ask again after nobody answered. */
#define INFO_PATIENCE_MS 1000

static void redis_close(struct store *store);

/* --- opening --- */

static struct redis_store *new_store(void)
{
    struct redis_store *s = mem_zalloc(1, sizeof *s);
    s->bell.fd = -1;
    pthread_mutex_init(&s->guard, NULL);
    pthread_mutex_init(&s->moved_lock, NULL);
    pthread_mutex_init(&s->info_lock, NULL);
    worker_init(&s->committer, &s->bell);
    worker_init(&s->checkpointer, &s->bell);
    worker_init(&s->mover, &s->bell);
    packer_init(&s->packing.packer, &s->bell);
    s->packing.log_folder = -1;
    s->packing.plain = true; /* some may be left from the owner before */
    s->hasher = seal_hasher_new();
    return s;
}

static enum err load_state(struct redis_store *s, struct errmsg *msg)
{
    struct redis_state state;
    enum err e = redis_state_read(s->redis, &s->shard, &state, msg);
    if (e)
        return e;
    memcpy(s->incarnation, state.incarnation, sizeof s->incarnation);
    s->simulated = state.simulated;
    s->taken = state.taken;
    s->end = state.end;
    if (s->base.mode == STORE_READ && state.done < s->end.seal.seq)
        s->end.seal = (struct seal){.seq = state.done};
    return ERR_OK;
}

/* The chain goes through the checkpoint's seal, or it was taken of another log. */
static enum err check_seal(struct redis_store *s, const struct seal *from, struct errmsg *msg)
{
    struct store_reader *r;
    struct seal found;
    struct str line;
    uint64_t seq;
    enum err e = redis_reader_open(&s->base, from->seq - 1, &r, msg);
    if (!e)
        e = redis_reader_next(r, &seq, &line, msg);
    if (e == ERR_END || (!e && redis_reader_seal(r, &found) != ERR_OK))
        e = err_set(msg, ERR_DAMAGED, "the log has no seal at event %" PRIu64 ", where the checkpoint was taken",
                    from->seq);
    else if (!e && memcmp(&found, from, sizeof found) != 0)
        e = err_set(msg, ERR_DAMAGED, "the checkpoint was taken of another log");
    redis_reader_close(r);
    return e;
}

/* Reads it all, from the checkpoint on: the reader holds every commit against its seal. */
static enum err verify(struct redis_store *s, const struct store_options *o, struct errmsg *msg)
{
    struct store_reader *r;
    struct str line;
    uint64_t seq, from = o->seal ? o->seal->seq : 0;
    struct seal end;
    enum err e = redis_reader_open(&s->base, from, &r, msg);
    while (!e)
        e = redis_reader_next(r, &seq, &line, msg);
    if (e == ERR_END)
        e = ERR_OK;
    if (!e && s->end.seal.seq > from &&
        (redis_reader_seal(r, &end) != ERR_OK || memcmp(&end, &s->end.seal, sizeof end) != 0))
        e = err_set(msg, ERR_DAMAGED, "the log does not end in the seal that %s has", s->shard.keys[KEY_STATE]);
    redis_reader_close(r);
    return e;
}

static enum err check_options(const struct redis_store *s, const struct store_options *o, struct errmsg *msg)
{
    if (o->segment_bytes > SEGMENT_MAX)
        return err_set(msg, ERR_INVALID, "a segment of %" PRIu64 " bytes: at most %" PRIu64, o->segment_bytes,
                       SEGMENT_MAX);
    if (o->simulated != s->simulated)
        return err_set(msg, ERR_INVALID, "the store under %s is %s simulated clock", s->shard.keys[KEY_STATE],
                       s->simulated ? "one of a" : "not one of a");
    return ERR_OK;
}

static enum err open_to_write(struct redis_store *s, const struct store_options *o, struct errmsg *msg)
{
    enum err e = load_state(s, msg); /* before a lease is taken on what is no store */
    if (!e)
        e = check_options(s, o, msg);
    if (!e && !bell_init(&s->bell))
        e = err_set(msg, ERR_IO, "cannot make an eventfd");
    if (!e)
        e = redis_lease_take(&s->lease, &s->shard, &s->wait, o->lease_ms, msg);
    if (!e)
        e = load_state(s, msg); /* what the holder before has written; the replicas have it, too */
    if (e)
        return e;
    redis_lease_tell(&s->lease, s->end.seal.seq, 0);
    s->limit = o->segment_bytes ? o->segment_bytes : REDIS_SEGMENT_DEFAULT;
    s->commit_redis = redis_new(&s->shard.settings);
    s->checkpoint_redis = redis_new(&s->shard.settings);
    s->mover_redis = redis_new(&s->shard.settings);
    return ERR_OK;
}

/* Behind the rest: the log is all there. */
static enum err look_through(struct redis_store *s, enum store_mode mode, const struct store_options *o,
                             struct errmsg *msg)
{
    enum err e = moved_check(s, msg);
    if (e || mode == STORE_READ)
        return e;
    if (o->seal && o->seal->seq)
        e = check_seal(s, o->seal, msg);
    return e || o->verify_later ? e : verify(s, o, msg);
}

static void take_options(struct redis_store *s, const struct store_options *o)
{
    struct redis_settings hasty = s->shard.settings;
    hasty.timeout_ms = hasty.patience_ms = INFO_PATIENCE_MS;
    s->wait = (struct redis_wait){.replicas = o->replicas, .ms = REDIS_WAIT_MS};
    s->moved = o->moved ? moved_path(o->moved, s->shard.name) : NULL;
    s->redis = redis_new(&s->shard.settings);
    s->info_redis = redis_new(&hasty);
}

/* A failover or a restart is waited out before anybody is looked at more closely. */
static enum err await_server(struct redis_store *s, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "EXISTS", s->shard.keys[KEY_STATE], NULL);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_INTEGER, &reply, msg);
    redis_command_done(&c);
    if (!e)
        freeReplyObject(reply);
    return e;
}

static enum err redis_open(const char *uri, enum store_mode mode, const struct store_options *o, struct store **out,
                           struct store_opened *opened, struct errmsg *msg)
{
    (void)opened; /* a commit is whole or not there: nothing is ever torn */
    struct redis_store *s = new_store();
    s->base.mode = mode;
    enum err e = redis_shard_parse(uri, o, &s->shard, msg);
    if (!e)
        take_options(s, o);
    if (!e && mode != STORE_READ)
        e = await_server(s, msg);
    if (!e && mode != STORE_READ)
        e = redis_safety_check(s->redis, &s->shard, o, msg);
    if (!e && mode == STORE_INIT)
        e = redis_state_make(s->redis, &s->shard, o, msg);
    if (!e)
        e = mode == STORE_READ ? load_state(s, msg) : open_to_write(s, o, msg);
    if (!e)
        e = look_through(s, mode, o, msg);
    if (e)
        redis_close(&s->base);
    else
        *out = &s->base;
    return e;
}

static void redis_close(struct store *store)
{
    struct redis_store *s = redis_of(store);
    atomic_store(&s->closing, true);
    worker_done(&s->committer);
    worker_done(&s->checkpointer);
    worker_done(&s->mover);
    redis_packing_done(s);
    redis_lease_done(&s->lease);
    struct redis *clients[] = {s->redis, s->info_redis, s->commit_redis, s->checkpoint_redis, s->mover_redis};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        redis_free(clients[i]);
    script_call_done(&s->commit_call);
    script_call_done(&s->checkpoint_call);
    seal_hasher_free(s->hasher);
    buf_done(&s->values);
    ring_block_release(s->job.said);
    ring_done(&s->ring);
    moved_release(s->view);
    free(s->moved);
    pthread_mutex_destroy(&s->guard);
    pthread_mutex_destroy(&s->moved_lock);
    pthread_mutex_destroy(&s->info_lock);
    bell_done(&s->bell);
    redis_shard_done(&s->shard);
    free(s);
}

/* --- the rest of the table --- */

struct redis_end redis_end_of(const struct redis_store *store)
{
    struct redis_store *s = redis_of(&store->base);
    pthread_mutex_lock(&s->guard);
    struct redis_end end = s->end;
    pthread_mutex_unlock(&s->guard);
    return end;
}

/* Opened for reading, the end is where the writer has got to. Under info_lock. */
static void look_at_end(struct redis_store *s)
{
    struct errmsg ignored;
    struct redis_state now;
    if (clock_monotonic_ns() < s->info_after)
        return;
    if (redis_state_read(s->info_redis, &s->shard, &now, &ignored) != ERR_OK) {
        s->info_after = clock_monotonic_ns() + INFO_PATIENCE_MS * INT64_C(1000000);
        return;
    }
    if (now.done < now.end.seal.seq)
        now.end.seal = (struct seal){.seq = now.done};
    pthread_mutex_lock(&s->guard);
    s->end = now.end;
    pthread_mutex_unlock(&s->guard);
}

static void redis_info(const struct store *store, struct store_info *out)
{
    struct redis_store *s = redis_of(store);
    memset(out, 0, sizeof *out);
    memcpy(out->incarnation, s->incarnation, sizeof out->incarnation);
    out->simulated = s->simulated;
    out->taken = s->taken;
    if (store->mode == STORE_READ) {
        pthread_mutex_lock(&s->info_lock);
        look_at_end(s);
        pthread_mutex_unlock(&s->info_lock);
    }
    struct redis_end end = redis_end_of(s);
    out->durable = end.seal.seq;
    out->seal = end.seal;
    out->log_bytes = out->disk_bytes = end.log_bytes;
    out->n_segments = store->mode == STORE_READ ? 0 : end.n_segments;
    out->first = s->moved ? moved_first(s) : end.moved.seq + 1;
}

static bool redis_held(const struct store *store, int64_t ms)
{
    return store->mode != STORE_READ && redis_lease_held(&redis_of(store)->lease, ms);
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
    .where = redis_store_where,
    .held = redis_held,
    .streams = true,
    .tidy = redis_store_tidy,
    .contact = redis_store_contact,
    .unit_contact = redis_store_unit_contact,
    .key_find = redis_store_key_find,
    .stamp = redis_stamp,
    .each_contact = redis_store_each_contact,
    .each_key = redis_store_each_key,
    .set_segment = redis_store_set_segment,
    .set_taken = redis_store_set_taken,
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
