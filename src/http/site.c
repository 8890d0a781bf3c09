#include "http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#define CONNECTIONS_MAX 256
/* A connection's one block of memory: header, read buffer, write buffer. 256 of them are 32 MiB. The header can be no
 * longer than what is left of it; half is read at a time, some 300 lines of an import. */
#define CONNECTION_BYTES (128 * 1024)
#define READ_STEP (16 * 1024)
#define IDLE_SECONDS 60
#define HEADER_SECONDS 30 /* from the connection, or the last answer, to the whole of a header, idle time included */
#define SWEEP_MS 5000
/* Turns of the library's loop before ours gets its own: each serves every ready connection once. */
#define TURNS 16

struct site {
    struct MHD_Daemon *mhd;
    struct watch *ready, *timer, *sweep;
    struct peer *peers;
};

struct peer *site_peer(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Who connected, as far as the kernel says. */
static void identify(struct peer *p)
{
    struct ucred cred;
    int domain;
    socklen_t size = sizeof domain;
    p->local = getsockopt(p->fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
    size = sizeof cred;
    if (p->local && getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 && cred.pid != 0) {
        p->known = true;
        p->uid = cred.uid;
    }
}

static struct peer *peer_new(struct site *s, int fd)
{
    struct peer *p = mem_alloc(sizeof *p);
    *p = (struct peer){.fd = fd, .idle_since_ns = clock_monotonic_ns(), .next = s->peers, .link = &s->peers};
    identify(p);
    if (p->next)
        p->next->link = &p->next;
    return s->peers = p;
}

static void peer_free(struct peer *p)
{
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    free(p);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = peer_new(arg, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    else
        peer_free(*context);
}

/* Ends the connections that have not brought a whole header in time: the library sees an end of file. */
static void on_sweep(void *arg)
{
    struct site *s = arg;
    int64_t limit = clock_monotonic_ns() - HEADER_SECONDS * INT64_C(1000000000);
    for (struct peer *p = s->peers; p; p = p->next)
        if (!p->busy && p->idle_since_ns < limit)
            shutdown(p->fd, SHUT_RDWR);
    watch_timer_set(s->sweep, SWEEP_MS);
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

static struct MHD_Daemon *start(struct site *s, int fd, const struct site_callbacks *c)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem options[] = {
        /* The logger comes first, so that it gets what the library says of the other options. */
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_library, NULL},
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_INCREMENT, READ_STEP, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)c->completed, c->arg},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, 0, NULL, NULL, c->access, c->arg, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void on_ready(void *arg)
{
    site_run(arg);
}

enum err site_new(struct loop *l, int fd, const struct site_callbacks *c, struct site **out, struct errmsg *msg)
{
    struct site *s = mem_zalloc(1, sizeof *s);
    s->mhd = start(s, fd, c);
    if (!s->mhd) {
        free(s);
        return err_set(msg, ERR_IO, "cannot start an HTTP server on descriptor %d: %m", fd);
    }
    s->ready = watch_readable(l, MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, on_ready, s);
    s->timer = watch_timer(l, on_ready, s);
    s->sweep = watch_timer(l, on_sweep, s);
    watch_timer_set(s->sweep, SWEEP_MS);
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
        timed = MHD_get_timeout(s->mhd, &ms) == MHD_YES;
    }
    watch_timer_set(s->timer, timed ? (int64_t)ms : -1);
}

void site_quiesce(struct site *s)
{
    MHD_quiesce_daemon(s->mhd);
    site_run(s);
}

void site_free(struct site *s)
{
    if (!s)
        return;
    watch_free(s->ready);
    watch_free(s->timer);
    watch_free(s->sweep);
    MHD_quiesce_daemon(s->mhd); /* or stopping it would close the listening socket, which is not ours */
    MHD_stop_daemon(s->mhd);
    free(s);
}
