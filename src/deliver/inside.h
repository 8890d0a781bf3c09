/* Delivery's inside: what its files share. Not for anyone else. */
#ifndef DELIVER_INSIDE_H
#define DELIVER_INSIDE_H

#include <stdatomic.h>

#include "base/completions.h"
#include "codec/event_json.h"
#include "deliver/ages.h"
#include "deliver/breaker.h"
#include "deliver/deliver.h"
#include "deliver/ledger.h"
#include "deliver/numbers.h"
#include "deliver/pace.h"
#include "deliver/track.h"
#include "message/message.h"

#define BATCH_MAX 64                              /* events in one request */
#define FILL_MAX 2048                             /* lines read of one endpoint in one tick */
#define SLOW_MS INT64_C(1000)                     /* what is on its way for longer no longer holds the cursor */
#define COMMIT_MS INT64_C(50)                     /* the longest that something noted waits for its commit */
#define KEEP_MS (INT64_C(7) * 24 * 3600 * 1000)   /* how long a message is known for its receipts */
#define FORGET_MS INT64_C(60000)                  /* how often old ones are cleared away, a bounded number at a time */
#define ID_BYTES 64                               /* of a beneficiary's id, a unit's code */
#define NOTICE_ID 72                              /* INCARNATION_SHARD_SEQ */
#define REDELIVERY_PARKED 10000                   /* events of a redelivery that wait for a retry, or behind one */
#define HELD_MS INT64_C(1000)                     /* for so long the store must be ours still when a request goes out */
#define HELD_AGAIN_MS INT64_C(100)                /* when it is not */
#define HELLO_AGAIN_MS INT64_C(60000)             /* after an endpoint gave no consent */

/* One configuration in use: what it was made of lives until the last who uses it is gone. */
struct settings {
    unsigned users;
    struct endpoints *endpoints;
    struct message_texts *texts;
    struct tz *tz;
    unsigned shares; /* so many deliveries share the endpoints; at least 1 */
};

/* An endpoint as one configuration has it. */
struct outfit {
    unsigned users; /* the outlet, and each flight that began with it */
    struct settings *settings;
    const struct endpoint *config;
    const struct adapter *adapter;
    struct adapter_state *state;
    struct carrier *carrier;
    struct carrier_line *line;
    uint32_t types;    /* 1 << event type: what it wants */
    bool needs_person; /* its filters or messages ask who it is about */
    unsigned batch;
};

enum flight_kind { FLIGHT_EVENTS, FLIGHT_MESSAGE, FLIGHT_HELLO, FLIGHT_TEST };

/* One request on its way, from its first item to its outcome. Pooled. */
struct flight {
    struct transfer transfer; /* the first member: transfers are turned back into flights */
    struct call call;
    enum flight_kind kind;
    struct outlet *outlet;
    struct outfit *outfit;
    struct item *items[BATCH_MAX];
    unsigned n;
    bool started;
    int32_t day;                 /* its number's count is of */
    char phone[24];              /* masked */
    struct deliver_cap cap;      /* what is asked about its number, where that is counted elsewhere */
    bool asking;                 /* it is not answered yet: nothing is booked */
    struct deliver_order *order; /* FLIGHT_TEST */
    struct flight *next, **link; /* in its outlet's list, or in the pool */
    struct flight *then;         /* among those that wait for a commit */
};

/* Items about which the engine must be asked: for lines that were let go, for people. One question at a time. */
struct question {
    struct completion done; /* the first member */
    struct request request;
    struct outlet *outlet;
    struct item *wanted[PEOPLE_MAX]; /* for the next question; taken */
    unsigned n_wanted;
    struct item *items[PEOPLE_MAX];  /* of the one under way */
    unsigned n;
    bool busy, fetching;
    uint64_t seqs[PEOPLE_MAX];
    struct person_view people[PEOPLE_MAX];
};

/* Events of the log that an operator has sent to an endpoint once more. What is said of the last one stays. */
struct redelivery {
    enum redelivery_state state;
    uint64_t after, until, position;
    char type[REDELIVER_TYPE_MAX + 1], subject[ID_BYTES + 1]; /* "": all */
    uint32_t types;                                           /* 1 << event type: what type stands for */
    uint64_t sent, failed, skipped;
    int64_t started_at, ended_at;
    char by[130], why[VERDICT_WHY], last_error[VERDICT_WHY];
};

