/* The engine: steps inputs and due deadlines, commits in batches, answers after the commit.
 *
 * Everything here but engine_submit(), engine_wake() and engine_counters() belongs to one thread. A driver calls
 * engine_tick() in a loop and waits in between on engine_fd() and for as long as the tick says. Recovery, simulation and
 * the daemon are this same code over another clock or store.
 *
 * What a request sees and changes is durable before its done() is called. A store that fails makes engine_tick()
 * return an error: the program must end without answering anything more, and start again from what is stored. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/clock.h"
#include "config/config.h"
#include "core/decide.h"
#include "engine/office.h"
#include "store/store.h"

struct engine;
struct request;

/* --- requests --- */

enum request_kind {
    REQUEST_INPUTS,      /* decide inputs[] in order, fill results[] */
    REQUEST_STREAM_END,  /* a stream of inputs is over: its last `at` no longer stops the clock */
    REQUEST_SHOW,        /* beneficiary `id` as JSON into body, now or `as_of` then; ERR_ABSENT, ERR_INVALID */
    REQUEST_STORY,       /* that person's events as NDJSON into body, oldest first, up to now or then; the same */
    REQUEST_DUE,         /* deadlines from date to date (inclusive; DATE_NONE: open) by day or month, as JSON */
    REQUEST_STATUS,      /* counts, next deadlines, holds, as JSON */
    REQUEST_HOLDS,       /* JSON */
    REQUEST_HOLD_PLACE,  /* hold: a moratorium */
    REQUEST_HOLD_LIFT,   /* by name; ERR_ABSENT */
    REQUEST_LINES,       /* the log's lines of seqs[], in that order, into body, each with its newline; ERR_ABSENT */
    REQUEST_PEOPLE,      /* what is known now of people[]: fills them in, their contacts' text into body */
    REQUEST_SCAN,        /* everybody as of one position, a slice after the other, as NDJSON into body */
    REQUEST_CONFIG,      /* another configuration takes hold; ERR_INVALID with msg: refused, the old one stays */
    REQUEST_ORDER,       /* a hold that is placed or lifted for all shards at once (engine/office.h) */
    REQUEST_HEARD,       /* when channels were last heard by other shards (engine/office.h) */
    REQUEST_KIND_N
};

/* An input's idempotency key and the input itself, as hashes. */
struct input_key {
    unsigned char key[KEY_HASH], body[KEY_HASH];
};

enum key_use {
    KEY_NEW,      /* there was none, or it was decided under it now */
    KEY_REPLAYED, /* it was decided before: this is what came of it then */
    KEY_REUSED,   /* another input was decided under that key: an error */
};

/* What came of one input. The events are consecutive: first_seq .. first_seq + n_events - 1. */
struct input_result {
    enum result result;
    enum reason reason;
    uint32_t n_events;
    enum key_use key;
    uint64_t first_seq;
    const char *member; /* RESULT_ERROR: the member at fault, and what is wrong; static strings */
    const char *fault;
};

/* What delivery asks of a beneficiary, or of a unit, when it decides about an event and when it writes a message. */
struct person_view {
    struct str id; /* in: the beneficiary's id, or the unit's code */
    bool unit;     /* in */
    bool contact_wanted; /* in */
    bool found;    /* false: all below is empty; a unit is found when it has a contact */
    struct record rec;
    struct policy policy; /* in force; its name with it */
    struct dates dates;
    char category[65], unit_code[65]; /* "": none */
    struct contact contact; /* points into the request's body */
};

#define PEOPLE_MAX 256 /* of one request; lines too */

enum scan_kind {
    SCAN_PEOPLE, /* each as REQUEST_SHOW has it, then {"position","beneficiaries","after"} */
    SCAN_PERIOD, /* who has a claim on a period: payable or withheld, then {"period","position","payable","withheld"} */
};

#define SCANS_MAX 4 /* at one time */

/* A scan is begun by a request with id 0, which has the first slice for its answer, and continued by requests with
 * the id that this one was given. All slices together show everybody, in order of enrolment, exactly as they were
 * when the scan began, whatever is decided meanwhile: also the policies, the holds, the time zone, and what depends
 * on the present (the reminder that is next). What a slice shows is durable.
 *
 * At the beginning: ERR_FULL when SCANS_MAX are open; ERR_INVALID with `member`. Later ERR_ABSENT: the scan was
 * given up, since nobody continued it for a minute, or since too many people changed (a million) before it reached
 * them. After any error it is over. A slice may have no lines and not be the last. */
