#include "tests/ctl/fake_daemon.h"

#include "tests/lib/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool contains(struct str line, const char *word)
{
    return memmem(line.p, line.n, word, strlen(word)) != NULL;
}

static void add_result(struct buf *b, struct str line, unsigned number)
{
    if (contains(line, "bad"))
        buf_printf(b,
                   "{\"id\":null,\"op\":null,\"result\":\"error\",\"reason\":\"malformed\",\"line\":%u,"
                   "\"member\":\"id\",\"detail\":\"it is \\\"bad\\\"\"}\n",
                   number);
    else if (contains(line, "rej"))
        buf_printf(b,
                   "{\"id\":\"x\",\"op\":\"certify\",\"result\":\"rejected\",\"reason\":\"stale\",\"seq\":[%u],"
                   "\"message\":\"认证日期过早。\"}\n",
                   number);
    else
        buf_printf(b, "{\"id\":\"x\",\"op\":\"enrol\",\"result\":\"%s\",\"reason\":null,\"seq\":[]}\n",
                   contains(line, "same") ? "unchanged" : "applied");
}

/* The results of a body; false: they break off. */
static bool add_results(struct fake_daemon *d, struct str body, struct buf *b)
{
    unsigned lines = 0, number = 0;
    for (const char *p = body.p, *end = p + body.n; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
        number++;
        if (stop > p) {
            add_result(b, (struct str){p, (size_t)(stop - p)}, number);
            lines++;
        }
        p = stop + 1;
        if (d->cut_after && lines == (unsigned)d->cut_after)
            return false;
    }
    buf_printf(b, "{\"lines\":%u}\n", lines);
    return true;
}

/* Chunks small enough to part lines anywhere. */
static void add_chunked(struct buf *out, struct str body)
{
    for (size_t at = 0; at < body.n;) {
        size_t n = body.n - at < 1000 ? body.n - at : 1000;
        buf_printf(out, "%zx\r\n", n);
        buf_add(out, body.p + at, n);
        BUF_LIT(out, "\r\n");
        at += n;
    }
}

static void add_answer(struct buf *out, int status, const char *text)
{
    buf_printf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(text), text);
}

static const struct fake_answer *find_answer(const struct fake_daemon *d, const char *head)
{
    for (const struct fake_answer *a = d->answers; a && a->request; a++) {
        size_t n = strlen(a->request);
        if (strncmp(head, a->request, n) == 0 && head[n] == ' ')
            return a;
    }
    return NULL;
}

/* Fills d->out; false: the connection ends behind it. */
static bool answer(struct fake_daemon *d, const struct fake_request *r)
{
    static const char busy[] = "{\"title\":\"Service Unavailable\",\"detail\":\"too much is queued\"}";
    buf_clear(&d->out);
    if (d->busy > 0) {
        d->busy--;
        buf_printf(&d->out, "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: %zu\r\n\r\n%s", strlen(busy), busy);
        return true;
    }
    if (strncmp(r->head.p, "POST /v1/inputs ", 16) == 0) {
        struct buf body = BUF_INIT;
        bool whole = add_results(d, buf_str(&r->body), &body);
        buf_adds(&d->out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        add_chunked(&d->out, buf_str(&body));
        if (whole)
            BUF_LIT(&d->out, "0\r\n\r\n");
        buf_done(&body);
        return whole;
    }
    const struct fake_answer *special = find_answer(d, r->head.p);
    if (special) {
        add_answer(&d->out, special->status, special->body);
        return true;
    }
    const char *text = strstr(r->head.p, "/events HTTP") ? d->answer_events : d->answer;
    int status = d->answer_status ? d->answer_status : text ? 200 : 404;
    if (!text)
        text = "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"not enrolled\"}";
    add_answer(&d->out, status, text);
    return true;
}

static bool read_more(struct fake_daemon *d, int fd)
{
    ssize_t n = read(fd, buf_room(&d->in, 65536), 65536);
    if (n > 0)
        d->in.n += (size_t)n;
    return n > 0;
}

static size_t body_length(const char *head, const char *end)
{
    for (const char *p = head; p < end; p = strchr(p, '\n') + 1) {
        if (strncasecmp(p, "Content-Length:", 15) == 0)
            return (size_t)strtoul(p + 15, NULL, 10);
    }
    return 0;
}

static void keep(struct buf *b, const char *p, size_t n)
{
    buf_clear(b);
    buf_add(b, p, n);
    buf_addc(b, '\0');
    b->n--;
}

/* false: the client has gone. */
static bool take_request(struct fake_daemon *d, int fd, struct fake_request *r)
{
    char *end = NULL;
    while (!end) {
        if (!d->in.n && !read_more(d, fd))
            return false;
        end = memmem(d->in.p, d->in.n, "\r\n\r\n", 4);
        if (!end && !read_more(d, fd))
            return false;
    }
    size_t head = (size_t)(end - d->in.p) + 4, body = body_length(d->in.p, end);
    while (d->in.n < head + body) {
        if (!read_more(d, fd))
            return false;
    }
    keep(&r->head, d->in.p, head);
    keep(&r->body, d->in.p + head, body);
    memmove(d->in.p, d->in.p + head + body, d->in.n - head - body);
    d->in.n -= head + body;
    return true;
}

static void serve(struct fake_daemon *d, int fd)
{
    bool go_on = true;
    buf_clear(&d->in);
    while (go_on && d->n < FAKE_REQUESTS && take_request(d, fd, &d->requests[d->n])) {
        go_on = answer(d, &d->requests[d->n++]);
        for (size_t at = 0; at < d->out.n;) {
            ssize_t n = send(fd, d->out.p + at, d->out.n - at, MSG_NOSIGNAL);
            if (n <= 0)
                return;
            at += (size_t)n;
        }
    }
}

static void *serve_all(void *arg)
{
    struct fake_daemon *d = arg;
    for (int fd; (fd = accept(d->fd, NULL, NULL)) >= 0; close(fd)) {
        pthread_mutex_lock(&d->lock);
        serve(d, fd);
        pthread_mutex_unlock(&d->lock);
    }
    return NULL;
}

void fake_daemon_start(struct fake_daemon *d, const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    unlink(path);
    pthread_mutex_init(&d->lock, NULL);
    d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(d->fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(d->fd, 8) != 0)
        bail_out("cannot listen on %s", path);
    pthread_create(&d->thread, NULL, serve_all, d);
}

void fake_daemon_stop(struct fake_daemon *d)
{
    shutdown(d->fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(d->thread, NULL);
    close(d->fd);
    pthread_mutex_destroy(&d->lock);
}

void fake_daemon_done(struct fake_daemon *d)
{
    for (unsigned i = 0; i < FAKE_REQUESTS; i++) {
        buf_done(&d->requests[i].head);
        buf_done(&d->requests[i].body);
    }
    buf_done(&d->in);
    buf_done(&d->out);
    *d = (struct fake_daemon){0};
}
