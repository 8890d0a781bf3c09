#include "tests/faults/asker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define MS INT64_C(1000000)
#define BLOCK 65536

/* --- the connection --- */

static int connect_to(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool send_all(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t sent = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.p += sent;
        bytes.n -= (size_t)sent;
    }
    return true;
}

/* Until the other end closes. */
static enum asked read_all(int fd, int ms, struct buf *out)
{
    int64_t limit = clock_monotonic_ns() + ms * MS;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = limit - clock_monotonic_ns();
        if (left <= 0 || poll(&p, 1, (int)(left / MS) + 1) <= 0)
            return ASKED_SILENT;
        buf_grow(out, BLOCK);
        ssize_t got = recv(fd, out->p + out->n, BLOCK, 0);
        if (got < 0)
            return ASKED_GONE;
        if (got == 0)
            return ASKED_ANSWERED;
        out->n += (size_t)got;
    }
}

/* --- the answer --- */

/* A header's value in the lines before end, or NULL. */
static const char *find_header(const char *head, const char *end, const char *name)
{
    const char *found = strcasestr(head, name);
    return found && found < end ? found + strlen(name) : NULL;
}

/* Chunks up to the last one, which is empty. */
static bool decode_chunks(const char *p, const char *end, struct buf *out)
{
    for (;;) {
        char *line;
        size_t n = strtoul(p, &line, 16);
        if (line == p || end - line < 2)
            return false;
        p = line + 2;
        if (n == 0)
            return true;
        if ((size_t)(end - p) < n + 2)
            return false;
        buf_add(out, p, n);
        p += n + 2;
    }
}

static bool decode(struct buf *raw, struct answer *out)
{
    buf_addc(raw, '\0');
    const char *end = raw->p + raw->n - 1, *head = strstr(raw->p, "\r\n\r\n");
    if (!head || sscanf(raw->p, "HTTP/1.1 %d", &out->status) != 1)
        return false;
    const char *body = head + 4, *length = find_header(raw->p, head, "\r\ncontent-length:");
    if (length) {
        buf_add(&out->body, body, (size_t)(end - body));
        return strtoul(length, NULL, 10) == (size_t)(end - body);
    }
    return out->status == 204 || decode_chunks(body, end, &out->body);
}

enum asked asker_ask(const char *socket, const char *method, const char *target, const char *headers, struct str body,
                     int ms, struct answer *out)
{
    struct buf bytes = BUF_INIT;
    int fd = connect_to(socket);
    if (fd < 0)
        return ASKED_GONE;
    buf_printf(&bytes, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n", method,
               target, body.n, headers ? headers : "");
    buf_add(&bytes, body.p, body.n);
    send_all(fd, buf_str(&bytes)); /* whoever refuses a request answers all the same */
    buf_clear(&bytes);
    buf_clear(&out->body);
    enum asked asked = read_all(fd, ms, &bytes);
    close(fd);
    if (asked == ASKED_ANSWERED && !decode(&bytes, out))
        asked = ASKED_GONE;
    buf_done(&bytes);
    buf_addc(&out->body, '\0');
    out->body.n--;
    return asked;
}

void answer_done(struct answer *a)
{
    buf_done(&a->body);
}
