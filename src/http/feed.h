/* Whoever reads the log over HTTP: looks at it for them, in slices between which the loop serves others, and wakes them
 * when something comes that they want.
 *
 * Those near the log's end are served from one tail in memory (tail.h); one that is further back has a reader of its
 * own, of which there is a bounded number: others wait for their turn. All but feed_nudge() is on the loop's thread. */
#ifndef HTTP_FEED_H
#define HTTP_FEED_H

#include <sys/queue.h>

#include "core/event.h"
#include "store/store.h"

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
};

enum feed_place { PLACE_IDLE, PLACE_KEEPING, PLACE_WAITING, PLACE_NEAR, PLACE_FAR, PLACE_QUEUED, PLACE_N };

struct feed_reader {
    /* The owner's, before feed_join(). */
    uint64_t types;     /* bits 1 << type */
    struct str subject; /* STR_NONE: everybody's */
    uint64_t at;        /* the number up to which was looked; moves on by itself */
    uint64_t lines;     /* how many were looked at; the owner may set it back */
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
    struct store_reader *own;
    struct str held; /* a line that own has given and the owner had no room for */
    uint64_t held_seq;
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

/* The last durable number. */
uint64_t feed_durable(const struct feed *f);

void feed_join(struct feed *f, struct feed_reader *r);
/* Also from within take() and paused(). */
void feed_leave(struct feed_reader *r);
/* Looks on, at the least up to what is durable now, and then says so. */
void feed_look(struct feed_reader *r);
/* Looks on, whenever there is something to look at; says nothing until it has found something, or its slice is over. */
void feed_wait(struct feed_reader *r);
/* Does the reader want this line? */
bool feed_wants(const struct feed_reader *r, enum event_type type, struct str subject);

#endif
