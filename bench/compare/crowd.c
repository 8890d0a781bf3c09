#include "bench/compare/crowd.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/connect.h"

struct crowd {
    const struct crowd_ops *ops;
    void *lines[CROWD_MAX];
    unsigned n, busy;
    int epoll;
    uint32_t next, items;
};

static void watch(struct crowd *c, unsigned k)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = k};
    if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->ops->fd(c->lines[k]), &e) != 0)
        die("epoll_ctl");
}

static bool send_next(struct crowd *c, unsigned k)
{
    return c->next < c->items && c->ops->send(c->lines[k], c->next++);
}

static void answer(struct crowd *c)
{
    struct epoll_event ready[CROWD_MAX];
    int n = epoll_wait(c->epoll, ready, CROWD_MAX, -1);
    for (int i = 0; i < n; i++) {
        unsigned k = ready[i].data.u32;
        if (c->ops->take(c->lines[k]) && !send_next(c, k))
            c->busy--;
    }
}

double crowd_run(const struct crowd_ops *ops, void *arg, unsigned lines, uint32_t items)
{
    struct crowd c = {.ops = ops, .n = lines < CROWD_MAX ? lines : CROWD_MAX, .items = items};
    if ((c.epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die("epoll_create1");
    for (unsigned k = 0; k < c.n; k++) {
        c.lines[k] = ops->open(arg);
        watch(&c, k);
    }
    int64_t began = clock_monotonic_ns();
    for (unsigned k = 0; k < c.n; k++)
        c.busy += send_next(&c, k);
    while (c.busy)
        answer(&c);
    double seconds = (double)(clock_monotonic_ns() - began) * 1e-9;
    for (unsigned k = 0; k < c.n; k++)
        ops->close(c.lines[k]);
    close(c.epoll);
    return seconds;
}
