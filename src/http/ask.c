#include "http/ask.h"

#include <stdlib.h>

static struct ask *ask_new(struct exchange *x)
{
    struct http *h = x->http;
    struct ask *a = mem_zalloc(1, sizeof *a);
    a->x = x;
    memcpy(a->caller, x->caller.name, sizeof a->caller);
    a->next = h->asks;
    a->link = &h->asks;
    if (a->next)
        a->next->link = &a->next;
    return h->asks = a;
}

static void ask_free(struct ask *a)
{
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    streams_leave(a->stream);
    buf_done(&a->request.body);
    buf_done(&a->text);
    buf_done(&a->path);
    free(a);
}

void ask_free_all(struct http *h)
{
    while (h->asks)
        ask_free(h->asks);
}

bool ask_answer_error(struct exchange *x, const struct ask *a)
{
    if (a->request.err != ERR_OK)
        exchange_error(x, a->request.err, &a->request.msg);
    return a->request.err != ERR_OK;
}

static void answer(struct exchange *x, struct ask *a)
{
    if (x->handler->answer)
        x->handler->answer(x, a);
    else if (!ask_answer_error(x, a))
        exchange_answer_line(x, x->handler->type, &a->request.body);
}

static void on_done(struct completion *done)
{
    struct ask *a = (struct ask *)done;
    a->submitted = false;
    if (a->note && a->request.err == ERR_OK)
        a->note(a);
    if (a->x)
        answer(a->x, a);
    else
        ask_free(a);
}

void ask_end(struct exchange *x)
{
    struct ask *a = ask_new(x);
    x->state = a;
    a->done.run = on_done;
    if (!x->handler->prepare(x, a))
        return;
    a->submitted = http_submit(x->http, &a->request, &a->done);
    if (!a->submitted)
        exchange_busy(x);
}

void ask_close(struct exchange *x)
{
    struct ask *a = x->state;
    if (!a)
        return;
    a->x = NULL;
    a->path = route_match_keep(&x->match); /* the engine may look at it still */
    if (!a->submitted)
        ask_free(a);
}
