#include "config/endpoint.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "config/secret.h"

#define SMS_DAILY_CAP 5 /* the schema's default too: for those who make endpoints without a file */

struct endpoints *endpoints_new(void)
{
    struct endpoints *e = mem_zalloc(1, sizeof *e);
    atomic_init(&e->refs, 1);
    e->sms_daily_cap = SMS_DAILY_CAP;
    return e;
}

struct endpoints *endpoints_ref(struct endpoints *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void text_list_add(struct text_list *l, const char *text)
{
    l->v = mem_resize(l->v, l->n + 1, sizeof *l->v);
    l->v[l->n++] = mem_strdup(text);
}

void text_list_done(struct text_list *l)
{
    for (unsigned i = 0; i < l->n; i++)
        free(l->v[i]);
    free(l->v);
}

static void endpoint_done(struct endpoint *e)
{
    char *const texts[] = {
        e->place,       e->url,         e->proxy,    e->ca_file,
        e->client_cert, e->source,      e->stream,   e->signature,
        e->language,    e->receipt_url, e->username, e->sender,
        e->smsc,        e->app_id,      e->region,   e->receipt_secret_file,
        e->method,      e->body,
    };
    struct text_list *const lists[] = {
        &e->secret_files, &e->events,    &e->policies,   &e->categories,  &e->units,
        &e->headers,      &e->sent_when, &e->retry_when, &e->failed_when,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        text_list_done(lists[i]);
    free(e->retry);
    for (unsigned i = 0; i < e->n_secrets; i++)
        secret_done(&e->secrets[i]);
    secret_done(&e->receipt_secret);
}

static void message_text_done(struct message_text *t)
{
    free(t->place);
    free(t->on);
    free(t->text);
    free(t->language);
    free(t->template_id);
    text_list_done(&t->policies);
    text_list_done(&t->variables);
}

void endpoints_unref(struct endpoints *e)
{
    /* What others did with it before they let go must be seen by the one that frees it. */
    if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < e->n; i++)
        endpoint_done(&e->v[i]);
    for (unsigned i = 0; i < e->n_texts; i++)
        message_text_done(&e->texts[i]);
    free(e->delivery_log);
    free(e);
}

const struct endpoint *endpoints_find(const struct endpoints *e, struct str name)
{
    for (unsigned i = 0; i < e->n; i++)
        if (str_is(name, e->v[i].name))
            return &e->v[i];
    return NULL;
}

const char *adapter_kind_text(enum adapter_kind k)
{
    static const char *const texts[ADAPTER_KIND_N] = {
        [ADAPTER_STANDARD_WEBHOOKS] = "standard-webhooks",
        [ADAPTER_CLOUDEVENTS] = "cloudevents",
        [ADAPTER_KANNEL] = "kannel",
        [ADAPTER_ALIYUN_SMS] = "aliyun-sms",
        [ADAPTER_TENCENT_SMS] = "tencent-sms",
        [ADAPTER_REDIS_STREAM] = "redis-stream",
        [ADAPTER_TEMPLATE] = "template",
    };
    return k < ADAPTER_KIND_N ? texts[k] : NULL;
}
