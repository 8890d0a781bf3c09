#include "daemon/dispatch.h"

#include <stdlib.h>

#include "daemon/carrier.h"
#include "daemon/delivery_log.h"

#define NS_PER_MS 1000000

struct dispatch {
    struct deliver *deliver;
    struct carriers carriers;
    struct delivery_log log;
    const struct store *store;
    struct watch *ready, *timer;
    void (*drained)(void *arg);
    void *drained_arg;
    void (*failed)(void *arg, const struct errmsg *msg);
    void *failed_arg;
};

static int64_t now_ms(void *arg)
{
    (void)arg;
    return clock_wall_ns() / NS_PER_MS;
}

static void on_said(void *arg, const struct deliver_said *s)
{
    struct dispatch *d = arg;
    delivery_log_say(&d->log, s, now_ms(NULL));
}

static void on_soon(void *arg)
{
    struct dispatch *d = arg;
    if (d->timer)
        watch_timer_set(d->timer, 0);
}

static bool is_held(void *arg, int64_t ms)
{
    const struct dispatch *d = arg;
    return store_held(d->store, ms);
}

static void stop_watching(struct dispatch *d)
{
    watch_free(d->ready);
    watch_free(d->timer);
    d->ready = d->timer = NULL;
}

static void tick(void *arg)
{
    struct dispatch *d = arg;
    struct errmsg msg = {""};
    int64_t wait_ms;
    if (deliver_tick(d->deliver, &wait_ms, &msg) != ERR_OK) {
        stop_watching(d);
        d->failed(d->failed_arg, &msg);
        return;
    }
    delivery_log_flush(&d->log);
    watch_timer_set(d->timer, wait_ms);
    if (d->drained && deliver_is_idle(d->deliver)) {
        void (*drained)(void *) = d->drained;
        d->drained = NULL;
        drained(d->drained_arg);
    }
}

enum err dispatch_check(struct endpoints *e, struct buf *faults)
{
    bool good = endpoints_load_secrets(e, faults) == ERR_OK;
    return good ? deliver_check(e, faults) : ERR_INVALID;
}

static struct dispatch *make(const struct dispatch_options *from)
{
    struct dispatch *d = mem_zalloc(1, sizeof *d);
    d->store = engine_store(from->engine);
    d->failed = from->failed;
    d->failed_arg = from->arg;
    delivery_log_init(&d->log, from->n_shards > 0, from->shard);
    return d;
}

enum err dispatch_new(const struct dispatch_options *from, struct dispatch **out, struct errmsg *msg)
{
    struct dispatch *d = make(from);
    enum err err = delivery_log_open(&d->log, from->endpoints->delivery_log, msg);
    if (err == ERR_OK)
        err = carriers_init(&d->carriers, from->loop, msg);
    struct deliver_options o = {
        .engine = from->engine,
        .store = d->store,
        .shard = from->shard,
        .n_shards = from->n_shards,
        .held = is_held,
        .caps = from->caps,
        .endpoints = from->endpoints,
        .timezone = from->timezone,
        .carrier = carriers_carrier(&d->carriers),
        .now = now_ms,
        .said = on_said,
        .soon = on_soon,
        .arg = d,
    };
    if (err == ERR_OK)
        err = deliver_new(&o, &d->deliver, msg);
    if (err != ERR_OK) {
        dispatch_free(d);
        return err;
    }
    d->ready = watch_readable(from->loop, deliver_fd(d->deliver), tick, d);
    d->timer = watch_timer(from->loop, tick, d);
    watch_timer_set(d->timer, 0);
    *out = d;
    return ERR_OK;
}

enum err dispatch_configure(struct dispatch *d, struct endpoints *endpoints, const char *timezone, struct errmsg *msg)
{
    enum err err = delivery_log_open(&d->log, endpoints->delivery_log, msg);
    return err == ERR_OK ? deliver_configure(d->deliver, endpoints, timezone, msg) : err;
}

struct deliver *dispatch_deliver(struct dispatch *d)
{
    return d->deliver;
}

void dispatch_nudge(struct dispatch *d)
{
    deliver_nudge(d->deliver);
}

void dispatch_drain(struct dispatch *d, void (*drained)(void *arg), void *arg)
{
    d->drained = drained;
    d->drained_arg = arg;
    deliver_drain(d->deliver);
    if (d->timer)
        watch_timer_set(d->timer, 0);
}

void dispatch_halt(struct dispatch *d)
{
    if (!d)
        return;
    stop_watching(d);
    deliver_halt(d->deliver);
    delivery_log_flush(&d->log);
}

void dispatch_stop(struct dispatch *d, bool noting)
{
    if (!d)
        return;
    stop_watching(d);
    if (noting)
        deliver_stop(d->deliver);
    else
        deliver_abandon(d->deliver);
    delivery_log_flush(&d->log);
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    deliver_free(d->deliver);
    carriers_done(&d->carriers);
    delivery_log_done(&d->log);
    free(d);
}
