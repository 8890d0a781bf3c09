/* Delivery: every event to whoever subscribed, in order per beneficiary, at least once; messages to people at most once.
 *
 * The log is the queue: each endpoint reads it behind a cursor of its own. Decisions only: what is sent goes through a
 * carrier, what must last into the delivery state (store/delivery/delivery.h), what is known of people comes from the engine.
 * All of it belongs to one thread, which calls deliver_tick() whenever deliver_fd() is readable, when the time that the
 * last tick gave is over, and after a transfer was done. */
#ifndef DELIVER_DELIVER_H
#define DELIVER_DELIVER_H

#include "adapter/adapter.h"
#include "engine/engine.h"
#include "store/delivery/delivery.h"

struct deliver;

/* --- what carries requests --- */

struct carrier_line;

struct carrier {
    void *arg;
    enum err (*open)(void *arg, const struct endpoint *e, struct carrier_line **out, struct errmsg *msg);
    void (*start)(struct carrier_line *l, struct transfer *t);
    void (*cancel)(struct carrier_line *l, struct transfer *t);
    void (*close)(struct carrier_line *l); /* nothing is on its way */
};

/* --- what is told, for logs and metrics --- */

enum deliver_word {
    SAID_DELIVERED,
    SAID_RETRY,   /* it will be tried again */
    SAID_DEAD,    /* given up */
    SAID_SKIPPED, /* a message that had become moot */
    SAID_DEFERRED, /* a message that its number gets on another day */
    SAID_UNKNOWN, /* a message that may have been sent */
    SAID_RECEIPT, /* a gateway's word on a message */
    SAID_PAUSED,
    SAID_RESUMED,
    SAID_OPENED,  /* the circuit breaker */
    SAID_CLOSED,
    SAID_REFUSED, /* the endpoint gave no consent */
    SAID_N
};

struct deliver_said {
    enum deliver_word word;
    const char *endpoint;
    uint64_t seq;         /* 0: about the endpoint */
    struct str type;
    uint32_t attempts;
    int status;           /* HTTP's; 0: none */
    bool replay;          /* it is part of a redelivery */
    const char *why;      /* "" */
    const char *phone;    /* masked; "" */
    int64_t milliseconds; /* the request took; -1: there was none */
    int64_t first_byte_ns; /* monotonic; 0: none */
    int64_t next_at;      /* RETRY, DEFERRED: Unix milliseconds */
};

const char *deliver_word_text(enum deliver_word w); /* "delivered" */

/* --- life --- */

/* A message asks whether its number may get one more today: where numbers are counted for several deliveries. */
struct deliver_cap {
    uint64_t number; /* the phone number's hash */
    int32_t day;     /* days since the epoch */
    uint32_t cap;
    char token[48];  /* of the message: the same one never counts twice */
    enum err err;    /* the answer: anything but ERR_OK, ask again later; */
    bool taken;      /* false: it has had its share of the day */
    void (*done)(struct deliver_cap *c); /* from the loop, but not from within ask() */
    void *asked;                         /* the one's who answers */
};

struct deliver_caps {
    void *arg;
    const unsigned char *key; /* 16 bytes, for the hashes */
    void (*ask)(void *arg, struct deliver_cap *c);
    void (*forget)(void *arg, struct deliver_cap *c);          /* done() is not to be called any more */
    void (*give_back)(void *arg, const struct deliver_cap *c); /* that message was not sent after all */
};

struct deliver_options {
    struct engine *engine;
    const struct store *store;
    unsigned shard, n_shards; /* n_shards above 1: this is one of so many deliveries to the same endpoints: each takes
                                 its share of their rates and of what may be in flight */
    /* Does the store belong to this process, and for so many milliseconds more? Asked before a request goes out; while
     * it says no, none does. NULL: always. */
    bool (*held)(void *arg, int64_t ms);
    const struct deliver_caps *caps; /* NULL: numbers are counted here; must outlive it */
    struct endpoints *endpoints; /* with their secrets; a reference is taken */
    const char *timezone;
    struct carrier carrier;
    int64_t (*now)(void *arg); /* Unix milliseconds: the real time, whatever the engine's clock shows */
    void (*said)(void *arg, const struct deliver_said *s);
    /* A transfer is done: deliver_tick() is to be called when the present round of the loop is over. NULL: deliver_fd()
     * tells instead, which costs two system calls more. */
    void (*soon)(void *arg);
    void *arg;
};

/* Are the endpoints' settings and the messages' texts good? Faults are lines appended to faults. */
enum err deliver_check(const struct endpoints *e, struct buf *faults) ERR_MUSTCHECK;

