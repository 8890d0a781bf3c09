#include "tests/canary/gossip.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define REQUEST_MAX 65536
#define PATIENCE_MS 2000

struct gossip {
    pthread_t thread;
    int fd;
    char address[32];
    atomic_bool stop;
    atomic_uint heard;
    unsigned turn;
};

/* Each is followed by a body: the request as it came, and what it says in plain text. */
static const char *const heads[] = {
    "HTTP/1.1 503 " CANARY_NAME "1\r\nRetry-After: 1\r\nX-Error: " CANARY_NAME "1\r\n",
    "HTTP/1.1 400 no such number 13973900001\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
    "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n",
    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/" CANARY_NAME "1?to=13973900001\r\n",
    "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=" CANARY_NAME "1\r\n",
    "HTTP/1.1 " CANARY_NAME "1 13973900001\r\n",
    "13973900001 " CANARY_NAME "1\r\n",
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 13973900001\r\n",
};
#define N_HEADS (sizeof heads / sizeof *heads)

/* All of a request, or as much as comes. */
static void read_request(int fd, struct buf *in)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t wanted = 0;
    buf_clear(in);
    while ((!wanted || in->n < wanted) && in->n < REQUEST_MAX && poll(&p, 1, PATIENCE_MS) > 0) {
        ssize_t got = read(fd, buf_room(in, 4096), 4095);
        if (got <= 0)
            return;
        in->n += (size_t)got;
        in->p[in->n] = '\0';
        const char *end = strstr(in->p, "\r\n\r\n"), *length = strcasestr(in->p, "\r\ncontent-length:");
        if (end)
            wanted = (size_t)(end + 4 - in->p) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    }
}

static void add_decoded(struct buf *out, const struct buf *in)
{
    for (size_t i = 0; i < in->n; i++) {
        unsigned c;
        if (in->p[i] == '%' && i + 2 < in->n && sscanf(in->p + i + 1, "%2x", &c) == 1) {
            buf_addc(out, (char)c);
            i += 2;
        } else {
            buf_addc(out, in->p[i] == '"' ? '\'' : in->p[i] < ' ' && in->p[i] >= 0 ? ' ' : in->p[i]);
        }
    }
}

static void answer(struct gossip *g, int fd, const struct buf *in)
{
    struct buf body = BUF_INIT, out = BUF_INIT;
    BUF_LIT(&body, "{\"Code\":\"" CANARY_NAME "1\",\"code\":13973900001,\"BizId\":\"13973900001\",\"Message\":\"");
    add_decoded(&body, in);
    BUF_LIT(&body, "\",\"Response\":{\"Error\":{\"Code\":\"" CANARY_NAME "1\",\"Message\":\"13973900001\"}}}");
    const char *asked = in->n ? strstr(in->p, " /kind/") : NULL;
    size_t kind = asked ? strtoul(asked + 7, NULL, 10) : g->turn++;
    buf_printf(&out, "%sConnection: close\r\nContent-Length: %zu\r\n\r\n", heads[kind % N_HEADS], body.n);
    buf_add(&out, body.p, body.n);
    if (in->n && canary_find(in->p, in->n, NULL))
        atomic_fetch_add(&g->heard, 1);
    ssize_t ignored = send(fd, out.p, out.n, MSG_NOSIGNAL);
    (void)ignored;
    buf_done(&body);
    buf_done(&out);
}

static void *serve(void *arg)
{
    struct gossip *g = arg;
    struct buf in = BUF_INIT;
    struct pollfd p = {.fd = g->fd, .events = POLLIN};
    while (!atomic_load(&g->stop)) {
        int fd = poll(&p, 1, 20) > 0 ? accept4(g->fd, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd < 0)
            continue;
        read_request(fd, &in);
        answer(g, fd, &in);
        close(fd);
    }
    buf_done(&in);
    return NULL;
}

struct gossip *gossip_start(void)
{
    struct gossip *g = mem_zalloc(1, sizeof *g);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    g->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (g->fd < 0 || bind(g->fd, (struct sockaddr *)&a, n) != 0 || listen(g->fd, 64) != 0 ||
        getsockname(g->fd, (struct sockaddr *)&a, &n) != 0)
        bail_out("no socket to be had");
    snprintf(g->address, sizeof g->address, "127.0.0.1:%d", ntohs(a.sin_port));
    if (pthread_create(&g->thread, NULL, serve, g) != 0)
        bail_out("no thread to be had");
    return g;
}

const char *gossip_address(const struct gossip *g)
{
    return g->address;
}

unsigned gossip_heard(struct gossip *g)
{
    return atomic_load(&g->heard);
}

void gossip_stop(struct gossip *g)
{
    atomic_store(&g->stop, true);
    pthread_join(g->thread, NULL);
    close(g->fd);
    free(g);
}
