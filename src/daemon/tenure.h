/* One shard for as long as it is this daemon's: opened on a thread of its own (recovery takes what it takes),
 * served, and handed over. On the loop's thread. */
#ifndef DAEMON_TENURE_H
#define DAEMON_TENURE_H

#include "daemon/cap_desk.h"
#include "net/loop.h"
#include "shards/desk/desk.h"

struct tenure;

/* What all of them have in common; outlives them. */
struct tenure_home {
    struct loop *loop;
    struct completions *queue; /* the loop's */
    const char *uri;           /* of the set, like */
    const struct store_options *store;
    const struct shard_set *set;
    struct office *office;
    struct front *front;
    struct shard_desk *desk;
    const struct deliver_caps *caps;
    void (*committed)(void *arg); /* on any thread */
    void (*opened)(void *arg, struct tenure *t);
    /* It is over, and about to be freed. ERR_OK: it was handed over; ERR_LOCKED: another daemon has the shard; else
     * what went wrong, in msg. */
    void (*ended)(void *arg, struct tenure *t, enum err err, const struct errmsg *msg);
    /* It has taken up another configuration, or ended meanwhile. err: it has not, and stays with the one before. */
    void (*adopted)(void *arg, struct tenure *t, enum err err, const struct errmsg *msg);
    void *arg;
};

/* Begins. c: the configuration; a reference is taken. */
struct tenure *tenure_begin(const struct tenure_home *h, unsigned shard, struct config *c);
unsigned tenure_shard(const struct tenure *t);
/* Is it served? */
bool tenure_serves(const struct tenure *t);
/* Hands the shard over: what delivery has on its way may come to its end, for so many milliseconds. May be called
 * again. */
void tenure_leave(struct tenure *t, int64_t drain_ms);
/* Another configuration, of which a reference is taken; home.adopted says when. One at a time. */
void tenure_configure(struct tenure *t, struct config *c);
/* Has its engine made progress since this was asked last? Where there is none yet, or no more: yes. */
bool tenure_alive(struct tenure *t);
/* false, and *out untouched: it is not served. */
bool tenure_counters(const struct tenure *t, struct engine_counters *out);

#endif
