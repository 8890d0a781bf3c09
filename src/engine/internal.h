/* The engine's inside: one struct, and what its files offer each other. Not for anyone else. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "codec/event_json.h"
#include "core/hold.h"
#include "engine/engine.h"
#include "engine/pipeline.h"
#include "roster/roster.h"
#include "roster/vocab.h"

#define TAKE_MAX 1024         /* deadlines taken from the queue at a time */
#define TICK_DEADLINES 16384  /* decided in one tick, so that inputs go on during a long sweep */
#define TICK_INPUTS 16384     /* the same the other way round */
#define TICK_RESCHEDULED 16384 /* people adopted or released in one tick */
#define TICK_INSTANTS 4096    /* of an accelerated clock */
#define STAMP_EVERY_NS (60 * INT64_C(1000000000))
#define CHANNEL_DAYS 31 /* for which accepted certifications are counted by channel */
#define HOLDS_MAX 256
/* A feed hold for each channel, the brake and the clock always fit. */
#define MORATORIA_MAX (HOLDS_MAX - CHANNEL_MAX - 2)

/* --- a batch: what one commit will write, and who waits for it --- */

/* Inputs of a request that came from a stream of the store (consumed.c), as far as they were decided in one batch. */
#define BATCH_PARTS 16384
struct consumed_part {
    struct request *request;
    uint32_t first, n;
    size_t reply; /* where its reply begins */
};

struct pending_contact; /* contacts.c */

/* Rows of idempotency keys (keys.c). */
#define BATCH_KEYS 65536
struct pending_keys {
    struct key_row *v;
    size_t n, cap;
    uint32_t *slots; /* open addressing, index + 1; twice as many as cap, which is a power of two */
};

struct batch {
    uint64_t first;    /* the number of its first event */
    uint32_t n;        /* events */
    struct buf lines;
    uint32_t *offsets; /* of each event's line */
    uint32_t cap_offsets;
    struct pending_contact *contacts;
    struct pending_keys keys;
    struct buf stamp;
    struct consumed_part *parts;
    size_t n_parts, cap_parts;
    struct consumed *consumed; /* one for each part, made when it is committed; the replies in */
    struct buf replies;
    uint64_t ordered; /* the last order carried out in it (orders.c) */
    struct request *waiting, **waiting_tail; /* answered once this is durable */
};

/* --- policies: a version each time a policy's parameters change --- */

struct policies {
    struct policy v[POLICY_MAX];
    uint64_t adopted_seq[POLICY_MAX];
    lc_instant adopted_at[POLICY_MAX];
    uint64_t used[POLICY_MAX]; /* records that stand under it */
    bool current[POLICY_MAX];
    unsigned n;
};

/* What the last config.adopted said, as the engine keeps it. */
struct settings {
    bool known;
    char timezone[128];
    struct brake_limit brake;
    int64_t clock_jump, max_downtime;
    unsigned n_channels;
    uint8_t channels[CHANNEL_MAX]; /* indices into struct engine.channels, in the configuration's order */
};

/* A channel that was ever configured keeps its index; policies' masks are over these. */
struct engine_channel {
    char name[65];
    bool configured;
    int64_t expect_every;
    lc_instant heard; /* when it last brought something, or was first expected to */
    uint32_t accepted[CHANNEL_DAYS]; /* certifications by local day (channels.c) */
    uint64_t accepted_total;         /* since the engine was opened */
};

struct hold {
    enum hold_kind kind;
    struct scope scope; /* name points to scope_name */
    char scope_name[65];
    unsigned channel; /* SCOPE_CHANNEL */
    char why[257], by[129];
    lc_date until;
    int64_t due, limit;
    lc_instant since;
};

struct holds {
    struct hold v[HOLDS_MAX];
    unsigned n;
    /* the brake's count, of one local day */
    lc_date day;
    int64_t applied; /* suspensions that count */
    int64_t allowed; /* let through by an operator and still to come */
};

struct marks; /* marks.c */

struct clock_watch {
    int64_t wall_base, boot_base; /* nanoseconds, at the last look that was good */
};

