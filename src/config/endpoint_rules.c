#include "config/endpoint_rules.h"

#include <string.h>

#include "config/url.h"

#define TAKES_ALL 0u
#define NIGHT_FROM (22 * 3600)
#define NIGHT_TO (8 * 3600)

/* What differs from adapter to adapter in the keys that all have. */
static const struct {
    const char *scheme; /* and "https" beside "http" */
    const char *url;    /* the default */
} traits[ADAPTER_KIND_N] = {
    [ADAPTER_STANDARD_WEBHOOKS] = {"http", NULL},
    [ADAPTER_CLOUDEVENTS] = {"http", NULL},
    [ADAPTER_KANNEL] = {"http", NULL},
    [ADAPTER_ALIYUN_SMS] = {"http", "https://dysmsapi.aliyuncs.com/"},
    [ADAPTER_TENCENT_SMS] = {"http", "https://sms.tencentcloudapi.com/"},
    [ADAPTER_REDIS_STREAM] = {"redis", NULL},
    [ADAPTER_TEMPLATE] = {"http", NULL},
};

void endpoint_begin(struct loader *l, const struct statement *s, struct instance *in)
{
    struct endpoint *e = in->target;
    e->place = loader_place(l, s);
    e->adapter = ADAPTER_KIND_N; /* none yet */
    e->messages = true;          /* a template's default; of the others it is known by the adapter */
}

void message_begin(struct loader *l, const struct statement *s, struct instance *in)
{
    struct message_text *t = in->target;
    t->place = loader_place(l, s);
}

/* ---- which keys are used ---- */

static unsigned use_of(const struct endpoint *e)
{
    return e->adapter == ADAPTER_TEMPLATE && e->messages ? USE_TEMPLATE_MESSAGES : USE(e->adapter);
}

static bool uses(const struct endpoint *e, const struct key *k)
{
    return k->used_by == TAKES_ALL || (k->used_by & use_of(e));
}

bool endpoint_takes(const struct instance *in, const struct key *k)
{
    const struct endpoint *e = in->target;
    if (in->schema != &config_schema[SECTION_ENDPOINT])
        return true;
    return e->adapter != ADAPTER_KIND_N && uses(e, k);
}

/* "kannel, aliyun-sms or template for messages" */
static void list_uses(unsigned used_by, struct buf *out)
{
    unsigned left = used_by & ((1u << (ADAPTER_KIND_N + 1)) - 1);
    if ((left & USE_TEMPLATE) == USE_TEMPLATE)
        left &= ~USE_TEMPLATE_MESSAGES;
    for (unsigned i = 0; left; i++) {
        if (!(left & USE(i)))
            continue;
        left &= ~USE(i);
        buf_adds(out, i == ADAPTER_KIND_N ? "template for messages" : adapter_kind_text((enum adapter_kind)i));
        buf_adds(out, !left ? "" : left & (left - 1) ? ", " : " or ");
    }
}

static void unused_fault(struct loader *l, const struct statement *s, const struct instance *in, const struct key *k)
{
    const struct endpoint *e = in->target;
    struct errmsg what;
    struct buf expected = BUF_INIT;
    err_set(&what, ERR_INVALID, "%s: the adapter %s does not use it%s", k->name, adapter_kind_text(e->adapter),
            use_of(e) == USE(ADAPTER_TEMPLATE) && (k->used_by & USE_TEMPLATE) ? " for events" : "");
    buf_adds(&expected, "it with ");
    list_uses(k->used_by, &expected);
    buf_addc(&expected, '\0');
    loader_fault(l, s, in, what.text, expected.p);
    buf_done(&expected);
}

static void check_uses(struct loader *l, const struct instance *in)
{
    const struct endpoint *e = in->target;
    for (size_t i = 0; i < in->schema->n_keys; i++) {
        const struct key *k = &in->schema->keys[i];
        if (in->set[i] && !uses(e, k))
            unused_fault(l, in->set[i], in, k);
    }
}

/* ---- keys together ---- */

static void check_url(struct loader *l, const struct statement *s, const struct instance *in)
{
    const struct endpoint *e = in->target;
    const char *scheme = traits[e->adapter].scheme;
    const struct statement *url = instance_set(in, "url");
    bool http = strcmp(scheme, "http") == 0;
    struct errmsg what, expected;
    err_set(&expected, ERR_INVALID, "%s for the adapter %s", http ? "http:// or https://" : "redis://",
            adapter_kind_text(e->adapter));
    if (!url && !traits[e->adapter].url)
        loader_fault(l, s, in, "no url", expected.text);
    if (!e->url || url_has_scheme(e->url, scheme) || (http && url_has_scheme(e->url, "https")))
        return;
    err_set(&what, ERR_INVALID, "url begins with \"%.*s\"", (int)(strstr(e->url, "://") - e->url), e->url);
    loader_fault(l, url, in, what.text, expected.text);
}

static void check_messages(struct loader *l, const struct statement *s, const struct instance *in)
{
    if (!instance_set(in, "signature"))
        loader_fault(l, s, in, "no signature", "the agency's name, which stands in brackets before every message");
    if (instance_set(in, "receipt_url") && !instance_set(in, "receipt_secret_file"))
        loader_fault(l, instance_set(in, "receipt_url"), in, "receipt_url without receipt_secret_file",
                     "both: receipts are known by the secret in their path");
}

void endpoint_check(struct loader *l, const struct statement *s, const struct instance *in)
{
    struct endpoint *e = in->target;
    if (!instance_set(in, "adapter"))
        loader_fault(l, s, in, "no adapter", schema_key(in->schema, "adapter")->expected);
    if (e->adapter == ADAPTER_KIND_N)
        return; /* none, or none that we know */
    if (e->adapter != ADAPTER_TEMPLATE)
        e->messages = (USE_SMS & USE(e->adapter)) != 0;
    check_uses(l, in);
    check_url(l, s, in);
    if (e->messages)
        check_messages(l, s, in);
}

void message_check(struct loader *l, const struct statement *s, const struct instance *in)
{
    if (!instance_set(in, "on"))
        loader_fault(l, s, in, "no event", "on = TYPE, such as \"reminder.due\"");
    if (!instance_set(in, "text") && !instance_set(in, "template_id"))
        loader_fault(l, s, in, "neither text nor template_id", "one of them or both");
}

void endpoint_defaults(const struct instance *in)
{
    struct endpoint *e = in->target;
    if (e->adapter == ADAPTER_KIND_N)
        return;
    if (!e->url && traits[e->adapter].url)
        e->url = mem_strdup(traits[e->adapter].url);
    if (e->messages && !instance_set(in, "quiet_hours"))
        e->quiet = (struct quiet_hours){NIGHT_FROM, NIGHT_TO};
}
