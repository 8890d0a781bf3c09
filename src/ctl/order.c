#include "ctl/order.h"
#include "ctl/client.h"
#include "ctl/names.h"

static bool need(const char *option, const char *value)
{
    if (value && *value)
        return true;
    say("--%s is missing: an order is somebody's, and has a reason", option);
    return false;
}

bool order_is_signed(const struct order *o)
{
    return need("by", o->by) && need("why", o->why);
}

void order_member(struct order *o, const char *name, const char *value)
{
    buf_printf(&o->body, "%c\"%s\":", o->body.n ? ',' : '{', name);
    buf_add_json(&o->body, str_of(value));
}

void order_sign(struct order *o)
{
    order_member(o, "by", o->by);
    order_member(o, "why", o->why);
    buf_addc(&o->body, '}');
}

static int tell(const struct ctl *ctl, const struct order *o, const struct answer *a)
{
    struct json *j = json_parse(a->body.p);
    int status = o->judge ? o->judge(j) : EXIT_DONE;
    if (ctl->json)
        client_print(a);
    else if (status == EXIT_DONE)
        o->tell(j);
    json_free(j);
    return status;
}

static int explain(struct client *c, const struct order *o, const struct answer *a)
{
    int status = client_problem(c, a, o->what);
    if (a->status == 404 && o->kind)
        names_tell(c, o->kind);
    return status;
}

static int call(const struct ctl *ctl, struct client *c, struct order *o)
{
    struct answer a = {0};
    buf_addc(&o->path, '\0');
    int status = client_call(c, o->method, o->path.p, buf_str(&o->body), &a);
    if (status == EXIT_DONE && (a.status < 200 || a.status > 299))
        status = explain(c, o, &a);
    else if (status == EXIT_DONE)
        status = tell(ctl, o, &a);
    buf_done(&a.body);
    return status;
}

int order_send(const struct ctl *ctl, struct order *o)
{
    struct client *c;
    int status = client_open(ctl, &c);
    if (status == EXIT_DONE) {
        status = call(ctl, c, o);
        client_close(c);
    }
    buf_done(&o->path);
    buf_done(&o->body);
    return status;
}
