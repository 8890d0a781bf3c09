/* The delivery state of a store: each endpoint's cursor, the events that wait for a retry or were given up, messages
 * whose outcome is being waited for, how many messages a number got today, and what is being sent once more. Beside the
 * log, on a thread of its own: no sync of it ever delays a decision, and none of the log's a delivery.
 *
 * A dir store keeps it in delivery.db (SQLite, WAL, synchronous=FULL), a memory store in memory, a store in Redis there
 * (store/redis/delivery.h), with a copy in memory that is read. All calls are made by one thread (delivery's); a commit
 * runs on a thread of the state's own. */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include "store/store.h"

struct delivery_store;

enum delivery_state {
    DELIVERY_RETRY,   /* waits for its next attempt at next_at */
    DELIVERY_WAIT,    /* behind an earlier event of the same person */
    DELIVERY_SENDING, /* about to be sent, or sent without a durable outcome */
    DELIVERY_UNKNOWN, /* a message that may have been sent: waits for its receipt until next_at */
    DELIVERY_DEAD,    /* given up: for a person to decide */
    DELIVERY_SENT,    /* a message that the gateway took; receipts may still come until next_at, then it is forgotten */
    DELIVERY_SKIPPED, /* a message that had become moot; kept until next_at */
    DELIVERY_STATE_N
};

const char *delivery_state_text(enum delivery_state s); /* "retry" */
bool delivery_state_parse(struct str text, enum delivery_state *out);

/* One event at one endpoint, keyed by both. Borrowed strings. */
struct delivery_row {
    struct str endpoint;
    uint64_t seq;
    struct str subject; /* STR_NONE: none */
    struct str type;
    enum delivery_state state;
    uint32_t attempts;
    int64_t next_at, changed_at; /* Unix milliseconds; next_at 0: none */
    bool gap;                    /* an earlier event of this person was given up */
    struct str why;              /* up to 160 bytes, no personal data */
    struct str ref;              /* the gateway's number of a message; STR_NONE */
    uint8_t receipt;             /* enum receipt_kind: 0 none, 1 not final, above that final; and */
    int64_t receipt_at;          /* when it came; 0 */
    uint64_t number;             /* a keyed hash of the phone number; 0: none */
};

struct endpoint_row {
    struct str endpoint;
    uint64_t cursor;    /* every event up to here is settled, or has a row */
    struct str paused;  /* why; STR_NONE: it is not */
    struct str paused_by;
    int64_t paused_at;  /* Unix milliseconds */
    uint64_t delivered, skipped, dead; /* counts since the endpoint was first seen */
    uint64_t receipts_delivered, receipts_failed;
};

enum redelivery_state {
    REDELIVERY_RUNNING,
    REDELIVERY_DONE,      /* every event of the range was sent, or given up */
    REDELIVERY_CANCELLED,
    REDELIVERY_STATE_N
};

const char *redelivery_state_text(enum redelivery_state s); /* "running" */

/* Events that an operator has sent to an endpoint once more: of each endpoint the last such order. Borrowed strings. */
struct redelivery_row {
    struct str endpoint;
    enum redelivery_state state;
    uint64_t after, until;    /* the range: after < number <= until */
    uint64_t position;        /* every event up to here is settled, or has a row */
    struct str type, subject; /* what was asked for; STR_NONE: all */
    uint64_t sent, failed, skipped;
    int64_t started_at, ended_at; /* Unix milliseconds; ended_at 0: it has not */
    struct str by, why;
    struct str last_error; /* STR_NONE: none */
};

