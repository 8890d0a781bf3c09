#include "http/ask.h"

#include <stdlib.h>

static struct ask *ask_new(struct exchange *x)
{
    struct http *h = x->http;
    struct ask *a = mem_zalloc(1, sizeof *a);
    a->x = x;
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
    free(a);
}

void ask_free_all(struct http *h)
{
    while (h->asks)
        ask_free(h->asks);
}

bool ask_answer_error(struct exchange *x, const struct ask *a)
{
    static const unsigned statuses[ERR_N] = {
        [ERR_ABSENT] = 404,
        [ERR_EXISTS] = 409,
        [ERR_INVALID] = 400,
        [ERR_FULL] = 503,
    };
    enum err e = a->request.err;
    if (e == ERR_OK)
        return false;
    unsigned status = statuses[e] ? statuses[e] : 500;
    exchange_problem(x, status, NULL, "%s", a->request.msg.text[0] ? a->request.msg.text : err_text(e));
    return true;
}

/* With a newline in the end, for people at a terminal. */
static void answer_body(struct exchange *x, struct buf *body)
{
    if (body->n && body->p[body->n - 1] != '\n')
        buf_addc(body, '\n');
    exchange_answer(x, 200, x->handler->type, body);
}

static void answer(struct exchange *x, struct ask *a)
{
    if (x->handler->answer)
        x->handler->answer(x, a);
    else if (!ask_answer_error(x, a))
        answer_body(x, &a->request.body);
}

static void on_done(struct completion *done)
{
    struct ask *a = (struct ask *)done;
    a->submitted = false;
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
    if (!a->submitted)
        ask_free(a);
}
