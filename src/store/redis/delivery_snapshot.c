/* Snapshots of the delivery state: taken while commits go on, sent in pieces, put in the place of the one before. */
#include "store/redis/delivery_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/crc32c.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define SHARE_PAGES 256 /* 1 MiB a commit: well below a millisecond */
/* Entries are written twice when a snapshot is taken as soon as they outweigh the one before; of a small state it is
 * not worth the trouble, and of a large one opening would take too long: 300,000 entries are applied in some three
 * seconds. */
#define WEIGHT_MIN ((uint64_t)1 << 20)
#define WEIGHT_MAX ((uint64_t)32 << 20)

void delivery_taking_init(struct delivery_taking *t)
{
    t->bell.fd = -1;
    worker_init(&t->worker, &t->bell);
}

static void drop_copy(struct delivery_taking *t)
{
    if (t->backup)
        sqlite3_backup_finish(t->backup);
    t->backup = NULL;
    sql_close(&t->copy);
    t->state = TAKING_NONE;
}

void delivery_taking_done(struct delivery_taking *t)
{
    worker_done(&t->worker);
    drop_copy(t);
    bell_done(&t->bell);
    redis_free(t->redis);
    script_call_done(&t->call);
}

/* SQLite's ":memory:" would begin a copy anew whenever something is written; of a file, also of one that is only in
 * memory, the copy gets what is written. It is a file of this connection alone, as its name has no slash. */
enum err delivery_snapshot_open(struct sql *q, struct errmsg *msg)
{
    sqlite3_int64 most = INT64_MAX; /* instead of 1 GiB */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    if (sqlite3_open_v2("file:delivery?vfs=memdb", &q->db, flags, NULL) != SQLITE_OK ||
        sqlite3_file_control(q->db, "main", SQLITE_FCNTL_SIZE_LIMIT, &most) != SQLITE_OK)
        return sql_failed(q, "open", msg);
    return ERR_OK;
}

/* --- the header --- */

static void write_header(const struct delivery_header *h, char out[128])
{
    snprintf(out, 128, "%d %" PRIu64 " %08" PRIx32 " %" PRIu64 " %" PRIu64 " %08" PRIx32, DELIVERY_SNAPSHOT_VERSION,
             h->mark.number, h->mark.sum, h->pieces, h->bytes, h->sum);
}

static bool read_numbers(const char *text, struct delivery_header *h)
{
    int end = 0;
    return sscanf(text, " %" SCNu64 " %8" SCNx32 " %" SCNu64 " %" SCNu64 " %8" SCNx32 "%n", &h->mark.number,
                  &h->mark.sum, &h->pieces, &h->bytes, &h->sum, &end) == 5 &&
           !text[end] && h->pieces > 0 && (h->bytes + PIECE_BYTES - 1) / PIECE_BYTES == h->pieces;
}

enum err delivery_header_read(const char *text, struct delivery_header *out, struct errmsg *msg)
{
    struct delivery_header h = {.pieces = 0};
    int version = 0, end = 0;
    bool is_one = sscanf(text, "%d%n", &version, &end) == 1 && version > 0;
    if (is_one && version > DELIVERY_SNAPSHOT_VERSION)
        return err_set(msg, ERR_VERSION, "the delivery state was written by a later version");
    if (*text && (!is_one || !read_numbers(text + end, &h)))
        return err_set(msg, ERR_DAMAGED, "the header of the delivery state is not what was written");
    *out = h;
    return ERR_OK;
}

/* --- sending: on the snapshots' own thread --- */

static enum err run_script(struct delivery_redis *r, struct errmsg *msg)
{
    redisReply *reply;
    enum err e = script_run(r->taking.redis, r->shard.slot, &r->taking.call, NULL, &reply, msg);
    if (!e)
        freeReplyObject(reply);
    return e;
}

