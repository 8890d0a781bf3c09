/* What is done to Redis, one thing at a time: the next begins when the cluster is whole again. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/chaos/faults_inside.h"

#define FAILOVER_MS 15000 /* longer than any takes */
#define WHOLE_MS 300      /* it must look whole for so long */
#define HEAL_MS 60000

static struct deed *deed_of(struct faults *f)
{
    return &f->deeds[f->redis_deed];
}

static int other_of(int node)
{
    return (node + PAIRS) % CLUSTER_NODES;
}

static void hurt(struct faults *f, enum deed_kind kind, int node, unsigned pair, int64_t ms)
{
    f->redis = REDIS_HURT;
    f->redis_deed = faults_note(f, kind, node, pair);
    f->redis_until = clock_monotonic_ns() + ms * NS_PER_MS;
}

static void must(redisReply *r, const char *what)
{
    if (!r || r->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", what, r ? r->str : "no answer");
    freeReplyObject(r);
}

/* --- beginnings --- */

static void do_kill(struct faults *f, int node, unsigned pair)
{
    hurt(f, DEED_REDIS_KILL, node, pair, FAILOVER_MS);
    redis_server_kill(&f->stage->cluster.nodes[node]);
    f->redis_gone = true;
}

static void do_kill_behind(struct faults *f, int node, unsigned pair)
{
    struct redis_server *replica = &f->stage->cluster.nodes[other_of(node)];
    hurt(f, DEED_REDIS_BEHIND, node, pair, FAILOVER_MS);
    redis_server_halt(replica);
    poll(NULL, 0, (int)faults_draw(f, 100, 800));
    redis_server_kill(&f->stage->cluster.nodes[node]);
    redis_server_go_on(replica);
    deed_of(f)->at = clock_monotonic_ns();
    f->redis_gone = true;
}

static void do_stop(struct faults *f, int node, unsigned pair)
{
    hurt(f, DEED_REDIS_STOP, node, pair, faults_draw(f, 1000, 10000));
    redis_server_halt(&f->stage->cluster.nodes[node]);
}

static void do_stop_replica(struct faults *f, int node, unsigned pair)
{
    hurt(f, DEED_REPLICA_STOP, other_of(node), pair, faults_draw(f, 500, 4000));
    redis_server_halt(&f->stage->cluster.nodes[other_of(node)]);
}

static void do_fill(struct faults *f, int node, unsigned pair)
{
    hurt(f, DEED_MEMORY, node, pair, faults_draw(f, 500, 4000));
    must(cluster_ask(&f->stage->cluster, node, "CONFIG SET maxmemory 1"), "maxmemory");
}

static void cut(struct faults *f, enum deed_kind kind, int node, unsigned pair, const char *verdict)
{
    char command[160];
    snprintf(command, sizeof command, "nft add rule inet chaos in tcp dport %d %s", f->stage->cluster.nodes[node].port,
             verdict);
    hurt(f, kind, node, pair, faults_draw(f, 500, 6000));
    if (system(command) != 0)
        bail_out("nft does not cut");
}

static void do_drop(struct faults *f, int node, unsigned pair)
{
    cut(f, DEED_DROP, node, pair, "drop");
}

static void do_reset(struct faults *f, int node, unsigned pair)
{
    cut(f, DEED_RESET, node, pair, "reject with tcp reset");
}

/* In its three steps, with moments between them in which part of its keys are here and part of them there. */
static void do_move(struct faults *f, int node, unsigned pair)
{
    unsigned shard = (unsigned)rng_below(&f->rng, SHARDS + 1), to = (f->stage->home[shard] + 1) % PAIRS;
    int from_node = pair_master(f->stage, f->stage->home[shard]), to_node = pair_master(f->stage, to);
    (void)node, (void)pair;
    if (from_node < 0 || to_node < 0)
        return;
    hurt(f, DEED_SLOT, (int)shard, f->stage->home[shard], 0);
    for (unsigned step = 1; step <= 3; step++) {
        cluster_move_slot(&f->stage->cluster, shard_slot(shard), from_node, to_node, step, step);
        poll(NULL, 0, (int)faults_draw(f, 20, 400));
    }
    f->stage->home[shard] = to;
}

static const struct way {
    unsigned weight;
    bool by_nft;
    void (*begin)(struct faults *f, int node, unsigned pair);
} ways[] = {
    {8, false, do_kill}, {5, false, do_kill_behind}, {4, false, do_stop}, {2, false, do_stop_replica},
    {2, false, do_fill}, {1, true, do_drop},         {1, true, do_reset}, {3, false, do_move},
};

static const struct way *draw_way(struct faults *f)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        sum += ways[i].by_nft && !f->stage->apart ? 0 : ways[i].weight;
    unsigned lot = (unsigned)rng_below(&f->rng, sum);
    for (const struct way *w = ways;; w++) {
        unsigned weight = w->by_nft && !f->stage->apart ? 0 : w->weight;
        if (lot < weight)
            return w;
        lot -= weight;
    }
}

