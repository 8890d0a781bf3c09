#include "http/server/site.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "http/server/framing.h"
#include "http/server/handshake.h"

/* A connection's one block of memory: header, read buffer, write buffer. All of it is wiped after each answer, so
 * all of it counts: 36 MiB for each thousand of connections. More than 32 KiB are mapped, and so given back when it
 * ends. */
#define CONNECTION_BYTES (36 * 1024)
#define READ_STEP (8 * 1024)
/* Turns of the library's loop before ours gets its own: each serves every ready connection once. */
#define TURNS 16
#define REAP_MS 1000

/* Below 0.9.77 framing.c is stricter than the library can be, and has better words for it. */
#if MHD_VERSION >= 0x00097701
#define STRICTNESS {MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL}
#else
#define STRICTNESS {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL}
#endif

struct site {
    struct MHD_Daemon *mhd;
    int fd;
    struct tls *tls;
    struct crowd *crowd;
    struct handshakes *handshakes;
    struct watch *ready, *timer, *reap;
    bool retired;
    void (*gone)(void *arg, struct site *s);
    void *gone_arg;
};

struct peer *site_peer(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void site_cut_off(struct MHD_Connection *connection)
{
    peer_send_away(site_peer(connection));
}

static struct peer *greet(struct site *s, struct MHD_Connection *connection)
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct gnutls_session_int *session = NULL;
    if (s->tls)
        session = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    if (s->tls && s->tls->client_ca)
        tls_demand_certificate(session);
    struct peer *p = peer_new(s->crowd, fd, session);
    p->last_answer = &s->retired;
    if (s->tls)
        handshake_begin(s->handshakes, connection, p);
    return p;
}

static void part(struct peer *p)
{
    handshake_end(p);
    peer_free(p);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = greet(arg, connection);
    else
        part(*context);
}

/* A header's first line is there: what the library makes of it is seen when all of the header is. */
static void *on_first_line(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct peer *p = site_peer(connection);
    (void)arg;
    p->begun = true;
    p->target_bytes = target ? framing_target(target) : 0;
    return NULL;
}

/* Paths and arguments stay percent-encoded: an encoded slash must not part segments, nor an encoded & arguments. */
static size_t keep_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg, (void)connection;
    return strlen(text);
}

static void log_library(void *arg, const char *format, va_list args)
{
    char text[256], quoted[512];
    (void)arg;
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_line(LOG_LEVEL_DEBUG, "http-library", "text=%s", log_quote(text, quoted, sizeof quoted));
}

static void add_tls(const struct tls *t, struct MHD_OptionItem out[5])
{
    struct MHD_OptionItem *o = out;
    *o++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, t->certificate};
    *o++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, t->key};
    *o++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES};
    if (t->client_ca)
        *o++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, t->client_ca};
    *o = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static struct MHD_Daemon *start(struct site *s, const struct site_options *o)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (s->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem secure[5] = {{MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem options[] = {
        /* The logger comes first, so that it gets what the library says of the other options. */
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_library, NULL},
        {MHD_OPTION_LISTEN_SOCKET, s->fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)crowd_max(o->crowd), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)o->stall_seconds, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_INCREMENT, READ_STEP, NULL},
        STRICTNESS,
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_first_line, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)o->completed, o->arg},
        {MHD_OPTION_END, 0, NULL},
    };
    if (s->tls)
        add_tls(s->tls, secure);
    return MHD_start_daemon(flags, 0, NULL, NULL, o->access, o->arg, MHD_OPTION_ARRAY, options,
                            MHD_OPTION_ARRAY, secure, MHD_OPTION_END);
}

static void on_ready(void *arg)
{
    site_run(arg);
}

static void on_reap(void *arg)
{
    struct site *s = arg;
    if (site_connections(s) == 0)
        s->gone(s->gone_arg, s);
    else
        watch_timer_set(s->reap, REAP_MS);
}

enum err site_new(struct loop *l, int fd, struct tls *tls, const struct site_options *o, struct site **out,
                  struct errmsg *msg)
{
    struct site *s = mem_zalloc(1, sizeof *s);
    s->fd = fd;
    s->tls = tls ? tls_ref(tls) : NULL;
    s->crowd = o->crowd;
    s->handshakes = handshakes_new(l, on_ready, s);
    s->mhd = start(s, o);
    if (!s->mhd) {
        handshakes_free(s->handshakes);
        tls_unref(s->tls);
        free(s);
        return err_set(msg, ERR_IO, "cannot start an HTTP server on descriptor %d: %m", fd);
    }
    s->ready = watch_readable(l, MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, on_ready, s);
    s->timer = watch_timer(l, on_ready, s);
    s->reap = watch_timer(l, on_reap, s);
    *out = s;
    return ERR_OK;
}

void site_run(struct site *s)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool timed = true;
    /* The library's descriptors are edge-triggered: while it says 0 there is work that nothing will announce again. */
    for (int turn = 0; turn < TURNS && timed && ms == 0; turn++) {
        MHD_run(s->mhd);
        handshakes_rest(s->handshakes);
        timed = MHD_get_timeout(s->mhd, &ms) == MHD_YES;
    }
    watch_timer_set(s->timer, timed ? (int64_t)ms : -1);
}

unsigned site_connections(const struct site *s)
{
    return MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

void site_quiesce(struct site *s)
{
    MHD_quiesce_daemon(s->mhd);
    site_run(s);
}

void site_retire(struct site *s, void (*gone)(void *arg, struct site *s), void *arg)
{
    s->retired = true;
    s->gone = gone;
    s->gone_arg = arg;
    site_quiesce(s);
    watch_timer_set(s->reap, REAP_MS);
}

const struct tls *site_tls(const struct site *s)
{
    return s->tls;
}

bool site_retired(const struct site *s)
{
    return s->retired;
}

int site_fd(const struct site *s)
{
    return s->fd;
}

void site_free(struct site *s)
{
    if (!s)
        return;
    watch_free(s->ready);
    watch_free(s->timer);
    watch_free(s->reap);
    MHD_quiesce_daemon(s->mhd); /* or stopping it would close the listening socket, which is not ours */
    handshakes_wake(s->handshakes);
    MHD_stop_daemon(s->mhd);
    handshakes_free(s->handshakes);
    tls_unref(s->tls);
    free(s);
}
