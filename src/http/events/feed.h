/* Whoever reads the log over HTTP: looks at it for them, in slices between which the loop serves others, and wakes them
 * when something comes that they want.
 *
 * Those near the log's end are served from one tail in memory (tail.h); one that is further back has a reader of its
 * own, of which there is a bounded number: others wait for their turn. All but feed_nudge() is on the loop's thread.
 *
 * Of several shards the logs are read by threads (feed_courier.h), and only while there are readers. Each person's
 * events come in their order; those of different shards as they become known, or, further back, in order of time. */
#ifndef HTTP_FEED_H
#define HTTP_FEED_H

#include <sys/queue.h>

#include "core/event.h"
#include "shards/position.h"
#include "store/store.h"

struct far;
struct feed;
struct feed_reader;
struct http;

enum feed_take {
    TAKE_ON,   /* taken, and more is wanted */
    TAKE_LAST, /* taken, and enough for now */
    TAKE_NONE, /* not taken: there is no room for it now */
};

/* Why looking has stopped. */
enum feed_pause {
    FEED_ENOUGH, /* take() said so */
    FEED_SLICE,  /* others shall have their turn */
    FEED_END,    /* all that was durable has been looked at */
    FEED_FAILED, /* the log cannot be read, which was logged */
    FEED_LATER,  /* the feed's own: the next line is on its way */
};

enum feed_place {
    PLACE_IDLE,
    PLACE_KEEPING,
    PLACE_WAITING,
    PLACE_NEAR,
    PLACE_FAR,
    PLACE_FETCHING, /* far, and what comes next is on its way */
    PLACE_QUEUED,
    PLACE_N
};

struct feed_reader {
    /* The owner's, before feed_join(). */
    uint64_t types;           /* bits 1 << type */
    struct str subject;       /* STR_NONE: everybody's */
    uint64_t at;              /* one store: the number up to which was looked; moves on by itself */
    struct position position; /* the same of several shards, taken over by feed_join(); at: in the tail's numbers */
    uint64_t lines;           /* how many were looked at; the owner may set it back */
    enum feed_take (*take)(struct feed_reader *r, uint64_t seq, enum event_type type, struct str line);
    /* Nothing more is done for r until feed_look() or feed_wait(). */
    void (*paused)(struct feed_reader *r, enum feed_pause why);

    /* The feed's own. */
    struct feed *feed;
    enum feed_place place;
    TAILQ_ENTRY(feed_reader) links; /* of the place's list */
    uint32_t hash;                  /* of the subject */
    uint64_t goal;                  /* so far it looks before it is told of the end */
    bool silent;                    /* the end alone is nothing to tell of */
    unsigned shard;                 /* of the line that is offered */
    struct far *own;
    unsigned turn; /* slices, with others waiting for their turn */
    int64_t keeping_since_ns;
};

struct feed *feed_new(struct http *h);
/* Reads no more; the store may be closed afterwards. Every reader must have left. */
void feed_stop(struct feed *f);
/* NULL is fine. */
void feed_free(struct feed *f);

/* From any thread: something may have become durable. */
void feed_nudge(struct feed *f);

/* How many shards there are; 0: one store, whose positions are numbers. */
unsigned feed_shards(const struct feed *f);
/* The last durable number; of several shards: that of one, as of the last feed_sync(). */
uint64_t feed_durable(const struct feed *f, unsigned shard);

/* Somebody who is about to join, and has to see all that is durable now. */
struct feed_sync {
    void (*done)(struct feed_sync *s,
                 bool reached); /* false: it could not be had for half a minute, or is unreadable */

    /* The feed's own. */
    struct feed *feed; /* NULL: it is over */
    uint64_t number;
    int64_t until_ns;
    TAILQ_ENTRY(feed_sync) links;
};

/* Reads on up to there; with one store done() is called at once. Nobody may join a feed of several shards but from
 * within done(). */
void feed_sync(struct feed *f, struct feed_sync *s);
/* done() is not called any more. */
void feed_sync_leave(struct feed_sync *s);
/* All of them are over, unreached. */
void feed_end_syncs(struct feed *f);

void feed_join(struct feed *f, struct feed_reader *r);
/* Also from within paused(). */
void feed_leave(struct feed_reader *r);
/* Looks on, at the least up to what is durable now, and then says so. */
void feed_look(struct feed_reader *r);
/* Looks on, whenever there is something to look at; says nothing until it has found something, or its slice is over. */
void feed_wait(struct feed_reader *r);
/* Up to where it has looked, as clients hold it. */
void feed_write_position(const struct feed_reader *r, struct buf *out);
/* From within take(): the same behind the line that is offered, whose number is seq. */
void feed_write_behind(struct feed_reader *r, uint64_t seq, struct buf *out);
/* Two of these differ when it has looked on between them. */
uint64_t feed_progress(const struct feed_reader *r);
/* That shard (0 with one store) was looked at up to that number, or further. */
uint64_t feed_at(const struct feed_reader *r, unsigned shard);
void feed_pass(struct feed_reader *r, unsigned shard, uint64_t seq);
/* It wants nothing but what is of that shard: the others are passed up to their ends. */
void feed_confine(struct feed_reader *r, unsigned shard);
/* Its end cannot be read. */
bool feed_failed(const struct feed *f);
/* Why it could not be read: ERR_ARCHIVED, ERR_DAMAGED, ... */
enum err feed_fault(const struct feed *f, const struct errmsg **msg);

/* Does the reader want this line? */
bool feed_wants(const struct feed_reader *r, enum event_type type, struct str subject);

#endif
