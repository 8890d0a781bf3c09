/* A circuit breaker: after a run of failures an endpoint is left alone, then tried with a single request. Pure; times in
 * milliseconds. */
#ifndef DELIVER_BREAKER_H
#define DELIVER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_FAILURES 10                   /* in a row open it */
#define BREAKER_FIRST_MS INT64_C(5000)        /* the first pause, doubled after each probe that fails */
#define BREAKER_LONGEST_MS INT64_C(300000)

struct breaker {
    unsigned failures; /* in a row */
    bool open;
    bool probing;      /* open, and one request is on its way */
    int64_t pause;     /* the present one */
    int64_t until;     /* open: no probe before */
};

/* May a request be sent now? One that is, while it is open, is the probe: breaker_sent() must follow. */
bool breaker_allows(const struct breaker *b, int64_t now);
void breaker_sent(struct breaker *b);
/* The endpoint has answered something sensible. true: it was open, and is closed now. */
bool breaker_succeeded(struct breaker *b);
/* true: it has just opened (or a probe failed). */
bool breaker_failed(struct breaker *b, int64_t now);
/* A request was given up without a word about the endpoint. */
void breaker_forget(struct breaker *b);
/* When it lets a probe through; 0: it is closed; INT64_MAX: a probe is on its way. */
int64_t breaker_next_at(const struct breaker *b);

#endif
