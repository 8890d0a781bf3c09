/* A handler that is one request to the engine: gather the body, ask, answer. It is written
 * {ASK_HANDLER, .type = JSON, .prepare = ...}, with .answer where the engine's body is not the answer. */
#ifndef HTTP_ASK_H
#define HTTP_ASK_H

#include "http/exchange.h"
#include "http/server/streams.h"

/* Lives until both the exchange is over and the engine is done: a client may go away while it is asked for. */
struct ask {
    struct completion done; /* the first member: completions are turned back into asks */
    struct request request;
    struct exchange *x; /* NULL: over */
    bool submitted;     /* the engine has it */
    void (*note)(const struct ask *a); /* it was done, and perhaps nobody waits for the answer any more; NULL: none */
    char caller[CALLER_NAME];
    struct buf text;    /* what the request's strings point into; it must not grow once they do */
    struct buf path;    /* the same for those captured from the path, once the exchange is over */
    struct input input; /* POST /v1/inputs */
    struct input_key key;
    struct input_result result;
    uint64_t durable; /* GET /v1/events: the log's end when it was asked */
    struct body_stream *stream;
    struct ask *next, **link;
};

#define ASK_HANDLER .data = exchange_collect, .end = ask_end, .close = ask_close

void ask_end(struct exchange *x);
void ask_close(struct exchange *x);
/* Of requests that the engine has dropped. */
void ask_free_all(struct http *h);

/* Answers what did not go well, and says so; ERR_OK: false, and nothing is answered. */
bool ask_answer_error(struct exchange *x, const struct ask *a);

#endif
