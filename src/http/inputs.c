/* POST /v1/inputs: by its content type one JSON object, here, or lines of them (input_lines.c). */
#include <stdlib.h>
#include <strings.h>

#include "codec/input_json.h"
#include "http/ask.h"
#include "http/intake.h"
#include "http/language.h"
#include "http/results.h"
#include "http/routes.h"
#include "http/server/streams.h"

static const struct {
    const char *type;
    const struct handler *handler;
} types[] = {
    {JSON, &input_one_handler},
    {NDJSON, &input_lines_handler},
};

static bool is_encoded(const struct exchange *x)
{
    const char *coding = exchange_header(x, MHD_HTTP_HEADER_CONTENT_ENCODING);
    return coding && strcasecmp(coding, "identity") != 0;
}

static void choose(struct exchange *x)
{
    if (is_encoded(x)) {
        exchange_problem(x, 415, MHD_HTTP_HEADER_CONTENT_ENCODING, "a body must be sent as it is, not compressed");
        exchange_add_header(x, MHD_HTTP_HEADER_ACCEPT_ENCODING, "identity");
        return;
    }
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

/* May the caller bring it? Notes the key under which it does. */
static bool admit_one(struct exchange *x, struct ask *a)
{
    struct intake who;
    const char *why;
    if (!intake_begin(x, &who))
        return false;
    const char *member = intake_forbids(&who, &a->input, &why);
    if (member)
        exchange_problem(x, 403, member, "%s", why);
    else if (who.key_n) {
        intake_key(&who, 0, buf_str(&x->body), &a->key);
        a->request.keys = &a->key;
    }
    intake_done(&who);
    return !member;
}

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
    if (!admit_one(x, a))
        return false;
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
    const struct input_result *r = &a->result;
    if (ask_answer_error(x, a))
        return;
    if (r->result == RESULT_ERROR) {
        bool reused = r->key == KEY_REUSED;
        exchange_problem(x, reused ? 422 : 400, reused ? IDEMPOTENCY_KEY : r->member, "%s", r->fault);
        return;
    }
    result_write(&body, &a->input, r, language_of(exchange_header(x, MHD_HTTP_HEADER_ACCEPT_LANGUAGE)));
    buf_addc(&body, '\n');
    exchange_answer(x, r->result == RESULT_REJECTED ? 422 : 200, JSON, &body);
    if (r->key == KEY_REPLAYED)
        exchange_add_header(x, "Idempotency-Replayed", "true");
}

const struct handler input_one_handler = {ASK_HANDLER, .prepare = prepare_one, .answer = answer_one};
