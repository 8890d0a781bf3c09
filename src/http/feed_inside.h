/* What the feed's files share: feed.c (the tail, rounds), feed_look.c (readers, turns, looking). */
#ifndef HTTP_FEED_INSIDE_H
#define HTTP_FEED_INSIDE_H

#include <stdatomic.h>

#include "codec/event_json.h"
#include "http/exchange.h"
#include "http/feed.h"
#include "http/tail.h"

/* Readers with a store's reader of their own at once. Each may have a thread reading ahead of it, with four commits in
 * memory, which are 4 MiB each after an import: some 100 MiB in all. */
#define FAR_MAX 4
#define KEEP_MS 50 /* so long the own reader stays with a client that takes nothing, while others wait for one */
#define TAIL_CLOSE_MS 60000 /* after the last reader has gone */

TAILQ_HEAD(feed_list, feed_reader);

struct feed {
    struct http *http;
    struct tail *tail;
    struct event_arena arena;
    struct watch *timer, *closing;
    struct completion nudge;
    atomic_bool awake;  /* the tail is open: nudges are wanted */
    atomic_bool nudged; /* one is on its way */
    bool news;          /* more may have become durable than the tail has */
    bool hurry;         /* somebody has to see all that is durable, and soon */
    bool busy;          /* in a round */
    bool failed;
    int64_t wave_ns; /* what the wave of wake-ups has cost so far */
    int64_t resting; /* no next one before */
    struct feed_list lists[PLACE_N];
    unsigned n_joined, n_own;
};

/* feed.c */
const struct store *feed_store(const struct feed *f);
/* Begins to follow the log, if need be. */
void feed_open_tail(struct feed *f);
/* A round soon: from within callbacks of the library, which must not be run then. */
void feed_stir(struct feed *f);
/* Somebody's part of the log cannot be read. */
void feed_log_fault(const struct errmsg *msg);
/* Its end cannot be read: nobody is told of any more events. */
void feed_fail(struct feed *f, const struct errmsg *msg);

/* feed_look.c */
void feed_move(struct feed_reader *r, enum feed_place place);
/* One slice of looking, for one that is near or far. */
void feed_look_on(struct feed_reader *r);
/* Whoever waits longest for a reader of its own gets one, when there is one to be had. */
bool feed_has_turn(const struct feed *f);
void feed_next_turn(struct feed *f);

static inline struct feed_reader *feed_first(const struct feed *f, enum feed_place place)
{
    return TAILQ_FIRST(&f->lists[place]);
}

#endif