enum delivery_change_kind {
    CHANGE_PUT,        /* row: inserted, or replacing the one of the same key */
    CHANGE_REMOVE,     /* row.endpoint, row.seq */
    CHANGE_ENDPOINT,   /* at: inserted or replaced */
    CHANGE_GAP,        /* row.endpoint, row.subject: the next event of that person is marked; row.gap false: it was */
    CHANGE_COUNT,      /* the number of messages that `number` got on `day` is now `count` */
    CHANGE_RECEIPT,    /* row.endpoint, row.seq: receipt, receipt_at, changed_at and why (the gateway's word) are set,
                          unless a final receipt is there already; an UNKNOWN row becomes SENT. A PUT leaves receipts
                          alone (and, with SENT or UNKNOWN, their why), and one that says UNKNOWN puts SENT where there
                          is a receipt */
    CHANGE_REDELIVERY, /* redelivery: inserted or replaced */
    CHANGE_CLEAR,      /* row.endpoint: all of its rows are removed */
    CHANGE_FORGET,     /* SENT and SKIPPED rows that their cursor has passed, with next_at before `before`, a bounded number of
                          them; counts of days before `day` */
};

struct delivery_change {
    enum delivery_change_kind kind;
    struct delivery_row row; /* of an endpoint, or of any other name that its rows shall stand under */
    union {
        struct endpoint_row at;
        struct redelivery_row redelivery;
    };
    uint64_t number;
    int32_t day; /* days since the epoch */
    uint32_t count;
    int64_t before; /* Unix milliseconds */
};

/* Opens or makes it. With a state that belongs to another incarnation of the store every endpoint in it is paused,
 * with why "restored", before this returns: what was sent since is not known. An endpoint whose cursor is beyond the
 * log's end is paused with why "the log is shorter than what was delivered". Redeliveries are cancelled likewise, with
 * that as their last error. ERR_VERSION, ERR_DAMAGED, ERR_IO. In Redis it is held under the store's lease: ERR_LOCKED,
 * of this and of commits, says that another has the shard. */
enum err delivery_open(const struct store *s, struct delivery_store **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Waits for a commit in flight. */
void delivery_close(struct delivery_store *d);

/* Random for each store, for hashing phone numbers. */
const unsigned char *delivery_key(const struct delivery_store *d); /* 16 bytes */

/* One transaction, changes in order. The array and its strings stay untouched until it is done. At most one at a time.
 * ERR_MORE: in flight, ERR_OK: done; anything else: it failed, and the daemon must stop. */
enum err delivery_commit(struct delivery_store *d, const struct delivery_change *changes, size_t n,
                         struct errmsg *msg) ERR_MUSTCHECK;
enum err delivery_poll(struct delivery_store *d, bool wait, struct errmsg *msg) ERR_MUSTCHECK;
int delivery_fd(const struct delivery_store *d); /* readable when a commit has finished; -1: never needed */

/* --- reading what is durable; the strings hold during the callback, which calls nothing of this --- */

typedef void delivery_row_fn(void *arg, const struct delivery_row *row);

enum err delivery_endpoints(struct delivery_store *d, void (*each)(void *arg, const struct endpoint_row *row),
                            void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* Of one endpoint in the states of the mask (1 << state), ascending, seq > after, at most max (0: all). */
enum err delivery_rows(struct delivery_store *d, struct str endpoint, unsigned states, uint64_t after, size_t max,
                       delivery_row_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* By key, or (delivery_row_by_ref) by the gateway's number. ERR_ABSENT. */
enum err delivery_row_get(struct delivery_store *d, struct str endpoint, uint64_t seq, delivery_row_fn *each, void *arg,
                          struct errmsg *msg) ERR_MUSTCHECK;
enum err delivery_row_by_ref(struct delivery_store *d, struct str endpoint, struct str ref, delivery_row_fn *each,
                             void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* How many there are in that state, counted up to most: they may be millions. */
enum err delivery_total(struct delivery_store *d, struct str endpoint, enum delivery_state state, uint32_t most,
                        uint64_t *out, struct errmsg *msg) ERR_MUSTCHECK;
/* The persons whose next event is to be marked. */
enum err delivery_gaps(struct delivery_store *d, struct str endpoint, void (*each)(void *arg, struct str subject),
                       void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* Of each endpoint the last one. */
enum err delivery_redeliveries(struct delivery_store *d, void (*each)(void *arg, const struct redelivery_row *row),
                               void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* All counts of that day. */
enum err delivery_counts(struct delivery_store *d, int32_t day, void (*each)(void *arg, uint64_t number, uint32_t n),
                         void *arg, struct errmsg *msg) ERR_MUSTCHECK;

#endif
