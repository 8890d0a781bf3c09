#include "tests/redis/cluster.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "redis/slot.h"
#include "tests/lib/tap.h"

#define STEP_MS 10
#define STEPS 6000 /* a minute: machines under a sanitizer, and busy */
#define MASTERS 3

redisReply *cluster_ask(const struct cluster *c, int node, const char *format, ...)
{
    va_list args;
    redisReply *reply = NULL;
    struct timeval limit = {.tv_sec = 5};
    redisContext *context =
        c->nodes[node].pid ? redisConnectWithTimeout("127.0.0.1", c->nodes[node].port, limit) : NULL;
    if (context && !context->err) {
        redisSetTimeout(context, limit);
        va_start(args, format);
        reply = redisvCommand(context, format, args);
        va_end(args);
    }
    if (context)
        redisFree(context);
    return reply;
}

/* The command must be answered, and not by an error. */
static void must(redisReply *reply, const char *what)
{
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", what, reply ? reply->str : "no answer");
    freeReplyObject(reply);
}

static bool says(const struct cluster *c, int node, const char *section, const char *words)
{
    redisReply *reply = cluster_ask(c, node, "%s %s", strcmp(section, "cluster") == 0 ? "CLUSTER" : "INFO",
                                    strcmp(section, "cluster") == 0 ? "INFO" : section);
    bool good = reply && reply->type == REDIS_REPLY_STRING && strstr(reply->str, words);
    if (reply)
        freeReplyObject(reply);
    return good;
}

static void start_node(struct cluster *c, int i)
{
    static const char *const common[] = {"--cluster-enabled",
                                         "yes",
                                         "--cluster-config-file",
                                         "nodes.conf",
                                         "--cluster-node-timeout",
                                         "1000",
                                         "--appendonly",
                                         "yes",
                                         "--appendfsync",
                                         "always",
                                         "--dir",
                                         NULL,
                                         "--repl-diskless-sync-delay",
                                         "0",
                                         "--cluster-replica-validity-factor",
                                         "0",
                                         "--cluster-port",
                                         NULL};
    static char ports[CLUSTER_NODES][8];
    unsigned n = 0;
    for (size_t k = 0; k < sizeof common / sizeof *common; k++)
        c->options[i][n++] = common[k] ? common[k] : k < 13 ? c->folders[i] : ports[i];
    c->options[i][n] = NULL;
    if (!*ports[i])
        snprintf(ports[i], sizeof ports[i], "%d", free_port());
    c->nodes[i].options = c->options[i];
    redis_server_start(&c->nodes[i]);
}

static char *read_id(const struct cluster *c, int node)
{
    redisReply *reply = cluster_ask(c, node, "CLUSTER MYID");
    if (!reply || reply->type != REDIS_REPLY_STRING)
        bail_out("node %d has no id", node);
    char *id = mem_strdup(reply->str);
    freeReplyObject(reply);
    return id;
}

static void introduce(struct cluster *c)
{
    for (int i = 1; i < CLUSTER_NODES; i++)
        must(cluster_ask(c, 0, "CLUSTER MEET 127.0.0.1 %d %s", c->nodes[i].port, c->options[i][17]), "CLUSTER MEET");
}

static void give_slots(struct cluster *c)
{
    for (int i = 0; i < MASTERS; i++)
        must(cluster_ask(c, i, "CLUSTER ADDSLOTSRANGE %d %d", REDIS_SLOTS * i / MASTERS,
                         REDIS_SLOTS * (i + 1) / MASTERS - 1),
             "CLUSTER ADDSLOTSRANGE");
}

/* A node can only follow one that it has heard of. */
static void follow(struct cluster *c, int replica, int master)
{
    char *id = read_id(c, master);
    for (int i = 0;; i++) {
        redisReply *reply = cluster_ask(c, replica, "CLUSTER REPLICATE %s", id);
        bool good = reply && reply->type != REDIS_REPLY_ERROR;
        if (reply)
            freeReplyObject(reply);
        if (good)
            break;
        if (i == STEPS)
            bail_out("node %d does not follow node %d", replica, master);
        poll(NULL, 0, STEP_MS);
    }
    free(id);
}

