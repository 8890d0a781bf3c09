/* The past: what the daemon knew at an instant, beside what is known now. A second engine over the store, which it only
 * reads: the log is replayed up to the last event at or before that instant (from a checkpoint on, where there is one
 * that is old enough), and questions are answered as the daemon would have answered them then. The rest of the log is
 * then read on for what came late.
 *
 * It works with or without a daemon beside it, takes no lock and changes nothing. It takes as much memory as a daemon
 * with as many people, and what came late 12 bytes a certification accepted since. */
#ifndef ENGINE_PAST_H
#define ENGINE_PAST_H

#include "engine/engine.h"

struct past;

struct past_options {
    const char *uri; /* of the store: of a set of shards, one of them */
    struct store_options store; /* what a store in Redis needs besides */
    lc_date day;     /* as known at that day's end, in the zone of the configuration; DATE_NONE: */
    lc_instant at;   /* at that instant */
    void (*progress)(void *arg, uint64_t events, uint64_t total); /* of those to be read in all; may be NULL */
    void *arg;
};

/* config is the past's from then on, also when this fails. ERR_INVALID: the instant has not come (of today, the end is
 * now; a simulated clock is the daemon's own, and any instant is taken); ERR_ABSENT: nothing had been recorded by then;
 * ERR_ARCHIVED; whatever else opening a store or reading the log comes to. */
enum err past_open(const struct past_options *o, struct config *config, struct past **out,
                   struct errmsg *msg) ERR_MUSTCHECK;

/* SHOW, STORY, DUE, STATUS, HOLDS: the answer of then into r->body (the caller's to free), r->err and r->msg. done() is
 * not called. */
void past_ask(struct past *p, struct request *r);

/* What was due as known then, and what is known now of those people, as JSON: what REQUEST_DUE answers, of the same
 * members of r, and beside each count how many of them had been certified by that day, which was not known yet
 * ("late"), and how many have been certified since ("since"). Reads the rest of the log, once. */
enum err past_due(struct past *p, const struct request *r, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

void past_close(struct past *p);

#endif
