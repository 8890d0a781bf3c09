/* An engine that decides nothing: for tests of the interface alone, linked in place of the real one. It answers each
 * input by its reference (below) or as applied, on a thread of its own like the real one. */
#ifndef TESTS_HTTP_FAKE_ENGINE_H
#define TESTS_HTTP_FAKE_ENGINE_H

#include "engine/engine.h"

/* The struct engine that http_options wants. */
struct engine *fake_engine_new(void);
/* Requests still held are dropped. */
void fake_engine_free(struct engine *e);

/* While held, requests are queued and not answered. */
void fake_engine_hold(struct engine *e, bool held);
/* At most so many inputs are queued; more are refused. */
void fake_engine_limit(struct engine *e, uint64_t inputs);

struct fake_counts {
    uint64_t requests[REQUEST_KIND_N];
    uint64_t inputs, refused, most_queued;
};
struct fake_counts fake_engine_counts(struct engine *e);

/* What it answers: a ref "reject" is rejected as stale, "error" is an error of the member channel, "many" has three
 * events, "unchanged" none. SHOW of "absent" is ERR_ABSENT, of anything else {"id":...}. DUE, HOLD_PLACE and HOLD_LIFT
 * answer with what they were asked. */

#endif
