/* What the daemon serves, whatever keeps it: one engine with its delivery (lone.h), or those shards of a set that
 * fall to this daemon (keeper.h). On the loop's thread. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "config/config.h"
#include "deliver/desk.h"
#include "http/http.h"
#include "net/loop.h"

struct service_options {
    struct loop *loop;
    void (*committed)(void *arg); /* something is durable; on any thread, from service_start() on */
    void (*ready)(void *arg);     /* what is to be served at first is served; on the loop, or from service_start() */
    /* There is nothing more to be served: the process must end at once. On any thread. */
    void (*failed)(void *arg, const char *event, const struct errmsg *msg);
    void *arg;
};

/* Another configuration, to be taken up as a whole. */
struct service_change {
    struct config *config;                 /* taken */
    void (*done)(struct service_change *c); /* on the loop */
    void *owner;
    enum err err; /* not ERR_OK: refused, and all is as before; msg says why */
    struct errmsg msg;
    struct errmsg incomplete; /* it is taken up, but for this; "": wholly */
};

struct service {
    const struct service_ops *ops;
    struct http_engine engine;
    struct desk desk;
};

struct service_ops {
    enum err (*start)(struct service *s, struct errmsg *msg);
    bool (*alive)(struct service *s);
    void (*configure)(struct service *s, struct service_change *c);
    void (*drain)(struct service *s, void (*drained)(void *arg), void *arg);
    enum err (*stop)(struct service *s, struct errmsg *msg);
    void (*free)(struct service *s);
};

/* By config->store. Blocks: for as long as recovery takes, where there is one engine. The configuration is taken,
 * also when this fails; its endpoints are checked. */
enum err service_open(const struct service_options *o, struct config *c, struct service **out,
                      struct errmsg *msg) ERR_MUSTCHECK;
/* From here on it decides and delivers. */
enum err service_start(struct service *s, struct errmsg *msg) ERR_MUSTCHECK;
/* Has every engine made progress since this was asked last? To be asked more than a second apart. */
bool service_alive(struct service *s);
/* One at a time. */
void service_configure(struct service *s, struct service_change *c);
/* Begins no more deliveries, hands over what can be handed over, and calls drained(arg) when nothing is under way. */
void service_drain(struct service *s, void (*drained)(void *arg), void *arg);
/* After http_stop(). Everything that is decided is durable; what nobody was answered is dropped. NULL is fine. */
enum err service_stop(struct service *s, struct errmsg *msg);
/* After http_free() and service_stop(). NULL is fine. */
void service_free(struct service *s);

#endif
