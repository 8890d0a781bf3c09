#include "bench/compare/beanstalkd_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/connect.h"

void *line_open(void *arg)
{
    char path[100];
    struct line *l = mem_zalloc(1, sizeof *l);
    l->queue = arg;
    snprintf(path, sizeof path, "%s/beanstalkd.sock", l->queue->client->folder);
    l->fd = connect_to(path);
    return l;
}

int line_fd(void *line)
{
    return ((struct line *)line)->fd;
}

void line_close(void *line)
{
    struct line *l = line;
    close(l->fd);
    buf_done(&l->out);
    free(l);
}

void line_write(struct line *l)
{
    for (size_t done = 0; done < l->out.n;) {
        ssize_t n = write(l->fd, l->out.p + done, l->out.n - done);
        if (n <= 0)
            die("beanstalkd: write");
        done += (size_t)n;
    }
    buf_clear(&l->out);
}

void line_read(struct line *l)
{
    ssize_t n = read(l->fd, l->in + l->n_in, sizeof l->in - 1 - l->n_in);
    if (n <= 0)
        die("beanstalkd: read");
    l->n_in += (size_t)n;
    l->in[l->n_in] = '\0';
}

char *line_next(char *from)
{
    char *end = strstr(from, "\r\n");
    if (end)
        *end = '\0';
    return end;
}

_Noreturn void line_unexpected(const char *answer)
{
    fprintf(stderr, "beanstalkd: %s\n", answer);
    exit(1);
}

void line_use(struct line *l, const char *tube)
{
    buf_printf(&l->out, "use %s\r\n", tube);
    l->left++;
}

void line_put(struct line *l, int64_t delay, const char *body)
{
    char head[64];
    int n = snprintf(head, sizeof head, "put 1024 %" PRId64 " 60 %zu\r\n", delay, strlen(body));
    buf_add(&l->out, head, (size_t)n);
    buf_adds(&l->out, body);
    buf_adds(&l->out, "\r\n");
    l->left++;
}

void line_delete(struct line *l, uint64_t job)
{
    buf_printf(&l->out, "delete %" PRIu64 "\r\n", job);
    l->left++;
}

/* Asks for statistics, which end with this word's line; false: there is no such tube. */
static bool ask_stats(struct line *l, const char *last)
{
    const char *end = NULL;
    line_write(l);
    l->n_in = 0;
    do {
        line_read(l);
        end = strstr(l->in, last);
    } while (!(end && strstr(end, "\r\n")) && strncmp(l->in, "NOT_FOUND", 9) != 0);
    return end;
}

static uint64_t member(const struct line *l, const char *name)
{
    const char *p = strstr(l->in, name);
    return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

uint64_t line_tube_size(struct line *l, const char *tube)
{
    buf_printf(&l->out, "stats-tube %s\r\n", tube);
    return ask_stats(l, "pause-time-left") ? member(l, "current-jobs-ready: ") + member(l, "current-jobs-delayed: ")
                                           : 0;
}

uint64_t line_last_job(struct line *l)
{
    buf_adds(&l->out, "stats\r\n");
    return ask_stats(l, "hostname") ? member(l, "total-jobs: ") : 0;
}
