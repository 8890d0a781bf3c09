/* Delivery in a test's hands, on one thread: a real engine and store, a carrier that answers as the test says, and a
 * clock that only the test moves. */
#ifndef TESTS_DELIVER_WORLD_H
#define TESTS_DELIVER_WORLD_H

#include "deliver/track.h"
#include "tests/deliver/carrier.h"
#include "tests/engine/rig.h"

struct world {
    struct rig rig;
    struct deliver *deliver;
    struct carrying carrying;
    struct endpoints *endpoints;
    int64_t now;      /* Unix milliseconds */
    int64_t wait;     /* what the last tick said */
    uint64_t ticks, seed;
    struct buf said;  /* "WORD ENDPOINT SEQ ATTEMPTS WHY\n", each */
    struct buf body;  /* of the last question or order */
    struct errmsg msg;
    unsigned amended; /* a serial for world_event() */
    int status;       /* world_always()'s */
    /* Answers by itself what is on its way: a status as for parcel_answer(), or NEVER. NULL: nothing is answered. */
    int (*answers)(void *arg, const struct parcel *p);
    void *arg;
    bool quiet;       /* keeps nothing said */
    bool still;       /* world_open() lets nothing run */
    /* As one of several deliveries; set before world_open(). */
    unsigned shard, n_shards;
    const struct deliver_caps *caps;
    bool (*held)(void *world, int64_t ms);
};

#define NEVER (-2)

/* The engine's conf is rig_conf and what `endpoints` says; secrets are files of tap_tmpdir(), see world_secret(). Both
 * clocks begin at START. uri: "memory:", or "dir:" and a path. */
#define WORLD_START "2026-03-02T10:00:00+08:00"
void world_open(struct world *w, const char *uri, const char *endpoints);
/* Ends delivery as a daemon does, and the engine. */
void world_close(struct world *w);
/* Ends delivery and begins it again over the same store. */
void world_restart(struct world *w);
/* The same as if the process had been killed: a commit under way may be durable, and nobody was told. */
void world_crash(struct world *w);
/* Ends delivery, gives the delivery state (of a dir store) to another incarnation, and begins again. */
void world_restore(struct world *w);
/* Other endpoints. */
void world_reload(struct world *w, const char *endpoints);
enum err world_try_reload(struct world *w, const char *endpoints); /* may fail */

/* "dir:" and a folder of that name in tap_tmpdir(); it holds until the next call but three. */
const char *world_dir(const char *name);
/* A file with a secret, for `secret_file`; the path holds until the next call but seven. */
const char *world_secret(const char *name, const char *content);
/* A webhook endpoint's section, with more keys; the text holds until the next call but seven. */
const char *world_hook(const char *name, const char *more);
/* One for messages by Kannel. */
const char *world_kannel(const char *name, const char *more);
#define HOOK_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

/* From now on every request is answered so at once. */
void world_always(struct world *w, int status);
/* Lets engine and delivery run until neither has anything to do at this moment. */
void world_run(struct world *w);
/* After so long, lets delivery run while the engine is busy and answers nothing. */
void world_alone(struct world *w, int64_t ms);
/* Lets the clock run on, stopping wherever delivery asked for it; the engine's stands still. */
void world_pass(struct world *w, int64_t ms);
/* Both clocks to that moment, delivery's first. */
void world_until(struct world *w, const char *rfc3339);

/* Enrols; more: further members, with their comma. */
void world_enrol(struct world *w, const char *id, const char *more);
/* P0, P1 and so on, n of them. */
void world_many(struct world *w, unsigned from, unsigned n);
/* One more event of that person; returns its number. */
uint64_t world_event(struct world *w, const char *id);
uint64_t world_last(const struct world *w); /* the log's last number */
/* An input, JSON with ' for ". */
void world_input(struct world *w, const char *json);

/* Answers the request of that event, runs; ends the test when there is none on its way. */
void world_answer(struct world *w, const char *endpoint, uint64_t seq, int status);
bool world_sending(struct world *w, const char *endpoint, uint64_t seq);
/* How many requests with that event were handed over, ever. */
unsigned world_sent(const struct world *w, const char *endpoint, uint64_t seq);
/* The last of them; NULL: there was none. */
const struct parcel *world_parcel(const struct world *w, const char *endpoint, uint64_t seq);
/* The numbers in the order in which they were handed over, "3 4 4"; only of that endpoint. It holds until the next call
 * but three. */
const char *world_order(const struct world *w, const char *endpoint);
unsigned world_said(const struct world *w, const char *text);
/* A delivery's state as it is durable, "dead"; "" when it has no row. */
const char *world_state(struct world *w, const char *endpoint, uint64_t seq);
/* The same with attempts, time and reason. */
struct delivery_row world_row(struct world *w, const char *endpoint, uint64_t seq);
uint64_t world_cursor(struct world *w, const char *endpoint);
/* What that endpoint has before it. */
struct track_counts world_counts(const struct world *w, const char *endpoint);
/* Does a message wait for its intent to become durable? */
bool world_intends(const struct world *w);
/* What deliver_write_endpoints() says of that endpoint, with ' for ". */
const char *world_endpoint(struct world *w, const char *endpoint);

typedef void order_fn(struct deliver *d, struct deliver_order *o);
/* Gives an order and runs until it is answered. */
enum err world_order_done(struct world *w, order_fn *order, const char *endpoint, uint64_t seq);

#endif
