#include "daemon/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/pulse.h"
#include "daemon/reload.h"
#include "daemon/service.h"
#include "daemon/sockets.h"
#include "http/http.h"

#define DRAIN_MS 10000 /* after SIGTERM, for what is in progress */
#define CLOSE_GRACE 90 /* seconds, for the last checkpoint */

struct daemon {
    char **listen;
    unsigned n_listen;
    struct loop *loop;
    struct service *service;
    struct http *http;
    struct sockets sockets;
    struct tls *tls; /* that it starts with; NULL: none */
    struct reload *reload;
    struct pulse *pulse;
    struct watch *sigterm, *sigint, *drain;
    unsigned draining; /* HTTP and the service, as far as they have something in progress */
    bool stopping;
};

/* --- words --- */

static int say(const char *event, const struct errmsg *msg)
{
    char quoted[1200];
    log_line(LOG_LEVEL_ERR, event, "text=%s", log_quote(msg->text, quoted, sizeof quoted));
    return 1;
}

/* On an engine's thread. */
static void on_committed(void *arg)
{
    struct daemon *d = arg;
    if (d->http)
        http_nudge(d->http);
}

/* _exit(): no destructor may run beside other threads, which know nothing of this. */
static void on_failed(void *arg, const char *event, const struct errmsg *msg)
{
    (void)arg;
    notify_status("%s: %s", event, msg->text);
    _exit(say(event, msg));
}

static void on_ready(void *arg)
{
    const struct daemon *d = arg;
    struct engine_counters n = {.enrolled = 0};
    d->service->engine.counters(d->service->engine.arg, &n);
    log_line(LOG_LEVEL_NOTICE, "ready", "enrolled=%" PRIu64 " last_seq=%" PRIu64, n.enrolled, n.last_seq);
    notify_ready();
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
    service_drain(d->service, on_drained, d);
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

/* What is still wanted of the configuration when it has become the service's. */
static void keep(struct daemon *d, const struct config *c)
{
    d->listen = mem_zalloc(c->n_listen, sizeof *d->listen);
    for (d->n_listen = 0; d->n_listen < c->n_listen; d->n_listen++)
        d->listen[d->n_listen] = mem_strdup(c->listen[d->n_listen]);
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

static void on_reloaded(void *arg, bool refused)
{
    struct daemon *d = arg;
    pulse_reloaded(d->pulse, refused);
}

static void watch_signals(struct daemon *d)
{
    struct reload_target t = {
        .loop = d->loop, .service = d->service, .http = d->http, .settled = on_reloaded, .arg = d};
    reload_start(d->reload, &t);
    d->sigterm = watch_signal(d->loop, SIGTERM, on_terminate, d);
    d->sigint = watch_signal(d->loop, SIGINT, on_terminate, d);
    d->drain = watch_timer(d->loop, stop_loop, d);
    release_hangup();
}

/* c is taken; o's tokens are its. */
static enum err serve(struct daemon *d, struct config *c, struct http_options *o, struct errmsg *msg)
{
    struct service_options so = {
        .loop = d->loop, .committed = on_committed, .ready = on_ready, .failed = on_failed, .arg = d};
    enum err e = service_open(&so, c, &d->service, msg);
    if (e != ERR_OK)
        return e;
    o->engine = d->service->engine;
    o->desk = &d->service->desk;
    e = open_http(d, o, msg);
    if (e == ERR_OK) {
        watch_signals(d);
        e = service_start(d->service, msg);
    }
    if (e == ERR_OK)
        d->pulse = pulse_start(d->loop, d->service);
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
    keep(d, c);
    d->reload = reload_new(file, c);
    log_line(LOG_LEVEL_NOTICE, "starting", "pid=%d store=%s config=%s", (int)getpid(), c->store, file);
    e = loop_new(&d->loop, msg);
    if (e == ERR_OK)
        e = serve(d, c, &o, msg);
    else
        config_free(c);
    tokens_unref(tokens);
    return e;
}

/* --- the end --- */

static enum err stop(struct daemon *d, struct errmsg *msg)
{
    pulse_free(d->pulse);
    if (d->http)
        http_stop(d->http);
    notify_extend(CLOSE_GRACE);
    return service_stop(d->service, msg);
}

static void free_all(struct daemon *d)
{
    sockets_close(&d->sockets);
    tls_unref(d->tls);
    reload_free(d->reload);
    http_free(d->http);
    service_free(d->service);
    watch_free(d->sigterm);
    watch_free(d->sigint);
    watch_free(d->drain);
    loop_free(d->loop);
    for (unsigned i = 0; i < d->n_listen; i++)
        free(d->listen[i]);
    free(d->listen);
}

int daemon_run(const char *config_file)
{
    struct daemon d = {.service = NULL};
    struct errmsg msg = {""};
    int code = 0;
    early_signals();
    raise_descriptor_limit();
    if (start(&d, config_file, &msg) != ERR_OK) {
        code = say("start-failed", &msg);
    } else if (loop_run(d.loop, &msg) != ERR_OK) {
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
