/* The configuration as the log's events say that it was. */
#include "config/bare.h"
#include "engine/what_if/what_if_inside.h"

#include <inttypes.h>

void past_config_init(struct past_config *p)
{
    *p = (struct past_config){.c = config_bare("the log")};
}

void past_config_done(struct past_config *p)
{
    config_free(p->c);
    p->c = NULL;
}

static enum err note_config(struct config *c, const struct event *ev, struct errmsg *msg)
{
    struct str names[CHANNEL_MAX];
    uint32_t n = ev->u.config_adopted.n_channels;
    for (uint32_t i = 0; i < n && i < CHANNEL_MAX; i++)
        names[i] = ev->u.config_adopted.channels[i].name;
    if (n > CHANNEL_MAX || !config_set_channels(c, names, n))
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " adopts channels that there cannot be", ev->seq);
    return config_set_timezone(c, ev->u.config_adopted.timezone, msg);
}

static enum err note_policy(struct config *c, const struct event *ev, struct errmsg *msg)
{
    if (config_set_policy(c, ev->u.policy_adopted.policy, ev->u.policy_adopted.channels,
                          ev->u.policy_adopted.n_channels))
        return ERR_OK;
    return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " adopts a policy for which there is no room, or no channel",
                   ev->seq);
}

enum err past_config_note(struct past_config *p, const struct event *ev, struct errmsg *msg)
{
    p->changed = true;
    p->at = ev->time;
    return ev->type == EV_CONFIG_ADOPTED ? note_config(p->c, ev, msg) : note_policy(p->c, ev, msg);
}

void past_config_note_unknown(struct past_config *p, struct str policy, lc_instant at)
{
    if (config_policy(p->c, policy) < 0)
        return;
    config_drop_policy(p->c, policy);
    p->changed = true;
    p->at = at;
}

enum err past_config_take(const struct past_config *p, const struct policy_changes *changes, struct config **out,
                          struct errmsg *msg)
{
    struct config *c = config_bare_copy(p->c);
    enum err err = changes ? config_lay_over(c, changes, msg) : ERR_OK;
    if (err != ERR_OK)
        config_free(c);
    else
        *out = c;
    return err;
}
