#include "daemon/carrier.h"

#include <stdlib.h>

#include "net/redis.h"

#define CONNECT_MS_MAX 10000

struct carrier_line {
    struct transfer_line *http;
    struct redis_line *redis; /* one of the two */
};

enum err carriers_init(struct carriers *c, struct loop *l, struct errmsg *msg)
{
    c->loop = l;
    return transfers_new(l, &c->transfers, msg);
}

void carriers_done(struct carriers *c)
{
    transfers_free(c->transfers);
    c->transfers = NULL;
}

static enum err open_http(struct carriers *c, const struct endpoint *e, struct transfer_line **out, struct errmsg *msg)
{
    struct transfer_settings s = {
        .timeout_ms = e->timeout * 1000,
        .connect_timeout_ms = e->timeout * 1000 < CONNECT_MS_MAX ? e->timeout * 1000 : CONNECT_MS_MAX,
        .proxy = e->proxy,
        .ca_file = e->ca_file,
        .client_cert = e->client_cert,
        .allow_private = e->allow_private,
        .max_connections = e->max_in_flight,
    };
    return transfer_line_open(c->transfers, &s, out, msg);
}

static enum err open_redis(struct carriers *c, const struct endpoint *e, struct redis_line **out, struct errmsg *msg)
{
    struct redis_settings s = {
        .url = e->url,
        .password = e->n_secrets ? e->secrets[0].p : NULL,
        .timeout_ms = e->timeout * 1000,
        .allow_private = e->allow_private,
    };
    return redis_line_open(c->loop, &s, out, msg);
}

static enum err open_line(void *arg, const struct endpoint *e, struct carrier_line **out, struct errmsg *msg)
{
    struct carrier_line l = {.http = NULL};
    enum err err = e->adapter == ADAPTER_REDIS_STREAM ? open_redis(arg, e, &l.redis, msg)
                                                      : open_http(arg, e, &l.http, msg);
    if (err != ERR_OK)
        return err;
    *out = mem_alloc(sizeof l);
    **out = l;
    return ERR_OK;
}

static void start(struct carrier_line *l, struct transfer *t)
{
    if (l->http)
        transfer_start(l->http, t);
    else
        redis_start(l->redis, t);
}

static void cancel(struct carrier_line *l, struct transfer *t)
{
    if (l->http)
        transfer_cancel(l->http, t);
    else
        redis_cancel(l->redis, t);
}

static void close_line(struct carrier_line *l)
{
    if (l->http)
        transfer_line_close(l->http);
    else
        redis_line_close(l->redis);
    free(l);
}

struct carrier carriers_carrier(struct carriers *c)
{
    return (struct carrier){.arg = c, .open = open_line, .start = start, .cancel = cancel, .close = close_line};
}
