/* Another configuration: the office accepts it for this daemon, then each engine takes it up. Shards that are opened
 * later are opened with it. */
#include "daemon/keeper_inside.h"

#include "base/log.h"
#include "shards/rules_digest.h"

static void conclude(struct keeper *k)
{
    struct service_change *c = k->change;
    if (!c || k->n_adopting)
        return;
    k->change = NULL;
    c->done(c);
}

void keeper_bring_up_to_date(struct keeper *k, unsigned shard)
{
    struct place *p = &k->places[shard];
    if (!p->tenure || !tenure_serves(p->tenure) || p->adopting || p->generation == k->generation)
        return;
    p->adopting = true;
    p->generation = k->generation;
    k->n_adopting++;
    tenure_configure(p->tenure, k->config);
}

static void complain(struct keeper *k, unsigned shard, enum err err, const struct errmsg *msg)
{
    char quoted[1200];
    if (k->change)
        err_set(&k->change->incomplete, err, "shard %u: %.900s", shard, msg->text);
    else
        log_line(LOG_LEVEL_ERR, "reload-incomplete", "shard=%u text=%s", shard,
                 log_quote(msg->text, quoted, sizeof quoted));
}

void keeper_adopted(void *arg, struct tenure *t, enum err err, const struct errmsg *msg)
{
    struct keeper *k = arg;
    unsigned shard = tenure_shard(t);
    k->places[shard].adopting = false;
    k->n_adopting--;
    if (err != ERR_OK)
        complain(k, shard, err, msg);
    keeper_bring_up_to_date(k, shard);
    conclude(k);
}

/* Waits for Redis, a few seconds at most, as operators who reload do. */
static enum err accept(struct keeper *k, const struct config *c, struct errmsg *msg)
{
    unsigned char rules[32];
    rules_digest(c, rules);
    enum err err = office_reconfigure(k->office, c->revision, rules, &c->brake, msg);
    return err == ERR_OK ? shard_desk_configure(k->desk, c->endpoints, msg) : err;
}

void keeper_configure(struct service *s, struct service_change *c)
{
    struct keeper *k = (struct keeper *)s;
    c->err = accept(k, c->config, &c->msg);
    if (c->err != ERR_OK) {
        config_free(c->config);
        c->done(c);
        return;
    }
    front_reconfigure(k->front, c->config);
    config_free(k->config);
    k->config = c->config;
    k->generation++;
    k->change = c;
    for (unsigned i = 0; i < k->set.n; i++) /* they answer through the queue, so none before all are asked */
        keeper_bring_up_to_date(k, i);
    conclude(k);
}
