/* A store in Redis from inside: what its files share. One store is one shard: all of its keys have one hash tag, so
 * that they stand in one slot and move with it.
 *
 *   {PREFIX/SHARD}:state       hash: version, incarnation, simulated; last, seal, bytes (the log's end); fence, token;
 *                              stamp; checkpoint, "checkpoint before" (their headers)
 *   {PREFIX/SHARD}:lease       string: who holds the shard; it expires
 *   {PREFIX/SHARD}:log         stream: NUMBER-0, e = the event's line, and on a commit's last one s = its seal's hash
 *   {PREFIX/SHARD}:contacts    hash: the beneficiary's number to the event's number, id, name, phone and by
 *   {PREFIX/SHARD}:units       hash: the unit's code to the same
 *   {PREFIX/SHARD}:keys        hash: an idempotency key to what was decided; :keys_at when, for forgetting
 *   {PREFIX/SHARD}:checkpoint  list of slices; :checkpoint:before, :checkpoint:new
 *
 * Threads as in dir.h. Each has a client of its own: the engine's thread, the committer, the checkpoint's worker, the
 * lease's keeper, every reader. */
#ifndef STORE_REDIS_INSIDE_H
#define STORE_REDIS_INSIDE_H

#include <pthread.h>

#include "redis/client.h"
#include "store/backend.h"
#include "store/redis/script.h"
#include "store/seal.h"
#include "store/worker.h"

#define REDIS_STORE_VERSION 1

enum redis_key {
    KEY_STATE,
    KEY_LEASE,
    KEY_LOG,
    KEY_CONTACTS,
    KEY_UNITS,
    KEY_KEYS,
    KEY_KEYS_AT,
    KEY_CHECKPOINT,
    KEY_CHECKPOINT_BEFORE,
    KEY_CHECKPOINT_NEW,
    KEY_N
};

/* Where a shard is. */
struct redis_shard {
    struct redis_settings settings;
    unsigned slot;
    char keys[KEY_N][128];
};

/* An address (redis/address.h), and the shard behind a "#": shard 0 without one. */
enum err redis_shard_parse(const char *uri, struct redis_shard *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Keeps the lease by a thread of its own. */
struct redis_lease {
    const struct redis_shard *shard;
    struct redis_wait wait;
    int64_t ttl_ms;
    char holder[80], fence[128];
    _Atomic bool lost; /* another has taken it */
    struct redis *redis;   /* the keeper's */
    pthread_t keeper;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running, stop; /* under lock */
};

/* ttl_ms 0: the default. Whoever holds it may have died: it is waited for, for as long as a lease lasts. ERR_LOCKED
 * names the holder. */
enum err redis_lease_take(struct redis_lease *l, const struct redis_shard *shard, const struct redis_wait *wait,
                          int64_t ttl_ms, struct errmsg *msg) ERR_MUSTCHECK;
/* Gives it back. */
void redis_lease_done(struct redis_lease *l);

struct redis_commit_job {
    struct commit commit;
    struct seal seal;
    enum err result;
    struct errmsg msg;
};

struct redis_checkpoint_job {
    bool open, finishing;
    uint64_t slices;
    struct str slice;
    struct seal seal;
    enum err result;
    struct errmsg msg;
};

struct redis_store {
    struct store base;
    struct redis_shard shard;
    struct redis_wait wait;
    struct redis_lease lease;
    struct redis *redis; /* the engine's thread's */
    char incarnation[33];
    bool simulated;

    pthread_mutex_t guard; /* over seal and bytes: readers are on other threads */
    struct seal seal;
    uint64_t bytes;

    struct bell bell;
    struct worker committer, checkpointer;
    struct redis *commit_redis, *checkpoint_redis;
    struct script_call commit_call, checkpoint_call;
    struct seal_hasher *hasher;
    struct buf values; /* the committer's scratch */
    struct redis_commit_job job;
    struct redis_checkpoint_job checkpoint;
};

static inline struct redis_store *redis_of(const struct store *s)
{
    return (struct redis_store *)(uintptr_t)s;
}

/* One command in the shard's slot, its reply checked to be of that type. */
enum err redis_shard_ask(struct redis *r, const struct redis_shard *shard, const struct redis_command *c, int type,
                         redisReply **reply, struct errmsg *msg) ERR_MUSTCHECK;
static inline struct str redis_key(const struct redis_shard *shard, enum redis_key key)
{
    return str_of(shard->keys[key]);
}
/* The numbers of a reply's text; false: it is none. */
bool redis_text_u64(const redisReply *r, uint64_t *out);
bool redis_text_seal(const redisReply *r, unsigned char out[SEAL_HASH]);

/* commit.c */
enum err redis_store_commit(struct store *s, const struct commit *c, struct errmsg *msg);
enum err redis_store_commit_poll(struct store *s, bool wait, struct errmsg *msg);

/* rows.c: contacts and keys as values */
void redis_contact_write(struct buf *out, const struct contact_change *c);
void redis_key_write(struct buf *out, const struct key_row *row);
enum err redis_store_contact(struct store *s, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                             struct errmsg *msg);
enum err redis_store_unit_contact(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                                  struct errmsg *msg);
enum err redis_store_key_find(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                              struct errmsg *msg);

/* reader.c */
enum err redis_store_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);
enum err redis_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg);
enum err redis_reader_next(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg);
enum err redis_reader_seal(const struct store_reader *r, struct seal *out);
void redis_reader_close(struct store_reader *r);

/* checkpoint.c */
enum err redis_checkpoint_begin(struct store *s, struct errmsg *msg);
enum err redis_checkpoint_slice(struct store *s, struct str slice, struct errmsg *msg);
enum err redis_checkpoint_poll(struct store *s, bool wait, struct errmsg *msg);
enum err redis_checkpoint_finish(struct store *s, const struct seal *seal, struct errmsg *msg);
void redis_checkpoint_abort(struct store *s);
enum err redis_checkpoint_open(const char *uri, unsigned which, struct checkpoint_reader **out, struct seal *seal,
                               struct errmsg *msg);
enum err redis_checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg);
void redis_checkpoint_close(struct checkpoint_reader *r);

#endif
