#include "tests/http/server.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/completions.h"
#include "net/listen.h"
#include "tests/http/fake_deliver.h"
#include "tests/http/fake_engine.h"
#include "tests/lib/tap.h"

struct server_inside {
    struct completion c; /* the first member */
    struct completions *queue;
    struct watch *queued;
    void (*fn)(void *arg);
    void *arg;
    sem_t done;
    pthread_t thread;
    struct loop *loop;
    struct http *http;
    struct desk desk;
    char address[128];
    int fd;
};

static void check(enum err e, const struct errmsg *msg)
{
    if (e != ERR_OK)
        bail_out("%s", msg->text);
}

static void on_queued(void *arg)
{
    completions_run(arg);
}

static void do_it(struct completion *c)
{
    struct server_inside *in = (struct server_inside *)c;
    in->fn(in->arg);
    sem_post(&in->done);
}

static void *run(void *arg)
{
    struct server_inside *in = arg;
    struct errmsg msg;
    check(loop_run(in->loop, &msg), &msg);
    return NULL;
}

/* The logs of several shards, and whom to ask where it says so. */
static void read_shards(struct http_engine *e, const struct http_engine *given)
{
    e->store = NULL;
    e->uri = given->uri;
    e->store_options = given->store_options;
    e->set = given->set;
    e->shards = given->shards;
    if (given->submit) {
        e->arg = given->arg;
        e->submit = given->submit;
        e->counters = given->counters;
    }
}

static struct server start(const struct http_options *given, struct deliver *deliver)
{
    static unsigned n;
    struct server_inside *in = mem_zalloc(1, sizeof *in);
    struct server s = {.engine = fake_engine_new(), .deliver = deliver, .inside = in};
    struct http_options o = *given;
    struct errmsg msg;
    o.engine = http_engine_of(s.engine);
    if (given->engine.set)
        read_shards(&o.engine, &given->engine);
    in->desk = desk_of(deliver);
    o.desk = deliver ? &in->desk : NULL;
    strcpy(o.country_code, "+86");
    snprintf(s.path, sizeof s.path, "%s/s%u", tap_tmpdir(), n++);
    snprintf(in->address, sizeof in->address, "unix:%s", s.path);
    check(listen_open(in->address, &in->fd, &msg), &msg);
    check(loop_new(&s.loop, &msg), &msg);
    check(http_new(s.loop, &o, &s.http, &msg), &msg);
    check(http_listen(s.http, in->fd, &msg), &msg);
    check(completions_new(&in->queue, &msg), &msg);
    in->loop = s.loop;
    in->http = s.http;
    in->c.run = do_it;
    in->queued = watch_readable(s.loop, completions_fd(in->queue), on_queued, in->queue);
    sem_init(&in->done, 0, 0);
    if (pthread_create(&in->thread, NULL, run, in) != 0)
        bail_out("no thread to be had");
    return s;
}

struct server server_new_with(const struct http_options *o)
{
    return start(o, fake_deliver_new());
}

struct server server_new(uint32_t max_lines, bool allow_at)
{
    return server_new_with(&(struct http_options){.max_lines = max_lines, .allow_at = allow_at});
}

struct server server_new_without_delivery(void)
{
    return start(&(struct http_options){.max_lines = 1000}, NULL);
}

void server_do(struct server *s, void (*fn)(void *arg), void *arg)
{
    s->inside->fn = fn;
    s->inside->arg = arg;
    completions_push(s->inside->queue, &s->inside->c);
    while (sem_wait(&s->inside->done) != 0)
        continue;
}

void server_look(struct server *s, void (*fn)(void *arg), void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    server_do(s, fn, arg);
}

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

void server_free(struct server *s)
{
    struct server_inside *in = s->inside;
    server_do(s, stop_loop, s->loop);
    pthread_join(in->thread, NULL);
    http_stop(s->http);
    fake_deliver_free(s->deliver);
    fake_engine_free(s->engine);
    http_free(s->http);
    watch_free(in->queued);
    completions_free(in->queue);
    listen_close(in->address, in->fd);
    loop_free(s->loop);
    sem_destroy(&in->done);
    free(in);
}
