/* A store in Redis from inside: what its files share. One store is one shard: all of its keys have one hash tag, so
 * that they stand in one slot and move with it.
 *
 *   {PREFIX/SHARD}:state       hash: version, incarnation, simulated; last, seal, bytes (the log's end), segment and
 *                              segments (state.c); done (the last event that is durable, also on the replicas); moved
 *                              (what the stream has no more); fence, token; commit; partial; stamp; checkpoint,
 *                              "checkpoint before" (their headers)
 *   {PREFIX/SHARD}:lease       string: who holds the shard; it expires
 *   {PREFIX/SHARD}:log         stream: NUMBER-0, e = the event's line; on a commit's last one s = its seal's hash; on a
 *                              segment's first one, before e, p = the hash of the seal before
 *   {PREFIX/SHARD}:contacts    hash: the beneficiary's number to the event's number, id, name, phone and by
 *   {PREFIX/SHARD}:units       hash: the unit's code to the same
 *   {PREFIX/SHARD}:keys        hash: an idempotency key to what was decided; :keys_at when, for forgetting
 *   {PREFIX/SHARD}:checkpoint  list of slices; :checkpoint:before, :checkpoint:new
 *   {PREFIX/SHARD}:delivery    the delivery state, with :delivery:snapshot and :delivery:new (delivery.h)
 *   {PREFIX/SHARD}:in, ...     streams.h
 *   {PREFIX/SHARD}:added:...   string: what a writer of streams added last; gone after ten minutes
 *
 * Threads as in dir.h. Each has a client of its own: the engine's thread, the committer, the checkpoint's worker, the
 * lease's keeper, the mover, every reader; store_info() on a store that was opened for reading has one under a lock. */
#ifndef STORE_REDIS_INSIDE_H
#define STORE_REDIS_INSIDE_H

#include <pthread.h>

#include "redis/client.h"
#include "store/backend.h"
#include "store/dir/worker.h"
#include "store/log/seal.h"
#include "store/packed/packer.h"
#include "store/redis/ring.h"
#include "store/redis/script.h"

#define REDIS_STORE_VERSION 2
#define REDIS_WAIT_MS 3000 /* for the replicas, at a time: below the time-out of a reply */

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
    KEY_DELIVERY,
    KEY_DELIVERY_SNAPSHOT,
    KEY_DELIVERY_NEW,
    KEY_N
};

/* Where a shard is. */
struct redis_shard {
    struct redis_settings settings;
    char *password; /* what settings.password points to */
    unsigned slot;
    char name[16]; /* "3" */
    char tag[96];  /* "{PREFIX/3}:" */
    char keys[KEY_N][128];
};

/* An address (redis/address.h), and the shard behind a "#": shard 0 without one. */
enum err redis_shard_parse(const char *uri, const struct store_options *o, struct redis_shard *out,
                           struct errmsg *msg) ERR_MUSTCHECK;
void redis_shard_done(struct redis_shard *shard);

/* Where the log ends, and where the stream begins. */
struct redis_end {
    struct seal seal;      /* the last one */
    uint64_t log_bytes;    /* the text of all segments */
    uint64_t first, bytes; /* of the segment that is being written; first 0: there is none yet */
    uint64_t n_segments;
    struct seal moved; /* the last event that was moved out of the stream */
};

struct redis_state {
    char incarnation[33];
    bool simulated;
    uint64_t done; /* the last event that is durable; no later one is shown to anybody but the owner */
    uint64_t taken; /* as in struct store_info */
    struct redis_end end;
};

/* ERR_ABSENT: there is no store. ERR_VERSION, ERR_DAMAGED. */
enum err redis_state_read(struct redis *r, const struct redis_shard *shard, struct redis_state *out,
                          struct errmsg *msg) ERR_MUSTCHECK;
/* Makes it. ERR_EXISTS: there is one, unless it is empty and has the incarnation that is asked for. */
enum err redis_state_make(struct redis *r, const struct redis_shard *shard, const struct store_options *o,
                          struct errmsg *msg) ERR_MUSTCHECK;

