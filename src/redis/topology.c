#include "redis/topology.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

void topology_init(struct topology *t)
{
    *t = (struct topology){.masters = NULL};
    memset(t->of_slot, 0xff, sizeof t->of_slot); /* -1 */
}

void topology_done(struct topology *t)
{
    free(t->masters);
    t->masters = NULL;
}

int topology_add(struct topology *t, const struct redis_host *host)
{
    for (unsigned i = 0; i < t->n_masters; i++)
        if (t->masters[i].port == host->port && strcmp(t->masters[i].name, host->name) == 0)
            return (int)i;
    if (t->n_masters == REDIS_MASTERS_MAX)
        return -1;
    if (t->n_masters == t->cap_masters) {
        t->cap_masters = t->cap_masters ? 2 * t->cap_masters : 8;
        t->masters = mem_resize(t->masters, t->cap_masters, sizeof *t->masters);
    }
    t->masters[t->n_masters] = *host;
    return (int)t->n_masters++;
}

static void assign(struct topology *t, unsigned from, unsigned to, int master)
{
    for (unsigned slot = from; slot <= to; slot++)
        t->of_slot[slot] = (int16_t)master;
}

void topology_single(struct topology *t, const struct redis_host *host)
{
    topology_done(t);
    topology_init(t);
    assign(t, 0, REDIS_SLOTS - 1, topology_add(t, host));
}

static bool is_text(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS;
}

static bool read_host(const redisReply *name, long long port, struct redis_host *out)
{
    if (!is_text(name) || name->len >= sizeof out->name || port < 1 || port > UINT16_MAX)
        return false;
    memcpy(out->name, name->str, name->len + 1);
    out->port = (uint16_t)port;
    return true;
}

/* [from, to, [host, port, id, ...], replicas...]. A host that is null or empty is the one that answered. */
static bool read_range(struct topology *t, const redisReply *range, const struct redis_host *asked)
{
    struct redis_host host;
    if (range->type != REDIS_REPLY_ARRAY || range->elements < 3)
        return false;
    const redisReply *from = range->element[0], *to = range->element[1], *master = range->element[2];
    if (from->type != REDIS_REPLY_INTEGER || to->type != REDIS_REPLY_INTEGER || from->integer < 0 ||
        to->integer < from->integer || to->integer >= REDIS_SLOTS || master->type != REDIS_REPLY_ARRAY ||
        master->elements < 2 || master->element[1]->type != REDIS_REPLY_INTEGER)
        return false;
    const redisReply *name = master->element[0];
    if (name->type == REDIS_REPLY_NIL || (is_text(name) && name->len == 0)) {
        host = *asked;
        host.port = (uint16_t)master->element[1]->integer;
    } else if (!read_host(name, master->element[1]->integer, &host))
        return false;
    int i = topology_add(t, &host);
    if (i < 0)
        return false;
    assign(t, (unsigned)from->integer, (unsigned)to->integer, i);
    return true;
}

bool topology_read_slots(struct topology *t, const redisReply *reply, const struct redis_host *asked)
{
    struct topology found;
    bool good = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
    topology_init(&found);
    for (size_t i = 0; good && i < reply->elements; i++)
        good = read_range(&found, reply->element[i], asked);
    if (!good) {
        topology_done(&found);
        return false;
    }
    topology_done(t);
    *t = found;
    return true;
}

bool topology_read_master(struct topology *t, const redisReply *reply)
{
    struct redis_host host;
    unsigned port;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || !is_text(reply->element[1]) ||
        sscanf(reply->element[1]->str, "%5u", &port) != 1 || !read_host(reply->element[0], port, &host))
        return false;
    topology_single(t, &host);
    return true;
}
