/* verify from inside: what its files share. See verify.h. */
#ifndef ENGINE_VERIFYING_H
#define ENGINE_VERIFYING_H

#include "codec/origin.h"
#include "engine/internal.h"
#include "engine/verify/verify.h"

/* A deadline that must come at once: the engine lets nothing come between an input and what falls due by it. */
struct must {
    uint32_t n; /* ROSTER_NONE: nothing must */
    enum deadline_kind kind;
};

/* What the order of a sweep allows at the present instant (verify_sweep.c). */
struct sweep_view {
    bool behind;       /* more was due than one tick takes: inputs may have come in between */
    bool releasing;    /* a hold was lifted: those that it kept back come back in slices */
    unsigned rezoning; /* the zone changed: for so many instants yet the engine's queue may still be in the old one */
    lc_instant at;     /* the instant whose deadlines are being run, and */
    uint64_t at_due;   /* the suspensions due by then, before the first of them */
    bool adopting;     /* a policy changed, and not everybody was seen under the new version */
    unsigned adopting_for; /* instants since */
    bool waiting; /* one of several shards: a suspension that an input brought about waits for the next sweep */
};

/* A month's digests (verify_digest.c). */
struct digest_view {
    lc_month month;      /* MONTH_NONE: none was counted yet */
    lc_month unknown;    /* of this one nothing is known: the walk began in the midst of it */
    int64_t *low, *high; /* by unit: the least and the most that may have been counted */
    uint32_t n;
    char told[65]; /* one of several shards: the last unit told of */
};

/* A checkpoint that is compared on the way (verify_checkpoint.c). */
struct checkpoint_view {
    struct engine *e; /* holds what it says; NULL: there is none */
    char name[64];
    struct checkpoint_read read;
    uint64_t matched;           /* records */
    unsigned char *seen;        /* a bit for each of them */
    bool beyond;                /* it is newer than the log's end: the daemon wrote it meanwhile */
    bool system;                /* its system section was compared */
    uint32_t least[2], most[2]; /* categories and units that it may have */
};
#define CHECKPOINTS 2

struct contacts_view;   /* verify_contacts.c */
struct deliveries_view; /* verify_states.c */
struct survey;

/* The numbers at which a seal is looked for, and which it must be (verify_seals.c). */
struct seal_view {
    struct seal seal;
    char who[64]; /* who says so */
    bool met;
};

struct verify {
    const struct verify_options *o;
    struct verify_report *out;
    struct store *store;
    struct engine *e; /* as of the event before: only its folding functions are used, and nothing of its batches */
    struct origin_reader *origin;
    struct tz *tz;
    uint64_t end;          /* the log's, when it began */
    uint64_t decided_from; /* the first event that is decided again */
    uint64_t taken;        /* events up to there were decided in other logs */
    bool begun;            /* an event was seen */
    uint64_t bytes;        /* of events' lines so far */

    struct event *ev; /* in hand */
    struct str line;
    struct buf expected; /* the lines of the decision in hand; those that are still to come begin at */
    size_t coming;
    struct str coming_subject;
    struct must must;
    struct sweep_view sweep;
    struct digest_view digest;
    lc_instant digest_at; /* when units' digests are due next; reckoned anew as time goes on */
    bool loose;           /* the last event was the beginning of a start, maybe, or came of none that is decided */

    struct checkpoint_view checkpoints[CHECKPOINTS];
    struct contacts_view *contacts;
    uint64_t contacts_last; /* rows of a commit that was not sealed go up to there */
    struct deliveries_view *deliveries;
    struct seal_view *seals; /* ascending */
    size_t n_seals;
};

/* --- verify_differ.c: what is told of a difference. All return ERR_DAMAGED. --- */

