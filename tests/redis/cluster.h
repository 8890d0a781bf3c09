/* A real Redis Cluster for tests: six servers on loopback, three masters with a replica each, on ports of their own,
 * and never left behind. */
#ifndef TESTS_REDIS_CLUSTER_H
#define TESTS_REDIS_CLUSTER_H

#include "redis/node.h"
#include "tests/net/redis_server.h"

#define CLUSTER_NODES 6

struct cluster {
    struct redis_server nodes[CLUSTER_NODES];
    char folders[CLUSTER_NODES][256];
    const char *options[CLUSTER_NODES][32];
};

/* Starts it and waits until it serves every slot. Data survive a server's death: appendfsync always. */
void cluster_start(struct cluster *c);
void cluster_stop(struct cluster *c);

/* "redis-cluster://127.0.0.1:PORT,.../PREFIX" */
void cluster_uri(const struct cluster *c, const char *prefix, char *out, size_t size);

/* Which of the nodes is the master of that slot, as the others see it; -1: nobody at present. */
int cluster_master_of(const struct cluster *c, unsigned slot);
/* Starts a dead one again, and waits until it answers. */
void cluster_revive(struct cluster *c, int node);
/* Every slot is served, every master has a replica that is up to date, and all nodes know it. */
bool cluster_is_whole(const struct cluster *c);
/* Waits until every slot is served again, and every master has a replica that is up to date. */
void cluster_await_whole(const struct cluster *c);

/* One command to one node, in words; the reply is the caller's, NULL when the node is dead. */
redisReply *cluster_ask(const struct cluster *c, int node, const char *format, ...);
/* Moves a slot with its keys to another master. steps: 1 the slot is marked as on its way, 2 its keys are moved, 3 it
 * is the other's. */
void cluster_move_slot(const struct cluster *c, unsigned slot, int from, int to, unsigned first_step,
                       unsigned last_step);

#endif
