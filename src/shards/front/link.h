/* The links to the shards: what this daemon adds to a shard's streams, and the answers that it reads from its own
 * there (out:INSTANCE). It serves both sides: an asker's inputs and questions, and an owner's answers.
 *
 * A fixed number of threads serves all links, each link by one thread at a time. Nobody blocks in Redis for an
 * answer: as long as some are awaited a link is looked at, after 1 ms at first and then after an eighth of the time
 * for which nothing has come, so that an answer is seen late by an eighth of what it took. A link with nothing to
 * do costs nothing, and gives its connection up after a minute. So 16 shards and 1,024 cost a daemon the same 8
 * threads, and a connection for each shard that it asks: some 60 KB here, 20 KB in Redis. With all of 1,024 links
 * busy and 0.3 ms for a round trip each has its turn every 80 ms, with all that has gathered.
 *
 * In one link entries go out in the order in which they were given. */
#ifndef SHARDS_LINK_H
#define SHARDS_LINK_H

#include "shards/front/wire.h"
#include "store/redis/streams.h"

#define LINK_THREADS 8
#define LINK_LOAD_MAX 65536 /* inputs and questions that one link has under way */
#define LINK_ASK_KEEP 10000 /* of unanswered questions the latest stay */

struct links;
struct link;

struct links_options {
    const char *uri; /* of the set */
    const struct store_options *store;
    unsigned n;           /* shards */
    const char *instance; /* of this daemon: out:INSTANCE */
    bool any_order;       /* inputs are answered in any order: under an accelerated clock they wait for their time */
    void (*warn)(void *arg, const char *text);
    void *arg;
};

enum err links_open(const struct links_options *o, struct links **out, struct errmsg *msg) ERR_MUSTCHECK;
/* No calls are made after it has returned, and those that are under way have failed. What owners still had to answer is
 * sent, if Redis takes it within a second. NULL is fine. */
void links_close(struct links *all);
/* Gives up what has waited for too long; to be called several times a second, by one thread. */
void links_expire(struct links *all);

struct link *links_get(struct links *all, unsigned shard);
/* For a call: like no other of this daemon's. */
uint64_t links_number(struct links *all);

/* --- asking --- */

struct link_call {
    uint64_t number; /* links_number(), as it stands in the message */
    uint32_t load;   /* inputs; 1 for a question */
    /* A message came for it: true when it is over, and the link knows it no more. On a link's thread. */
    bool (*answered)(struct link_call *c, const struct wire *w);
    /* Nobody has answered, and the link knows it no more. */
    void (*failed)(struct link_call *c, enum err err, const struct errmsg *msg);

    int64_t sent, deadline; /* the link's own, like all below; monotonic nanoseconds */
    struct link_call *next, **at;
};

/* Makes room for so much; false: too much is under way. */
bool link_reserve(struct link *l, uint32_t load) ERR_MUSTCHECK;
void link_unreserve(struct link *l, uint32_t load);
/* Inputs, or the end of a stream of them (c NULL). Its load was reserved. Inputs fail after a minute in which this
 * shard's owner has answered nothing at all, or after a minute when later ones were answered (a failover has lost them:
 * they stand in Redis without a WAIT); their entry may still be there, and be decided later: until it is answered, or
 * ten minutes, they count as under way. Their answers are believed once the replicas have them that the options ask
 * for. */
void link_send_inputs(struct link *l, struct link_call *c, struct str message);
/* A question or a call, reserved; it fails at its deadline, monotonic nanoseconds. */
void link_send_question(struct link *l, struct link_call *c, struct str message, int64_t deadline);

/* --- answering --- */

/* Adds one entry; keep and expire_ms as in streams.h. */
void link_post(struct link *l, const struct stream_add *add);
/* Removes an entry of "ask", after all that was posted before. */
void link_asked(struct link *l, struct stream_id id);

#endif
