/* What came of inputs, as JSON, and a compact log of it for a long body.
 *
 * libmicrohttpd begins no answer before its request's body has ended (and a client that sends all before it reads
 * anything would otherwise never come to the end), so the results of a long body are kept until then: 32 bytes and the
 * id for a line, rendered only while they are sent. A body has at most max_lines results, so this is bounded, too. */
#ifndef HTTP_RESULTS_H
#define HTTP_RESULTS_H

#include "base/buf.h"
#include "codec/explain.h"
#include "codec/input_json.h"
#include "engine/engine.h"

/* {"id":...,"op":...,"result":...,"reason":...,"seq":[...]}, for op unit with "unit" after a null id; when rejected,
 * with a "message" in that language behind all others. No newline. */
void result_write(struct buf *b, const struct input *in, const struct input_result *r, enum explain_language language);

struct result_block;

struct result_log {
    struct result_block *first, *last;
    uint64_t n; /* results added */
    enum explain_language language;
};

void result_log_done(struct result_log *l);
void result_log_add(struct result_log *l, const struct input *in, const struct input_result *r, uint64_t line);
/* A line that is no input. reason: a static string such as "malformed". */
void result_log_fault(struct result_log *l, uint64_t line, const char *reason, const char *member, const char *detail);
/* Appends the oldest results as lines, until there are none or b has at least enough bytes, and forgets them.
 * false: there was none left. */
bool result_log_drain(struct result_log *l, struct buf *b, size_t enough);

#endif
