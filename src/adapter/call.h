/* One request to an endpoint and what came back, as data: an adapter writes and reads them, the network carries them. */
#ifndef ADAPTER_CALL_H
#define ADAPTER_CALL_H

#include "base/buf.h"

#define ANSWER_BODY_MAX ((size_t)64 << 10) /* what is kept of an answer's body */

/* What is sent. Reused: call_clear() keeps the memory. */
struct call {
    const char *method; /* HTTP; static. NULL: a command for Redis */
    struct buf url;     /* terminated */
    struct buf headers; /* "Name: value", each terminated; without CR and LF; Content-Type among them */
    unsigned n_headers;
    struct buf body;    /* HTTP: the body as signed */
    struct buf args;    /* Redis: each argument as its length (uint32_t, host order), then its bytes */
    unsigned n_args;
    bool once;          /* never to be repeated by the transport: a message to a person */
};

enum carried {
    CARRIED,  /* an answer came */
    NOT_SENT, /* certainly nothing was handed over: no address, no connection, no TLS, not allowed */
    LOST,     /* it may have arrived: the connection broke, or time ran out, after sending had begun */
};

/* What came back. Borrowed: it holds during the callback. */
struct answer {
    enum carried carried;
    int status;           /* CARRIED: HTTP's; Redis: 200, or 500 for an error reply */
    struct str body;      /* Redis: the reply's text */
    int64_t retry_after;  /* seconds, from the header; -1: none */
    struct str allowed_origin, allowed_rate; /* WebHook-Allowed-*; STR_NONE: not there */
    char error[160];      /* not CARRIED: what happened, without personal data; "" otherwise */
};

/* One request on its way. Embedded in whatever waits for it; zeroed at first, reused afterwards. */
struct transfer {
    const struct call *call;                                   /* untouched until done() */
    void (*done)(struct transfer *t, const struct answer *a);  /* from the loop, never from within the start */
    int64_t started_ns, first_byte_ns; /* monotonic: handed over; its first byte sent (0: never) */
    void *slot; /* the line's own */
};

static inline void call_clear(struct call *c)
{
    c->method = NULL;
    c->n_headers = c->n_args = 0;
    c->once = false;
    buf_clear(&c->url);
    buf_clear(&c->headers);
    buf_clear(&c->body);
    buf_clear(&c->args);
}

static inline void call_done(struct call *c)
{
    buf_done(&c->url);
    buf_done(&c->headers);
    buf_done(&c->body);
    buf_done(&c->args);
}

#endif
