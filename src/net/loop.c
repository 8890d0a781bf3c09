#include "net/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/buf.h"

struct loop {
    struct event_base *base;
};

struct watch {
    struct event *event;
    void (*fn)(void *arg);
    void *arg;
};

static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    /* Level-triggered descriptors and steady timers: a wall clock that is set must not stretch a time-out. */
    event_config_require_features(config, EV_FEATURE_O1);
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

enum err loop_new(struct loop **out, struct errmsg *msg)
{
    struct event_base *base = base_new();
    if (!base)
        return err_set(msg, ERR_IO, "cannot make an event loop: %m");
    *out = mem_alloc(sizeof **out);
    (*out)->base = base;
    return ERR_OK;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    event_base_free(l->base);
    free(l);
}

enum err loop_run(struct loop *l, struct errmsg *msg)
{
    /* Without a watch there would be nothing to end it, so it ends by itself. */
    if (event_base_loop(l->base, 0) < 0)
        return err_set(msg, ERR_IO, "the event loop failed: %m");
    return ERR_OK;
}

void loop_stop(struct loop *l)
{
    event_base_loopbreak(l->base);
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

static void fire(evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;
    (void)fd, (void)what;
    w->fn(w->arg);
}

/* libevent fails here for want of memory alone, or where the kernel has none for one more descriptor. */
static struct watch *watch_new(struct loop *l, int fd, short what, void (*fn)(void *arg), void *arg)
{
    struct watch *w = mem_alloc(sizeof *w);
    *w = (struct watch){.fn = fn, .arg = arg};
    w->event = event_new(l->base, fd, what, fire, w);
    if (!w->event || (what && event_add(w->event, NULL) != 0))
        mem_none("cannot watch a descriptor");
    return w;
}

struct watch *watch_readable(struct loop *l, int fd, void (*fn)(void *arg), void *arg)
{
    return watch_new(l, fd, EV_READ | EV_PERSIST, fn, arg);
}

struct watch *watch_signal(struct loop *l, int signal_number, void (*fn)(void *arg), void *arg)
{
    return watch_new(l, signal_number, EV_SIGNAL | EV_PERSIST, fn, arg);
}

struct watch *watch_timer(struct loop *l, void (*fn)(void *arg), void *arg)
{
    return watch_new(l, -1, 0, fn, arg);
}

void watch_timer_set(struct watch *timer, int64_t ms)
{
    struct timeval after = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    if (ms < 0)
        event_del(timer->event);
    else
        event_add(timer->event, &after);
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    event_free(w->event);
    free(w);
}
