/* Delivery that sends nothing: for tests of the interface alone, linked in place of the real one. It answers an order
 * with what it was told, as JSON, or refuses it by the endpoint's name (below). It belongs to the loop's thread. */
#ifndef TESTS_HTTP_FAKE_DELIVER_H
#define TESTS_HTTP_FAKE_DELIVER_H

#include "deliver/deliver.h"

/* The struct deliver that http_options wants. */
struct deliver *fake_deliver_new(void);
/* Orders still held are dropped. */
void fake_deliver_free(struct deliver *d);

/* While held, orders wait as for a commit; else they are answered from within the call. */
void fake_deliver_hold(struct deliver *d);
/* Until one more has come that is held. On the test's thread. */
void fake_deliver_await(struct deliver *d);
/* Those held are answered, and later ones at once again. */
void fake_deliver_release(struct deliver *d);

/* Orders for the endpoint "absent" are ERR_ABSENT, for "invalid" ERR_INVALID, for "busy" ERR_LOCKED. Receipts are taken
 * for "gateway" with the secret "s/cret": a query of "full" is ERR_FULL, of "wrong" ERR_INVALID, of "quiet" has no
 * reply, any other is repeated in it. The metrics are of two endpoints, "payroll" with an open breaker, and "texts",
 * which sends messages and is paused. */

#endif
