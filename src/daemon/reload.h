/* SIGHUP: reads the configuration again and hands it to what is served. A faulty one is reported line by line, and the
 * old one stays. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "config/config.h"
#include "daemon/service.h"
#include "daemon/tls_files.h"
#include "http/http.h"

struct reload;

/* started: the configuration that the daemon starts with; what cannot change without a restart is copied. */
struct reload *reload_new(const char *file, const struct config *started);
/* What a reload is done upon, and who is told what came of it. */
struct reload_target {
    struct loop *loop;
    struct service *service;
    struct http *http;
    void (*settled)(void *arg, bool refused); /* before the service manager hears that it is over */
    void *arg;
};

/* Answers SIGHUP from now on. What t names must outlive it, but for service_stop(). */
void reload_start(struct reload *r, const struct reload_target *t);
/* When the service is stopped. NULL is fine. */
void reload_free(struct reload *r);

/* config_load(), and the password of Redis, the secrets, adapters' settings, messages' texts and the files for TLS too.
 * *tls is the caller's reference, or NULL. */
enum err reload_load(const char *file, struct config **out, struct tls **tls, struct buf *faults) ERR_MUSTCHECK;
/* What of a configuration concerns the interface; without whom requests go to, and with the tokens as long as c has
 * them. */
struct http_options reload_http_options(const struct config *c);
/* A log line for each line of config_load()'s faults. */
void reload_log_faults(const struct buf *faults);

#endif
