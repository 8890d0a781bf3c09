/* The system shard: what the daemons of a set share, kept in Redis under {PREFIX/system}, changed by scripts of which
 * each can be repeated. An office is one daemon's end of it, with a thread of its own; it never blocks anybody else.
 *
 *   {PREFIX/system}:members   hash: a daemon's name to its last word (instance, rules, since, server's time of it)
 *   {PREFIX/system}:rules     hash: revision, digest, at; and "former DIGEST" for those that it took the place of: when
 *   {PREFIX/system}:orders    stream: NUMBER-0, a hold placed or lifted in all shards
 *   {PREFIX/system}:reports   hash: a shard to its last report (engine/office.h), with its owner; v: grows with what
 *                             counts in them
 *   {PREFIX/system}:heard     hash: a channel to the instant when it was last heard
 *   {PREFIX/system}:digest:MONTH    hash: how far each shard has counted, how many are done; gone after 60 days
 *   {PREFIX/system}:digest:MONTH:B  hash: a unit to its count; B: the shard of the unit's home, modulo 64
 *   {PREFIX/system}:caps:DAY        hash: a phone number's hash to its messages of that day, 8 bytes each; gone after
 *                                   two days
 *
 * Who owns which shard follows from who is alive (assign.h): no daemon is asked, and none decides for another. */
#ifndef SHARDS_OFFICE_H
#define SHARDS_OFFICE_H

#include "base/completions.h"
#include "engine/engine.h"
#include "redis/client.h"
#include "shards/set.h"

struct office;

struct office_options {
    const char *uri;
    const struct store_options *store; /* lease_ms, replicas, password */
    const struct shard_set *set;       /* must outlive it */
    const char *name;                  /* of this daemon among them: a restarted one gets the same shards */
    uint64_t revision;                 /* of its configuration, and */
    unsigned char rules[32];           /* SHA-256 of what decides in it: policies, channels, zone, limits of holds */
    struct brake_limit brake;
    /* On the office's thread: which shards are this daemon's has changed (office_assigned()), or what stands in the way
     * of its having any. */
    void (*changed)(void *arg);
    void (*warn)(void *arg, const char *text); /* on the office's thread: for the log */
    void *arg;
};

/* Connects, makes its first word known and learns who is there. ERR_INVALID: a daemon of that name is there already, or
 * the configuration's rules are not those that are in force, and its revision is not higher: the message says what to
 * do. */
enum err office_open(const struct office_options *o, struct office **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Takes its name off the list. NULL is fine. */
void office_close(struct office *o);
/* Gets no shards any more, while it hands over those that it has. */
void office_leave(struct office *o);
/* Another configuration: as at opening; on an error all is as before. Waits for Redis, at most a few seconds. */
enum err office_reconfigure(struct office *o, uint64_t revision, const unsigned char rules[32],
                            const struct brake_limit *brake, struct errmsg *msg) ERR_MUSTCHECK;

/* Is that shard to be owned by this daemon now? Any thread. */
bool office_assigned(const struct office *o, unsigned shard);
/* Unlike others of its kind, also after a restart: "out:" and this name the streams in which it is answered. */
const char *office_instance(const struct office *o);
/* {"daemons":[{"name","shards":[0,3],"since","revision","why"}],"shards":N,"unowned":[...]} as last known: which shards
 * each owns, and why it is to have none (null: it may). Any thread. */
void office_write_members(const struct office *o, struct buf *out);

/* For metrics. Any thread. */
struct office_look {
    bool idle;         /* this daemon has no shards, or is to lose them, for its rules or its name */
    uint64_t orders;   /* the most that a shard whose engine is attached has not carried out */
    int64_t silent_ms; /* since Redis was last heard of */
};
void office_look(const struct office *o, struct office_look *out);

/* --- an engine's end --- */

/* What the engine of a shard is opened with; e is made known when it is there, and office_drop() before it is closed. The
 * pointer holds until then. */
const struct engine_office *office_engine(struct office *o, unsigned shard);
/* From now on the engine gets orders and what was heard by engine_submit(), and is woken. Its completions are the
 * office's own. */
void office_attach(struct office *o, unsigned shard, struct engine *e);
/* No call to the engine is made after this has returned, and requests that it still has are not waited for. */
void office_drop(struct office *o, unsigned shard);

/* --- holds for all shards --- */

struct office_call {
    struct completion done;    /* on the loop's thread, through done.queue, which is set before the call */
    struct office_order order; /* its strings borrowed until then; the number is the office's */
    enum err
        err; /* ERR_INVALID: also when engines refused it. ERR_MORE: ordered durably, but not every shard has carried
                     it out within ten seconds; msg says which. ERR_IO: nobody knows. What no shard has is lifted as
                     well: who wants to know asks the engines before (REQUEST_HOLDS) */
    struct errmsg msg;
    struct office_call *next; /* the office's own */
};
/* Durable, and carried out by every shard that has an owner. */
void office_order(struct office *o, struct office_call *c);

/* --- caps: how many messages a phone number gets in a day, whichever shard its people are in --- */

struct office_cap {
    struct completion done;
    uint64_t number; /* the number's hash under the set's key */
    int32_t day;     /* days since the epoch */
    uint32_t cap;
    bool give_back; /* it was not sent after all */
    char token[48]; /* of the message (endpoint and event): the same one never counts twice */
    bool taken;     /* false: the number has had its share of the day */
    enum err err;
    struct office_cap *next; /* the office's own */
};
void office_cap(struct office *o, struct office_cap *c);

#endif