struct scan_order {
    /* at the beginning */
    enum scan_kind kind;
    int status;        /* PEOPLE: only those that stand so; -1: all */
    struct str policy; /* only those under it; STR_NONE: all */
    struct str after;  /* PEOPLE: only those enrolled after that one; STR_NONE: all */
    lc_date next_on;   /* PEOPLE: only those whose next deadline falls on that day; DATE_NONE: all */
    uint64_t limit;    /* PEOPLE: at most so many; 0: all */
    bool ids_only;     /* PEOPLE: rows of {"id":"..."} alone */
    lc_month period;   /* PERIOD */

    uint64_t id; /* 0: begin one; set by the engine, to 0 when this slice was the last */
    bool end;    /* give it up, without a slice */
    bool keep;   /* begin it, or keep it from being given up, without a slice: the body stays empty */
    uint64_t position;  /* out: the last event decided when it began */
    const char *member; /* out: what is at fault */
    struct buf positions; /* out, from shards/front/front.h alone: the position in all shards' logs, as shards/position.h writes
                             it; the caller frees it */
};

/* Inputs that belong together, in order (one import): with a clock that is not the system's, the clock does not pass
 * the last `at` read from an open stream. Owned by the caller; must outlive its requests. */
struct stream {
    lc_instant reached; /* the engine's own; INSTANT_NONE before the first `at` */
    int64_t touched;    /* the engine's own: when that was, monotonic */
    struct stream *next, **link;
};

/* Where inputs came from, when they are an entry of a shard's input stream: the commit that makes their results durable
 * removes the entry, and answers, in one step (store.h, struct consumed). */
struct source {
    struct str stream; /* "in", "in:face" */
    uint64_t ms, n;    /* the entry */
    uint32_t skip;     /* how many of its inputs an earlier commit has decided: inputs[0] is the one after those */
    struct str reply_to;
    /* On the engine's thread, when a batch is committed that has results[first .. first + n - 1]: appends what is told
     * to whoever sent them. NULL: nobody is told. Numbers count from inputs[0]. */
    void (*reply)(const struct request *r, uint32_t first, uint32_t n, struct buf *out);
};

/* What was known then, and would have been answered: by the events up to and including an instant. */
struct as_of {
    bool given;    /* false: now */
    lc_date day;   /* at that day's end, or now when it is today; DATE_NONE: */
    lc_instant at; /* at this instant, not after now */
};

struct request {
    enum request_kind kind;
    void (*done)(struct request *r); /* on the engine's thread; the request is the caller's again */
    void *owner;                     /* the caller's own */
    enum err err;
    struct errmsg msg;

    struct stream *stream; /* INPUTS, STREAM_END; may be NULL */
    struct input *inputs;
    struct input_result *results;
    const struct input_key *keys; /* one for each input; NULL: they have none */
    uint32_t n_inputs;
    const struct source *source; /* INPUTS; NULL: they came otherwise. With n_inputs 0 the entry is removed, no more */

    struct str id;         /* SHOW, STORY */
    struct as_of as_of;    /* the same */
    lc_date from, to;      /* DUE */
    bool by_month;         /* DUE */
    struct {
        struct scope scope;
        lc_date until;
        struct str name, why, by;
    } hold;
    const uint64_t *seqs; /* LINES; the caller's, like people */
    struct person_view *people;
    uint32_t n_people, n_seqs;
    lc_date today; /* PEOPLE: the engine's, when it answered */
    struct scan_order scan; /* SCAN */
    struct config *config; /* CONFIG: the engine's when accepted */
    const struct office_order *order; /* ORDER */
    const struct office_heard *heard; /* HEARD */
    uint32_t n_heard;
    struct buf body;       /* the answer; the caller frees it */

    struct request *next; /* the engine's own */
    uint32_t at_input;    /* the engine's own: the first input not yet decided */
};

void stream_init(struct stream *s);

/* --- life --- */

struct engine_options {
    const char *uri;             /* of the store */
    struct store_options store;  /* what a store in Redis needs besides; the rest is the engine's own */
    const struct engine_office *office; /* several engines share a scheme; NULL: this one is alone (engine/office.h) */
    bool init;                   /* make the store when it is not there */
    uint64_t segment_bytes;      /* 0: the store's default */
    uint64_t checkpoint_events;  /* a checkpoint after so many events; 0: as configured, and of one of several engines a quarter
                                    as many as it has people, at least 250,000 */
    uint32_t queue_inputs;       /* most inputs waiting; 0: the default, 262,144 */
    uint32_t batch_bytes;        /* a commit's lines; 0: the default, 4 MiB */
    bool gather;                 /* simulated: commit when a batch is full, and at the end of engine_run_until(), not at
                                    every instant */
    uint32_t scan_saved;         /* most records saved for one scan; 0: the default, a million */
    void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
    void (*warn)(void *arg, const char *text); /* damaged checkpoints, torn tails: for the log */
    void (*committed)(void *arg, uint64_t first, struct str lines); /* each batch once durable; may be NULL */
    void *arg;
};

