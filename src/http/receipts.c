/* GET and POST /v1/receipts/ENDPOINT/SECRET: what a gateway says later of a message. Anybody may come here: the secret
 * in the path is what lets in, and must stand in no log line and no answer. */
#include "http/order.h"
#include "http/routes.h"

/* The same whether there is no such endpoint, or it has another secret: nobody is to find out which. Before the body, for
 * a stranger's is not worth its memory. */
static void check_secret(struct exchange *x)
{
    const struct desk *desk = x->http->options.desk;
    if (exchange_has_delivery(x) && !desk->takes_receipts(desk->arg, x->match.captures[0], x->match.captures[1]))
        exchange_problem(x, 404, NULL, "there is nothing at this path");
}

/* The query and the body, in the order's own memory: the client may go away. */
static bool read_receipt(struct exchange *x, struct order *o)
{
    exchange_query(x, &o->text);
    size_t query = o->text.n;
    buf_addstr(&o->text, buf_str(&x->body));
    buf_room(&o->text, 1); /* nothing at all is a text too */
    o->receipt.query = (struct str){o->text.p, query};
    o->receipt.body = (struct str){o->text.p + query, o->text.n - query};
    o->order.endpoint = o->name;
    o->call.receipt = &o->receipt;
    return true;
}

/* What the gateway wants to read; to one that wants nothing, a word for people. */
static void answer_taken(struct exchange *x, struct order *o)
{
    bool wanted = o->order.body.n > 0;
    if (!wanted)
        BUF_LIT(&o->order.body, "ok\n");
    exchange_answer(x, 200, wanted ? JSON : "text/plain", &o->order.body);
}

static const struct verb receipt_verb = {
    .desk = DESK_RECEIPT, .read = read_receipt, .answer = answer_taken, .invalid = 400};

const struct handler receipt_handler = {ORDER_HANDLER, .begin = check_secret, .verb = &receipt_verb};