static enum err send_piece(struct delivery_redis *r, uint64_t number, struct str bytes, struct errmsg *msg)
{
    struct redis_command *c = &r->taking.call.command;
    script_begin(&r->taking.call, SCRIPT_CHECKPOINT_SLICE, 2);
    redis_command_add(c, redis_key(&r->shard, KEY_STATE));
    redis_command_add(c, redis_key(&r->shard, KEY_DELIVERY_NEW));
    redis_command_add(c, str_of(r->fence));
    redis_command_add_u64(c, number);
    redis_command_add(c, bytes);
    return run_script(r, msg);
}

/* The one before counts until this one is whole: entries are trimmed in the same step. */
static enum err finish(struct delivery_redis *r, struct errmsg *msg)
{
    static const enum redis_key keys[] = {KEY_STATE, KEY_DELIVERY_NEW, KEY_DELIVERY_SNAPSHOT, KEY_DELIVERY};
    const struct delivery_header *h = &r->taking.header;
    struct redis_command *c = &r->taking.call.command;
    char text[128];
    write_header(h, text);
    script_begin(&r->taking.call, SCRIPT_DELIVERY_SNAPSHOT, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        redis_command_add(c, redis_key(&r->shard, keys[i]));
    redis_command_add(c, str_of(r->fence));
    redis_command_add(c, str_of(text));
    redis_command_add_u64(c, h->pieces);
    redis_command_add_u64(c, h->mark.number + 1);
    return run_script(r, msg);
}

static enum err send_all(struct delivery_redis *r, const unsigned char *p, size_t n, struct errmsg *msg)
{
    struct delivery_header *h = &r->taking.header;
    h->bytes = n;
    h->sum = crc32c(0, p, n);
    enum err e = ERR_OK;
    for (h->pieces = 0; !e && n > 0; h->pieces++) {
        size_t piece = n < PIECE_BYTES ? n : PIECE_BYTES;
        e = send_piece(r, h->pieces, (struct str){(const char *)p, piece}, msg);
        p += piece;
        n -= piece;
    }
    return e ? e : finish(r, msg);
}

static void run_sending(void *arg)
{
    struct delivery_redis *r = arg;
    struct delivery_taking *t = &r->taking;
    sqlite3_int64 n = 0;
    t->result = sql_exec(&t->copy, "VACUUM", "pack", &t->msg); /* what was forgotten left holes */
    unsigned char *p = t->result ? NULL : sqlite3_serialize(t->copy.db, "main", &n, 0);
    if (!t->result && !p)
        t->result = sql_failed(&t->copy, "copy", &t->msg);
    if (!t->result)
        t->result = send_all(r, p, (size_t)n, &t->msg);
    sqlite3_free(p);
}

/* --- taking --- */

static uint64_t due_at(const struct delivery_redis *r)
{
    uint64_t weight = r->snapshot.bytes > WEIGHT_MIN ? r->snapshot.bytes : WEIGHT_MIN;
    return weight < WEIGHT_MAX ? weight : WEIGHT_MAX;
}

static void begin_copy(struct delivery_store *d)
{
    struct delivery_taking *t = &d->redis->taking;
    struct errmsg ignored;
    t->copy.name = d->path;
    t->backup = NULL;
    if (sql_open(&t->copy, ":memory:", &ignored) == ERR_OK)
        t->backup = sqlite3_backup_init(t->copy.db, "main", d->writer.db, "main");
    if (t->backup)
        t->state = TAKING_COPY;
    else
        drop_copy(t);
}

static void go_on_copying(struct delivery_store *d)
{
    struct delivery_redis *r = d->redis;
    struct delivery_taking *t = &r->taking;
    int code = sqlite3_backup_step(t->backup, SHARE_PAGES);
    if (code == SQLITE_OK)
        return;
    if (sqlite3_backup_finish(t->backup) != SQLITE_OK)
        code = SQLITE_ERROR;
    t->backup = NULL;
    t->header = (struct delivery_header){.mark = r->mark};
    t->weight = r->weight;
    if (code == SQLITE_DONE && worker_give(&t->worker, run_sending, r))
        t->state = TAKING_SENT;
    else
        drop_copy(t);
}

/* Whether it was sent or not, what led to it is not counted again. Nothing is lost when it was not: entries are trimmed
 * only below a snapshot that counts. */
static void conclude(struct delivery_redis *r)
{
    struct delivery_taking *t = &r->taking;
    if (!worker_collect(&t->worker, false))
        return;
    r->weight -= t->weight;
    if (!t->result)
        r->snapshot = t->header;
    drop_copy(t);
}

void delivery_snapshot_share(struct delivery_store *d)
{
    struct delivery_redis *r = d->redis;
    switch (r->taking.state) {
    case TAKING_NONE:
        if (r->weight > due_at(r))
            begin_copy(d);
        break;
    case TAKING_COPY: go_on_copying(d); break;
    case TAKING_SENT: conclude(r); break;
    }
}

/* --- loading --- */

static enum err load_piece(struct delivery_redis *r, uint64_t number, unsigned char *to, size_t n, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply = NULL;
    redis_command_set(&c, "LINDEX", r->shard.keys[KEY_DELIVERY_SNAPSHOT], NULL);
    redis_command_add_u64(&c, number);
    enum err e = redis_shard_ask(r->redis, &r->shard, &c, REDIS_REPLY_STRING, &reply, msg);
    redis_command_done(&c);
    if (e && e != ERR_ABSENT)
        return e;
    if (!e && reply->len == n)
        memcpy(to, reply->str, n);
    else
        e = err_set(msg, ERR_DAMAGED, "%s: piece %" PRIu64 " is not what was written",
                    r->shard.keys[KEY_DELIVERY_SNAPSHOT], number);
    if (reply)
        freeReplyObject(reply);
    return e;
}

static enum err load_bytes(struct delivery_redis *r, unsigned char *to, struct errmsg *msg)
{
    const struct delivery_header *h = &r->snapshot;
    enum err e = ERR_OK;
    for (uint64_t i = 0; !e && i < h->pieces; i++) {
        size_t at = i * PIECE_BYTES, left = h->bytes - at;
        e = load_piece(r, i, to + at, left < PIECE_BYTES ? left : PIECE_BYTES, msg);
    }
    if (!e && crc32c(0, to, h->bytes) != h->sum)
        e = err_set(msg, ERR_DAMAGED, "%s is not what was written", r->shard.keys[KEY_DELIVERY_SNAPSHOT]);
    return e;
}

/* From a connection that has the bytes as its database: `into` stays one like any other in memory. */
static enum err put_into(struct delivery_redis *r, unsigned char *bytes, struct sql *into, struct errmsg *msg)
{
    struct sql from = {NULL, r->shard.keys[KEY_DELIVERY_SNAPSHOT]};
    sqlite3_int64 n = (sqlite3_int64)r->snapshot.bytes;
    enum err e = sql_open(&from, ":memory:", msg);
    if (!e && sqlite3_deserialize(from.db, "main", bytes, n, n, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
        e = sql_failed(&from, "read", msg);
    sqlite3_backup *copy = e ? NULL : sqlite3_backup_init(into->db, "main", from.db, "main");
    if (!e && !copy)
        e = sql_failed(into, "read a snapshot", msg);
    if (copy && sqlite3_backup_step(copy, -1) != SQLITE_DONE)
        e = err_set(msg, ERR_DAMAGED, "%s is no database", from.name);
    if (copy && sqlite3_backup_finish(copy) != SQLITE_OK && !e)
        e = sql_failed(into, "read a snapshot", msg);
    sql_close(&from);
    return e;
}

enum err delivery_snapshot_load(struct delivery_redis *r, struct sql *into, struct errmsg *msg)
{
    unsigned char *bytes = mem_alloc(r->snapshot.bytes);
    enum err e = load_bytes(r, bytes, msg);
    if (!e)
        e = put_into(r, bytes, into, msg);
    free(bytes);
    return e;
}
