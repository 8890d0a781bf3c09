#include "tests/lib/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/tap.h"

#define TIMEOUT_SECONDS 60

struct client {
    int fd;
    struct buf in; /* read, not yet used: from `at` on */
    size_t at;
    bool header_only; /* the answer that is awaited has no body, whatever its length says */
};

/* The address as the kernel wants it, and its length. */
static socklen_t parse_address(const char *address, struct sockaddr_storage *out)
{
    struct sockaddr_un *local = (struct sockaddr_un *)out;
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    const char *colon = strrchr(address, ':');
    *out = (struct sockaddr_storage){.ss_family = AF_UNIX};
    if (address[0] == '/' || !colon) {
        snprintf(local->sun_path, sizeof local->sun_path, "%s", address);
        return sizeof *local;
    }
    if (address[0] == '[') {
        *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        v6->sin6_port = htons((uint16_t)atoi(colon + 1));
        return sizeof *v6;
    }
    *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof *v4;
}

struct client *client_new(const char *address)
{
    struct sockaddr_storage a;
    struct timeval limit = {.tv_sec = TIMEOUT_SECONDS};
    socklen_t length = parse_address(address, &a);
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, length) != 0) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (a.ss_family != AF_UNIX) /* or the kernel waits with a body for the acknowledgement of its header */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct client *c = mem_zalloc(1, sizeof *c);
    c->fd = fd;
    return c;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    close(c->fd);
    buf_done(&c->in);
    free(c);
}

bool client_send(struct client *c, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t done = send(c->fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN)
            bail_out("a request was not taken within %d s", TIMEOUT_SECONDS);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/* Reads some more; false: the other end has closed. */
static bool fill(struct client *c)
{
    char *room = buf_room(&c->in, 65536);
    ssize_t n = recv(c->fd, room, 65536, 0);
    if (n < 0 && errno == EAGAIN)
        bail_out("an answer did not come within %d s", TIMEOUT_SECONDS);
    if (n <= 0)
        return false;
    c->in.n += (size_t)n;
    return true;
}

/* A line up to and with its LF, appended to out. */
static bool take_line(struct client *c, struct buf *out)
{
    for (size_t looked = c->at;;) {
        char *newline = c->in.n > looked ? memchr(c->in.p + looked, '\n', c->in.n - looked) : NULL;
        if (newline) {
            size_t end = (size_t)(newline - c->in.p) + 1;
            buf_add(out, c->in.p + c->at, end - c->at);
            c->at = end;
            return true;
        }
        looked = c->in.n;
        if (!fill(c))
            return false;
    }
}

static bool take_bytes(struct client *c, size_t n, struct buf *out)
{
    while (c->in.n - c->at < n)
        if (!fill(c))
            return false;
    buf_add(out, c->in.p + c->at, n);
    c->at += n;
    return true;
}

static void terminate(struct buf *b)
{
    buf_addc(b, '\0');
    b->n--;
}

/* *size: 0 for the last one. */
static bool take_chunk(struct client *c, struct buf *body, size_t *size)
{
    struct buf line = BUF_INIT;
    bool good = take_line(c, &line);
    terminate(&line);
    *size = good ? strtoul(line.p, NULL, 16) : 0;
    good = good && take_bytes(c, *size, body);
    buf_clear(&line);
    good = good && take_line(c, &line);
    buf_done(&line);
    return good;
}

static bool take_chunks(struct client *c, struct buf *body)
{
    size_t size = 1;
    bool good = true;
    while (good && size > 0)
        good = take_chunk(c, body, &size);
    return good;
}

static bool take_head(struct client *c, struct buf *head)
{
    size_t line;
    do {
        line = head->n;
        if (!take_line(c, head))
            return false;
    } while (head->n - line > 2 || head->p[line] != '\r');
    terminate(head);
    return true;
}

/* What has been given out is no longer needed. */
static void forget_used(struct client *c)
{
    c->in.n -= c->at;
    if (c->in.n)
        memmove(c->in.p, c->in.p + c->at, c->in.n);
    c->at = 0;
}

void client_read_head(struct client *c, struct reply *r)
{
    do {
        buf_clear(&r->head);
        buf_clear(&r->body);
        r->status = 0;
        if (!take_head(c, &r->head))
            break;
        r->status = atoi(r->head.p + strcspn(r->head.p, " "));
    } while (r->status == 100);
}

bool client_read_chunk(struct client *c, struct buf *body)
{
    size_t size;
    bool good = take_chunk(c, body, &size) && size > 0;
    terminate(body);
    forget_used(c);
    return good;
}

int client_fd(const struct client *c)
{
    return c->fd;
}

bool client_has_more(const struct client *c)
{
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};
    return c->in.n > c->at || poll(&fd, 1, 0) > 0;
}

void client_read(struct client *c, struct reply *r)
{
    bool good;
    client_read_head(c, r);
    const char *length = r->status && !c->header_only ? reply_header(r, "Content-Length") : "0";
    c->header_only = false;
    if (length)
        good = take_bytes(c, strtoul(length, NULL, 10), &r->body);
    else
        good = take_chunks(c, &r->body);
    if (!good)
        r->status = 0;
    terminate(&r->head);
    terminate(&r->body);
    forget_used(c);
}

void client_request(struct client *c, const char *method, const char *target, const char *headers, struct str body,
                    struct reply *r)
{
    struct buf head = BUF_INIT;
    buf_printf(&head, "%s %s HTTP/1.1\r\nHost: test\r\n%s", method, target, headers ? headers : "");
    if (body.p)
        buf_printf(&head, "Content-Length: %zu\r\n", body.n);
    buf_adds(&head, "\r\n");
    /* One that is refused before all of it was sent has its answer all the same. */
    if (client_send(c, head.p, head.n) && body.n)
        client_send(c, body.p, body.n);
    buf_done(&head);
    c->header_only = strcmp(method, "HEAD") == 0;
    client_read(c, r);
}

void request_once(const char *address, const char *method, const char *target, const char *headers, struct str body,
                  struct reply *r)
{
    struct client *c = client_new(address);
    if (!c)
        bail_out("nobody listens on %s", address);
    client_request(c, method, target, headers, body, r);
    client_free(c);
}

const char *reply_header(const struct reply *r, const char *name)
{
    static _Thread_local char value[1024];
    size_t n = strlen(name);
    for (const char *line = strchr(r->head.p, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, name, n) != 0 || line[1 + n] != ':')
            continue;
        const char *start = line + 2 + n;
        start += strspn(start, " ");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(start, "\r\n"), start);
        return value;
    }
    return NULL;
}

const char *reply_line(const struct reply *r, unsigned n)
{
    static _Thread_local char line[8192];
    const char *p = r->body.p, *end = p + r->body.n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        if (n-- == 0) {
            snprintf(line, sizeof line, "%.*s", (int)(stop - p), p);
            return line;
        }
        p = newline ? newline + 1 : end;
    }
    return NULL;
}

void reply_done(struct reply *r)
{
    buf_done(&r->head);
    buf_done(&r->body);
}