/* What other threads may read (counters.c), beside the counts below. */
struct shown {
    _Atomic uint64_t commits, commit_ns, commit_bytes, commit_buckets[COMMIT_BUCKETS_N + 1];
    _Atomic uint64_t last_seq, durable_seq, log_bytes, disk_bytes, n_segments, n_packed, enrolled, held, lag_seconds;
    _Atomic uint64_t sweeps, sweep_deadlines, sweep_ns, last_sweep_ns;
    _Atomic uint64_t checkpoints, checkpoint_seq;
    _Atomic int64_t checkpoint_at, now, next_deadline; /* checkpoint_at: monotonic */
    _Atomic uint32_t status[STATUS_N], holds[HOLD_N];
    _Atomic unsigned n_channels;
    struct {
        _Atomic bool configured;
        _Atomic int64_t expect_every, heard_at;
        _Atomic uint64_t accepted;
    } channels[CHANNEL_MAX];
};

struct engine {
    struct engine_options options;
    struct config *config;
    struct store *store;
    struct clock clock;
    bool simulated;
    bool failed;

    struct roster *roster;
    struct vocab *categories, *units;
    struct policies policies;
    struct settings settings;
    struct engine_channel channels[CHANNEL_MAX];
    unsigned n_channels;
    lc_date accepted_day; /* the last day of the channels' counts (channels.c) */
    struct holds holds;
    struct marks *marks;
    struct clock_watch watch;

    struct env env; /* now, today, offset; the person's part is filled per call */
    struct decision decision;
    struct event_arena arena; /* for reading lines back */
    struct buf history_text, contact_text;

    struct batch batches[2];
    struct batch *cur, *flight; /* flight: NULL when no commit is in the store */
    int64_t commit_began;
    uint64_t last_seq; /* the last number given */
    lc_instant last_time; /* and its event's time: now is never before it */

    int64_t sweep_began; /* monotonic; 0: nothing is due */
    lc_instant taking; /* the instant whose deadlines the sweep has in hand; INT64_MIN: none */

    /* sweeps over everybody, in slices */
    bool adopting;       /* policies or the time zone changed: everybody is looked at */
    uint32_t adopt_from;
    bool releasing;      /* a hold was lifted: the held are looked at again */
    uint32_t release_from;

    /* units' digests (digest.c) */
    struct {
        lc_month month; /* of the latest digests, and */
        uint32_t next;  /* the unit that would be next; DIGEST_DONE: none */
        bool running;
        lc_month of;
        uint32_t person; /* the next to be counted */
        uint32_t *counts, n_counts; /* by unit */
        /* one of several shards: */
        char after[65]; /* of that month the units up to this one were told; "": none */
        bool handed;    /* the counts were handed over */
        bool telling;   /* the sums have come, and */
        uint32_t at;    /* this one of them is next */
    } digest;

    /* one of several shards (office.c, orders.c) */
    struct {
        struct office_report report;
        lc_instant granted; /* suspensions of the sweep up to there may be carried out; INT64_MIN: none */
        lc_instant since;   /* what fell due before is asked for as of then: the start, or the last lifting of a hold */
        bool standing;      /* the sweep was not allowed to go on */
        bool asked;         /* it was, since the start: what was ordered before is known */
        bool ordered_known; /* the stamp had it */
        uint64_t ordered, ordered_durable; /* the last order carried out */
    } office;

    int64_t stamp_at; /* monotonic: the next stamp */

    /* checkpoint in progress (checkpoint.c) */
    struct {
        bool active, in_flight;
        int part; /* enum part of checkpoint.c */
        uint64_t start_seq, end_seq, last_done; /* last_done: number of the last checkpoint's end, or try */
        uint64_t whole_seq; /* number of the last whole checkpoint's end */
        uint32_t next; /* record */
        struct buf slice;
    } checkpoint;

    /* requests */
    pthread_mutex_t lock;
    struct request *inbox, **inbox_tail; /* under lock */
    atomic_uint queued;                  /* inputs waiting */
    struct request *todo, **todo_tail;   /* the engine's own */
    struct {
        struct scan *v[SCANS_MAX];
        unsigned n;
        uint64_t last_id;
    } scans;
    struct stream *streams;
    const struct request *begun; /* came from a stream of the store, and not all of it is decided (consumed.c) */
    int wake_fd, timer_fd, epoll_fd;

    _Atomic uint64_t count_inputs[OP_N][RESULT_N], count_rejections[OP_N][REASON_N], count_events[EV_N];
    struct shown shown;
};

/* What a person's row is written from beside the record. */
struct scene {
    const struct policies *policies;
    const struct holds *holds; /* NULL: not known */
    const struct vocab *categories, *units;
    const struct tz *tz;
    lc_instant now;
    lc_date today;
};

