/* One engine for those who ask, however many shards there are, and whoever owns them: a request goes to the shard,
 * or to all of them, and the answers become one. Inputs for a shard that another daemon owns go to its input
 * stream, questions to its question stream; the answers come back in a stream of this daemon's.
 *
 *   {PREFIX/SHARD}:in            stream: inputs from daemons (wire.h)
 *   {PREFIX/SHARD}:in:CHANNEL    stream: inputs that a channel writes itself: i = one input as JSON, k = an idempotency
 *                                key (optional). Refused ones are told of in
 *   {PREFIX/SHARD}:refused:CHANNEL  stream: id, member, fault; the latest 10,000
 *   {PREFIX/SHARD}:ask           stream: questions
 *   {PREFIX/SHARD}:out:INSTANCE  stream: answers to one daemon; gone ten minutes after the last one
 *
 * Nothing here blocks its caller. */
#ifndef SHARDS_FRONT_H
#define SHARDS_FRONT_H

#include "config/config.h"
#include "shards/office/office.h"

struct front;
struct front_in;

struct front_options {
    const char *uri;
    const struct store_options *store;
    const struct shard_set *set; /* must outlive it, like the office */
    struct office *office;
    const struct config *config; /* its channels, country_code and clock; not kept */
    /* A call from another daemon that is none to the engine, on a thread of the front's: to be answered by
     * front_answer(), from any thread, once, before front_close(). */
    void (*called)(void *arg, unsigned shard, struct front_in *in);
    void (*warn)(void *arg, const char *text);
    void *arg;
};

enum err front_open(const struct front_options *o, struct front **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Once every engine that was owned is closed, and before the office is. What is still asked for is answered with ERR_IO.
 * Waits for orders to the office (ten seconds), and a second or two for threads that wait in Redis. NULL is fine. */
void front_close(struct front *f);
/* Channels were added or left out. */
void front_reconfigure(struct front *f, const struct config *c);

/* As engine_submit(): done() is called on any thread, perhaps before this has returned. Kinds: INPUTS, STREAM_END,
 * SHOW, STORY, DUE, STATUS, HOLDS, HOLD_PLACE, HOLD_LIFT, SCAN.
 *
 * An input's result is known to be durable, or the request has ERR_IO: then nobody knows. Inputs on their way to another
 * daemon are given up when their shard's owner has answered nothing for a minute; they may still be decided later, once.
 * So whoever sends them again does so under their idempotency keys, and gets the same answer. A result's first_seq is a
 * number of its shard's log. The order of one who sends several requests is kept in each shard, also when it changes
 * hands. A question is repeated by itself then, for ten seconds; after them ERR_IO says which shard nobody answers for.
 *
 * HOLD_PLACE and HOLD_LIFT answer with the hold as the engines show it. Where a shard has not carried it out within the
 * office's ten seconds the answer is ERR_OK, too, and the hold has a further member "pending": an array of those shards.
 *
 * SCAN fills in scan.positions, which the caller frees. `after` names somebody: the rest of that one's shard follows, and
 * the shards behind it. A list whose shard changes hands is given up (ERR_ABSENT). */
bool front_submit(struct front *f, struct request *r) ERR_MUSTCHECK;

/* --- a shard's owner --- */

/* The engine of a shard that this daemon owns now: its input and question streams are read from here on. */
void front_own(struct front *f, unsigned shard, struct engine *e);
/* Reads no more, and gives the engine nothing more; what it has is answered for as long as it runs. */
void front_disown(struct front *f, unsigned shard);
/* To be called once an engine that was disowned is closed or abandoned: what it has not answered is asked of the next
 * owner. clean: engine_close() gave ERR_OK, so that of inputs, too, it is known which were not decided; else nobody
 * knows, and they are answered with ERR_IO. (Those from the streams are read again by the next owner in any case.) */
void front_closed(struct front *f, unsigned shard, bool clean);

/* --- other calls, to whoever owns a shard: what is asked of delivery --- */

struct front_call {
    struct completion done; /* on the thread that runs done.queue */
    unsigned shard;
    struct str method, body; /* "endpoint pause", JSON; borrowed until it is done */
    enum err err;            /* the owner's, or ERR_IO: nobody answers for the shard */
    struct errmsg msg;
    struct buf answer; /* the caller frees it */
    struct front_call *next; /* the front's own */
};
/* Whether it was carried out is not known after ERR_IO: methods may be repeated. */
void front_call(struct front *f, struct front_call *c);

/* One from another daemon, or from this one for a shard of its own. */
struct front_in {
    struct str method, body; /* until it is answered */
};
void front_answer(struct front_in *in, enum err err, const struct errmsg *msg, struct str answer);

#endif
