/* The office over a real cluster: orders are given while the master that has the system shard is killed. None is lost
 * that was answered, and none is there twice. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/slot.h"
#include "shards/office/office.h"
#include "tests/lib/tap.h"
#include "tests/redis/cluster.h"

#define ORDERS 30
#define KILLED_AT 10

static struct completions *done;
static unsigned answered;
static const struct engine_office *hooks;

static void count_answer(struct completion *c)
{
    (void)c;
    answered++;
}

static struct office *open_one(const char *uri, const struct shard_set *set, const char *name)
{
    struct errmsg msg;
    struct office *o;
    static const struct store_options store = {.replicas = 1, .lease_ms = 20000};
    struct office_options options = {.uri = uri, .store = &store, .set = set, .name = name};
    if (office_open(&options, &o, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return o;
}

/* The master that has the slot is killed, and comes back, as a replica, when another has taken its place. */
static void fail_over(struct cluster *cluster, unsigned slot)
{
    int killed = cluster_master_of(cluster, slot), now = killed;
    redis_server_kill(&cluster->nodes[killed]);
    for (unsigned i = 0; i < 2000 && (now < 0 || now == killed); i++) {
        poll(NULL, 0, 20);
        now = cluster_master_of(cluster, slot);
    }
    cluster_revive(cluster, killed);
}

/* The shard has carried out all that there is: the test is its engine. */
static void carry_out(struct cluster *cluster, unsigned slot)
{
    struct office_report r = {.now = 1000, .day = 46000};
    int master = cluster_master_of(cluster, slot);
    redisReply *reply = master < 0 ? NULL : cluster_ask(cluster, master, "XLEN {o/system}:orders");
    if (reply && reply->type == REDIS_REPLY_INTEGER)
        r.ordered = (uint64_t)reply->integer;
    if (reply)
        freeReplyObject(reply);
    hooks->report(hooks->arg, &r);
}

static enum err give_order(struct office *o, struct cluster *cluster, unsigned slot, unsigned i, uint64_t *number)
{
    char why[16];
    snprintf(why, sizeof why, "order %u", i);
    struct office_call c = {.order = {.lift = true, .name = STR_LIT("clock"), .why = str_of(why), .by = STR_LIT("Li")},
                            .done = {.run = count_answer, .queue = done}};
    answered = 0;
    office_order(o, &c);
    if (i == KILLED_AT)
        fail_over(cluster, slot);
    for (unsigned k = 0; k < 6000 && !answered; k++) {
        carry_out(cluster, slot);
        completions_run(done);
        poll(NULL, 0, 5);
    }
    *number = c.err == ERR_OK ? c.order.number : 0;
    if (c.err)
        diag("order %u: %s", i, c.msg.text);
    return c.err;
}

/* One after the other, each until it is answered. How many were. */
static unsigned give_orders(struct office *const *o, struct cluster *cluster, unsigned slot, uint64_t *numbers)
{
    unsigned given = 0;
    for (unsigned i = 0; i < ORDERS; i++)
        given += give_order(o[i % 2], cluster, slot, i, &numbers[i]) == ERR_OK;
    return given;
}

/* Is each answered one there, once, under its number? */
static unsigned misplaced(struct cluster *cluster, unsigned slot, const uint64_t *numbers, size_t *there)
{
    char want[16];
    unsigned wrong = 0;
    redisReply *all = cluster_ask(cluster, cluster_master_of(cluster, slot), "XRANGE {o/system}:orders - +");
    *there = all->elements;
    for (unsigned i = 0; i < ORDERS; i++) {
        unsigned found = 0;
        snprintf(want, sizeof want, "order %u", i);
        for (size_t k = 0; k < all->elements; k++) {
            const redisReply *fields = all->element[k]->element[1];
            bool it = strcmp(fields->element[fields->elements - 3]->str, want) == 0;
            found += it && (!numbers[i] || strtoull(all->element[k]->element[0]->str, NULL, 10) == numbers[i]);
        }
        wrong += found != 1 && (numbers[i] || found > 1);
    }
    freeReplyObject(all);
    return wrong;
}

int main(void)
{
    static struct cluster cluster;
    static const struct shard_set set = {.n = 1};
    struct errmsg msg;
    char uri[256];
    uint64_t numbers[ORDERS];
    size_t there;
    unsigned slot = redis_slot(STR_LIT("{o/system}"));
    plan(0);
    cluster_start(&cluster);
    cluster_uri(&cluster, "o", uri, sizeof uri);
    if (completions_new(&done, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct office *o[] = {open_one(uri, &set, "a"), open_one(uri, &set, "b")};
    hooks = office_engine(o[0], 0);
    carry_out(&cluster, slot);
    unsigned given = give_orders(o, &cluster, slot, numbers);
    ok(given >= ORDERS - 2, "orders are given through a failover: %u of %d", given, ORDERS);
    is_int(misplaced(&cluster, slot, numbers, &there), 0, "none is lost or twice, and each has its number");
    ok(there >= given, "%zu are there", there);
    for (unsigned i = 0; i < 2000 && !office_assigned(o[0], 0) && !office_assigned(o[1], 0); i++)
        poll(NULL, 0, 5);
    ok(office_assigned(o[0], 0) != office_assigned(o[1], 0), "and the shard is one's");
    office_close(o[0]);
    office_close(o[1]);
    completions_free(done);
    cluster_stop(&cluster);
    return tap_end();
}
