/* What a running daemon says of its endpoints and deliveries, for end-to-end tests. */
#ifndef TESTS_DELIVERY_VIEW_H
#define TESTS_DELIVERY_VIEW_H

#include "tests/lib/node.h"

/* Does an endpoint's object in GET /v1/endpoints have that in it? And: wait until it has. */
bool endpoint_says(const struct node *n, const char *endpoint, const char *text);
bool endpoint_await(const struct node *n, const char *endpoint, const char *text);
/* The number of a member of it, -1: none. */
long long endpoint_number(const struct node *n, const char *endpoint, const char *member);

/* The same of the delivery about that person, among those in that state. */
bool delivery_says(const struct node *n, const char *endpoint, const char *state, const char *subject,
                   const char *text);
bool delivery_await(const struct node *n, const char *endpoint, const char *state, const char *subject,
                    const char *text);
/* How many there are in that state; and: wait until there are so many. */
unsigned delivery_count(const struct node *n, const char *endpoint, const char *state);
bool delivery_await_count(const struct node *n, const char *endpoint, const char *state, unsigned count);

/* POST /v1/endpoints/NAME/VERB: the answer's status, and *r gets the answer. body: JSON, or NULL. */
int endpoint_order(const struct node *n, const char *endpoint, const char *verb, const char *body, struct reply *r);

#endif
