/* An engine that decides nothing: for tests of the interface alone, linked in place of the real one. It answers each
 * input by its reference (below) or as applied, on a thread of its own like the real one. */
#ifndef TESTS_HTTP_FAKE_ENGINE_H
#define TESTS_HTTP_FAKE_ENGINE_H

#include "engine/engine.h"

/* The struct engine that http_options wants. */
struct engine *fake_engine_new(void);
/* Requests still held are dropped. */
void fake_engine_free(struct engine *e);

/* Its log, to which a test adds (fake_log.h), and then nudges the interface. */
struct store *fake_engine_log(struct engine *e);

/* While held, requests are queued and not answered. */
void fake_engine_hold(struct engine *e, bool held);
/* At most so many inputs are queued; more are refused. */
void fake_engine_limit(struct engine *e, uint64_t inputs);

#define FAKE_KEYS 64
#define FAKE_SLICES 40
#define FAKE_SLICE_BYTES 250000
#define FAKE_POSITION 4711
#define FAKE_POSITIONS "sAgUG"

struct fake_counts {
    uint64_t requests[REQUEST_KIND_N];
    uint64_t inputs, refused, most_queued;
    uint64_t scans_open;
};
struct fake_counts fake_engine_counts(struct engine *e);

/* What it answers: a ref "reject" is rejected as stale, "error" is an error of the member channel, "many" has three
 * events, "unchanged" none, and of a request with "lost" nobody knows what came of it (ERR_IO). Under a key that it has seen it answers as the first time, another input under it is an
 * error; it remembers FAKE_KEYS. SHOW and STORY of "absent" are ERR_ABSENT, of anything else {"id":...}. DUE,
 * HOLD_PLACE and HOLD_LIFT answer with what they were asked. A SCAN repeats what it was asked in its first slice and
 * has FAKE_SLICES of them, then a last line; its policy is "full" (ERR_FULL), "unknown" (ERR_INVALID), "broken" (the
 * third slice fails), "sparse" (only the first and the last have text), "sharded" (its position is FAKE_POSITIONS) or
 * "big" (slices of FAKE_SLICE_BYTES). Its counters are made up, but for the inputs that are queued. */

#endif