/* Opens the store, recovers and adopts the configuration (which the engine owns from then on, also when this fails).
 * The clock of the configuration is started; simulated: instead a simulated clock that begins at start. */
enum err engine_open(const struct engine_options *o, struct config *config, bool simulated, lc_instant start,
                     struct engine **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Commits what is pending, writes the stamp and (checkpoint) a checkpoint. Requests still queued are dropped without
 * done(). */
enum err engine_close(struct engine *e, bool checkpoint, struct errmsg *msg);
/* Gives everything up at once, as a crash would. */
void engine_abandon(struct engine *e);

/* The number up to which a checkpoint of that store spares the log: a start that uses it needs the events behind it.
 * which: 0 the newest, 1 the one before. All of it is read. ERR_ABSENT: there is none such; ERR_DAMAGED,
 * ERR_VERSION. */
enum err engine_checkpoint_covers(const char *uri, unsigned which, uint64_t *seq, struct errmsg *msg) ERR_MUSTCHECK;

/* From any thread. false: the queue is full, try again later. Wakes the engine. */
bool engine_submit(struct engine *e, struct request *r) ERR_MUSTCHECK;

/* Something that engine_tick() asks for may have changed (engine/office.h). From any thread. */
void engine_wake(struct engine *e);

/* For readers of the log (store_reader_open) and the delivery state, on other threads. */
const struct store *engine_store(const struct engine *e);

/* Does a bounded share of what is due. *wait_ms: 0 when there is more to do at once, else for how long nothing will be,
 * unless engine_fd() becomes readable (-1: for ever). */
enum err engine_tick(struct engine *e, int64_t *wait_ms, struct errmsg *msg) ERR_MUSTCHECK;
/* An epoll descriptor: readable when a request or a finished commit waits, or when the system's clock was set. */
int engine_fd(const struct engine *e);

/* --- simulation (only with a simulated clock) --- */

/* Runs through every deadline at or before until, and through the submitted inputs, each at its `at`, until
 * nothing is left to do, and commits. The clock then shows until. */
enum err engine_run_until(struct engine *e, lc_instant until, struct errmsg *msg) ERR_MUSTCHECK;

/* --- for the metrics and the logs; any thread; relaxed counters --- */

/* A commit took at most so many nanoseconds: 0.5 ms .. 10 s. */
#define COMMIT_BUCKETS_N 14
extern const uint64_t commit_bucket_limits[COMMIT_BUCKETS_N];

/* One that is or was configured; each keeps its place for as long as the engine runs. */
struct channel_counters {
    char name[65];
    bool configured;
    int64_t expect_every; /* seconds; 0: no feed hold */
    lc_instant heard_at;  /* when it last brought something, or was first expected to; before 1900: not configured */
    uint64_t accepted;    /* certifications, since the engine was opened */
};

/* Counts of what was done are since the engine was opened; the rest is as of the last tick. */
struct engine_counters {
    uint64_t inputs[OP_N][RESULT_N];
    uint64_t rejections[OP_N][REASON_N];
    uint64_t events[EV_N];
    uint64_t commits, commit_ns, commit_bytes, last_seq, durable_seq;
    uint64_t commit_buckets[COMMIT_BUCKETS_N + 1]; /* each limit's own, not summed up; behind them what took longer */
    uint64_t queued_inputs, enrolled, held;
    uint64_t lag_seconds; /* how far the sweep is behind */
    uint32_t status[STATUS_N]; /* people by status */
    uint32_t holds[HOLD_N];    /* those in force, by kind */
    uint64_t log_bytes, disk_bytes, n_segments, n_packed; /* store_info()'s */
    lc_instant now, next_deadline; /* next_deadline: INSTANT_NONE: none */
    bool simulated;
    uint64_t sweeps, sweep_deadlines, sweep_ns; /* those that are over; deadlines looked at; time spent in them */
    uint64_t last_sweep_ns; /* of the last one that is over, from beginning to end, inputs in between included */
    uint64_t checkpoints;   /* written whole */
    uint64_t checkpoint_seq; /* the last one, also one loaded at the start, holds everything up to there; 0: none */
    int64_t checkpoint_age; /* seconds since the last one was written; -1: none since the engine was opened */
    unsigned n_channels;
    struct channel_counters channels[CHANNEL_MAX];
};
void engine_counters(const struct engine *e, struct engine_counters *out);

#endif
