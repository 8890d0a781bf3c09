/* The delivery state of a shard in Redis from inside (delivery.h): what its two files share. */
#ifndef STORE_REDIS_DELIVERY_INSIDE_H
#define STORE_REDIS_DELIVERY_INSIDE_H

#include "store/redis/delivery.h"
#include "store/redis/inside.h"

#define DELIVERY_SNAPSHOT_VERSION 1
#define MARK_TEXT 40

/* All zero: before the first entry. */
struct delivery_mark {
    uint64_t number;
    uint32_t sum;
};

void delivery_mark_write(const struct delivery_mark *m, char out[MARK_TEXT]);
/* The mark of the entry behind it. */
struct delivery_mark delivery_mark_next(const struct delivery_mark *m, struct str entry);

/* A snapshot, as its header says. */
struct delivery_header {
    struct delivery_mark mark; /* of the last entry that is in it */
    uint64_t bytes;
    uint64_t pieces; /* 0: there is none */
    uint32_t sum;    /* CRC-32C of its bytes */
};

/* One that is being taken while commits go on: the tables are copied a few pages a commit, which SQLite keeps up with
 * what changes behind the copying; the whole copy is then sent by a thread of its own. */
struct delivery_taking {
    enum { TAKING_NONE, TAKING_COPY, TAKING_SENT } state;
    struct sql copy;
    sqlite3_backup *backup;
    struct delivery_header header;
    uint64_t weight; /* of the entries that are in it, and not in the one before */
    struct bell bell; /* nobody listens to it */
    struct worker worker;
    struct redis *redis;
    struct script_call call;
    enum err result;
    struct errmsg msg;
};

struct delivery_redis {
    struct redis_shard shard;
    struct redis_wait wait;
    char fence[128]; /* "": to be looked at only */
    struct redis *redis;
    struct script_call call;
    struct buf entry;                /* the one that is being sent, and */
    struct delivery_mark mark, next; /* the marks of the last one and of that one */
    struct delivery_mark end;        /* at opening: of the last entry there was */
    char header_text[128];           /* at opening: the snapshot's header */
    struct delivery_header snapshot; /* the one that counts */
    uint64_t weight;                 /* of the entries behind it */
    struct delivery_taking taking;
};

/* delivery_snapshot.c: "": pieces 0. ERR_VERSION, ERR_DAMAGED. */
enum err delivery_header_read(const char *text, struct delivery_header *out, struct errmsg *msg) ERR_MUSTCHECK;
/* A share of taking a snapshot, when one is due: after every commit. What fails is tried again after as many more. */
void delivery_snapshot_share(struct delivery_store *d);
/* An empty database in memory, of the kind that can be copied while it is written to. */
enum err delivery_snapshot_open(struct sql *q, struct errmsg *msg) ERR_MUSTCHECK;
/* Puts the snapshot's tables into an empty database. ERR_DAMAGED also when another has taken its place meanwhile. */
enum err delivery_snapshot_load(struct delivery_redis *r, struct sql *into, struct errmsg *msg) ERR_MUSTCHECK;
void delivery_taking_init(struct delivery_taking *t);
void delivery_taking_done(struct delivery_taking *t);

#endif
