/* What the feed's files share: feed.c (the tail, rounds), feed_look.c (readers, turns, looking), feed_far.c (where
 * those far back read from), feed_shards.c (several shards: what fills the tail), feed_position.c. */
#ifndef HTTP_FEED_INSIDE_H
#define HTTP_FEED_INSIDE_H

#include <stdatomic.h>

#include "codec/event_json.h"
#include "http/events/feed.h"
#include "http/events/tail.h"
#include "http/exchange.h"
#include "shards/set.h"

/* Readers with a store's reader of their own at once. Each may have a thread reading ahead of it, with four commits in
 * memory, which are 4 MiB each after an import: some 100 MiB in all. */
#define FAR_MAX 4
/* Of several shards a reader holds a page of each, some 600 KB: so there are as many as make that 80 MB, and one. */
#define FAR_SHARDS 128
#define KEEP_MS 50 /* so long the own reader stays with a client that takes nothing, while others wait for one */
#define TAIL_CLOSE_MS 60000 /* after the last reader has gone */

TAILQ_HEAD(feed_list, feed_reader);
struct shard_feed;

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
    enum err fault; /* the last one */
    struct errmsg why;
    struct shard_feed *shards;   /* NULL: one store */
    unsigned n_far;              /* how many may be far at once */
    struct far *parked[FAR_MAX]; /* of several shards: in use or not */
};

/* feed.c */
const struct store *feed_store(const struct feed *f);
/* Begins to follow the log, if need be. */
void feed_open_tail(struct feed *f);
/* A round soon: from within callbacks of the library, which must not be run then. */
void feed_stir(struct feed *f);
/* Somebody's part of the log cannot be read. */
void feed_log_fault(struct feed *f, enum err e, const struct errmsg *msg);
/* Its end cannot be read: nobody is told of any more events. */
void feed_fail(struct feed *f, enum err e, const struct errmsg *msg);
/* There is something for the tail. */
void feed_news(struct feed *f);

/* feed_look.c */
void feed_move(struct feed_reader *r, enum feed_place place);
/* One slice of looking, for one that is near or far. */
void feed_look_on(struct feed_reader *r);
/* Whoever waits longest for a reader of its own gets one, when there is one to be had. */
bool feed_has_turn(const struct feed *f);
void feed_next_turn(struct feed *f);
/* What it waited for has come. */
void feed_far_arrived(struct feed_reader *r);

/* feed_far.c: whoever is far back reads from one of these. */
enum err far_open(struct feed *f, struct feed_reader *r, struct far **out, struct errmsg *msg) ERR_MUSTCHECK;
void far_close(struct far *o);
/* The next line, which holds until the next call. ERR_MORE: it is on its way, and feed_far_arrived() will be called.
 * ERR_END: there is no more now. */
enum err far_next(struct far *o, unsigned *shard, uint64_t *seq, struct str *line, struct errmsg *msg) ERR_MUSTCHECK;
/* The last line was not taken: it comes again. */
void far_undo(struct far *o);
/* Nobody reads: what parked ones hold is given back. Of those alone that were left long ago; and for good. */
void far_rest(struct feed *f);
void far_tidy(struct feed *f);
void far_free(struct feed *f);
/* Those that Redis had no answer for try again. */
void far_retry(struct feed *f);

/* feed_shards.c */
struct shard_feed *shard_feed_new(struct feed *f);
/* Waits for what is asked of Redis. NULL is fine. */
void shard_feed_free(struct shard_feed *a);
/* Begins to look for the ends, behind which the tail is opened. */
void shard_feed_open(struct shard_feed *a);
void shard_feed_close(struct shard_feed *a);
/* One of our own shards may have gone on. */
void shard_feed_nudge(struct shard_feed *a);
/* Hands the tail what has been fetched of one of them. ERR_MORE: there is more of others. */
enum err shard_feed_take(struct shard_feed *a, uint64_t *types, struct errmsg *msg) ERR_MUSTCHECK;
/* All those who wait for feed_sync() and have what they want, or never will since the feed has failed. */
void shard_feed_end_syncs(struct shard_feed *a);
struct courier *shard_feed_courier(struct shard_feed *a, unsigned first, unsigned step, void (*arrived)(void *arg),
                                   void *arg);
/* Redis could not be asked: that is logged, once for a while, and tried again. */
void shard_feed_trouble(struct shard_feed *a, const struct errmsg *msg);
/* Is it of a kind that passes? */
bool shard_feed_passes(enum err e);

/* feed_position.c */
/* A line of the tail, or from far back, was looked at. */
static inline void feed_moved(struct feed_reader *r, unsigned shard, uint64_t seq)
{
    if (r->feed->shards)
        r->position.v[shard] = seq;
    else
        r->at = seq;
}
/* Everything that the tail has is passed over. */
void feed_pass_tail(struct feed_reader *r);
/* Does the tail hold all that it has to see? Its place there is found. */
bool feed_is_near(struct feed_reader *r);

static inline struct feed_reader *feed_first(const struct feed *f, enum feed_place place)
{
    return TAILQ_FIRST(&f->lists[place]);
}

#endif