/* One endpoint at work, or one endpoint's redelivery: that is an outlet of its own, which reads another stretch of the
 * log and has rows and counts of its own, and leaves all that is the endpoint's (pace, pause, consent) to the live one.
 */
struct outlet {
    struct deliver *deliver;
    char name[ENDPOINT_NAME_BYTES + 16]; /* the endpoint's; of a redelivery the one that its rows stand under */
    struct outlet *live;                 /* of a redelivery: the endpoint's own; NULL: it is that one */
    struct outlet *again;                /* the redelivery under way; NULL: there is none. It follows in the list */
    struct redelivery *job;              /* the last one; NULL: there was none. The live one's, which both look at */
    struct proposal *proposal;           /* a redelivery whose range is being looked for */
    struct outfit *outfit;
    struct store_reader *reader;
    struct track *track;
    struct breaker breaker;
    struct pace pace;
    struct question *question; /* made when first needed */
    struct flight *flights, *pool;
    struct numbers gaps; /* hashed subjects whose next event is to be marked */
    struct item *given_up, *given_up_in_commit; /* taken; they are settled once that is durable */
    unsigned in_flight; /* flights that are on their way or about to be, tests aside */
    bool leaving;       /* not configured any more */
    bool changed;       /* its row is to be written */
    int64_t read_at;    /* Unix milliseconds: when the event that was read last is from, the first one at a start */

    /* durable; of a redelivery what became of its own events */
    uint64_t cursor; /* as last given to the ledger */
    char paused[VERDICT_WHY], paused_by[130];
    int64_t paused_at;
    uint64_t delivered, skipped, dead, receipts_delivered, receipts_failed;

    /* since the start */
    uint64_t requests, outcomes[OUTCOME_N], skips[SKIP_N];
    int64_t last_ok_at;   /* Unix milliseconds; 0: never */
    char last_error[VERDICT_WHY];
    int64_t last_error_at;

    /* consent to be called (adapter.hello) */
    bool consented, asking;
    int64_t ask_at; /* Unix milliseconds */
    struct rate granted;

    struct outlet *next;
};

struct deliver {
    struct deliver_options options;
    struct settings *settings;
    struct delivery_store *state;
    struct completions *completions;
    struct completion nudge;
    _Atomic bool nudged;
    int epoll_fd;
    char incarnation[33];
    struct outlet *outlets;
    bool simulated;   /* the log's times are not the real one */
    int64_t began_at; /* Unix milliseconds */
    struct ages ages; /* of the log's numbers, since then */
    int64_t now;    /* of this tick, or of the round of the loop in which transfers were done: Unix milliseconds */
    int64_t now_ns; /* of that round: monotonic */
    int64_t ticked_at; /* when the last tick was, by the clock as it stood then */
    bool called;    /* something was done since the last tick */
    uint64_t random;
    bool draining, halted;

    struct ledger ledgers[2];
    struct ledger *ledger;          /* being filled */
    bool committing;                /* the other one is with the store */
    int64_t committed_at, forgot_at;
    struct flight *intents, *intents_in_commit;         /* messages that start once their commit is durable */
    struct deliver_order *orders, *orders_in_commit;    /* answered then */

    int32_t day;           /* local, of the counts */
    struct numbers counts;   /* messages a number got today */
    struct numbers fresh[2]; /* final receipts that stand in the ledger of the same index */

    struct event_arena arena;
    struct buf text, message; /* scratch */
};