/* One beneficiary in hand: a copy that people_put() writes back. */
struct person {
    uint32_t n;
    struct entry entry;
    char id_bytes[ID_MAX];
    struct str id;
};

/* batch.c */
void batch_init(struct batch *b);
void batch_done(struct batch *b);
bool batch_full(const struct engine *e);
/* Gives the event its number and writes its line to the current batch. */
void batch_add(struct engine *e, struct event *ev);
/* The line of any event so far, durable or not, appended to out without its newline. */
enum err batch_line(struct engine *e, uint64_t seq, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;
/* Answers r once everything decided so far is durable. */
void batch_answer(struct engine *e, struct request *r);
enum err batch_poll(struct engine *e, bool wait, struct errmsg *msg) ERR_MUSTCHECK;
enum err batch_commit(struct engine *e, struct errmsg *msg) ERR_MUSTCHECK;
/* Commits all there is and waits for it. */
enum err batch_flush(struct engine *e, struct errmsg *msg) ERR_MUSTCHECK;

/* contacts.c: contacts not yet durable */
struct pending_contact *pending_new(void);
void pending_free(struct pending_contact *p);
void pending_clear(struct pending_contact *p);
const struct contact_change *pending_list(const struct pending_contact *p, size_t *n);
void pending_add(struct pending_contact *p, uint64_t seq, uint32_t number, struct str id, bool unit,
                 const struct contact *c);
/* The contact as it is after everything decided so far; all STR_NONE when there is none. Points into the engine's
 * contact_text or a batch: until the next call. */
enum err contact_now(struct engine *e, uint32_t number, struct str id, bool unit, struct contact *out,
                     struct errmsg *msg) ERR_MUSTCHECK;

/* keys.c: what is not yet durable, and what the store has */
void pending_keys_done(struct pending_keys *p);
void pending_keys_clear(struct pending_keys *p);
/* What came of the input of that key: fills in *out when that is known, or when it was another input. */
enum err keys_find(struct engine *e, const struct input_key *k, struct input_result *out, bool *known,
                   struct errmsg *msg) ERR_MUSTCHECK;
/* Notes what was decided just now. Errors are not: nothing was decided, and it may be another time. */
void keys_note(struct engine *e, const struct input_key *k, const struct input_result *r);

/* history.c */
/* Appends an event's line to text, without its newline, and reads its head. ERR_DAMAGED when it is not there or makes
 * no sense: its prev is below seq. */
enum err history_line(struct engine *e, uint64_t seq, struct buf *text, struct event *head,
                      struct errmsg *msg) ERR_MUSTCHECK;
enum err history_fetch(struct engine *e, uint64_t last_seq, struct history *h, struct errmsg *msg) ERR_MUSTCHECK;
/* The last event that was ever archived; 0: none. Up to there everyone's history is kept folded: */
uint64_t history_archived_up_to(const struct engine *e);
/* of the person whose last archived event is number seq. ERR_ABSENT: that is nobody's; ERR_ARCHIVED: more was archived
 * just now. */
enum err history_archived(struct engine *e, uint64_t seq, struct history *h, struct errmsg *msg) ERR_MUSTCHECK;

/* people.c */
void people_get(struct engine *e, uint32_t n, struct person *p);
/* Brings the person's policy up to date, runs what is due up to and including upto, puts it back and schedules it. */
enum err people_settle(struct engine *e, struct person *p, lc_instant upto, struct errmsg *msg) ERR_MUSTCHECK;
/* n: the beneficiary's number where it is known already, else ROSTER_NONE. ERR_MORE: nothing was decided, it must wait
 * for the next sweep: a suspension of theirs is due, and the office has not been asked yet. */
enum err people_input(struct engine *e, const struct input *in, uint32_t n, struct input_result *out,
                      struct errmsg *msg) ERR_MUSTCHECK;
/* What a person's event does besides moving the record; live and on replay. */
void people_note(struct engine *e, struct entry *entry, const struct event *ev);
/* What it does to the counts over everybody. A checkpoint has those up to a number of their own, so that the replay
 * must not do it again for what came before. */
void people_count(struct engine *e, const struct event *ev);

/* sweep.c */
/* *taken: how many deadlines it looked at. */
enum err sweep_deadlines(struct engine *e, unsigned budget, uint64_t *taken, struct errmsg *msg) ERR_MUSTCHECK;
enum err sweep_adoption(struct engine *e, unsigned budget, struct errmsg *msg) ERR_MUSTCHECK;
void sweep_release(struct engine *e, unsigned budget);

/* holds.c */
void holds_note(struct engine *e, const struct event *ev);
void holds_note_suspension(struct engine *e, const struct event *ev);
void holds_place(struct engine *e, const struct event *proto); /* u.hold filled; emits hold.placed */
void holds_lift(struct engine *e, unsigned i, struct str why, struct str by);
/* Places the clock hold unless it is there. */
void holds_clock(struct engine *e, const char *why);
int holds_find(const struct engine *e, struct str name);
void holds_name(const struct hold *h, char out[160]);
/* Is a suspension of that person kept back? other than by the brake's count */
bool holds_cover(const struct engine *e, const struct entry *entry);
bool holds_brake_on(const struct engine *e);
bool holds_clock_on(const struct engine *e);
/* Before the first suspension of the instant at: places the brake when too many are due. extra: due ones that the queue
 * does not count. true: no brake. */
bool holds_brake_check(struct engine *e, lc_instant at, int64_t extra);
/* What it counts: suspensions due by `at` that no operator let through, those of today, those who draw a benefit. */
int64_t holds_brake_due(const struct engine *e, lc_instant at);
int64_t holds_brake_applied(const struct engine *e);
int64_t holds_drawing(const struct engine *e);
/* The next instant at which a hold is placed or lifted by itself, and doing what has come. */
lc_instant holds_next(const struct engine *e);
void holds_run(struct engine *e);
void holds_heard(struct engine *e, unsigned channel);
/* The same from elsewhere, and of that instant: news of a silence that goes on change nothing. */
void holds_heard_at(struct engine *e, unsigned channel, lc_instant at);
void holds_write(const struct engine *e, const struct hold *h, struct buf *out);
/* The names of those that cover the person, as a JSON list; null for NULL: not known. */
void holds_write_names(const struct holds *holds, const struct scope_subject *who, struct buf *out);
/* They may not be copied otherwise: there are pointers inside. */
void holds_copy(struct holds *to, const struct holds *from);

/* marks.c: what was in force when */
struct marks *marks_new(void);
void marks_free(struct marks *m);
/* One more in force, or (lifted) one less. */
void marks_hold(struct marks *m, const struct hold *h, lc_instant at, bool lifted);
/* Those in force behind the last event at or before `at`: kind, scope and channel only. false: not known any more. */
bool marks_holds_at(const struct marks *m, lc_instant at, struct holds *out) ERR_MUSTCHECK;
void marks_zone(struct marks *m, struct str name, lc_instant since);
/* The zone in force then; the first known one's when that is later. NULL: none was ever adopted. */
const char *marks_zone_at(const struct marks *m, lc_instant at);
/* A version of a policy whose place is taken by another. */
void marks_dropped(struct marks *m, const char *name, uint64_t seq, lc_instant at);
/* Of those, the number of the latest adopted up to number seq and instant at; 0: there is none. */
uint64_t marks_dropped_find(const struct marks *m, struct str name, uint64_t seq, lc_instant at);
/* For the checkpoint: lines, taken in again one by one; tag: the line's first letter. */
void marks_save(const struct marks *m, struct buf *out);
bool marks_load(struct engine *e, char tag, const char *text);
/* All are read. A checkpoint from before there were marks has none: what was in force then is what is known. */
void marks_loaded(struct marks *m, const struct holds *now, lc_instant from);

/* channels.c */
void channels_note(struct engine *e, const struct event *ev); /* certification.accepted */
void channels_write(const struct engine *e, struct buf *out);  /* those configured, as JSON */
void channels_save(const struct engine *e, struct buf *out);   /* for the checkpoint; loaded line by line */
bool channels_load_day(struct engine *e, const char *text);
bool channels_load(struct engine *e, const char *text);

/* digest.c */
#define DIGEST_DONE UINT32_MAX
/* The next instant at which units' digests are due: not after now while they are. */
lc_instant digest_next(const struct engine *e);
void digest_run(struct engine *e, unsigned budget);
lc_instant digest_due_at(const struct engine *e, lc_month month);
/* The order of units' codes. */
int digest_compare(struct str a, struct str b);
void digest_note(struct engine *e, const struct event *ev);
/* Was this person sent a reminder this month, and has not certified since? */
bool digest_counts(const struct engine *e, const struct record *r);
/* The stamp's word on how far they got: by number; by name, where this is one of several shards. */
void digest_reached(struct engine *e, lc_month month, uint32_t next);
void digest_told(struct engine *e, lc_month month, struct str unit);
void digest_stamp(const struct engine *e, struct buf *out);
void digest_done(struct engine *e);

/* adopt.c */
enum err adopt_config(struct engine *e, struct config *c, struct errmsg *msg) ERR_MUSTCHECK;
void adopt_note(struct engine *e, const struct event *ev); /* policy.adopted, config.adopted */
/* The policy of a policy.adopted, over the engine's channels. */
struct policy adopt_read_policy(struct engine *e, const struct event *ev);
/* The version of that name in force at that number; POLICY_UNKNOWN. */
uint8_t adopt_policy(const struct engine *e, struct str name, uint64_t seq);
int adopt_channel(const struct engine *e, struct str name); /* configured ones only; -1 */
unsigned adopt_channel_index(struct engine *e, struct str name); /* added when new; CHANNEL_MAX: full */

/* watch.c: the clock, and the stamp that says when the daemon was last alive */
void watch_start(struct engine *e, lc_instant alive);
void watch_look(struct engine *e);
/* Replay: time passes as the log says, in the zone that the line is written in. */
void watch_set_time(struct engine *e, const struct event *ev);
void watch_set_now(struct engine *e, lc_instant now);
void watch_stamp(struct engine *e, struct buf *out);
lc_instant watch_read_stamp(struct engine *e, struct str stamp);

/* replay.c */
/* Applies all that is durable behind `after`, of which nothing may be missing. system_seq: system events up to there
 * are in already. */
enum err replay_log(struct engine *e, uint64_t after, uint64_t system_seq, struct errmsg *msg) ERR_MUSTCHECK;
/* The same for a span: the engine is then as of its end (e->last_seq, e->last_time). */
enum err replay_span(struct engine *e, const struct log_span *span, uint64_t system_seq,
                     struct errmsg *msg) ERR_MUSTCHECK;

/* schedule.c */
void schedule_everybody(struct engine *e);
/* Whose suspension is due and kept back stands apart from the queue. */
void schedule_hold_back(struct engine *e);

/* checkpoint.c */
/* Loads the newest good checkpoint into the empty engine; *after: replay starts there; *system_seq: system events up to
 * there are in already; *seal. ERR_ABSENT: there is none. */
enum err checkpoint_load(struct engine *e, const char *uri, uint64_t *after, uint64_t *system_seq, struct seal *seal,
                         struct errmsg *msg) ERR_MUSTCHECK;
/* The newest that holds nothing newer than event upto. */
enum err checkpoint_load_upto(struct engine *e, const char *uri, uint64_t upto, uint64_t *after, uint64_t *system_seq,
                              struct seal *seal, struct errmsg *msg) ERR_MUSTCHECK;
/* One of the two (0 the newest), into the empty engine, which on failure is only to be freed. Its system section is
 * as of system_seq, each record as of the number that it carries, and all are in it of whom there are events up to
 * `after`. */
struct checkpoint_read {
    uint64_t after, system_seq;
    struct seal seal;
};
enum err checkpoint_read_one(struct engine *e, const char *uri, unsigned which, struct checkpoint_read *out,
                             struct errmsg *msg) ERR_MUSTCHECK;
bool checkpoint_due(const struct engine *e);
/* Starts one, goes on with it by a slice, finishes it. */
void checkpoint_step(struct engine *e);
/* Writes one whole, now. */
enum err checkpoint_write(struct engine *e, struct errmsg *msg) ERR_MUSTCHECK;

/* checkpoint_system.c: the section of what is not per person. *end: the number up to which it speaks. */
void checkpoint_system_write(const struct engine *e, struct buf *out);
bool checkpoint_system_read(struct engine *e, struct str text, uint64_t *end);

/* requests.c */
/* Takes what other threads have submitted since. */
void requests_fetch(struct engine *e);
/* Requests in their order; one that waits for its time lets others pass, but not those of its own stream. */
enum err requests_run(struct engine *e, unsigned budget, struct errmsg *msg) ERR_MUSTCHECK;
/* Is there an input or question that could be worked on now? */
bool requests_ready(const struct engine *e);

/* tick.c */
/* Is anything left that is due by now, inputs aside? */
bool tick_deadlines_left(const struct engine *e);
/* By how many seconds the sweep is behind. */
uint64_t tick_lag(const struct engine *e);

/* counters.c: what other threads may read */
void counters_commit(struct engine *e, uint64_t bytes, int64_t ns);
void counters_checkpoint(struct engine *e);
/* A share of a sweep, begun then (monotonic); over: nothing is left that is due. */
void counters_sweep(struct engine *e, int64_t began, uint64_t deadlines, bool over);
/* Everything that is not counted where it happens. */
void counters_show(struct engine *e);

/* engine.c: an engine that knows nobody, before recovery; it owns config, and the store that it is given */
struct engine *engine_new(const struct engine_options *o, struct config *config);
void engine_free(struct engine *e);
void engine_empty(struct engine *e);

/* query.c */
void query_run(struct engine *e, struct request *r);
void query_holds(const struct engine *e, struct buf *out);

/* orders.c: REQUEST_HOLDS and what changes them, REQUEST_ORDER, REQUEST_HEARD */
void orders_holds(struct engine *e, struct request *r);
void orders_place(struct engine *e, struct request *r);
void orders_lift(struct engine *e, struct request *r);
void orders_carry_out(struct engine *e, struct request *r);
void orders_heard(struct engine *e, struct request *r);

/* office.c: one of several shards. Without an office all of this does nothing, and nothing waits. */
void office_start(struct engine *e);
void office_report(struct engine *e);
/* Is it the office that says whether people may be suspended? Not while the brake or the clock's hold is on, nor where
 * the brake is off for good. */
bool office_judges(const struct engine *e);
/* Before the sweep suspends anybody at that instant. false: it stands. */
bool office_allows(struct engine *e, lc_instant at);
/* Does the sweep wait for the office, with nothing else to be done about it? */
bool office_stands(const struct engine *e);
/* Must inputs wait until those are suspended who are due? */
bool office_blocks(const struct engine *e);

/* consumed.c: what came from a stream of the store */
/* The request's inputs from `first` on, as far as it has come, were decided in the current batch. */
void consumed_note(struct engine *e, struct request *r, uint32_t first);
/* One of them at a time: must r wait until another is whole? */
bool consumed_waits(const struct engine *e, const struct request *r);
/* What the store is told of them. */
const struct consumed *consumed_list(struct batch *b);
void consumed_clear(struct batch *b);
void consumed_done(struct batch *b);

/* views.c: REQUEST_LINES, REQUEST_PEOPLE */
void view_lines(struct engine *e, struct request *r);
void view_people(struct engine *e, struct request *r);

/* scan.c: REQUEST_SCAN */
void scan_run(struct engine *e, struct request *r);
/* n is about to change. */
void scan_keep(struct engine *e, uint32_t n);
/* Ends those that nobody continues. */
void scan_expire(struct engine *e);
void scan_close_all(struct engine *e);
/* May a request be answered although what was decided since is not durable? */
bool scan_is_durable(const struct engine *e, const struct request *r);

/* periods.c */
struct claim {
    enum { CLAIM_NONE, CLAIM_PAYABLE, CLAIM_WITHHELD } kind;
    lc_date pay_on; /* payable */
    bool walked;    /* events were read for it */
};
/* in_force: the version in force of the person's policy. */
enum err period_claim(struct engine *e, const struct policy *in_force, const struct entry *entry, lc_month period,
                      struct claim *out, struct errmsg *msg) ERR_MUSTCHECK;
void period_write(const struct person *p, const struct policy *policy, const struct claim *c, struct buf *out);

/* person_json.c */
struct scene scene_now(const struct engine *e);
void person_write(const struct scene *s, const struct person *p, struct buf *out);
void person_write_id(const struct person *p, struct buf *out);

/* as_of.c: REQUEST_SHOW and REQUEST_STORY of an earlier instant. ERR_INVALID: it has not come yet; ERR_ABSENT: the
 * person was not enrolled yet. */
enum err as_of_show(struct engine *e, const struct person *now, const struct as_of *when, struct buf *out,
                    struct errmsg *msg) ERR_MUSTCHECK;
enum err as_of_story(struct engine *e, const struct person *now, const struct as_of *when, struct buf *out,
                     struct errmsg *msg) ERR_MUSTCHECK;

/* json.c */
void json_date(struct buf *out, lc_date d);
void json_month(struct buf *out, lc_month m);
void json_instant(const struct tz *tz, struct buf *out, lc_instant at);

#endif
