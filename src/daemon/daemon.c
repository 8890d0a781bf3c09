#include "daemon/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/dispatch.h"
#include "daemon/notify.h"
#include "daemon/pulse.h"
#include "daemon/reload.h"
#include "daemon/sockets.h"
#include "daemon/engine_thread.h"
#include "http/http.h"

#define DRAIN_MS 10000    /* after SIGTERM, for what is in progress */
#define RECOVERY_GRACE 60 /* seconds that each word of progress asks of the service manager */
#define PROGRESS_NS INT64_C(2000000000)
#define CLOSE_GRACE 90 /* seconds, for the last checkpoint */

struct daemon {
    char *store;
    char **listen;
    unsigned n_listen;
    struct loop *loop;
    struct engine *engine;
    struct engine_thread *engine_thread;
    struct dispatch *dispatch;
    struct http *http;
    struct sockets sockets;
    struct tls *tls; /* that it starts with; NULL: none */
    struct reload *reload;
    struct pulse *pulse;
    struct watch *sigterm, *sigint, *drain;
    unsigned draining; /* HTTP and delivery, as far as they have something in progress */
    bool stopping;
    int64_t progress_ns; /* when progress was logged last */
};

/* --- words --- */

static int say(const char *event, const struct errmsg *msg)
{
    char quoted[1200];
    log_line(LOG_LEVEL_ERR, event, "text=%s", log_quote(msg->text, quoted, sizeof quoted));
    return 1;
}

static void on_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
    struct daemon *d = arg;
    int64_t now = clock_monotonic_ns();
    char quoted[128];
    if (now - d->progress_ns < PROGRESS_NS)
        return;
    d->progress_ns = now;
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
    struct daemon *d = arg;
    (void)first;
    (void)lines;
    if (d->dispatch) /* it is there before the engine's thread is */
        dispatch_nudge(d->dispatch);
    if (d->http)
        http_nudge(d->http);
}

/* --- signals before the loop runs --- */

static void end_at_once(int signal_number)
{
    (void)signal_number;
    _exit(0); /* nothing was accepted yet, and what is stored needs no farewell */
}

/* SIGHUP waits until the loop can take it; SIGTERM must not wait for a long recovery. */
static void early_signals(void)
{
    sigset_t hangup;
    struct sigaction end = {.sa_handler = end_at_once}, ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static void release_hangup(void)
{
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_UNBLOCK, &hangup, NULL);
}

/* --- stopping --- */

static void stop_loop(void *arg)
{
    struct daemon *d = arg;
    loop_stop(d->loop);
}

static void on_drained(void *arg)
{
    struct daemon *d = arg;
    if (--d->draining == 0)
        loop_stop(d->loop);
}

static void on_terminate(void *arg)
{
    struct daemon *d = arg;
    if (d->stopping) {
        loop_stop(d->loop); /* asked twice: in a hurry */
        return;
    }
    d->stopping = true;
    log_line(LOG_LEVEL_NOTICE, "stopping", "drain_ms=%d", DRAIN_MS);
    notify_stopping();
    watch_timer_set(d->drain, DRAIN_MS);
    d->draining = 2;
    dispatch_drain(d->dispatch, on_drained, d);
    http_drain(d->http, on_drained, d);
}

/* --- start --- */

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_line(LOG_LEVEL_WARNING, "descriptor-limit", "error=\"%m\"");
}

static enum err load(const char *file, struct config **out, struct tls **tls, struct errmsg *msg)
{
    struct buf faults = BUF_INIT;
    enum err e = reload_load(file, out, tls, &faults);
    reload_log_faults(&faults);
    buf_done(&faults);
    if (e != ERR_OK)
        return err_set(msg, e, "%s: the configuration has faults", file);
    e = sockets_check(*out, msg);
    if (e != ERR_OK) {
        config_free(*out);
        tls_unref(*tls);
        *tls = NULL;
    }
    return e;
}

/* What is still wanted of the configuration when it has become the engine's. */
static void keep(struct daemon *d, const struct config *c)
{
    d->store = mem_strdup(c->store);
    d->listen = mem_zalloc(c->n_listen, sizeof *d->listen);
    for (d->n_listen = 0; d->n_listen < c->n_listen; d->n_listen++)
        d->listen[d->n_listen] = mem_strdup(c->listen[d->n_listen]);
}

static enum err open_engine(struct daemon *d, struct config *c, struct errmsg *msg)
{
    struct engine_options o = {
        .uri = d->store, .progress = on_progress, .warn = on_warning, .committed = on_committed, .arg = d};
    return engine_open(&o, c, false, 0, &d->engine, msg);
}

static enum err listen_on(struct daemon *d, unsigned i, struct errmsg *msg)
{
    int fd = d->sockets.v[i].fd;
    if (!d->sockets.v[i].tls)
        return http_listen(d->http, fd, msg);
    if (!d->tls)
        return err_set(msg, ERR_ABSENT,
                       "a socket with TLS was passed: expected tls_cert and tls_key in the configuration");
    return http_listen_tls(d->http, fd, d->tls, msg);
}

static enum err open_http(struct daemon *d, const struct http_options *o, struct errmsg *msg)
{
    enum err e = sockets_open(d->listen, d->n_listen, &d->sockets, msg);
    if (e == ERR_OK)
        e = http_new(d->loop, o, &d->http, msg);
    for (unsigned i = 0; i < d->sockets.n && e == ERR_OK; i++)
        e = listen_on(d, i, msg);
    if (e == ERR_OK && o->tokens->n > 0)
        sockets_warn_cleartext(&d->sockets);
    return e;
}

