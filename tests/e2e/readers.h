/* A crowd of clients that read the log as Server-Sent Events, on a thread of their own: each checks that every number
 * follows the one before, and notes when each came. */
#ifndef TESTS_E2E_READERS_H
#define TESTS_E2E_READERS_H

#include <stdbool.h>
#include <stdint.h>

struct readers;

/* address as in http_client.h; headers: whole lines, or "". Returns when all are connected and their streams have begun
 * behind `after`. At most so many events are noted. */
struct readers *readers_new(const char *address, const char *headers, unsigned n, uint64_t after, unsigned events);
/* Has everybody got everything up to and with this number? */
bool readers_have(struct readers *r, uint64_t last);
/* How many have missed something, got something twice, or were cut off. */
unsigned readers_faulty(struct readers *r);
/* When a reader got an event, CLOCK_MONOTONIC; 0: never. */
int64_t readers_time(const struct readers *r, unsigned reader, uint64_t seq);
void readers_free(struct readers *r);

#endif
