/* Standard Webhooks 1.0.0: one event a request, signed with every key of the endpoint. */
#include <stdlib.h>

#include "adapter/table.h"
#include "adapter/webhook.h"

struct adapter_state {
    struct str url;
    struct webhook_keys *keys;
};

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    if (e->secret_files.n == 0)
        return err_set(msg, ERR_INVALID, "secret_file is missing: every request of standard-webhooks is signed");
    return webhook_check_url(e, msg);
}

static enum err state_new(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg)
{
    if (e->n_secrets == 0)
        return err_set(msg, ERR_INVALID, "no secret is loaded: every request of standard-webhooks is signed");
    struct webhook_keys *keys;
    enum err err = webhook_keys_new(e, &keys, msg);
    if (err)
        return err;
    struct adapter_state *s = mem_alloc(sizeof *s);
    *s = (struct adapter_state){.url = str_of(e->url), .keys = keys};
    *out = s;
    return ERR_OK;
}

static void state_free(struct adapter_state *s)
{
    if (!s)
        return;
    webhook_keys_free(s->keys);
    free(s);
}

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)n, (void)sms, (void)nonce;
    if (!webhook_id_valid(v->id))
        return err_set(msg, ERR_INVALID, "an event's id has other characters than letters, digits, - and _");
    out->method = "POST";
    call_url(out, s->url);
    write_webhook(&out->body, v);
    HEADER_LIT(out, "Content-Type: application/json");
    webhook_sign(s->keys, v->id, now, out);
    return ERR_OK;
}

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    (void)s;
    judge_http(a, out);
}

const struct adapter adapter_standard_webhooks = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
};
