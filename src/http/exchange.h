/* One HTTP request in progress, from its header to the last byte of its answer; a handler says what it does. All of it
 * is on the loop's thread.
 *
 * A handler never waits. It answers now, or lets the exchange rest: the library then reads and writes nothing on that
 * connection until exchange_answer() or exchange_go_on(). */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "base/completions.h"
#include "http/caller.h"
#include "http/http.h"
#include "http/route.h"
#include "http/server/counts.h"
#include "http/server/site.h"

#define BODY_MAX (1024 * 1024) /* of a body that is taken as a whole */

#define JSON "application/json"
#define NDJSON "application/x-ndjson"

struct exchange;
struct ask;
struct order;
struct verb;
struct lines_body;
struct listing;
struct groups;
struct streams;
struct feed;
struct event_streams;
struct status_feed;
struct events_poll;
struct token_gate;

struct http {
    struct loop *loop;
    struct http_options options;
    struct completions *queue; /* what the engine has answered, and the feed's nudges */
    struct watch *answered;
    struct input_parser *parser;
    struct token_gate *gate;
    struct streams *streams;
    struct groups *groups;
    struct feed *feed; /* of the log */
    struct event_streams *event_streams;
    struct status_feed *status_feed;
    struct events_poll *events_polls; /* those that are not answered */
    size_t events_bytes;              /* of their answers, taken together */
    struct completion *waiting, **last_waiting; /* run after each round of answers, when there is room again */
    struct crowd *crowd;
    struct site **sites;
    unsigned n_sites;
    struct exchange *exchanges;
    struct lines_body *bodies;
    struct listing *listings;
    struct ask *asks; /* those that the engine holds, and those whose exchange is not over */
    struct order *orders; /* the same for delivery */
    struct buf openapi;   /* the answer to GET /openapi.json, once somebody has asked for it */
    struct counts *counts; /* by route, as in http_routes[] */
    double started_at;     /* the process, Unix seconds */
    void (*drained)(void *arg);
    void *drained_arg;
    bool draining;
};

/* What a route does. Any of it may be NULL. */
struct handler {
    const char *type; /* of the answer's body, where ask.h answers */
    /* The header is there. May answer, and may set x->handler to another handler, whose begin() is then called. */
    void (*begin)(struct exchange *x);
    /* A piece of the body: returns how much was taken. The rest comes again after exchange_go_on(). */
    size_t (*data)(struct exchange *x, const char *p, size_t n);
    /* The body is complete: answer, or see to it that somebody will. */
    void (*end)(struct exchange *x);
    /* The exchange is over: x is about to be freed. What is still at work for x->state must do without it. */
    void (*close)(struct exchange *x);

    /* For what is one request to the engine (ask.h): fills it in; false: answered already. */
    bool (*prepare)(struct exchange *x, struct ask *a);
    /* The engine has done what it was asked. Without this its body is the answer. */
    void (*answer)(struct exchange *x, struct ask *a);

    const struct verb *verb; /* for what is one order to delivery (order.h) */
};

struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    const struct handler *handler;
    struct route_match match;
    struct caller caller;
    struct tokens *tokens; /* what the caller's token is one of; NULL: it brought none */
    struct buf body; /* what exchange_collect() has of it */
    void *state;     /* the handler's */

    int64_t begun_ns; /* monotonic: when its header was there */
    struct MHD_Response *response; /* the answer, until it is queued */
    unsigned status;
    size_t discarded; /* bytes of the body that came after the answer was known */
    bool broken;      /* the header is not to be trusted: nothing further is read */
    bool head;        /* the method is HEAD */
    bool resting;     /* suspended */
    bool ended;       /* end() was called */
    struct exchange *next, **link;
};

/* A header's value; NULL: it is not there. */
const char *exchange_header(const struct exchange *x, const char *name);
/* An argument of the query, decoded into out: 1 there, 0 not there, -1 malformed and answered. */
int exchange_argument(struct exchange *x, const char *name, struct buf *out);
/* Appends the query as it came: percent-encoded, without its '?'. */
void exchange_query(const struct exchange *x, struct buf *out);
/* Is there delivery here? Else that is answered. */
bool exchange_has_delivery(struct exchange *x);
/* As a handler's data(): gathers the body, and answers 413 when it is too long. */
size_t exchange_collect(struct exchange *x, const char *p, size_t n);

/* --- answers: the first one counts, and none may follow --- */

/* Takes the bytes of body, which is empty afterwards. */
void exchange_answer(struct exchange *x, unsigned status, const char *type, struct buf *body);
/* 200, with a newline in the end, for people at a terminal. */
void exchange_answer_line(struct exchange *x, const char *type, struct buf *body);
/* member: at fault, or NULL. */
void exchange_problem(struct exchange *x, unsigned status, const char *member, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What a call came to that went wrong, with the status that fits. */
void exchange_error(struct exchange *x, enum err e, const struct errmsg *msg);
/* Too much is queued: 503 with Retry-After. */
void exchange_busy(struct exchange *x);
/* The body comes from read() (as libmicrohttpd has it); release(arg) when it is over. */
void exchange_answer_from(struct exchange *x, unsigned status, const char *type, MHD_ContentReaderCallback read,
                          void *arg, MHD_ContentReaderFreeCallback release);
/* A header of the answer, after the answer is known and before the handler returns. */
void exchange_add_header(struct exchange *x, const char *name, const char *value);

/* From within read(), which then returns 0: it is not called again before exchange_go_on(). */
void exchange_rest(struct exchange *x);
/* The rest of the body may come again, or read() be called. */
void exchange_go_on(struct exchange *x);

/* --- what http.c has for handlers --- */

/* Hands r to the engine; when it is done, done->run runs on the loop. false: too much is queued. r->owner is taken. */
bool http_submit(struct http *h, struct request *r, struct completion *done) ERR_MUSTCHECK;
/* c->run after the next round of answers from the engine: something that was full may have room. Once. */
void http_wait_for_room(struct http *h, struct completion *c);
/* After exchange_go_on() and answers that did not come by the queue: the connections go on now. Not from within a callback
 * of the library. */
void http_run_sites(struct http *h);
/* The last exchange may just have gone. */
void http_check_drained(struct http *h);

#endif
