#include "daemon/reload.h"

#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/dispatch.h"
#include "daemon/notify.h"

struct reload {
    struct service_change change;
    char *file;
    struct buf fixed; /* what only a restart changes, as text */
    struct reload_target target;
    struct http_options options; /* of the configuration that is being taken up, as is: */
    struct tokens *tokens;
    struct tls *tls;
    struct watch *hangup;
    bool busy;  /* a configuration is being taken up */
    bool again; /* another SIGHUP has come meanwhile */
};

struct http_options reload_http_options(const struct config *c)
{
    struct http_options o = {.allow_at = c->clock != CLOCK_SYSTEM, .max_lines = c->max_lines, .tokens = c->tokens};
    memcpy(o.country_code, c->country_code, sizeof o.country_code);
    return o;
}

void reload_log_faults(const struct buf *faults)
{
    char line[1024], quoted[1400];
    for (size_t at = 0; at < faults->n;) {
        const char *start = faults->p + at, *newline = memchr(start, '\n', faults->n - at);
        size_t n = newline ? (size_t)(newline - start) : faults->n - at;
        size_t shown = n < sizeof line ? n : sizeof line - 1;
        memcpy(line, start, shown);
        line[shown] = '\0';
        log_line(LOG_LEVEL_ERR, "config-fault", "text=%s", log_quote(line, quoted, sizeof quoted));
        at += n + 1;
    }
}

enum err reload_load(const char *file, struct config **out, struct tls **tls, struct buf *faults)
{
    struct config *c;
    struct tls *t = NULL;
    enum err e = config_load(file, &c, faults);
    if (e != ERR_OK)
        return e;
    e = dispatch_check(c->endpoints, faults);
    if (config_load_password(c, faults) != ERR_OK)
        e = ERR_INVALID;
    if (tls_files_load(c, &t, faults) != ERR_OK) /* whatever else is wrong: all faults are told at once */
        e = ERR_INVALID;
    if (e != ERR_OK) {
        tls_unref(t);
        config_free(c);
        return e;
    }
    *out = c;
    *tls = t;
    return ERR_OK;
}

/* The sockets, the store and the clock are opened once, the store in the way that it was. */
static void write_fixed(const struct config *c, struct buf *out)
{
    buf_printf(out, "store %s\nname %s\nlease %lld\nreplicas %u\narchive %s\nclock %d %lld %lld\n", c->store,
               c->name ? c->name : "", (long long)c->lease_ms, c->replicas, c->archive ? c->archive : "",
               (int)c->clock, (long long)c->clock_start, (long long)c->clock_factor);
    for (unsigned i = 0; i < c->n_listen; i++)
        buf_printf(out, "listen %s\n", c->listen[i]);
}

struct reload *reload_new(const char *file, const struct config *started)
{
    struct reload *r = mem_zalloc(1, sizeof *r);
    r->file = mem_strdup(file);
    write_fixed(started, &r->fixed);
    return r;
}

static void warn_if_fixed_differs(const struct reload *r, const struct config *c)
{
    struct buf now = BUF_INIT;
    write_fixed(c, &now);
    if (!str_eq(buf_str(&now), buf_str(&r->fixed)))
        log_line(LOG_LEVEL_WARNING, "reload-incomplete",
                 "text=\"store, name, lease, replicas, archive, clock and listen take effect at the next start, "
                 "not at a reload\"");
    buf_done(&now);
}

static void begin(struct reload *r);

static void finish(struct reload *r, bool refused)
{
    r->busy = false;
    r->target.settled(r->target.arg, refused);
    notify_ready();
    if (r->again)
        begin(r);
}

/* What is served has taken it; the interface follows. */
static void adopt(struct reload *r)
{
    struct errmsg msg = {""};
    char quoted[1200];
    http_reconfigure(r->target.http, &r->options);
    enum err e = r->tls ? http_renew_tls(r->target.http, r->tls, &msg) : ERR_OK;
    const char *incomplete = e != ERR_OK ? msg.text : r->change.incomplete.text;
    if (!incomplete[0])
        log_line(LOG_LEVEL_NOTICE, "reloaded", "config=%s", r->file);
    else
        log_line(LOG_LEVEL_ERR, "reload-incomplete", "text=%s", log_quote(incomplete, quoted, sizeof quoted));
}

static void drop_adopted(struct reload *r)
{
    tokens_unref(r->tokens);
    tls_unref(r->tls);
    r->tokens = NULL;
    r->tls = NULL;
}

static void on_done(struct service_change *c)
{
    struct reload *r = c->owner;
    char quoted[1200];
    bool refused = c->err != ERR_OK;
    if (!refused)
        adopt(r);
    else
        log_line(LOG_LEVEL_ERR, "reload-refused", "text=%s", log_quote(c->msg.text, quoted, sizeof quoted));
    drop_adopted(r);
    finish(r, refused);
}

static void begin(struct reload *r)
{
    struct buf faults = BUF_INIT;
    struct config *c;
    r->busy = true;
    r->again = false;
    notify_reloading();
    enum err e = reload_load(r->file, &c, &r->tls, &faults);
    reload_log_faults(&faults);
    buf_done(&faults);
    if (e != ERR_OK) {
        log_line(LOG_LEVEL_ERR, "reload-refused", "config=%s text=\"the old configuration stays\"", r->file);
        finish(r, true);
        return;
    }
    warn_if_fixed_differs(r, c);
    r->options = reload_http_options(c);
    r->tokens = tokens_ref(c->tokens);
    r->change = (struct service_change){.config = c, .done = on_done, .owner = r};
    service_configure(r->target.service, &r->change);
}

static void on_hangup(void *arg)
{
    struct reload *r = arg;
    r->again = true;
    if (!r->busy)
        begin(r);
}

void reload_start(struct reload *r, const struct reload_target *t)
{
    r->target = *t;
    r->hangup = watch_signal(t->loop, SIGHUP, on_hangup, r);
}

void reload_free(struct reload *r)
{
    if (!r)
        return;
    watch_free(r->hangup);
    drop_adopted(r);
    buf_done(&r->fixed);
    free(r->file);
    free(r);
}
