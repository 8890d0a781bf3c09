#include "daemon/service.h"

#include "daemon/keeper.h"
#include "daemon/lone.h"
#include "shards/set.h"

enum err service_open(const struct service_options *o, struct config *c, struct service **out, struct errmsg *msg)
{
    return shard_set_is(c->store) ? keeper_open(o, c, out, msg) : lone_open(o, c, out, msg);
}

enum err service_start(struct service *s, struct errmsg *msg)
{
    return s->ops->start(s, msg);
}

bool service_alive(struct service *s)
{
    return s->ops->alive(s);
}

void service_configure(struct service *s, struct service_change *c)
{
    c->err = ERR_OK;
    c->msg.text[0] = '\0';
    c->incomplete.text[0] = '\0';
    s->ops->configure(s, c);
}

void service_drain(struct service *s, void (*drained)(void *arg), void *arg)
{
    s->ops->drain(s, drained, arg);
}

enum err service_stop(struct service *s, struct errmsg *msg)
{
    return s ? s->ops->stop(s, msg) : ERR_OK;
}

void service_free(struct service *s)
{
    if (s)
        s->ops->free(s);
}
