#include "daemon/lone.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/completions.h"
#include "base/log.h"
#include "daemon/dispatch.h"
#include "daemon/engine_thread.h"
#include "daemon/notify.h"
#include "daemon/progress.h"

#define RECOVERY_GRACE 60 /* seconds that each word of progress asks of the service manager */
#define PROGRESS_NS INT64_C(2000000000)

struct lone {
    struct service service; /* the first member */
    struct service_options options;
    char *uri;
    struct engine *engine;
    struct engine_thread *thread;
    struct dispatch *dispatch;
    struct progress last;
    int64_t progress_ns; /* when progress was logged last */

    /* a configuration that is taken up */
    struct completions *queue;
    struct watch *answered;
    struct completion done;
    struct request request;
    struct service_change *change;
    struct endpoints *endpoints;
    char *timezone;
};

/* --- words --- */

static void on_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
    struct lone *l = arg;
    int64_t now = clock_monotonic_ns();
    char quoted[128];
    if (now - l->progress_ns < PROGRESS_NS)
        return;
    l->progress_ns = now;
    log_line(LOG_LEVEL_INFO, "recovering", "what=%s done=%" PRIu64 " total=%" PRIu64,
             log_quote(what, quoted, sizeof quoted), done, total);
    notify_extend(RECOVERY_GRACE);
    notify_status("recovering: %s, %" PRIu64 " of %" PRIu64, what, done, total);
}

static void on_warning(void *arg, const char *text)
{
    char quoted[1200];
    (void)arg;
    log_line(LOG_LEVEL_WARNING, "store-warning", "text=%s", log_quote(text, quoted, sizeof quoted));
}

/* On the engine's thread. */
static void on_committed(void *arg, uint64_t first, struct str lines)
{
    struct lone *l = arg;
    (void)first;
    (void)lines;
    if (!l->dispatch) /* it is there before the engine's thread is */
        return;
    dispatch_nudge(l->dispatch);
    l->options.committed(l->options.arg);
}

static void engine_failed(void *arg, const struct errmsg *msg)
{
    struct lone *l = arg;
    l->options.failed(l->options.arg, "engine-failed", msg);
}

static void delivery_failed(void *arg, const struct errmsg *msg)
{
    struct lone *l = arg;
    l->options.failed(l->options.arg, "delivery-failed", msg);
}

/* --- as a service --- */

static enum err start(struct service *s, struct errmsg *msg)
{
    struct lone *l = (struct lone *)s;
    enum err e = engine_thread_start(l->engine, engine_failed, l, &l->thread, msg);
    if (e == ERR_OK)
        l->options.ready(l->options.arg);
    return e;
}

static bool alive(struct service *s)
{
    struct lone *l = (struct lone *)s;
    struct engine_counters n;
    engine_counters(l->engine, &n);
    struct progress now = {engine_thread_ticks(l->thread), n.last_seq, n.durable_seq};
    return progress_made(&l->last, &now);
}

static void drain(struct service *s, void (*drained)(void *arg), void *arg)
{
    dispatch_drain(((struct lone *)s)->dispatch, drained, arg);
}

/* --- another configuration --- */

static void drop_change(struct lone *l)
{
    config_free(l->request.config);
    l->request.config = NULL;
    endpoints_unref(l->endpoints);
    free(l->timezone);
    l->endpoints = NULL;
    l->timezone = NULL;
    l->change = NULL;
}

static void on_adopted(struct completion *done)
{
    struct lone *l = (struct lone *)((char *)done - offsetof(struct lone, done));
    struct service_change *c = l->change;
    c->err = l->request.err;
    c->msg = l->request.msg;
    if (c->err == ERR_OK) {
        enum err e = dispatch_configure(l->dispatch, l->endpoints, l->timezone, &c->incomplete);
        (void)e; /* the message says it */
    }
    drop_change(l);
    c->done(c);
}

static void on_engine_done(struct request *r)
{
    struct lone *l = r->owner;
    completions_push(l->queue, &l->done);
}

static void configure(struct service *s, struct service_change *c)
{
    struct lone *l = (struct lone *)s;
    l->change = c;
    l->endpoints = endpoints_ref(c->config->endpoints);
    l->timezone = mem_strdup(c->config->timezone);
    l->done.run = on_adopted;
    l->request = (struct request){.kind = REQUEST_CONFIG, .done = on_engine_done, .owner = l, .config = c->config};
    if (!engine_submit(l->engine, &l->request))
        abort(); /* only inputs are ever turned away */
}

static void on_answered(void *arg)
{
    completions_run(arg);
}

/* --- life --- */

static enum err stop(struct service *s, struct errmsg *msg)
{
    struct lone *l = (struct lone *)s;
    bool started = l->thread != NULL;
    if (l->thread)
        engine_thread_stop(l->thread);
    l->thread = NULL;
    dispatch_stop(l->dispatch, true);
    enum err e = l->engine ? engine_close(l->engine, started, msg) : ERR_OK;
    l->engine = NULL;
    return e;
}

static void free_lone(struct service *s)
{
    struct lone *l = (struct lone *)s;
    dispatch_free(l->dispatch);
    drop_change(l);
    buf_done(&l->request.body);
    watch_free(l->answered);
    completions_free(l->queue);
    free(l->uri);
    free(l);
}

static enum err open_delivery(struct lone *l, struct endpoints *endpoints, const char *timezone, struct errmsg *msg)
{
    struct dispatch_options o = {.loop = l->options.loop,
                                 .engine = l->engine,
                                 .endpoints = endpoints,
                                 .timezone = timezone,
                                 .failed = delivery_failed,
                                 .arg = l};
    struct dispatch *d = NULL;
    enum err e = dispatch_new(&o, &d, msg);
    if (e == ERR_OK)
        e = completions_new(&l->queue, msg);
    if (e == ERR_OK)
        l->answered = watch_readable(l->options.loop, completions_fd(l->queue), on_answered, l->queue);
    l->dispatch = d;
    return e;
}

static const struct service_ops ops = {start, alive, configure, drain, stop, free_lone};

/* What delivery takes of the configuration is kept: from here on that is the engine's. */
static enum err open_all(struct lone *l, struct config *c, struct errmsg *msg)
{
    struct endpoints *endpoints = endpoints_ref(c->endpoints);
    char *timezone = mem_strdup(c->timezone);
    l->uri = mem_strdup(c->store);
    struct engine_options o = {
        .uri = l->uri, .progress = on_progress, .warn = on_warning, .committed = on_committed, .arg = l};
    enum err e = engine_open(&o, c, false, 0, &l->engine, msg);
    if (e == ERR_OK)
        e = open_delivery(l, endpoints, timezone, msg);
    endpoints_unref(endpoints);
    free(timezone);
    return e;
}

enum err lone_open(const struct service_options *o, struct config *c, struct service **out, struct errmsg *msg)
{
    struct lone *l = mem_zalloc(1, sizeof *l);
    l->service.ops = &ops;
    l->options = *o;
    enum err e = open_all(l, c, msg);
    if (e != ERR_OK) {
        struct errmsg other;
        enum err closed = stop(&l->service, &other);
        (void)closed; /* what failed first is what counts */
        free_lone(&l->service);
        return e;
    }
    l->service.engine = http_engine_of(l->engine);
    l->service.desk = desk_of(dispatch_deliver(l->dispatch));
    *out = &l->service;
    return ERR_OK;
}