/* As much of s as there is room for, ended by 0. */
static inline void keep_text(char *out, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : size - 1;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

/* settings.c */
enum err settings_new(struct endpoints *e, const char *timezone, unsigned shares, struct settings **out,
                      struct errmsg *msg);
void settings_unref(struct settings *s);
enum err outfit_new(struct settings *s, const struct endpoint *e, struct carrier *carrier, struct outfit **out,
                    struct errmsg *msg);
void outfit_unref(struct outfit *f);

/* outlet.c */
/* The endpoint's own outlet: it, or the one whose redelivery it is. */
static inline struct outlet *outlet_live(struct outlet *o)
{
    return o->live ? o->live : o;
}

enum err outlet_new(struct deliver *d, struct outfit *f, const struct endpoint_row *row, struct outlet **out,
                    struct errmsg *msg);
/* Opens its place in the log, with what waits there. fresh: nothing does. */
enum err outlet_open(struct outlet *o, uint32_t parked, bool fresh, struct errmsg *msg);
void outlet_dress(struct outlet *o, struct outfit *f);
void outlet_free(struct outlet *o);
bool outlet_is_idle(const struct outlet *o);
/* Reads, sends, asks; *at: when there is more to do (o->deliver->now: at once). */
enum err outlet_work(struct outlet *o, int64_t *at, struct errmsg *msg);
/* Nothing waits for a time that only the clock as it was before would bring. */
void outlet_clock_set_back(struct outlet *o);
/* How many requests may be begun now. */
unsigned outlet_allows(const struct outlet *o);
/* A request is on its way. */
void outlet_sent(struct outlet *o);
/* Done with it, without a word to anybody. */
void outlet_let_go(struct outlet *o, struct item *i);
/* It is given up, and has its row: its person's next one goes out when nothing can bring it back any more. */
void outlet_bury(struct outlet *o, struct item *i);
void outlet_committed(struct outlet *o);
void outlet_pause(struct outlet *o, const char *why, struct str by);
void outlet_close(struct outlet *o); /* lets go of the log */
enum endpoint_state outlet_state(const struct outlet *o);

/* reading.c: reads on, as far as there is room; *at: when there may be more */
enum err reading_fill(struct outlet *o, int64_t *at, struct errmsg *msg);
/* One that is paused reads nothing: how old what waits for it is must be looked up. */
enum err reading_look_ahead(struct outlet *o, struct errmsg *msg);

/* redelivery.c */
/* The types that globs with commas between stand for, all for none at all; false: one of them stands for none. */
bool redelivery_types(const char *globs, uint32_t *out);
/* At a start: goes on with the last one, if it is not over. */
enum err redelivery_load(struct outlet *live, struct errmsg *msg);
/* The endpoint has none under way. */
enum err redelivery_begin(struct outlet *live, const struct redelivery *what, struct errmsg *msg);
void redelivery_dress(struct outlet *o, struct outfit *f);
/* Of n requests that the endpoint lets through, how many may be its? */
unsigned redelivery_share(const struct outlet *o, unsigned n);
/* Up to which number may be read, and is that event among those asked for? */
uint64_t redelivery_limit(const struct outlet *o);
bool redelivery_wants(const struct outlet *o, const struct event *head);
/* It has come to its end, and says so. */
bool redelivery_finished(struct outlet *o);
void redelivery_cancel(struct outlet *o);
/* Cancels it unless it is over, and says why. What cannot be read once more is no reason to stop everything else. */
void redelivery_give_up(struct outlet *o, const char *why);
/* Can it be freed? */
bool redelivery_is_gone(const struct outlet *o);
void redelivery_book(struct outlet *o);
/* The last one as it stands now; NULL: there was none. */
const struct redelivery *redelivery_of(const struct outlet *live);

/* proposal.c */
void proposal_free(struct proposal *p);

/* flight.c */
struct flight *flight_new(struct outlet *o, enum flight_kind kind);
void flight_free(struct flight *f);
void flight_start(struct flight *f);
/* A message that was not handed over: it waits again. */
void flight_take_back(struct flight *f);
void flights_cancel(struct outlet *o);
/* Many come back in one round of the loop: the first of them looks at the clock and asks for a tick, for all. */
void flights_called(struct deliver *d);
/* Sends events, in one request; those that can never be sent are given up. */
enum err flight_render(struct flight *f, const struct notice *v, unsigned n, const struct sms *sms, struct errmsg *msg);
void flight_send(struct outlet *o, struct item *const *items, unsigned n);
/* Asks for consent. */
void flight_hello(struct outlet *o);
/* Takes back the intents of messages that were not handed over yet. */
void flights_withdraw(struct outlet *o);

/* notice.c: how an event looks from outside; borrows from line and text */
/* "INCARNATION_SHARD_" at p; returns the place behind. */
char *notice_prefix(const struct deliver *d, char *p);
bool notice_read(const struct deliver *d, struct str line, char id[NOTICE_ID], struct buf *text, struct notice *out);

/* outcome.c */
void outcome_events(struct flight *f, const struct answer *a);
void outcome_message(struct flight *f, const struct answer *a);
/* A message of which a receipt came before it was sent once more. */
void outcome_confirmed(struct outlet *o, struct item *i);
/* The item is tried again later (after the schedule, not before retry_after seconds), or given up. */
void outcome_failed(struct outlet *o, struct item *i, const struct verdict *v, const struct flight *f, int status);
void outcome_dead(struct outlet *o, struct item *i, const char *why, const struct flight *f, int status);

/* question.c */
bool question_is_idle(const struct outlet *o);
/* Items that are asked about, or will be with the next question. */
unsigned question_asked(const struct outlet *o);
/* How many more items may be put to the next question. */
unsigned question_room(const struct outlet *o);
void question_want(struct outlet *o, struct item *i);
/* Asks, when there is something to ask and no question under way. */
void question_ask(struct outlet *o);
/* Nothing is asked for now: what was wanted goes back. */
void question_forget(struct outlet *o);
void question_free(struct outlet *o);

/* person.c: when it is known who an item is about. Do the filters let it through? */
bool person_passes(const struct outlet *o, const struct person_view *v);
/* Sends its message, as far as there is still one to be sent. */
void person_message(struct outlet *o, struct item *i, const struct person_view *v, lc_date today);

/* book.c: commits */
void book_row(struct outlet *o, const struct item *i, enum delivery_state state, int64_t next_at, struct str why,
              struct str ref);
/* A message of which only its row is known was sent after all: a receipt says so. */
void book_sent(struct outlet *o, const struct delivery_row *row);
void book_remove(struct outlet *o, uint64_t seq);
void book_gap(struct outlet *o, struct str subject, bool owed);
void book_count(struct deliver *d, uint64_t number, uint32_t count);
void book_receipt(struct outlet *o, uint64_t seq, enum receipt_kind kind, struct str code);
/* What was committed takes hold. */
enum err book_poll(struct deliver *d, struct errmsg *msg);
enum err book_work(struct deliver *d, int64_t *at, struct errmsg *msg);
enum err book_finish(struct deliver *d, struct errmsg *msg); /* commits all there is and waits */

/* caps.c: how many messages a number got today */
enum err caps_open(struct deliver *d, struct errmsg *msg);
uint64_t caps_number(const struct deliver *d, struct str phone);
bool caps_take(struct deliver *d, uint64_t number);
/* Where they are counted elsewhere: answered is called, later, with f->cap.err and f->cap.taken. */
void caps_ask(struct flight *f, void (*answered)(struct deliver_cap *c));
void caps_forget(struct flight *f);
void caps_give_back(struct outlet *o, const struct item *i, int32_t day); /* that it was taken on */
/* When the next local day begins. */
int64_t caps_day_after(const struct deliver *d, int32_t day); /* Unix milliseconds: when it begins */
void caps_turn(struct deliver *d);

/* gaps.c: whose next event is marked, since an earlier one was given up */
enum err gaps_open(struct outlet *o, struct errmsg *msg);
/* At a start: that one of the person's was given up, if a mark is owed at all. */
void gaps_remember(struct outlet *o, struct str subject, uint64_t seq);
/* Is that event to be marked? */
bool gaps_owed(const struct outlet *o, struct str subject, uint64_t seq);
void gaps_owe(struct outlet *o, struct str subject, uint64_t seq); /* it was given up */
void gaps_pay(struct outlet *o, struct str subject, uint64_t seq); /* it has arrived */

/* said.c */
void say_item(struct outlet *o, const struct item *i, enum deliver_word word, const char *why, const struct flight *f,
              int status);
void say_outlet(struct outlet *o, enum deliver_word word, const char *why);

/* report.c: its members, behind others */
/* "payroll:4711", one of several shards "payroll:3_4711" */
void report_id(const struct deliver *d, struct str endpoint, uint64_t seq, struct buf *out);
void report_redelivery(const struct deliver *d, const struct redelivery *r, struct buf *out);

/* metrics.c */
uint64_t outlet_dead_letters(const struct outlet *o);

/* orders.c */
struct outlet *order_outlet(struct deliver *d, struct deliver_order *o); /* NULL: there is none, and it is answered */
void order_refuse(struct deliver_order *o, enum err err);
/* ERR_ABSENT; the name is repeated if it can be one. */
enum err no_such_endpoint(struct str name, struct errmsg *msg);
void order_when_durable(struct deliver *d, struct deliver_order *o);

/* deliver.c */
/* Outlets that are done with. */
void deliver_remove_gone(struct deliver *d);
struct outlet *deliver_outlet(const struct deliver *d, struct str name);
uint32_t deliver_random(struct deliver *d);
/* Is it ours to send? Asked before each request. */
bool deliver_may_send(const struct deliver *d, const struct outlet *o);

#endif
