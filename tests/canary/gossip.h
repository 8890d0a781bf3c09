/* A gateway that repeats: it answers every request with what it was told, in another kind of answer each time; in the
 * N-th of nine when the path is /kind/N. */
#ifndef TESTS_CANARY_GOSSIP_H
#define TESTS_CANARY_GOSSIP_H

struct gossip;

struct gossip *gossip_start(void);
const char *gossip_address(const struct gossip *g); /* "127.0.0.1:PORT" */
/* How many requests it has answered that had a name or a number in them. */
unsigned gossip_heard(struct gossip *g);
void gossip_stop(struct gossip *g);

#endif
