/* What the server's files share. */
#ifndef TESTS_SIM_SERVER_INSIDE_H
#define TESTS_SIM_SERVER_INSIDE_H

#include "tests/sim/server.h"

/* Inputs on their way through the engine. */
struct asked {
    struct request request; /* comes first */
    struct m_input drawn[ASKED_INPUTS];
    struct input inputs[ASKED_INPUTS];
    struct input_result results[ASKED_INPUTS];
    int people[ASKED_INPUTS];
    bool has_keys;
    struct input_key keys[ASKED_INPUTS];
    lc_instant sent_at;      /* by the wall clock, the first time */
    uint64_t recovered;      /* what was durable when the daemon came back; UINT64_MAX: it has not */
    uint32_t decided_before; /* so many were decided in an earlier life, that ended before the answer: */
    struct input_result before[ASKED_INPUTS];
    uint32_t noted; /* so many are known to be decided */
    bool done;
    struct server *server;
    struct asked *next;
};

/* An order to delivery on its way. */
struct ordered {
    struct deliver_order order; /* comes first */
    bool done;
    struct ordered *next;
};

/* server_ask.c: what is known of an input that was sent before, against what came of it now. false: it was decided
 * then, and was not again. */
bool server_decided_now(struct server *s, const struct asked *a, uint32_t i);

#endif
