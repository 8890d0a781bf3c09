/* GET /v1/whoami: what the caller may do, so that a page need not offer what would be refused. */
#include "http/exchange.h"
#include "http/routes.h"

static void add_flag(struct buf *b, const char *name, bool v)
{
    buf_printf(b, ",\"%s\":%s", name, v ? "true" : "false");
}

static void answer_whoami(struct exchange *x)
{
    const struct caller *c = &x->caller;
    struct buf body = BUF_INIT;
    BUF_LIT(&body, "{\"name\":");
    buf_add_json(&body, str_of(c->name));
    add_flag(&body, "read", caller_may(c, WHO_READ));
    add_flag(&body, "intake", caller_may(c, WHO_INTAKE));
    add_flag(&body, "operate", caller_may(c, WHO_OPERATE));
    buf_addc(&body, '}');
    exchange_answer_line(x, JSON, &body);
}

const struct handler whoami_handler = {.end = answer_whoami};
