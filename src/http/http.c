#include "http/http.h"

#include <stdlib.h>

#include "codec/input_json.h"
#include "http/access.h"
#include "http/ask.h"
#include "http/exchange.h"
#include "http/groups.h"
#include "http/input_lines.h"
#include "http/order.h"
#include "http/streams.h"

static struct input_parser *parser_for(const struct http_options *o)
{
    struct input_options input = {.allow_at = o->allow_at};
    memcpy(input.country_code, o->country_code, sizeof input.country_code);
    return input_parser_new(&input);
}

static void run_sites(struct http *h)
{
    for (unsigned i = 0; i < h->n_sites; i++)
        site_run(h->sites[i]);
}

static void run_waiting(struct http *h)
{
    struct completion *c = h->waiting;
    h->waiting = NULL; /* those who have to wait again come into the new list */
    h->last_waiting = &h->waiting;
    while (c) {
        struct completion *next = c->next;
        c->run(c);
        c = next;
    }
}

static void on_answered(void *arg)
{
    struct http *h = arg;
    completions_run(h->queue);
    run_waiting(h);
    run_sites(h);
}

enum err http_new(struct loop *l, const struct http_options *o, struct http **out, struct errmsg *msg)
{
    struct completions *queue;
    enum err e = completions_new(&queue, msg);
    if (e != ERR_OK)
        return e;
    struct http *h = mem_zalloc(1, sizeof *h);
    h->loop = l;
    h->options = *o;
    h->queue = queue;
    h->last_waiting = &h->waiting;
    h->answered = watch_readable(l, completions_fd(queue), on_answered, h);
    h->parser = parser_for(o);
    h->streams = streams_new(h);
    h->groups = groups_new();
    *out = h;
    return ERR_OK;
}

enum err http_listen(struct http *h, int fd, struct errmsg *msg)
{
    struct site_callbacks callbacks = {access_request, access_completed, h};
    struct site *s;
    enum err e = site_new(h->loop, fd, &callbacks, &s, msg);
    if (e != ERR_OK)
        return e;
    h->sites = mem_resize(h->sites, h->n_sites + 1, sizeof *h->sites);
    h->sites[h->n_sites++] = s;
    return ERR_OK;
}

void http_reconfigure(struct http *h, const struct http_options *o)
{
    input_parser_free(h->parser);
    memcpy(h->options.country_code, o->country_code, sizeof h->options.country_code);
    h->options.max_lines = o->max_lines;
    h->parser = parser_for(&h->options);
}

static void on_done(struct request *r)
{
    struct completion *c = r->owner;
    completions_push(c->queue, c);
}

bool http_submit(struct http *h, struct request *r, struct completion *done)
{
    done->queue = h->queue;
    r->done = on_done;
    r->owner = done;
    return h->options.engine && engine_submit(h->options.engine, r);
}

void http_wait_for_room(struct http *h, struct completion *c)
{
    c->next = NULL;
    *h->last_waiting = c;
    h->last_waiting = &c->next;
}

/* --- the end --- */

void http_check_drained(struct http *h)
{
    if (!h->draining || h->exchanges || !h->drained)
        return;
    void (*drained)(void *) = h->drained;
    h->drained = NULL; /* once */
    drained(h->drained_arg);
}

void http_drain(struct http *h, void (*drained)(void *arg), void *arg)
{
    h->draining = true;
    h->drained = drained;
    h->drained_arg = arg;
    for (unsigned i = 0; i < h->n_sites; i++)
        site_quiesce(h->sites[i]);
    http_check_drained(h);
}

void http_stop(struct http *h)
{
    h->draining = true;
    h->drained = NULL;
    for (struct exchange *x = h->exchanges; x; x = x->next)
        exchange_go_on(x); /* the library cannot close a suspended connection */
    while (h->n_sites > 0)
        site_free(h->sites[--h->n_sites]);
    watch_free(h->answered);
    h->answered = NULL;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    h->options.engine = NULL; /* streams that end now have nobody to tell */
    ask_free_all(h);
    order_free_all(h);
    lines_free_all(h);
    groups_free(h->groups);
    streams_free(h->streams);
    completions_free(h->queue);
    input_parser_free(h->parser);
    free(h->sites);
    free(h);
}
