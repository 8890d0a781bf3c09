/* What the daemon itself says of its deliveries: GET /v1/endpoints and GET /v1/deliveries. */
#ifndef TESTS_SOAK_ROWS_H
#define TESTS_SOAK_ROWS_H

#include "store/delivery/delivery.h"
#include "tests/soak/sides.h"

/* One endpoint. */
struct standing {
    bool paused;
    uint64_t lag, in_flight, retrying, waiting, unknown, requests, delivered, skipped, dead;
};

/* false: the daemon is gone. */
bool ask_standings(struct node *n, struct standing out[SIDES]);
/* Resumes whoever is paused. false: the daemon is gone. */
bool resume_paused(struct node *n);

/* One endpoint's deliveries by number. */
struct rows {
    uint8_t *v; /* 1 + enum delivery_state; 0: there is none */
    bool *confirmed; /* the gateway's receipt says that it was delivered */
    uint64_t n;      /* numbers 0 to n-1 */
    uint64_t counts[DELIVERY_STATE_N];
};

/* All of them, of a running daemon; n: the log's length. */
void rows_read(struct rows *r, struct node *n, const char *endpoint, uint64_t log_length);
void rows_done(struct rows *r);
bool rows_have(const struct rows *r, uint64_t seq);
enum delivery_state rows_state(const struct rows *r, uint64_t seq); /* of one that is there */

#endif
