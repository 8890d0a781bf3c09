/* The daemon but for its sockets: engine, store and delivery, on the simulated disk, with the town's requests. One
 * thread drives it; what the product does on threads of its own runs as fibers.h has it. */
#ifndef TESTS_SIM_SERVER_H
#define TESTS_SIM_SERVER_H

#include "tests/sim/disk_calls.h"
#include "tests/sim/faults.h"
#include "tests/sim/receivers.h"
#include "tests/sim/town.h"

#define SERVER_STORE SIM_ROOT "/store"
#define ASKED_INPUTS 8

struct asked;
struct ordered;

struct server {
    /* set before the first start */
    struct faults *faults;
    struct town *town;
    struct receivers *receivers;
    struct rng *dice;
    uint64_t segment_bytes, checkpoint_events;
    const struct conf *conf;

    struct engine *engine; /* NULL: it is down */
    struct deliver *deliver;
    int64_t now; /* Unix milliseconds, for delivery */
    int64_t engine_wait, deliver_wait;
    struct asked *asked;     /* not answered yet, in order */
    struct ordered *ordered; /* the same */
    struct asked *again;     /* never answered, since the daemon died: to be sent once more; NULL: none */
    uint64_t keys;           /* a serial */
    bool opening;
    uint64_t opened_at; /* the first number that this start added; 0: none */
    struct buf log;     /* every line that was ever durable, */
    size_t *offsets;    /* of each; n + 1 of them */
    size_t n_lines, cap_lines;
    struct buf committed; /* durable, and not shown to the town yet; */
    uint64_t committed_first;
    uint64_t told;   /* the last number that somebody was told of */
    uint64_t packed; /* segments */
    struct errmsg msg;
};

void server_init(struct server *s);
void server_done(struct server *s);
/* Nothing was ever stored. */
void server_forget(struct server *s);

/* Opens everything; what is in the log is held against what was told. false: it failed, and msg says why. */
bool server_start(struct server *s);
/* One round of everything. false: the daemon ends for an error; msg. */
bool server_turn(struct server *s, unsigned threads);
/* Rounds until nothing is left to do at this instant. false as above. */
bool server_settle(struct server *s);
/* As the process dies: nothing is noted any more. The disk must be frozen, or nothing in flight. */
void server_kill(struct server *s);
/* A clean end. false: it failed on the way. */
bool server_close(struct server *s, bool checkpoint);

/* Inputs of the town, answered some turn. */
void server_send(struct server *s, struct author *a, unsigned n);
/* What the last death left without an answer, under the same idempotency keys. */
void server_send_again(struct server *s);
void server_send_unit(struct server *s, unsigned unit, unsigned name);
/* Asked and waited for: turns go by. false: the daemon ends. */
bool server_request(struct server *s, struct request *r);
bool server_check_people(struct server *s);
/* Of delivery; answered some turn, whatever the answer is. */
void server_order(struct server *s, unsigned which, const char *endpoint, uint64_t seq);
void server_receipt(struct server *s, uint64_t seq, int type);

/* verify over the store at rest. */
void server_verify(struct server *s);
/* The same after a bit was flipped: whether it noticed. */
bool server_verify_notices(struct server *s);

#endif
