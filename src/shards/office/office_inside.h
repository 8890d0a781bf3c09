/* An office from inside: what its files share.
 *
 * One thread talks to Redis, in rounds: each gathers what is to be said and asked, sends it in one go or two, and hands
 * out what came back. What had no answer is said again in a later round: every script knows its own repetition. Other
 * threads only queue and look. */
#ifndef SHARDS_OFFICE_INSIDE_H
#define SHARDS_OFFICE_INSIDE_H

#include <pthread.h>

#include "shards/office/office.h"
#include "shards/office/system.h"

#define NS_PER_MS INT64_C(1000000)
#define ROUND_MS 1000 /* at least so often everything is said */
#define HASTE_MS 100  /* between two readings of the reports, while somebody waits for them */
#define CALL_MS 10000 /* a call is answered within */
#define INSTANCE_MAX 33

/* --- an engine's end --- */

/* A request to an engine, with all that it points at. A seat keeps it until it is done, or, when the engine was closed
 * with it, until there is another one. */
struct errand {
    struct request request;
    struct office_seat *seat;
    struct office_order order;
    struct office_heard *heard;
    struct buf texts;
};

struct totals {
    lc_month month;
    struct unit_count *v;
    unsigned n;
    struct buf texts;
};

/* One for each shard. */
struct office_seat {
    struct office *office;
    unsigned shard;
    struct engine_office hooks; /* arg: the seat */
    struct engine *engine;      /* under `engines`; NULL: none is attached */

    /* under `lock` */
    bool open;     /* between office_engine() and office_drop() */
    bool claim;    /* its next report says that the shard is ours now */
    bool reported; /* there is a report: */
    struct office_report report;
    bool asked;                   /* may_suspend(), since the last report, */
    lc_instant wanted;            /* for that instant; INSTANT_NONE: nobody is held up */
    uint64_t carried;             /* the last order that it has carried out */
    struct errand *order, *heard; /* with the engine; NULL: none */
    lc_month totals_wanted;       /* MONTH_NONE: none */
    struct totals *totals_new;    /* for the engine to take over */
    struct totals *totals;        /* the engine's */
    bool sent_any;
    struct office_report sent; /* as Redis has it, */
    lc_instant sent_wanted;    /* with that */
    int64_t refused_at;        /* since when its reports are another's to make; 0: they are not */
};

/* A shard's report as it was last read. */
struct read_report {
    bool there;
    int64_t age_ms; /* then */
    char owner[INSTANCE_MAX];
    lc_instant wanted;
    struct office_report r;
};

/* --- what is under way --- */

#define ORDER_VALUES 10 /* of an order in the stream (office_order_text.c) */

struct pending_order {
    struct pending_order *next;
    struct office_call *call; /* NULL: the brake, which is given up when something has changed */
    struct office_order order;
    char why[160]; /* the brake's */
    char token[33];
    uint64_t from;    /* the last order when it was made */
    uint64_t version; /* the brake's: of the reports that it was made of */
    uint64_t number;  /* 0: not known to be there */
    int64_t deadline;
};

/* An order as it was read, with its texts. */
struct fetched_order {
    struct office_order order;
    struct buf texts;
};

/* A month's units as a shard has counted them, and how far that was told. */
struct unit_row {
    struct str unit; /* into texts */
    unsigned bucket;
    uint32_t count;
};
struct counting {
    struct counting *next;
    unsigned shard;
    lc_month month;
    struct unit_row *rows; /* by bucket, then unit */
    size_t n, at;          /* rows before at are in Redis; at n the end is still to be told */
    char told[96];         /* how far it is, in counts.lua's words */
    bool done;
    struct buf texts;
};

struct daemon {
    char *name;
    char instance[INSTANCE_MAX];
    int64_t since;
    uint64_t revision;
    bool fit, leaving;
};

struct rules {
    uint64_t revision;
    unsigned char digest[32];
    struct brake_limit brake;
};

/* What keeps this daemon from owning shards. */
enum trouble { TROUBLE_NONE, TROUBLE_SILENT, TROUBLE_NAME, TROUBLE_FORMER, TROUBLE_RULES };

/* What came of the last word. */
enum word { WORD_NONE, WORD_OK, WORD_TAKEN, WORD_REFUSED };

struct office {
    struct system_shard system;
    const struct shard_set *set;
    char *name;
    char instance[INSTANCE_MAX];
    int64_t since; /* Unix seconds */
    int64_t lease_ms;
    void (*changed)(void *arg);
    void (*warn)(void *arg, const char *text);
    void *arg;

    pthread_t thread;
    bool running;
    /* Held over calls to engines, never over one to Redis. Before `lock`, when both are. */
    pthread_mutex_t engines;
    pthread_mutex_t lock;   /* never held over any call */
    pthread_cond_t wake;    /* for the thread */
    pthread_cond_t settled; /* for office_reconfigure() */

    /* --- under `lock` --- */
    bool stop;
    bool urgent; /* a round is wanted at once, */
    bool dirty;  /* or soon, for reports */
    bool say;    /* with a word */
    bool leaving;
    struct rules rules;
    bool asking; /* whether these may be ours: */
    struct rules asked;
    unsigned asked_n; /* grows with each question */
    enum err answer;
    struct errmsg answer_msg;
    struct daemon *members;
    unsigned n_members;
    bool *mine;          /* which shards, as the last word has it, */
    int64_t valid_until; /* by the boot clock; 0: none */
    enum trouble trouble;
    char silence[320]; /* TROUBLE_SILENT: what stands in the way */
    uint64_t in_force; /* the revision of the rules that are */
    struct read_report *read;
    int64_t read_at; /* by the boot clock; 0: never */
    uint64_t version, last_order;
    lc_instant granted; /* INT64_MIN: nothing */
    lc_instant waited;  /* the latest that anybody waits for; INT64_MIN: nobody does */
    struct pending_order *orders, **orders_tail;
    struct { /* the last order that an engine of ours refused */
        uint64_t number;
        enum err err;
        struct errmsg msg;
    } refused;
    struct office_cap *caps, **caps_tail;
    struct counting *countings;
    struct office_seat *seats;