/* About the event in hand. member may be "". expected: the whole line, or STR_NONE. */
enum err differ(struct verify *v, const char *member, struct str expected, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The line that was expected in its place: the member is found by comparing. */
enum err differ_line(struct verify *v, struct str expected);
/* About something beside the log. */
enum err differ_beside(struct verify *v, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- redecide.c: one person's event --- */
enum err redecide(struct verify *v, uint32_t n, struct errmsg *msg) ERR_MUSTCHECK;
/* The next line of a decision whose first one was met. */
enum err redecide_coming(struct verify *v) ERR_MUSTCHECK;

/* --- verify_sweep.c: what must have happened by itself before the event in hand --- */
/* The version in force of the record's policy, when that is another one; else POLICY_UNKNOWN. */
uint8_t verify_newer(const struct verify *v, const struct record *r);
/* Time has moved on to the event's. */
enum err sweep_time(struct verify *v) ERR_MUSTCHECK;
/* Everything due by now has run, and next is, if anybody, n (ROSTER_NONE: nobody). */
enum err sweep_caught_up(struct verify *v, uint32_t n) ERR_MUSTCHECK;
/* Behind the last event: is anything left that was due? */
enum err sweep_end(struct verify *v) ERR_MUSTCHECK;
/* Is a suspension of that person kept back now, whatever the brake counts? */
bool sweep_keeps(const struct verify *v, const struct entry *entry);
/* Puts the person's next deadline where the engine has it. */
void sweep_schedule(struct verify *v, const struct person *p);
/* Does that deadline, which is due by an input, wait for the next sweep? Then it is noted. */
bool sweep_waits(struct verify *v, struct deadline d);
/* May that suspension, which fell due at `at`, be applied, as far as the brake counts? */
enum err sweep_brake(struct verify *v, lc_instant at) ERR_MUSTCHECK;
/* hold.placed of the brake: can it be that many? Gives its numbers. */
enum err sweep_brake_placed(struct verify *v, int64_t *due, int64_t *limit) ERR_MUSTCHECK;
int64_t sweep_applied(const struct verify *v);
/* hold.lifted of the brake: can it let so many through? */
bool sweep_may_let(const struct verify *v, int64_t due);
/* A hold was lifted: what it kept back is due again. */
void sweep_lifted(struct verify *v);
/* The zone changed: everybody's instants did. */
void sweep_rezoned(struct verify *v);
/* A policy changed: everybody under it is to be brought under the new version. */
void sweep_adopted(struct verify *v);

/* --- verify_system.c: an event about nobody --- */
enum err redecide_system(struct verify *v, struct errmsg *msg) ERR_MUSTCHECK;

/* --- verify_digest.c --- */
/* Before the event in hand: the month's digests are counted when they are due. */
void digest_view_time(struct verify *v);
/* That person changed, from one entry to another (NULL: there was none). */
void digest_view_person(struct verify *v, const struct entry *from, const struct entry *to);
enum err digest_view_check(struct verify *v) ERR_MUSTCHECK;
void digest_view_done(struct digest_view *d);

/* --- verify_checkpoint.c --- */
enum err checkpoints_load(struct verify *v, struct errmsg *msg) ERR_MUSTCHECK;
/* That person now stands so; `before` is the number that the record carried until now. */
enum err checkpoints_person(struct verify *v, const struct person *p, uint64_t before) ERR_MUSTCHECK;
/* Behind an event. */
enum err checkpoints_passed(struct verify *v) ERR_MUSTCHECK;
enum err checkpoints_end(struct verify *v) ERR_MUSTCHECK;
void checkpoints_done(struct verify *v);

/* checkpoint_compare.c: what is not per person. false: *why has the sentence. */
bool checkpoint_same_system(const struct engine *log, const struct engine *checkpoint, struct errmsg *why);
/* One person's. */
bool checkpoint_same_record(const struct engine *log, const struct entry *a, const struct engine *checkpoint,
                            const struct entry *b, struct errmsg *why);

/* --- verify_seals.c: seals that somebody knows --- */
/* Any number of them, in any order, before the walk. */
void seals_add(struct verify *v, const struct seal *seal, const char *who);
/* Their numbers, ascending, for the walk to stop at; the caller's to free. */
uint64_t *seals_numbers(struct verify *v, size_t *n);
/* The walk has met that seal. */
enum err seals_met(struct verify *v, const struct seal *seal) ERR_MUSTCHECK;
enum err seals_end(struct verify *v) ERR_MUSTCHECK;

/* --- verify_contacts.c --- */
enum err contacts_view_load(struct verify *v, struct survey *s, struct errmsg *msg) ERR_MUSTCHECK;
/* The event in hand is about that person, about that unit. */
enum err contacts_view_person(struct verify *v, const struct person *p) ERR_MUSTCHECK;
enum err contacts_view_unit(struct verify *v) ERR_MUSTCHECK;
enum err contacts_view_end(struct verify *v) ERR_MUSTCHECK;
void contacts_view_free(struct contacts_view *c);

/* --- verify_states.c --- */
enum err deliveries_view_load(struct verify *v, struct survey *s, struct errmsg *msg) ERR_MUSTCHECK;
enum err deliveries_view_event(struct verify *v) ERR_MUSTCHECK;
void deliveries_view_free(struct deliveries_view *d);
/* Keys, stamp, synced: behind the walk. */
enum err states_check(struct verify *v, struct survey *s, struct errmsg *msg) ERR_MUSTCHECK;
/* Indexes: before it, for their seals. */
enum err states_indexes(struct verify *v, struct survey *s, struct errmsg *msg) ERR_MUSTCHECK;

/* --- verify_archived.c --- */
/* Where the log does not begin at 1: holds an expected seal against the last one archived; older are unseen. */
enum err archived_seal(struct verify *v) ERR_MUSTCHECK;

/* Where the log does not begin at 1: comes as far as the event before the first that is decided again. */
enum err archived_begin(struct verify *v, struct errmsg *msg) ERR_MUSTCHECK;
/* Of events that are not decided again: numbers, times, seals. */
enum err verify_chain_group(void *arg, struct event_group *g, struct errmsg *msg) ERR_MUSTCHECK;
/* What v->e holds is how things stood at its last event; from there on everything is decided again. */
enum err verify_go_on(struct verify *v, struct errmsg *msg) ERR_MUSTCHECK;

/* --- verify_taken.c --- */
/* Where events were taken over from other logs: comes as far as the last of them. */
enum err taken_begin(struct verify *v, uint64_t taken, struct errmsg *msg) ERR_MUSTCHECK;
/* Rows of deliveries up to there are passed over: verify_states.c. */
void deliveries_view_skip(struct verify *v);

/* verify.c */
enum err verify_walk(struct verify *v, group_fn *fn, uint64_t after, uint64_t upto, struct errmsg *msg) ERR_MUSTCHECK;
enum err verify_take_seal(struct verify *v, const struct event_group *g) ERR_MUSTCHECK;
struct engine *verify_engine(const struct verify_options *o);
void verify_engine_free(struct engine *e);

#endif
