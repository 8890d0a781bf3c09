/* Who serves which slot. Asked of any server of a cluster, or of the sentinels; one server alone has all slots. */
#ifndef REDIS_TOPOLOGY_H
#define REDIS_TOPOLOGY_H

#include "redis/node.h"
#include "redis/slot.h"

#define REDIS_MASTERS_MAX 1000 /* the most nodes that a cluster is made for */

struct topology {
    struct redis_host *masters; /* owned */
    unsigned n_masters, cap_masters;
    int16_t of_slot[REDIS_SLOTS]; /* index into masters; -1: nobody's */
};

void topology_init(struct topology *t);
void topology_done(struct topology *t);

/* The master's index, added when it is new; -1: there are too many. */
int topology_add(struct topology *t, const struct redis_host *host);

/* One server, which has every slot. */
void topology_single(struct topology *t, const struct redis_host *host);
/* The reply to CLUSTER SLOTS. asked: who answered, for a node that does not know its own address. false, and *t left
 * alone: it is no such reply. */
bool topology_read_slots(struct topology *t, const redisReply *reply, const struct redis_host *asked);
/* The reply to SENTINEL GET-MASTER-ADDR-BY-NAME. */
bool topology_read_master(struct topology *t, const redisReply *reply);

#endif
