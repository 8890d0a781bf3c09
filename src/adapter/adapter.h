/* Adapters (lifecertd-adapters(7)): how one kind of endpoint is spoken to. Pure: an event (and, for a message, its
 * text) becomes a request, an answer becomes an outcome, a gateway's receipt becomes what it says. No socket, no clock.
 * One table of functions each; adapters[] has them by kind. */
#ifndef ADAPTER_ADAPTER_H
#define ADAPTER_ADAPTER_H

#include "adapter/call.h"
#include "base/err.h"
#include "config/endpoint.h"

/* One event as a receiver gets to see it. All borrowed. */
struct notice {
    struct str id;      /* INCARNATION_SHARD_SEQ; no dots; the same on every attempt */
    uint64_t seq, prev;
    struct str type;    /* "benefit.suspended" */
    struct str time;    /* RFC 3339, as in the log */
    struct str subject; /* STR_NONE on system events */
    struct str data;    /* the event's data, a JSON object, as in the log */
    bool simulated, replay;
    bool gap;           /* an earlier event of this person was given up */
};

#define SMS_VARIABLES_MAX 16

struct sms_variable {
    struct str name, value; /* value: UTF-8 */
};

/* One message to a person. All borrowed. */
struct sms {
    struct str phone;       /* E.164: "+8613800000000" */
    struct str text;        /* UTF-8, rendered, without the agency's signature */
    struct str signature;   /* without brackets */
    struct str template_id; /* STR_NONE: the message has none, which the cloud gateways need */
    struct sms_variable variables[SMS_VARIABLES_MAX]; /* for the template, in its order */
    unsigned n_variables;
};

enum outcome {
    OUTCOME_DELIVERED, /* received; a message: accepted by the gateway */
    OUTCOME_RETRY,     /* not received: try again later */
    OUTCOME_THROTTLED, /* the same, and the endpoint asks to be spared */
    OUTCOME_FAILED,    /* will never be received like this: a dead letter at once */
    OUTCOME_GONE,      /* the endpoint wants nothing any more: it is paused */
    OUTCOME_UNKNOWN,   /* a message that may have been sent: never again by itself */
    OUTCOME_N
};

#define VERDICT_WHY 160
#define GATEWAY_REF 64

struct verdict {
    enum outcome outcome;
    int64_t retry_after;       /* seconds; -1: the schedule's */
    char why[VERDICT_WHY];     /* for people and the delivery log: no personal data */
    char ref[GATEWAY_REF + 1]; /* the gateway's own number of the message; "" */
};

enum receipt_kind { RECEIPT_NONE, RECEIPT_ACCEPTED, RECEIPT_DELIVERED, RECEIPT_FAILED };

/* What a gateway says of one message: by our id, else by its own number. Borrowed. */
struct receipt {
    struct str id;  /* the notice's; STR_NONE */
    struct str ref; /* the gateway's; STR_NONE */
    enum receipt_kind kind; /* ACCEPTED is not final, the others are */
    struct str code;        /* the gateway's word for it */
};

/* A receipt as it came in. */
struct receipt_call {
    struct str query; /* as it stands behind the '?', percent-encoded */
    struct str body;
};

typedef void receipt_fn(void *arg, const struct receipt *r);

struct adapter_state;

struct adapter {
    /* What is wrong with an endpoint's settings for this adapter, beyond single keys: ERR_INVALID with a sentence.
     * Secrets may be missing still. */
    enum err (*check)(const struct endpoint *e, struct errmsg *msg);
    /* Prepares keys and texts. The endpoint and its secrets must outlive the state. */
    enum err (*open)(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg);
    void (*close)(struct adapter_state *s);
    /* n > 1 only where batch is set; sms: NULL for events. now: Unix seconds; nonce: 16 random bytes. ERR_INVALID: it
     * can never be sent like this (msg says why); of several, the others may be sent without it. out has been
     * cleared. */
    enum err (*render)(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg);
    void (*judge)(struct adapter_state *s, const struct answer *a, struct verdict *out);
    /* NULL: there are none. Calls each for every receipt; reply is what the gateway wants to read (application/json).
     * ERR_INVALID: not a receipt. */
    enum err (*receipts)(struct adapter_state *s, const struct receipt_call *c, receipt_fn *each, void *arg,
                         struct buf *reply, struct errmsg *msg);
    unsigned (*batch)(const struct endpoint *e); /* most events in one request; NULL: 1 */
    /* Only where endpoint.handshake is set; NULL: there is none. hello writes the question that comes before anything
     * is sent, consent reads the answer: ERR_INVALID when it is no (msg says why), else *granted is the most that may
     * be sent, n 0 without a limit. */
    enum err (*hello)(struct adapter_state *s, struct call *out, struct errmsg *msg);
    enum err (*consent)(struct adapter_state *s, const struct answer *a, struct rate *granted, struct errmsg *msg);
};

extern const struct adapter *const adapters[ADAPTER_KIND_N];

/* --- for judge(): what most of them share (adapter/judge.c) --- */

/* HTTP as Standard Webhooks has it: 2xx delivered, 410 gone, 429/502/503/504 throttled, all else worth a retry (3xx and
 * 4xx too: a receiver may be misconfigured for an hour). NOT_SENT and LOST are worth a retry. */
void judge_http(const struct answer *a, struct verdict *out);
/* For messages what is not an answer: NOT_SENT a retry, LOST unknown; and 5xx other than 503 unknown. true: *out says
 * it all; false: an answer that the adapter has to read. */
bool judge_message_transport(const struct answer *a, struct verdict *out);
void verdict_set(struct verdict *v, enum outcome o, int64_t retry_after, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* --- for render(): writing a call (adapter/write.c) --- */

/* ERR_INVALID when the value holds CR, LF or NUL. */
enum err call_header(struct call *c, const char *name, struct str value, struct errmsg *msg);
void call_url(struct call *c, struct str url); /* terminates it */
void call_arg(struct call *c, struct str arg); /* Redis */
/* Percent-encodes all but RFC 3986's unreserved characters. */
void add_percent(struct buf *b, struct str s);
/* The webhook body {"type","timestamp","data":{"subject","seq","prev","event"}}; with simulated, replay and gap in data
 * when true. write_data: only the inner data member's value, as CloudEvents carries it. */
void write_webhook(struct buf *b, const struct notice *v);
void write_webhook_data(struct buf *b, const struct notice *v);

#endif