/* Keeps the lease by a thread of its own, and tells those who only read how far the log is durable. */
struct redis_lease {
    const struct redis_shard *shard;
    struct redis_wait wait;
    int64_t ttl_ms;
    char holder[80], fence[128];
    _Atomic bool lost;          /* another has taken it */
    _Atomic int64_t held_until; /* boot clock: nobody else can have it before; 0: that is not known */
    struct redis *redis;        /* the keeper's */
    pthread_t keeper;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running, stop;  /* under lock */
    uint64_t done, told; /* under lock: what is durable, and what of it readers know */
};

/* ttl_ms 0: the default. Whoever holds it may have died: it is waited for, for as long as a lease lasts. ERR_LOCKED
 * names the holder. */
enum err redis_lease_take(struct redis_lease *l, const struct redis_shard *shard, const struct redis_wait *wait,
                          int64_t ttl_ms, struct errmsg *msg) ERR_MUSTCHECK;
/* Gives it back. */
void redis_lease_done(struct redis_lease *l);
bool redis_lease_held(const struct redis_lease *l, int64_t ms);
/* Everything up to done is durable, and those who only read know it up to told: unless another commit tells them more,
 * they hear of it soon. */
void redis_lease_tell(struct redis_lease *l, uint64_t done, uint64_t told);

struct redis_commit_job {
    struct commit commit;
    struct redis_end before, end; /* where the log ends before it, and after it */
    bool begins;                  /* a segment */
    struct ring_block *said;      /* its lines; NULL: none */
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

struct redis_mover_job { /* move.c */
    struct seal before; /* the segment behind it is moved */
    uint64_t open;      /* the first event of the one that is being written */
    bool busy;
    int64_t after; /* monotonic: none is begun before */
    enum err result;
    struct errmsg msg;
};

struct redis_packing { /* tidy.c */
    struct packer packer;
    int log_folder; /* where it works; -1: it does not */
    bool plain;     /* there may be files that are not compressed */
    int64_t after;  /* monotonic: none is begun before */
};

struct redis_store {
    struct store base;
    struct redis_shard shard;
    struct redis_wait wait;
    struct redis_lease lease;
    struct redis *redis; /* the engine's thread's */
    char incarnation[33];
    bool simulated;
    uint64_t taken; /* as in struct store_info */
    uint64_t limit; /* a segment larger than this is closed */

    pthread_mutex_t guard; /* over end and ring: readers are on other threads */
    struct redis_end end;
    struct ring ring;

    char *moved; /* the shard's folder (moved.h); NULL: none */
    pthread_mutex_t moved_lock;
    struct moved_view *view; /* under moved_lock: the folder as it was read last */

    pthread_mutex_t info_lock; /* STORE_READ: over what follows, and over asking for `end` */
    struct redis *info_redis;
    int64_t info_after; /* monotonic: it is not asked before */

