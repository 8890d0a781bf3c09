#include "tests/net/peer.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/lib/tap.h"

#define CONNECTIONS_MAX 512
#define REPEATS_MAX 100000 /* of `more`: whoever reads on for that long does not bound what it reads */

struct connection {
    struct peer *peer;
    pthread_t thread;
    int fd;
    SSL *ssl;      /* NULL: none */
    struct buf in; /* read, not yet dealt with; terminated */
};

struct peer {
    struct peer_settings s;
    int listener, port;
    SSL_CTX *tls;
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows */
    struct connection *v[CONNECTIONS_MAX];
    unsigned n, requests;
    bool stopping;
    struct buf last, shown;
};

/* --- one connection --- */

static ssize_t take(struct connection *c, char *p, size_t n)
{
    return c->ssl ? SSL_read(c->ssl, p, (int)n) : recv(c->fd, p, n, 0);
}

static bool give(struct connection *c, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = c->ssl ? SSL_write(c->ssl, p, (int)n) : send(c->fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* The first request's length in what is read; 0: not there yet. */
static size_t whole_request(const char *text, size_t n)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (!end)
        return 0;
    const char *length = strcasestr(text, "\r\nContent-Length:");
    size_t need = (size_t)(end + 4 - text);
    if (length && length < end)
        need += (size_t)atol(length + strlen("\r\nContent-Length:"));
    return n >= need ? need : 0;
}

static void note_request(struct connection *c, size_t n)
{
    struct peer *p = c->peer;
    pthread_mutex_lock(&p->lock);
    p->requests++;
    buf_clear(&p->last);
    buf_add(&p->last, c->in.p, n);
    buf_addc(&p->last, '\0');
    pthread_mutex_unlock(&p->lock);
    memmove(c->in.p, c->in.p + n, c->in.n + 1 - n);
    c->in.n -= n;
}

/* false: the connection ended. */
static bool read_request(struct connection *c)
{
    for (;;) {
        size_t n = c->in.n ? whole_request(c->in.p, c->in.n) : 0;
        if (n) {
            note_request(c, n);
            return true;
        }
        ssize_t got = take(c, buf_room(&c->in, 4097), 4096);
        if (got <= 0)
            return false;
        c->in.n += (size_t)got;
        c->in.p[c->in.n] = '\0';
    }
}

static void wait_for_end(struct connection *c)
{
    char byte;
    while (recv(c->fd, &byte, 1, 0) > 0)
        continue;
}

static void reset(struct connection *c)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* false: that was the last. */
static bool answer(struct connection *c)
{
    const struct peer_settings *s = &c->peer->s;
    if (s->answer && !give(c, s->answer, strlen(s->answer)))
        return false;
    switch (s->then) {
    case PEER_KEEPS: return true;
    case PEER_CLOSES: return false;
    case PEER_RESETS: reset(c); return false;
    case PEER_HANGS: wait_for_end(c); return false;
    case PEER_REPEATS:
        for (unsigned n = 0; n < REPEATS_MAX && give(c, s->more, strlen(s->more)); n++)
            continue;
        return false;
    }
    return false;
}

static bool greet(struct connection *c)
{
    if (!c->peer->tls)
        return true;
    c->ssl = SSL_new(c->peer->tls);
    SSL_set_fd(c->ssl, c->fd);
    return SSL_accept(c->ssl) == 1;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    const struct peer_settings *s = &c->peer->s;
    if (s->mute)
        wait_for_end(c);
    else if (greet(c)) {
        for (unsigned n = 0; read_request(c); n++) {
            if ((s->answers && n >= s->answers) || !answer(c))
                break;
        }
        if (c->ssl && s->then != PEER_RESETS)
            SSL_shutdown(c->ssl);
    }
    SSL_free(c->ssl);
    /* The number stays taken until peer_free(), which shuts down whatever it finds. */
    pthread_mutex_lock(&c->peer->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->peer->lock);
    return NULL;
}

/* --- all of them --- */

static void *accept_all(void *arg)
{
    struct peer *p = arg;
    int fd;
    while ((fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct connection *c = mem_zalloc(1, sizeof *c);
        c->peer = p;
        c->fd = fd;
        pthread_mutex_lock(&p->lock);
        if (p->n == CONNECTIONS_MAX)
            bail_out("more connections than a test makes");
        p->v[p->n++] = c;
        if (p->stopping)
            shutdown(fd, SHUT_RDWR);
        if (pthread_create(&c->thread, NULL, serve, c) != 0)
            bail_out("no thread for a connection");
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

/* Both families; a port on which nothing else answers. */
static int listen_on_loopback(int *port)
{
    int off = 0, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    socklen_t n = sizeof a;
    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, CONNECTIONS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        bail_out("no port to listen on");
    *port = ntohs(a.sin6_port);
    return fd;
}

static SSL_CTX *tls_of(const struct peer_settings *s)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate_file(tls, s->cert_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, s->cert_file, SSL_FILETYPE_PEM) != 1)
        bail_out("%s is not what a server needs", s->cert_file);
    if (s->client_ca) {
        if (SSL_CTX_load_verify_file(tls, s->client_ca) != 1)
            bail_out("%s is not a CA", s->client_ca);
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return tls;
}

struct peer *peer_new(const struct peer_settings *s)
{
    struct peer *p = mem_zalloc(1, sizeof *p);
    p->s = *s;
    p->listener = listen_on_loopback(&p->port);
    p->tls = s->cert_file ? tls_of(s) : NULL;
    pthread_mutex_init(&p->lock, NULL);
    if (pthread_create(&p->thread, NULL, accept_all, p) != 0)
        bail_out("no thread to listen on");
    return p;
}

void peer_free(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    for (unsigned i = 0; i < p->n; i++) {
        if (p->v[i]->fd >= 0)
            shutdown(p->v[i]->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&p->lock);
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
    for (unsigned i = 0; i < p->n; i++) {
        pthread_join(p->v[i]->thread, NULL);
        buf_done(&p->v[i]->in);
        free(p->v[i]);
    }
    SSL_CTX_free(p->tls);
    pthread_mutex_destroy(&p->lock);
    buf_done(&p->last);
    buf_done(&p->shown);
    free(p);
}

unsigned peer_port(const struct peer *p)
{
    return (unsigned)p->port;
}

unsigned peer_connections(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned n = p->n;
    pthread_mutex_unlock(&p->lock);
    return n;
}

unsigned peer_requests(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned n = p->requests;
    pthread_mutex_unlock(&p->lock);
    return n;
}

const char *peer_last(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    buf_clear(&p->shown);
    buf_addstr(&p->shown, buf_str(&p->last));
    if (!p->shown.n)
        buf_addc(&p->shown, '\0');
    pthread_mutex_unlock(&p->lock);
    return p->shown.p;
}

unsigned closed_port(void)
{
    int port;
    close(listen_on_loopback(&port));
    return (unsigned)port;
}