/* The endpoints and the zone of the configuration that the engine was given. */
struct delivery_config {
    struct endpoints *endpoints;
    char *timezone;
};

static enum err open_delivery(struct daemon *d, const struct delivery_config *c, struct errmsg *msg)
{
    struct dispatch *dispatch = NULL;
    enum err e = dispatch_new(d->loop, d->engine, c->endpoints, c->timezone, &dispatch, msg);
    d->dispatch = dispatch;
    return e;
}

static void on_reloaded(void *arg, bool refused)
{
    struct daemon *d = arg;
    pulse_reloaded(d->pulse, refused);
}

static enum err open_reload(struct daemon *d, struct errmsg *msg)
{
    struct reload_target t = {.loop = d->loop,
                              .engine = d->engine,
                              .http = d->http,
                              .dispatch = d->dispatch,
                              .settled = on_reloaded,
                              .arg = d};
    return reload_start(d->reload, &t, msg);
}

static enum err serve(struct daemon *d, struct http_options *o, const struct delivery_config *c, struct errmsg *msg)
{
    enum err e = loop_new(&d->loop, msg);
    if (e == ERR_OK)
        e = open_delivery(d, c, msg);
    if (e != ERR_OK)
        return e;
    o->engine = d->engine;
    o->deliver = dispatch_deliver(d->dispatch);
    e = open_http(d, o, msg);
    if (e == ERR_OK)
        e = open_reload(d, msg);
    if (e == ERR_OK)
        e = engine_thread_start(d->engine, &d->engine_thread, msg);
    if (e == ERR_OK)
        d->pulse = pulse_start(d->loop, d->engine, d->engine_thread);
    return e;
}

static enum err start(struct daemon *d, const char *file, struct errmsg *msg)
{
    struct config *c;
    enum err e = load(file, &c, &d->tls, msg);
    if (e != ERR_OK)
        return e;
    struct http_options o = reload_http_options(c);
    struct tokens *tokens = tokens_ref(c->tokens);
    struct delivery_config delivery = {endpoints_ref(c->endpoints), mem_strdup(c->timezone)};
    keep(d, c);
    d->reload = reload_new(file, c);
    log_line(LOG_LEVEL_NOTICE, "starting", "pid=%d store=%s config=%s", (int)getpid(), d->store, file);
    e = open_engine(d, c, msg);
    if (e == ERR_OK)
        e = serve(d, &o, &delivery, msg);
    endpoints_unref(delivery.endpoints);
    tokens_unref(tokens);
    free(delivery.timezone);
    return e;
}

static void watch_signals(struct daemon *d)
{
    d->sigterm = watch_signal(d->loop, SIGTERM, on_terminate, d);
    d->sigint = watch_signal(d->loop, SIGINT, on_terminate, d);
    d->drain = watch_timer(d->loop, stop_loop, d);
    release_hangup();
}

static void announce(const struct daemon *d)
{
    struct engine_counters n = {.enrolled = 0};
    engine_counters(d->engine, &n);
    log_line(LOG_LEVEL_NOTICE, "ready", "enrolled=%" PRIu64 " last_seq=%" PRIu64, n.enrolled, n.last_seq);
    notify_ready();
}

/* --- the end --- */

static enum err stop(struct daemon *d, struct errmsg *msg)
{
    enum err e = ERR_OK;
    pulse_free(d->pulse);
    if (d->http)
        http_stop(d->http);
    if (d->engine_thread)
        engine_thread_stop(d->engine_thread);
    notify_extend(CLOSE_GRACE);
    dispatch_stop(d->dispatch);
    if (d->engine)
        e = engine_close(d->engine, d->engine_thread != NULL, msg);
    return e;
}

static void free_all(struct daemon *d)
{
    sockets_close(&d->sockets);
    tls_unref(d->tls);
    reload_free(d->reload);
    http_free(d->http);
    dispatch_free(d->dispatch);
    watch_free(d->sigterm);
    watch_free(d->sigint);
    watch_free(d->drain);
    loop_free(d->loop);
    free(d->store);
    for (unsigned i = 0; i < d->n_listen; i++)
        free(d->listen[i]);
    free(d->listen);
}

int daemon_run(const char *config_file)
{
    struct daemon d = {.engine = NULL};
    struct errmsg msg = {""};
    int code = 0;
    early_signals();
    raise_descriptor_limit();
    if (start(&d, config_file, &msg) != ERR_OK) {
        code = say("start-failed", &msg);
    } else {
        watch_signals(&d);
        announce(&d);
        if (loop_run(d.loop, &msg) != ERR_OK)
            code = say("loop-failed", &msg);
    }
    if (stop(&d, &msg) != ERR_OK)
        code = say("close-failed", &msg);
    free_all(&d);
    if (code == 0)
        log_line(LOG_LEVEL_NOTICE, "stopped", "pid=%d", (int)getpid());
    return code;
}

int daemon_check(const char *config_file)
{
    struct buf faults = BUF_INIT;
    struct errmsg msg;
    struct config *c;
    struct tls *tls;
    enum err e = reload_load(config_file, &c, &tls, &faults);
    fwrite(faults.p ? faults.p : "", 1, faults.n, stderr);
    buf_done(&faults);
    if (e != ERR_OK)
        return 1;
    e = sockets_check(c, &msg);
    config_free(c);
    tls_unref(tls);
    if (e != ERR_OK)
        fprintf(stderr, "%s: %s\n", config_file, msg.text);
    else
        printf("%s: ok\n", config_file);
    return e == ERR_OK ? 0 : 1;
}