    struct bell bell;
    struct worker committer, checkpointer, mover;
    struct redis *commit_redis, *checkpoint_redis, *mover_redis;
    struct script_call commit_call, checkpoint_call;
    uint64_t commits; /* of this owner */
    struct seal_hasher *hasher;
    struct buf values; /* the committer's scratch */
    struct redis_commit_job job;
    struct redis_checkpoint_job checkpoint;
    struct redis_mover_job move;
    _Atomic bool closing; /* the mover gives up what it has not finished */
    struct redis_packing packing;
};

static inline struct redis_store *redis_of(const struct store *s)
{
    return (struct redis_store *)(uintptr_t)s;
}

/* One command in the shard's slot, its reply checked to be of that type. */
enum err redis_shard_ask(struct redis *r, const struct redis_shard *shard, const struct redis_command *c, int type,
                         redisReply **reply, struct errmsg *msg) ERR_MUSTCHECK;
/* Calls a script, and calls it again while too few replicas have what it wrote: for as long as a client has patience.
 * So it must know its own repetition, and write something then, too. */
enum err redis_shard_write(struct redis *r, const struct redis_shard *shard, struct script_call *c,
                           const struct redis_wait *wait, redisReply **reply, struct errmsg *msg) ERR_MUSTCHECK;
static inline struct str redis_key(const struct redis_shard *shard, enum redis_key key)
{
    return str_of(shard->keys[key]);
}
/* The numbers of a reply's text; false: it is none. */
bool redis_text_u64(const redisReply *r, uint64_t *out);
bool redis_text_seal(const redisReply *r, unsigned char out[SEAL_HASH]);
void redis_command_add_hash(struct redis_command *c, const unsigned char hash[SEAL_HASH]);

/* The end of the log as the owner has it in memory, or as it was last asked for. */
struct redis_end redis_end_of(const struct redis_store *s);

/* commit.c */
enum err redis_store_commit(struct store *s, const struct commit *c, struct errmsg *msg);
enum err redis_store_commit_poll(struct store *s, bool wait, struct errmsg *msg);

/* rows.c: contacts and keys as values */
void redis_contact_write(struct buf *out, const struct contact_change *c);
void redis_key_write(struct buf *out, const struct key_row *row);
/* Strings with escapes go to text, the others stay in value. Not the number. false: it is not what was written. */
bool redis_contact_read(struct str value, struct buf *text, struct contact_change *out);
/* Not the key. */
bool redis_key_read(const redisReply *r, struct key_row *out);
enum err redis_store_contact(struct store *s, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                             struct errmsg *msg);
enum err redis_store_unit_contact(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                                  struct errmsg *msg);
enum err redis_store_key_find(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                              struct errmsg *msg);

/* range.c: pieces of the stream */
#define RANGE_PAGE 4000 /* events asked for at a time: some 1.2 MB */

struct redis_entry {
    uint64_t seq;
    struct str line;
    bool begins, sealed;                 /* a segment begins, a commit ends with it */
    unsigned char before[SEAL_HASH];     /* begins: the seal before it */
    unsigned char hash[SEAL_HASH];       /* sealed: its seal's */
};
enum err redis_range(struct redis *r, const struct redis_shard *shard, uint64_t from, uint64_t to, redisReply **page,
                     struct errmsg *msg) ERR_MUSTCHECK;
bool redis_entry_read(const redisReply *entry, struct redis_entry *out);

/* get.c */
enum err redis_store_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);
enum err redis_store_where(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);

/* each.c */
enum err redis_store_each_contact(struct store *s, contact_each_fn *each, void *arg, struct errmsg *msg);
enum err redis_store_each_key(struct store *s, key_each_fn *each, void *arg, struct errmsg *msg);
void redis_store_set_segment(struct store *s, uint64_t bytes);
enum err redis_store_set_taken(struct store *s, uint64_t taken, struct errmsg *msg);

/* reader.c */
enum err redis_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg);
enum err redis_reader_next(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg);
enum err redis_reader_seal(const struct store_reader *r, struct seal *out);
void redis_reader_close(struct store_reader *r);

/* move.c: one closed segment after the other */
enum err redis_move_on(struct redis_store *s, struct errmsg *msg) ERR_MUSTCHECK;

/* tidy.c */
enum err redis_store_tidy(struct store *s, bool compress, struct errmsg *msg);
void redis_packing_done(struct redis_store *s);

/* checkpoint.c */
enum err redis_checkpoint_begin(struct store *s, struct errmsg *msg);
enum err redis_checkpoint_slice(struct store *s, struct str slice, struct errmsg *msg);
enum err redis_checkpoint_poll(struct store *s, bool wait, struct errmsg *msg);
enum err redis_checkpoint_finish(struct store *s, const struct seal *seal, struct errmsg *msg);
void redis_checkpoint_abort(struct store *s);
enum err redis_checkpoint_open(const char *uri, const struct store_options *o, unsigned which,
                               struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg);
enum err redis_checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg);
void redis_checkpoint_close(struct checkpoint_reader *r);

#endif