    /* --- the thread's, and before it runs office_open()'s --- */
    struct redis *redis;
    struct script_call calls[SCRIPT_CALLS_MAX];
    struct {
        void (*take)(struct office *o, void *arg, const redisReply *reply);
        void *arg;
    } takers[SCRIPT_CALLS_MAX];
    unsigned n_calls;
    int64_t round_at;   /* when the round began, by the boot clock */
    int64_t said_at;    /* the last word that was answered; 0: none */
    int64_t reports_at; /* the last reading */
    int64_t failed_at;  /* 0: the last round went through */
    struct errmsg fault;
    enum word word;
    bool strict;               /* that word was for what is asked, */
    unsigned strict_n;         /* with that question */
    int64_t misread_at;        /* when it was last told that an order cannot be read; 0: never */
    uint64_t taken_at;         /* WORD_TAKEN: the server's time of the other's word */
    bool *told;                /* which shards changed() was called for, */
    enum trouble trouble_told; /* and what was said */
    struct {
        unsigned shard;
        bool claim;
        struct office_report report;
        lc_instant wanted;
    } * sending;
    unsigned n_sending;
    struct fetched_order *fetched;
    unsigned n_fetched;
    uint64_t fetched_behind; /* all that there are behind this number, as far as one reading goes */
    struct office_cap *caps_now, **caps_now_tail; /* sent, not answered */
    int64_t caps_since;
    struct {
        char name[65];
        lc_instant at;
    } heard[CHANNEL_MAX];
    unsigned n_heard;
    int64_t heard_at;
    int64_t wait_since, ownerless_told; /* by the boot clock; 0: nobody waits, nobody was told */
};

/* --- rounds: office.c --- */

/* Adds a call to what is to be sent; take() gets its reply, if there is one. NULL: it is full, and the caller comes
 * again. The caller adds keys and arguments. */
struct redis_command *office_add(struct office *o, enum office_script script, unsigned n_keys,
                                 void (*take)(struct office *, void *, const redisReply *), void *arg);
/* Under the lock: a round at once. */
void office_hurry(struct office *o);
void office_tell(struct office *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Numbers in replies. */
uint64_t office_u64(const redisReply *r);

/* --- office_members.c --- */
void office_members_say(struct office *o);
void office_members_check(struct office *o); /* calls changed() when it is due */
void office_members_done(struct office *o);
bool office_read_fresh(const struct office *o, unsigned shard, int64_t now); /* under the lock */

/* --- office_seats.c --- */
void office_seats_init(struct office *o);
void office_seats_done(struct office *o);
struct errand *office_errand_new(struct office_seat *seat, enum request_kind kind, void (*done)(struct request *));
void office_errand_free(struct errand *e);
/* Gives it to the seat's engine, under `engines`; *place: where the seat keeps it. false: freed, the engine is full. */
bool office_errand_give(struct errand *e, struct errand **place);
void office_wake_engine(struct office_seat *seat);

/* --- office_reports.c --- */
void office_seat_report(void *seat, const struct office_report *r);
bool office_reports_due(const struct office *o, int64_t now); /* under the lock */
/* Is it of another day, or are there more now? Then what follows from the one before does not follow from it. */
bool office_report_exceeds(const struct office_report *r, const struct office_report *before);
void office_reports_say(struct office *o);
void office_reports_wake(struct office *o);

/* --- office_brake.c --- */
bool office_seat_may_suspend(void *seat, lc_instant at);
lc_instant office_brake_wanted(const struct office *o); /* under the lock; INSTANT_NONE: nobody waits */
void office_brake_judge(struct office *o);

/* --- office_orders.c --- */
void office_orders_say(struct office *o);
void office_orders_hand(struct office *o);
void office_orders_answer(struct office *o);
void office_orders_add(struct office *o, struct pending_order *p); /* under the lock */
void office_orders_done(struct office *o);

/* --- office_order_text.c: an order as the stream has it --- */
enum err office_order_check(const struct office_order *order, struct errmsg *msg) ERR_MUSTCHECK;
void office_order_write(const struct office_order *order, struct redis_command *c);
bool office_order_read(const redisReply *entry, struct fetched_order *out);

/* --- office_heard.c --- */
void office_heard_say(struct office *o);
void office_heard_hand(struct office *o);

/* --- office_counts.c, office_totals.c --- */
#define COUNT_BUCKETS 64
void office_seat_count_units(void *seat, lc_month month, const struct unit_count *v, unsigned n);
void office_counts_say(struct office *o);
void office_counts_done(struct office *o);
bool office_seat_unit_totals(void *seat, lc_month month, const struct unit_count **v, unsigned *n);
void office_totals_say(struct office *o);
void office_totals_free(struct totals *t);
void office_digest_key(const struct office *o, struct redis_command *c, lc_month month,
                       int bucket); /* -1: the month's */

/* --- office_caps.c --- */
void office_caps_say(struct office *o);
void office_caps_expire(struct office *o, bool all);

#endif