void cluster_start(struct cluster *c)
{
    *c = (struct cluster){.nodes = {{.pid = 0}}};
    for (int i = 0; i < CLUSTER_NODES; i++) {
        snprintf(c->folders[i], sizeof c->folders[i], "%s/node-%d", tap_tmpdir(), i);
        mkdir(c->folders[i], 0700);
        start_node(c, i);
    }
    introduce(c);
    give_slots(c);
    for (int i = 0; i < MASTERS; i++)
        follow(c, MASTERS + i, i);
    cluster_await_whole(c);
}

void cluster_stop(struct cluster *c)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_server_kill(&c->nodes[i]);
}

void cluster_uri(const struct cluster *c, const char *prefix, char *out, size_t size)
{
    snprintf(out, size, "redis-cluster://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/%s", c->nodes[0].port, c->nodes[1].port,
             c->nodes[2].port, prefix);
}

void cluster_revive(struct cluster *c, int node)
{
    start_node(c, node);
}

static bool is_up_to_date(const struct cluster *c, int node)
{
    if (says(c, node, "replication", "role:slave"))
        return says(c, node, "replication", "master_link_status:up");
    return says(c, node, "replication", "connected_slaves:1");
}

static bool node_is_whole(const struct cluster *c, int node)
{
    return says(c, node, "cluster", "cluster_state:ok") && says(c, node, "cluster", "cluster_slots_ok:16384") &&
           is_up_to_date(c, node);
}

bool cluster_is_whole(const struct cluster *c)
{
    for (int node = 0; node < CLUSTER_NODES; node++)
        if (!node_is_whole(c, node))
            return false;
    return true;
}

void cluster_await_whole(const struct cluster *c)
{
    for (int node = 0; node < CLUSTER_NODES; node++) {
        for (int i = 0; !node_is_whole(c, node); i++) {
            if (i == STEPS)
                bail_out("the cluster does not become whole");
            poll(NULL, 0, STEP_MS);
        }
    }
}

static int by_port(const struct cluster *c, long long port)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (c->nodes[i].port == port)
            return i;
    return -1;
}

int cluster_master_of(const struct cluster *c, unsigned slot)
{
    int found = -1;
    for (int node = 0; node < CLUSTER_NODES && found < 0; node++) {
        redisReply *reply = cluster_ask(c, node, "CLUSTER SLOTS");
        for (size_t i = 0; reply && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
            const redisReply *range = reply->element[i];
            if (range->element[0]->integer <= slot && range->element[1]->integer >= slot)
                found = by_port(c, range->element[2]->element[1]->integer);
        }
        if (reply)
            freeReplyObject(reply);
        if (found >= 0 && c->nodes[found].pid == 0)
            found = -1;
    }
    return found;
}

static void move_keys(const struct cluster *c, unsigned slot, int from, int to)
{
    redisReply *keys = cluster_ask(c, from, "CLUSTER GETKEYSINSLOT %u 1000", slot);
    if (!keys || keys->type != REDIS_REPLY_ARRAY)
        bail_out("a slot does not tell its keys");
    for (size_t i = 0; i < keys->elements; i++)
        must(cluster_ask(c, from, "MIGRATE 127.0.0.1 %d %b 0 5000", c->nodes[to].port, keys->element[i]->str,
                         (size_t)keys->element[i]->len),
             "MIGRATE");
    freeReplyObject(keys);
}

void cluster_move_slot(const struct cluster *c, unsigned slot, int from, int to, unsigned first_step,
                       unsigned last_step)
{
    char *source = read_id(c, from), *target = read_id(c, to);
    if (first_step <= 1 && last_step >= 1) {
        must(cluster_ask(c, to, "CLUSTER SETSLOT %u IMPORTING %s", slot, source), "IMPORTING");
        must(cluster_ask(c, from, "CLUSTER SETSLOT %u MIGRATING %s", slot, target), "MIGRATING");
    }
    if (first_step <= 2 && last_step >= 2)
        move_keys(c, slot, from, to);
    if (first_step <= 3 && last_step >= 3)
        for (int i = 0; i < CLUSTER_NODES; i++) {
            int node = i == 0 ? to : i == to ? 0 : i; /* the new master first */
            redisReply *reply = cluster_ask(c, node, "CLUSTER SETSLOT %u NODE %s", slot, target);
            if (reply)
                freeReplyObject(reply); /* replicas refuse, and hear of it */
        }
    free(source);
    free(target);
}
