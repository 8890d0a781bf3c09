/* Delivery receipts, as Kannel sends them: a GET of the dlr-url with the receipt's type in place of %d, over
 * connections of the receiver's own, kept alive. */
#ifndef RECEIVER_RECEIPTS_H
#define RECEIVER_RECEIPTS_H

#include "tests/receiver/ledger.h"
#include "tests/receiver/settings.h"

#define RECEIPTS_MAX 65536 /* that wait: with more, further ones count as failed */
#define RECEIPT_CONNS 8

struct receipts;

/* epoll_fd, counts, settings: borrowed. Its sockets are in the epoll set with base + the connection's number. */
struct receipts *receipts_new(int epoll_fd, uint64_t base, struct counts *counts, const struct settings *settings);
void receipts_free(struct receipts *r);
/* The receipts of one message, as the settings have them. mask: the bits of the types wanted. now: of the monotonic
 * clock, in nanoseconds, like all times here. */
void receipts_add(struct receipts *r, const char *url, int64_t mask, struct rng *rng, int64_t now);
/* When receipts_tick() is to be called; INT64_MAX: not until something happens on a socket. */
int64_t receipts_due(const struct receipts *r);
void receipts_tick(struct receipts *r, int64_t now);
/* Something happened on connection number i. */
void receipts_event(struct receipts *r, unsigned i, uint32_t events, int64_t now);

#endif
