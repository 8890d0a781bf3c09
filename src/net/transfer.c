#include "net/transfer_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* How often one pass goes round, when answers lead to requests that fail at once: then the loop's others come first. */
#define ROUNDS_MAX 4
#define REFUSED_MAX 64

enum err transfers_new(struct loop *l, struct transfers **out, struct errmsg *msg)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return err_set(msg, ERR_IO, "libcurl cannot be set up: %s", curl_easy_strerror(code));
    *out = mem_alloc(sizeof **out);
    **out = (struct transfers){.loop = l, .sockets = sockets_new()};
    return ERR_OK;
}

void transfers_free(struct transfers *t)
{
    if (!t)
        return;
    sockets_free(t->sockets);
    free(t);
    curl_global_cleanup();
}

/* --- lines --- */

static void line_free(struct transfer_line *l)
{
    while (l->idle) {
        struct slot *s = l->idle;
        l->idle = s->next;
        slot_free(s);
    }
    curl_multi_cleanup(l->multi);
    line_detach(l);
    free(l->proxy);
    free(l->ca_file);
    free(l->client_cert);
    free(l);
}

static enum err readable(const char *what, const char *file, struct errmsg *msg)
{
    if (file && access(file, R_OK) != 0)
        return err_set(msg, ERR_INVALID, "%s %s cannot be read: %s", what, file, strerror(errno));
    return ERR_OK;
}

static char *copy(const char *s)
{
    return s ? mem_strdup(s) : NULL;
}

enum err transfer_line_open(struct transfers *t, const struct transfer_settings *s, struct transfer_line **out,
                            struct errmsg *msg)
{
    enum err r = readable("ca_file", s->ca_file, msg);
    if (r == ERR_OK)
        r = readable("client_cert", s->client_cert, msg);
    if (r != ERR_OK)
        return r;
    struct transfer_line *l = mem_alloc(sizeof *l);
    *l = (struct transfer_line){
        .transfers = t,
        .multi = curl_multi_init(),
        .proxy = copy(s->proxy),
        .ca_file = copy(s->ca_file),
        .client_cert = copy(s->client_cert),
        .timeout_ms = s->timeout_ms,
        .connect_timeout_ms = s->connect_timeout_ms,
        .allow_private = s->allow_private,
        .epoll = -1,
        .timer_ms = -1,
    };
    l->refused_end = &l->refused;
    if (!l->multi)
        mem_none("cannot make a set of requests");
    r = line_attach(l, msg);
    if (r != ERR_OK) {
        line_free(l);
        return r;
    }
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)s->max_connections);
    *out = l;
    return ERR_OK;
}

void transfer_line_close(struct transfer_line *l)
{
    if (!l)
        return;
    if (l->running)
        l->closed = true;
    else
        line_free(l);
}

/* --- requests --- */

static struct slot *slot_take(struct transfer_line *l)
{
    struct slot *s = l->idle;
    if (!s)
        return slot_new(l);
    l->idle = s->next;
    return s;
}

static void slot_give_back(struct slot *s)
{
    struct transfer_line *l = s->line;
    s->transfer = NULL;
    if (s->repeated) { /* a new one may do so again */
        slot_free(s);
        return;
    }
    slot_clear(s);
    s->next = l->idle;
    l->idle = s;
}

void transfer_start(struct transfer_line *l, struct transfer *t)
{
    struct slot *s = slot_take(l);
    t->slot = s;
    t->started_ns = clock_monotonic_ns();
    t->first_byte_ns = 0;
    s->transfer = t;
    answer_begin(s);
    if (slot_fill(s, t) && curl_multi_add_handle(l->multi, s->easy) == CURLM_OK)
        return; /* libcurl asks for its timer, which begins it with all others that were added by then */
    s->next = NULL;
    *l->refused_end = s;
    l->refused_end = &s->next;
    line_settle(l);
}

/* false: it was not among the refused. */
static bool take_refused(struct slot *s)
{
    struct transfer_line *l = s->line;
    for (struct slot **at = &l->refused; *at; at = &(*at)->next) {
        if (*at != s)
            continue;
        *at = s->next;
        if (!s->next)
            l->refused_end = at;
        return true;
    }
    return false;
}

void transfer_cancel(struct transfer_line *l, struct transfer *t)
{
    struct slot *s = t->slot;
    if (!take_refused(s))
        curl_multi_remove_handle(l->multi, s->easy);
    t->slot = NULL;
    slot_give_back(s);
}

/* s is back in the pool only behind done(), since the answer borrows from it. */
static void finish(struct slot *s, CURLcode code)
{
    struct transfer *t = s->transfer;
    struct answer a;
    answer_end(s, code, &a);
    t->slot = NULL;
    t->done(t, &a);
    slot_give_back(s);
}

/* The message goes with the handle. */
static void finish_message(struct transfer_line *l, const CURLMsg *m)
{
    CURL *easy = m->easy_handle;
    CURLcode code = m->data.result;
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    curl_multi_remove_handle(l->multi, easy);
    finish((struct slot *)(void *)private, code);
}

/* All that is finished. A done() may start and cancel, so each is looked for anew; what it starts is not finished
 * before libcurl is called again, or refused, of which so many go through in one round. */
static void collect(struct transfer_line *l)
{
    const CURLMsg *m;
    int left;
    for (unsigned n = 0; l->refused && n < REFUSED_MAX; n++) {
        struct slot *s = l->refused;
        take_refused(s);
        finish(s, CURLE_URL_MALFORMAT);
    }
    while ((m = curl_multi_info_read(l->multi, &left)))
        finish_message(l, m);
}

void line_run(struct transfer_line *l)
{
    unsigned rounds = 0;
    l->running = true;
    do {
        if (l->timer_ms == 0) {
            int still;
            l->timer_ms = -1;
            l->timer_changed = true;
            curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &still);
        }
        collect(l);
    } while (l->timer_ms == 0 && ++rounds < ROUNDS_MAX);
    l->running = false;
    if (l->closed)
        line_free(l);
    else
        line_settle(l);
}