enum err deliver_new(const struct deliver_options *o, struct deliver **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Other endpoints: those that are new begin, those that are gone end with what they have on its way. What was checked
 * before can fail only where files changed since. */
enum err deliver_configure(struct deliver *d, struct endpoints *e, const char *timezone,
                           struct errmsg *msg) ERR_MUSTCHECK;
/* Does what is due. *wait_ms: 0 when there is more to do at once, -1: for ever. A failure is the delivery state's or the
 * log's: the daemon must stop. */
enum err deliver_tick(struct deliver *d, int64_t *wait_ms, struct errmsg *msg) ERR_MUSTCHECK;
int deliver_fd(const struct deliver *d);
/* The log has grown. From any thread. */
void deliver_nudge(struct deliver *d);

/* Sends nothing more; deliver_is_idle() once all that was on its way has come to an end and is noted. */
void deliver_drain(struct deliver *d);
bool deliver_is_idle(const struct deliver *d);
/* Gives up what is on its way, and asks nobody anything any more: from here on nothing but deliver_stop(),
 * deliver_abandon() and deliver_free() may be called. */
void deliver_halt(struct deliver *d);
/* Halts, notes what it can and lets go of the store. Before engine_close(). After deliver_halt() on any thread. */
void deliver_stop(struct deliver *d);
/* The same, and notes nothing: the store is another's, or out of reach. */
void deliver_abandon(struct deliver *d);
/* After engine_close(). NULL is fine. */
void deliver_free(struct deliver *d);

/* --- operators; answers when what they ask for is durable --- */

struct deliver_order {
    struct str endpoint; /* a name */
    uint64_t seq;        /* of a delivery, and */
    unsigned shard;      /* its shard */
    struct str by, why;
    struct str phone;    /* ORDER_TEST of messages */
    void (*done)(struct deliver_order *o); /* from deliver_tick(), or at once */
    void *owner;
    enum err err;        /* ERR_ABSENT, ERR_INVALID, ERR_LOCKED (on its way just now) */
    struct errmsg msg;
    struct buf body;     /* the answer, JSON; the caller frees it */
    struct deliver_order *next; /* deliver's own */
};

void deliver_pause(struct deliver *d, struct deliver_order *o);
void deliver_resume(struct deliver *d, struct deliver_order *o);
void deliver_test(struct deliver *d, struct deliver_order *o);
void deliver_retry(struct deliver *d, struct deliver_order *o);
void deliver_drop(struct deliver *d, struct deliver_order *o);

#define REDELIVER_TYPE_MAX 200    /* bytes of globs */
#define REDELIVER_SUBJECT_MAX 64 /* of an id */

/* A place in the log. */
struct log_place {
    enum { PLACE_NOT_GIVEN, PLACE_NUMBER, PLACE_INSTANT, PLACE_DATE, PLACE_POSITION } kind;
    uint64_t number;
    struct str position; /* of several shards' logs: only their desk knows what it says */
    lc_instant at;
    lc_date date;
};

/* Which events: those behind the number `from`, or from that time on, or from that day's beginning; to the number
 * `until`, or to that time, or to that day's end; not given: to the log's present end. */
struct redeliver_call {
    struct log_place from, until;
    struct str type;    /* globs with commas between; STR_NONE: every type */
    struct str subject; /* STR_NONE: everybody's */
};

/* Sends the endpoint events once more, marked as a replay, at most one such order at a time. ERR_INVALID: it cannot be
 * done; ERR_LOCKED: one is under way. The answer is what GET /v1/endpoints will say of it. */
void deliver_redeliver(struct deliver *d, const struct redeliver_call *c, struct deliver_order *o);
/* ERR_ABSENT: none is under way. */
void deliver_redeliver_cancel(struct deliver *d, struct deliver_order *o);

/* {"endpoints":[...]}: state, cursor, lag, counts. */
void deliver_write_endpoints(struct deliver *d, struct buf *out);
/* {"deliveries":[...],"more":BOOL}: endpoint empty: all; states: a mask, after: number of the last one of that endpoint. */
enum err deliver_write_deliveries(struct deliver *d, struct str endpoint, unsigned states, uint64_t after,
                                  unsigned limit, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* --- for the metrics --- */

/* What an endpoint does just now. */
enum endpoint_state {
    ENDPOINT_RUNNING,
    ENDPOINT_PAUSED,      /* until an operator resumes it */
    ENDPOINT_OPEN,        /* its circuit breaker is: a single delivery probes now and then */
    ENDPOINT_SPARED,      /* it asked for less */
    ENDPOINT_QUIET,       /* its quiet hours */
    ENDPOINT_FULL,        /* too many events wait for another attempt */
    ENDPOINT_UNCONSENTED, /* it has not agreed to be called */
    ENDPOINT_LEAVING,     /* it is configured no more */
    ENDPOINT_STATE_N
};

const char *endpoint_state_text(enum endpoint_state s); /* "running" */
const char *outcome_text(enum outcome o);               /* "delivered" */

struct endpoint_metrics {
    const char *name; /* holds until the next tick */
    bool messages;
    enum endpoint_state state;
    /* since the endpoint was first seen */
    uint64_t delivered, skipped, dead, receipts_delivered, receipts_failed;
    /* since the daemon started: requests, redeliveries' too, and what came of them */
    uint64_t requests, outcomes[OUTCOME_N];
    /* now */
    uint64_t cursor, in_flight, retrying, waiting, unknown;
    uint64_t dead_letters; /* counted up to DEAD_LETTERS_MAX */
    uint64_t lag;          /* events of the log behind the cursor */
    int64_t lag_ms;        /* for how long the first of them has been durable, in real time; 0: there is none */
    uint64_t redelivery;   /* numbers of the log that a redelivery under way has before it */
    int64_t last_ok_at;    /* Unix milliseconds; 0: not since the start */
    int64_t paused_at;     /* the same; 0: it is not */
};

#define DEAD_LETTERS_MAX 100000

/* Of each endpoint, in the order of the configuration: at most max. Returns how many. */
unsigned deliver_metrics(struct deliver *d, struct endpoint_metrics *out, unsigned max);

/* --- receipts --- */

/* Does that endpoint take receipts, and is this its secret? Asked before a body is taken. */
bool deliver_takes_receipts(const struct deliver *d, struct str endpoint, struct str secret);
/* For o->endpoint, which must have been asked about. ERR_INVALID; ERR_FULL: too many at once, to be sent again. The answer
 * is what the gateway wants to read. */
void deliver_receipt(struct deliver *d, const struct receipt_call *c, struct deliver_order *o);

#endif
