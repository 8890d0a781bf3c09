/* POST /v1/inputs: by its content type one JSON object, here, or lines of them (input_lines.c). */
#include <stdlib.h>
#include <strings.h>

#include "codec/input_json.h"
#include "http/ask.h"
#include "http/results.h"
#include "http/routes.h"
#include "http/streams.h"

static const struct {
    const char *type;
    const struct handler *handler;
} types[] = {
    {JSON, &input_one_handler},
    {NDJSON, &input_lines_handler},
};

static void choose(struct exchange *x)
{
    const char *type = exchange_header(x, MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t n = type ? strcspn(type, "; \t") : 0; /* without its parameters: JSON is UTF-8 whatever they say */
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (n == strlen(types[i].type) && strncasecmp(type, types[i].type, n) == 0) {
            x->handler = types[i].handler;
            return;
        }
    }
    exchange_problem(x, 415, NULL, "the content type must be %s (one input) or %s (one a line)", JSON, NDJSON);
}

const struct handler inputs_handler = {.begin = choose};

/* --- one --- */

static bool prepare_one(struct exchange *x, struct ask *a)
{
    struct input_fault fault;
    size_t used;
    char *arena = buf_room(&a->text, 2 * x->body.n + 64);
    if (input_parse(x->http->parser, x->body.p ? x->body.p : "", x->body.n, &a->input, arena, &used, &fault) !=
        ERR_OK) {
        exchange_problem(x, 400, fault.member, "%s", fault.text);
        return false;
    }
    /* A name makes it part of a stream. Without one it would be over before anything could follow its `at`. */
    if (exchange_header(x, "Lifecertd-Stream") && !streams_join(x, &a->stream))
        return false;
    a->request.kind = REQUEST_INPUTS;
    a->request.stream = stream_for_engine(a->stream);
    a->request.inputs = &a->input;
    a->request.results = &a->result;
    a->request.n_inputs = 1;
    return true;
}

static void answer_one(struct exchange *x, struct ask *a)
{
    struct buf body = BUF_INIT;
    if (ask_answer_error(x, a))
        return;
    if (a->result.result == RESULT_ERROR) {
        exchange_problem(x, 400, a->result.member, "%s", a->result.fault);
        return;
    }
    result_write(&body, &a->input, &a->result);
    buf_addc(&body, '\n');
    exchange_answer(x, a->result.result == RESULT_REJECTED ? 422 : 200, JSON, &body);
}

const struct handler input_one_handler = {ASK_HANDLER, .prepare = prepare_one, .answer = answer_one};
