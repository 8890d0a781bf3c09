/* GET and POST /v1/receipts/ENDPOINT/SECRET: what a gateway says later of a message. Anybody may come here: the secret
 * in the path is what lets in, and must stand in no log line and no answer. */
#include "deliver/deliver.h"
#include "http/routes.h"

/* What the gateway wants to read; to one that wants nothing, a word for people. */
static void answer_taken(struct exchange *x, struct buf *reply)
{
    bool wanted = reply->n > 0;
    if (!wanted)
        BUF_LIT(reply, "ok\n");
    exchange_answer(x, 200, wanted ? JSON : "text/plain", reply);
}

/* The same whether there is no such endpoint, or it has another secret: nobody is to find out which. */
static void answer_stranger(struct exchange *x)
{
    exchange_problem(x, 404, NULL, "there is nothing at this path");
}

static void answer_receipt(struct exchange *x)
{
    struct errmsg msg = {""};
    struct buf query = BUF_INIT, reply = BUF_INIT;
    if (!exchange_has_delivery(x))
        return;
    exchange_query(x, &query);
    struct receipt_call call = {.query = buf_str(&query), .body = buf_str(&x->body)};
    enum err e = deliver_receipt(x->http->options.deliver, x->match.captures[0], x->match.captures[1], &call, &reply,
                                 &msg);
    if (e == ERR_OK)
        answer_taken(x, &reply);
    else if (e == ERR_ABSENT)
        answer_stranger(x);
    else
        exchange_error(x, e, &msg);
    buf_done(&query);
    buf_done(&reply);
}

const struct handler receipt_handler = {.data = exchange_collect, .end = answer_receipt};
