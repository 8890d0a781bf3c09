/* What one endpoint has read of the log and not settled yet: order per beneficiary, what waits for a retry, and how far
 * the cursor may go. Pure bookkeeping: no clock, no I/O.
 *
 * The events of one person form a queue, of which only the first is ever handed out; everyone else's go on meanwhile. A
 * number leaves the window when it is settled, or when a durable row stands for it; the cursor is the number before the
 * first one left. Memory: at most `window` numbers and `parked` rows, whatever the backlog. */
#ifndef DELIVER_TRACK_H
#define DELIVER_TRACK_H

#include "base/buf.h"
#include "core/event.h"

enum item_state {
    ITEM_READY,  /* may be handed out */
    ITEM_BEHIND, /* an earlier one of the same person is not settled */
    ITEM_TAKEN,  /* handed out */
    ITEM_RETRY,  /* may be handed out again from `at` on */
    ITEM_APART,  /* its outcome is unknown: in nobody's way, until `at` */
};

struct person;

/* One event. Owned by the track; it holds until it is settled. */
struct item {
    uint64_t seq;
    enum event_type type;
    enum item_state state;
    uint32_t attempts;
    bool confirmed;     /* a message of which a receipt came: it was sent, whatever was heard of it */
    bool row;           /* the delivery state has a row for it, or will with the next commit */
    uint64_t number;    /* of the phone it went to, hashed; 0: none yet */
    int64_t at;         /* RETRY, APART: milliseconds */
    int64_t taken_at;   /* TAKEN: milliseconds */
    struct buf line;    /* as in the log; empty: to be fetched */

    /* the track's own */
    struct person *person;
    struct item *behind; /* of the same person */
    struct item *next, *prev;
    uint64_t place;
    size_t heap;
};

struct track;

/* cursor: the last number settled. window: numbers read and not committed; parked: rows at most. */
struct track *track_new(uint64_t cursor, uint32_t window, uint32_t parked);
void track_free(struct track *t);
void track_limits(struct track *t, uint32_t window, uint32_t parked);

/* May another number be read? */
bool track_room(const struct track *t);
/* Does it stop at its number of rows? */
bool track_is_full(const struct track *t);
uint64_t track_read(const struct track *t); /* the last number read */

/* The next number of the log: of no interest here, */
void track_pass(struct track *t, uint64_t seq);
/* or an event of that subject (STR_NONE: of none; these keep their order among themselves). line is copied. NULL: a row
 * stands for it (track_remember()). */
struct item *track_add(struct track *t, uint64_t seq, struct str subject, enum event_type type, struct str line);
/* One that a row stands for, to be handed out from `at` on, or (apart) to be looked at then. */
struct item *track_restore(struct track *t, uint64_t seq, struct str subject, enum event_type type, int64_t at,
                           bool apart);

/* A row stands for that number beyond the cursor, be it of one restored or of one that is done with: it is passed over
 * when the log is read again. Until the last such number events are put where they belong, even before what was
 * restored. Ascending, before anything is read. */
void track_remember(struct track *t, uint64_t seq);

/* The next one to be sent: first retries whose time has come, then fresh ones in the order of the log. NULL: none. */
struct item *track_take(struct track *t, int64_t now);
/* One that stands apart and whose time has come; NULL: none. It stays apart until it is settled. */
struct item *track_take_apart(struct track *t, int64_t now);
/* Gives one back that was taken, as if it never had been. */
void track_give_back(struct track *t, struct item *i);

/* What became of one that was taken (settle: or set apart). Who waits and who stands apart has a row: the caller's to
 * write. */
void track_settle(struct track *t, struct item *i); /* i is gone; the person's next is ready */
void track_retry(struct track *t, struct item *i, int64_t at);
void track_set_apart(struct track *t, struct item *i, int64_t at);
/* The caller writes a row for it. */
void track_give_row(struct track *t, struct item *i);

/* One that stands apart; NULL: there is none such. */
struct item *track_find_apart(const struct track *t, uint64_t seq);
/* Any one, looked for one by one: for operators. */
struct item *track_find(const struct track *t, uint64_t seq);
/* To be handed out as soon as its person's turn comes: one that waits for a retry, or stands apart. */
void track_hurry(struct track *t, struct item *i, int64_t now);
struct str track_subject(const struct item *i);               /* whose order it keeps to; STR_NONE: nobody's */

/* The clock was set back: nothing waits for longer than until then. */
void track_clamp(struct track *t, int64_t latest);

/* When the next retry comes due; INT64_MAX: never. */
int64_t track_next_at(const struct track *t);
int64_t track_next_apart_at(const struct track *t); /* the same of one apart */
bool track_has_ready(const struct track *t);

/* --- the cursor --- */

/* Before a commit: calls need_row for what the cursor passes without being settled (each gets a row with this commit):
 * what waits for a retry, what stands behind that, and what has been on its way since before `slow`. Returns the
 * cursor to commit. */
uint64_t track_sweep(struct track *t, int64_t slow, void (*need_row)(void *arg, struct item *i), void *arg);
/* The number before the first one that no sweep has covered. */
uint64_t track_cursor(const struct track *t);
/* When a sweep will first cover more, if nothing else happens, `slow` being slow_ms before its time. INT64_MIN: now;
 * INT64_MAX: never. */
int64_t track_sweep_at(const struct track *t, int64_t slow_ms);
/* What the last sweep covered is durable: its places are free again. */
void track_committed(struct track *t);
/* Numbers read and not durably noted. */
uint64_t track_unnoted(const struct track *t);

struct track_counts {
    size_t items, ready, taken, retry, behind, apart, rows;
};
void track_count(const struct track *t, struct track_counts *out);

#endif
