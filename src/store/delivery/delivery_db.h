/* The database of the delivery state, for the files that write and read it. */
#ifndef STORE_DELIVERY_DB_H
#define STORE_DELIVERY_DB_H

#include "store/delivery/delivery.h"
#include "store/dir/worker.h"
#include "store/sql.h"

#define DELIVERY_VERSION 2
#define DELIVERY_FILE "delivery.db"
#define DELIVERY_KEY 16

enum delivery_write {
    DW_BEGIN,
    DW_COMMIT,
    DW_ROLLBACK,
    DW_NAME,
    DW_ENDPOINT,
    DW_PUT,
    DW_PUT_REF,
    DW_RECEIPT,
    DW_REMOVE,
    DW_GAP,
    DW_NO_GAP,
    DW_COUNT,
    DW_REDELIVERY,
    DW_CLEAR,
    DW_FORGET_ROWS,
    DW_FORGET_COUNTS,
    DW_N
};

enum delivery_read {
    DR_BEGIN,
    DR_END,
    DR_ENDPOINTS,
    DR_ROW,
    DR_ROW_BY_REF,
    DR_TOTAL,
    DR_GAPS,
    DR_COUNTS,
    DR_REDELIVERIES,
    DR_N
};

extern const char *const delivery_write_sql[DW_N];
extern const char *const delivery_read_sql[DR_N];
extern const char *const delivery_state_sql[DELIVERY_STATE_N];

struct delivery_name {
    struct str text; /* owned */
    sqlite3_int64 id;
};

struct delivery_job {
    const struct delivery_change *changes;
    size_t n;
    enum err result;
    struct errmsg msg;
};

struct delivery_redis; /* store/redis/delivery.h */

/* The store as it was opened: how far its log went, and when that was. */
struct delivery_adoption {
    struct str incarnation;
    uint64_t durable;
    int64_t at; /* Unix milliseconds */
};

/* While a commit is in flight writer, write, the names and the job belong to the worker. In memory reader and writer
 * are one connection, and there is no worker: a commit is done at once. Of a store in Redis the tables are in memory,
 * too: a worker sends the changes there, and when they are durable they take effect here, on the caller's thread. */
struct delivery_store {
    char *path; /* for people, when in memory */
    bool in_memory;
    struct delivery_redis *redis; /* NULL: it is not in Redis */
    struct sql writer, reader;
    sqlite3_stmt *write[DW_N], *read[DR_N];
    sqlite3_stmt *by_state[DELIVERY_STATE_N]; /* one each, since they run side by side */
    struct delivery_name *names;
    size_t n_names, last_name; /* last_name: the one found last */
    struct delivery_job job;
    struct bell bell;
    struct worker worker;
    bool busy;
    enum err failed; /* what the first failed commit came to: no further one is taken */
    struct errmsg why;
    unsigned char key[DELIVERY_KEY];
};

/* delivery.c: the tables in memory, with what Redis has of that shard. Of a shard whose writer goes on meanwhile it is
 * what there was at the beginning. */
struct redis_shard;
enum err delivery_copy(const struct redis_shard *shard, struct delivery_store **out, struct errmsg *msg) ERR_MUSTCHECK;

/* delivery_adopt.c: endpoints and redeliveries of another incarnation, or beyond the log's end, are stopped. One
 * transaction. */
enum err delivery_adopt(struct delivery_store *d, const struct delivery_adoption *a, struct errmsg *msg) ERR_MUSTCHECK;
/* d->key becomes what the tables have. */
enum err delivery_read_key(struct delivery_store *d, struct errmsg *msg) ERR_MUSTCHECK;

/* delivery_write.c: an endpoint's number in the tables, which it keeps for ever. */
void delivery_name_add(struct delivery_store *d, struct str text, sqlite3_int64 id);
/* The changes in the tables, in one transaction. */
enum err delivery_apply(struct delivery_store *d, const struct delivery_change *changes, size_t n,
                        struct errmsg *msg) ERR_MUSTCHECK;

#endif
