/* What a shard's owner takes in from its streams: inputs of other daemons and of channels, questions, calls. A
 * thread of the shard's own waits for entries in Redis and gives them to the engine, whose commits remove them
 * (store.h, struct consumed); so an entry that was read and not decided is read again by the next owner, from where
 * it was left.
 *
 * At most INTAKE_INPUTS_MAX inputs and INTAKE_QUESTIONS_MAX questions are with the engine; what is more waits in
 * Redis. (With an accelerated clock inputs are not bounded here, but by who sends them: those that wait for their
 * time must not keep back those that the clock waits for.) */
#ifndef SHARDS_INTAKE_H
#define SHARDS_INTAKE_H

#include "shards/front/link.h"

#define INTAKE_INPUTS_MAX 32768
#define INTAKE_QUESTIONS_MAX 1024
#define REFUSED_KEEP 10000 /* of what is told in refused:CHANNEL */

struct intake;

/* A call that is none to the engine. */
struct intake_call {
    struct str instance; /* of the asker; all of it borrowed until called() returns */
    uint64_t call;
    struct stream_id id; /* its entry of "ask" */
    struct str method, body;
};

struct intake_options {
    const char *uri; /* of the set */
    const struct store_options *store;
    unsigned shard;
    struct engine *engine;
    struct link *link;           /* the shard's */
    uint64_t epoch;              /* unlike that of every other owner of the shard; not 0 */
    const struct config *config; /* its channels, country_code and clock; not kept */
    void (*called)(void *arg, unsigned shard, const struct intake_call *c); /* on the intake's thread */
    void (*warn)(void *arg, const char *text);
    void (*ended)(void *arg); /* the thread's last word: nothing of what is named here is used after it */
    void *arg;
};

enum err intake_start(const struct intake_options *o, struct intake **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Channels were added or left out. */
void intake_reconfigure(struct intake *in, const struct config *c);
/* The engine is given nothing more once it has returned; it does not wait for the thread. */
void intake_stop(struct intake *in);
/* After intake_stop(), and once the engine is closed: what it has not answered is forgotten. The intake is gone
 * when its thread has ended, too. */
void intake_closed(struct intake *in);

#endif
