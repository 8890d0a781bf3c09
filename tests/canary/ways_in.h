/* Every way over HTTP in which a name or a phone number may come into the daemon, where it belongs and where it
 * does not: each member of each op, bodies that are malformed in every manner, paths, queries and headers. */
#ifndef TESTS_CANARY_WAYS_IN_H
#define TESTS_CANARY_WAYS_IN_H

#include "tests/lib/http_client.h"

/* Is told of each answer: to what, in words, and in which way. */
typedef void answered(void *arg, const char *what, const struct reply *r);

/* How many requests that were. The people whom it enrols have ids that begin with "W-". */
unsigned ways_in(const char *address, answered *note, void *arg);

#endif