static void begin(struct faults *f)
{
    unsigned pair = (unsigned)rng_below(&f->rng, PAIRS);
    int master = pair_master(f->stage, pair);
    if (master >= 0)
        draw_way(f)->begin(f, master, pair);
}

/* --- endings --- */

static void heal(struct faults *f)
{
    const struct deed *d = deed_of(f);
    struct redis_server *node = d->kind == DEED_SLOT ? NULL : &f->stage->cluster.nodes[d->target];
    switch (d->kind) {
    case DEED_REDIS_KILL:
    case DEED_REDIS_BEHIND: cluster_revive(&f->stage->cluster, d->target); break;
    case DEED_REDIS_STOP:
    case DEED_REPLICA_STOP: redis_server_go_on(node); break;
    case DEED_MEMORY: must(cluster_ask(&f->stage->cluster, d->target, "CONFIG SET maxmemory 0"), "maxmemory"); break;
    case DEED_DROP:
    case DEED_RESET:
        if (system("nft flush chain inet chaos in") != 0)
            bail_out("nft does not let go");
        break;
    default: break;
    }
    f->redis = REDIS_HEALING;
    f->whole_since = 0;
    f->redis_until = clock_monotonic_ns() + HEAL_MS * NS_PER_MS;
}

/* Once the replica is the master, the dead one comes back after a moment of its own. */
static void await_failover(struct faults *f, int64_t now)
{
    if (node_is_master(f->stage, other_of(deed_of(f)->target))) {
        f->redis_gone = false;
        f->redis_until = now + faults_draw(f, 0, 800) * NS_PER_MS;
    } else if (now > f->redis_until)
        bail_out("nobody becomes master in the place of node %d", deed_of(f)->target);
}

static bool is_master_kind(enum deed_kind kind)
{
    return kind == DEED_REDIS_KILL || kind == DEED_REDIS_BEHIND || kind == DEED_REDIS_STOP || kind == DEED_DROP ||
           kind == DEED_RESET || kind == DEED_MEMORY;
}

static void conclude(struct faults *f, int64_t now)
{
    struct deed *d = deed_of(f);
    d->failover = is_master_kind(d->kind) && pair_master(f->stage, d->pair) == other_of(d->target);
    f->failovers += d->failover;
    f->redis = REDIS_WELL;
    f->redis_next = now + faults_draw(f, 300, 2500) * NS_PER_MS;
    faults_healed(f, f->redis_deed);
}

static void await_whole(struct faults *f, int64_t now)
{
    if (!cluster_is_whole(&f->stage->cluster))
        f->whole_since = 0;
    else if (!f->whole_since)
        f->whole_since = now;
    else if (now - f->whole_since > WHOLE_MS * NS_PER_MS)
        conclude(f, now);
    if (f->redis == REDIS_HEALING && now > f->redis_until)
        bail_out("the cluster does not become whole");
}

void redis_go_on(struct faults *f, int64_t now)
{
    if (f->redis == REDIS_HEALING)
        await_whole(f, now);
    else if (f->redis == REDIS_HURT && f->redis_gone)
        await_failover(f, now);
    else if (f->redis == REDIS_HURT && now >= f->redis_until)
        heal(f);
    else if (f->redis == REDIS_WELL && now >= f->redis_next && faults_may_begin(f, true))
        begin(f);
}
