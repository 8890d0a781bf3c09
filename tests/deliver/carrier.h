/* A carrier in a test's hands: it keeps every request that it is given, and answers when the test says so. */
#ifndef TESTS_DELIVER_CARRIER_H
#define TESTS_DELIVER_CARRIER_H

#include "deliver/deliver.h"

enum parcel_state { ON_ITS_WAY, ANSWERED, GIVEN_UP };

/* One request. */
struct parcel {
    char endpoint[ENDPOINT_NAME_BYTES + 1];
    char secret[128];    /* the endpoint's first, as configured when its line was opened */
    struct call call;    /* a copy */
    uint64_t seqs[64];   /* of the events in it, by their ids */
    unsigned n_seqs;
    enum parcel_state state;
    int64_t at;          /* when it was handed over */
    struct transfer *transfer;
    struct carrier_line *line;
};

struct carrying {
    struct parcel **v;
    size_t n, cap;
    size_t on_their_way, most; /* most: that ever were at a time */
    unsigned lines;            /* open */
    const int64_t *now;
    char incarnation[33];
    unsigned shard;
    /* Looks at each request when it is handed over; may be NULL. */
    void (*started)(void *arg, const struct parcel *p);
    void *arg;
    const char *refuses; /* an endpoint's name: its line cannot be opened */
    bool forgetful; /* keeps no request that is over: for long runs */
};

struct carrier carrying_carrier(struct carrying *c);
/* Forgets all; nothing may be on its way. */
void carrying_done(struct carrying *c);

/* Answers one that is on its way; with status 0 nothing was sent, -1: lost. retry_after: seconds, -1 none. */
void parcel_answer(struct carrying *c, struct parcel *p, int status, int64_t retry_after, const char *body);
void parcel_answer_as(struct carrying *c, struct parcel *p, const struct answer *a);
/* The first one on its way with that event; NULL: none. */
struct parcel *parcel_of(struct carrying *c, const char *endpoint, uint64_t seq);
/* A header's value, or NULL. */
const char *parcel_header(const struct parcel *p, const char *name);

#endif
