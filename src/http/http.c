#include "http/http.h"

#include <stdlib.h>

#include "codec/input_json.h"
#include "http/ask.h"
#include "http/events/event_stream.h"
#include "http/events/events.h"
#include "http/events/feed.h"
#include "http/exchange.h"
#include "http/groups.h"
#include "http/input_lines.h"
#include "http/metrics/process.h"
#include "http/order.h"
#include "http/people.h"
#include "http/routes.h"
#include "http/server/access.h"
#include "http/server/streams.h"
#include "http/status_stream.h"
#include "http/tokens.h"

#define IDLE_SECONDS 25
#define STALL_SECONDS 30

static struct input_parser *parser_for(const struct http_options *o)
{
    struct input_options input = {.allow_at = o->allow_at};
    memcpy(input.country_code, o->country_code, sizeof input.country_code);
    return input_parser_new(&input);
}

void http_run_sites(struct http *h)
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
    http_run_sites(h);
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
    h->crowd = crowd_new(l, o->idle_seconds ? o->idle_seconds : IDLE_SECONDS);
    h->options.stall_seconds = o->stall_seconds ? o->stall_seconds : STALL_SECONDS;
    h->gate = token_gate_new(o->tokens);
    h->options.tokens = NULL; /* the gate has them */
    h->streams = streams_new(h);
    h->groups = groups_new();
    h->feed = feed_new(h);
    h->event_streams = event_streams_new(h);
    h->status_feed = status_feed_new(h);
    h->counts = counts_new(http_routes_n);
    h->started_at = process_started_at();
    *out = h;
    return ERR_OK;
}

static enum err add_site(struct http *h, int fd, struct tls *tls, struct errmsg *msg)
{
    struct site_options o = {access_request, access_completed, h, h->crowd, h->options.stall_seconds};
    struct site *s;
    enum err e = site_new(h->loop, fd, tls, &o, &s, msg);
    if (e != ERR_OK)
        return e;
    h->sites = mem_resize(h->sites, h->n_sites + 1, sizeof *h->sites);
    h->sites[h->n_sites++] = s;
    return ERR_OK;
}

enum err http_listen_tls(struct http *h, int fd, struct tls *tls, struct errmsg *msg)
{
    enum err e = add_site(h, fd, tls, msg);
    if (e == ERR_OK)
        crowd_widen(h->crowd);
    return e;
}

enum err http_listen(struct http *h, int fd, struct errmsg *msg)
{
    return http_listen_tls(h, fd, NULL, msg);
}

static void on_gone(void *arg, struct site *s)
{
    struct http *h = arg;
    unsigned i = 0;
    while (h->sites[i] != s)
        i++;
    memmove(&h->sites[i], &h->sites[i + 1], (--h->n_sites - i) * sizeof *h->sites);
    site_free(s);
}

enum err http_renew_tls(struct http *h, struct tls *tls, struct errmsg *msg)
{
    unsigned n = h->n_sites; /* those that come in the loop stand behind */
    enum err e = ERR_OK;
    for (unsigned i = 0; i < n && e == ERR_OK; i++) {
        struct site *s = h->sites[i];
        if (!site_tls(s) || site_retired(s) || tls_same(site_tls(s), tls))
            continue;
        e = add_site(h, site_fd(s), tls, msg);
        if (e == ERR_OK)
            site_retire(s, on_gone, h);
    }
    return e;
}

/* A token that was taken away must not go on with what it has begun: a stream of events may last for months. */
static void cut_off_revoked(struct http *h)
{
    for (struct exchange *x = h->exchanges; x; x = x->next)
        if (x->caller.token && !token_gate_has(h->gate, x->caller.token))
            site_cut_off(x->connection);
}

void http_reconfigure(struct http *h, const struct http_options *o)
{
    input_parser_free(h->parser);
    memcpy(h->options.country_code, o->country_code, sizeof h->options.country_code);
    h->options.max_lines = o->max_lines;
    h->parser = parser_for(&h->options);
    token_gate_replace(h->gate, o->tokens);
    cut_off_revoked(h);
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
    const struct http_engine *e = &h->options.engine;
    return e->submit && e->submit(e->arg, r);
}

void http_nudge(struct http *h)
{
    feed_nudge(h->feed);
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
    events_lines_end(h);
    event_streams_end(h->event_streams);
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
    status_feed_stop(h->status_feed);
    feed_stop(h->feed);
    crowd_free(h->crowd);
    h->crowd = NULL;
    watch_free(h->answered);
    h->answered = NULL;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    h->options.engine.submit = NULL; /* streams that end now have nobody to tell */
    ask_free_all(h);
    order_free_all(h);
    lines_free_all(h);
    people_free_all(h);
    groups_free(h->groups);
    status_feed_free(h->status_feed);
    event_streams_free(h->event_streams);
    feed_free(h->feed);
    streams_free(h->streams);
    completions_free(h->queue);
    counts_free(h->counts);
    input_parser_free(h->parser);
    token_gate_free(h->gate);
    buf_done(&h->openapi);
    free(h->sites);
    free(h);
}
