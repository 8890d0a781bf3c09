/* The other side of delivery: takes webhooks, plays SMS gateways, misbehaves as it is told to, and keeps an account of
 * what arrived. handle_request() decides; the server (server.h) carries its decisions out. */
#ifndef RECEIVER_RECEIVER_H
#define RECEIVER_RECEIVER_H

#include "tests/receiver/http.h"
#include "tests/receiver/ledger.h"
#include "tests/receiver/receipts.h"
#include "tests/receiver/record.h"
#include "tests/receiver/settings.h"
#include "tests/receiver/told.h"
#include "tests/receiver/verifier.h"

struct receiver {
    struct settings settings;
    struct rng rng;
    struct ledger *ledger;
    struct verifier *verifier;
    struct record *record; /* NULL: nobody records */
    struct receipts *receipts;
    struct told_list told;
    struct buf body; /* of the answer that is being made */
};

enum ending {
    END_KEEP,  /* on to the next request */
    END_CLOSE, /* once the answer is sent */
    END_RESET,
    END_HANG,
};

/* What is to be done about one request. */
struct reply {
    struct buf *out; /* the answer is appended here */
    enum ending ending;
    int64_t delay_ms; /* before all else */
    int64_t drip_ms;  /* between two bytes; 0: all at once */
};

void handle_request(struct receiver *r, const struct request *q, struct reply *reply);
/* A request that could not be framed is answered with that status. */
void handle_unframed(struct receiver *r, int status, struct reply *reply);

/* --- what the kinds of requests share (reply.c) --- */

struct success {
    int status; /* when all is well */
    const char *content_type;
};

/* An answer with r->body; headers: whole lines with CR LF. */
void reply_write(struct receiver *r, struct reply *reply, const struct request *q, int status, const char *content_type,
                 const char *headers);
/* What a request comes to whose fate is drawn: r->body has what it would be answered when all is well. */
void reply_fate(struct receiver *r, struct reply *reply, const struct request *q, enum fate fate,
                const struct success *success);
/* The same for the record: "202", "hang". */
const char *reply_word(const struct receiver *r, enum fate fate, const struct success *success, char out[16]);

/* --- SMS gateways (gateways.c) --- */

/* false: there is no such gateway. */
bool handle_message(struct receiver *r, const struct request *q, struct reply *reply);

#endif
