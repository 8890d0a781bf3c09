#include "net/transfer_inside.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/guard.h"

/* Sockets dealt with in one pass: some 15 microseconds each, so the loop's others wait a millisecond at most. */
#define BATCH 64

/* A connection's descriptor stays in the epoll set while it is idle: between two requests nothing is said to the
 * kernel. Should it become readable then, the other end has closed it, and it is taken out, for it would stay so. */
struct socket_state {
    uint8_t wanted, armed; /* CURL_POLL_IN, CURL_POLL_OUT: by libcurl, in the epoll set */
    bool connection;       /* opened here, so that closing it is noticed; else a resolver's, which never stays */
};

struct sockets {
    struct socket_state *v; /* by descriptor */
    size_t n;
};

struct sockets *sockets_new(void)
{
    return mem_zalloc(1, sizeof(struct sockets));
}

void sockets_free(struct sockets *s)
{
    if (!s)
        return;
    free(s->v);
    free(s);
}

static struct socket_state *state_of(struct transfer_line *l, int fd)
{
    struct sockets *s = l->transfers->sockets;
    size_t at = (size_t)fd;
    if (at >= s->n) {
        size_t n = at + 1 > 2 * s->n ? at + 1 : 2 * s->n;
        s->v = mem_resize(s->v, n, sizeof *s->v);
        memset(s->v + s->n, 0, (n - s->n) * sizeof *s->v);
        s->n = n;
    }
    return &s->v[at];
}

/* --- what libcurl wants --- */

static void arm(struct transfer_line *l, int fd, struct socket_state *state, uint8_t bits)
{
    struct epoll_event e = {.data.fd = fd};
    if (bits & CURL_POLL_IN)
        e.events |= EPOLLIN;
    if (bits & CURL_POLL_OUT)
        e.events |= EPOLLOUT;
    int op = !bits ? EPOLL_CTL_DEL : state->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    /* It fails for want of kernel memory alone; the request then ends with its time-out. */
    state->armed = epoll_ctl(l->epoll, op, fd, &e) == 0 ? bits : 0;
}

static int on_interest(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct transfer_line *l = arg;
    struct socket_state *state = state_of(l, fd);
    (void)easy, (void)socket_arg;
    state->wanted = what == CURL_POLL_REMOVE ? 0 : (uint8_t)what;
    if (state->wanted == state->armed || (!state->wanted && state->connection && state->armed == CURL_POLL_IN))
        return 0;
    arm(l, fd, state, state->wanted);
    return 0;
}

/* libcurl must not be called from here: the loop's timer does that, or line_run() when it is at it. */
static int on_timer_wanted(CURLM *multi, long ms, void *arg)
{
    struct transfer_line *l = arg;
    (void)multi;
    l->timer_ms = ms;
    l->timer_changed = true;
    if (!l->running)
        line_settle(l);
    return 0;
}

void line_settle(struct transfer_line *l)
{
    if (!l->refused && !l->timer_changed)
        return;
    l->timer_changed = false;
    watch_timer_set(l->timer, l->refused ? 0 : l->timer_ms);
}

/* --- what the loop says --- */

static void on_timer(void *arg)
{
    struct transfer_line *l = arg;
    l->timer_ms = 0;
    line_run(l);
}

static int selected(uint32_t events)
{
    int what = 0;
    if (events & EPOLLIN)
        what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        what |= CURL_CSELECT_OUT;
    if (events & (EPOLLERR | EPOLLHUP))
        what |= CURL_CSELECT_ERR;
    return what;
}

static void on_ready(void *arg)
{
    struct transfer_line *l = arg;
    struct epoll_event events[BATCH];
    int n = epoll_wait(l->epoll, events, BATCH, 0), still;
    l->running = true; /* so that timers are set once, at the end */
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        struct socket_state *state = state_of(l, fd);
        if (state->wanted)
            curl_multi_socket_action(l->multi, fd, selected(events[i].events), &still);
        else if (state->armed)
            arm(l, fd, state, 0);
    }
    line_run(l);
}

/* --- opening and closing --- */

static void note_refusal(struct slot *s, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "this kind of address";
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof text);
    snprintf(s->not_allowed, sizeof s->not_allowed, "%s", text);
}

/* The guard's place: behind name resolution, whatever the URL looked like. A proxy is the operator's own choice. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct slot *s = arg;
    struct transfer_line *l = s->line;
    (void)purpose;
    if (!l->allow_private && !l->proxy && !guard_is_public(&a->addr, a->addrlen)) {
        note_refusal(s, &a->addr);
        return CURL_SOCKET_BAD;
    }
    int fd = socket(a->family, a->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);
    if (fd >= 0)
        *state_of(l, fd) = (struct socket_state){.connection = true};
    return fd;
}

/* A connection outlives the slot that opened it, but not the line. Closing takes it out of the epoll set. */
static int on_close(void *arg, curl_socket_t fd)
{
    *state_of(arg, fd) = (struct socket_state){0};
    return close(fd);
}

void slot_tie_sockets(struct slot *s)
{
    curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(s->easy, CURLOPT_CLOSESOCKETDATA, s->line);
}

enum err line_attach(struct transfer_line *l, struct errmsg *msg)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0)
        return err_set(msg, ERR_IO, "no epoll set for requests: %m");
    l->ready = watch_readable(l->transfers->loop, l->epoll, on_ready, l);
    l->timer = watch_timer(l->transfers->loop, on_timer, l);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
    return ERR_OK;
}

void line_detach(struct transfer_line *l)
{
    watch_free(l->ready);
    watch_free(l->timer);
    if (l->epoll >= 0)
        close(l->epoll);
}
