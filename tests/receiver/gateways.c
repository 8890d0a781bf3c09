#include "tests/receiver/receiver.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_tree.h>

/* What a gateway is asked to send. Terminated buffers. */
struct message {
    struct buf id, number, text;
    struct buf receipt_url; /* Kannel; empty: none */
    int64_t receipt_mask;
};

struct gateway {
    const char *path;
    struct success success;
    /* Reads what it can: a member that is missing is empty. */
    void (*read)(const struct request *q, struct message *m);
    /* What is answered when all is well, or with code when it is not; code NULL: it is. */
    void (*answer)(const struct message *m, const char *code, uint64_t serial, struct buf *out);
    bool has_codes; /* it says in a body with status 200 what is wrong */
};

static void message_done(struct message *m)
{
    buf_done(&m->id);
    buf_done(&m->number);
    buf_done(&m->text);
    buf_done(&m->receipt_url);
}

/* From the query, else from a form. */
static void argument(const struct request *q, const char *name, struct buf *out)
{
    if (!http_argument(q->query, name, out))
        http_argument(q->body, name, out);
}

/* --- Kannel --- */

static struct str query_of(const struct buf *url)
{
    const char *question = memchr(url->p, '?', url->n);
    return question ? (struct str){question + 1, (size_t)(url->p + url->n - question - 1)} : STR_NONE;
}

/* The id stands in the dlr-url, which comes back as it is: its argument "id", else all of it. */
static void read_kannel(const struct request *q, struct message *m)
{
    struct buf mask = BUF_INIT;
    http_argument(q->query, "to", &m->number);
    http_argument(q->query, "text", &m->text);
    http_argument(q->query, "dlr-mask", &mask);
    m->receipt_mask = strtol(mask.p, NULL, 10);
    buf_done(&mask);
    if (http_argument(q->query, "dlr-url", &m->receipt_url) &&
        !http_argument(query_of(&m->receipt_url), "id", &m->id)) {
        buf_clear(&m->id);
        buf_add(&m->id, m->receipt_url.p, m->receipt_url.n + 1);
        m->id.n--;
    }
}

static void answer_kannel(const struct message *m, const char *code, uint64_t serial, struct buf *out)
{
    (void)m, (void)code, (void)serial;
    BUF_LIT(out, "0: Accepted for delivery");
}

/* --- Aliyun --- */

static void read_aliyun(const struct request *q, struct message *m)
{
    argument(q, "OutId", &m->id);
    argument(q, "PhoneNumbers", &m->number);
    argument(q, "TemplateParam", &m->text);
}

static void answer_aliyun(const struct message *m, const char *code, uint64_t serial, struct buf *out)
{
    (void)m;
    BUF_LIT(out, "{\"Message\":\"");
    buf_adds(out, code ? "refused" : "OK");
    buf_printf(out, "\",\"RequestId\":\"R%" PRIu64 "\",\"Code\":", serial);
    buf_add_json(out, str_of(code ? code : "OK"));
    if (!code)
        buf_printf(out, ",\"BizId\":\"%" PRIu64 "^0\"", serial);
    BUF_LIT(out, "}");
}

/* --- Tencent --- */

static void add_string(yajl_val v, struct buf *out)
{
    if (YAJL_IS_STRING(v))
        buf_adds(out, YAJL_GET_STRING(v));
}

static void read_tencent(const struct request *q, struct message *m)
{
    static const char *const id[] = {"SessionContext", NULL}, *const numbers[] = {"PhoneNumberSet", NULL},
                             *const values[] = {"TemplateParamSet", NULL};
    char *text = mem_strndup(q->body.n ? q->body.p : "", q->body.n), why[128];
    yajl_val tree = yajl_tree_parse(text, why, sizeof why), v;
    free(text);
    if (!tree)
        return;
    add_string(yajl_tree_get(tree, (const char **)id, yajl_t_string), &m->id);
    if ((v = yajl_tree_get(tree, (const char **)numbers, yajl_t_array)) && YAJL_GET_ARRAY(v)->len > 0)
        add_string(YAJL_GET_ARRAY(v)->values[0], &m->number);
    v = yajl_tree_get(tree, (const char **)values, yajl_t_array);
    for (size_t i = 0; v && i < YAJL_GET_ARRAY(v)->len; i++) {
        if (i)
            buf_addc(&m->text, '|');
        add_string(YAJL_GET_ARRAY(v)->values[i], &m->text);
    }
    yajl_tree_free(tree);
}

static void answer_tencent(const struct message *m, const char *code, uint64_t serial, struct buf *out)
{
    buf_printf(out,
               "{\"Response\":{\"SendStatusSet\":[{\"SerialNo\":\"%s%" PRIu64 "\",\"PhoneNumber\":", code ? "" : "S",
               code ? 0 : serial);
    buf_add_json(out, buf_str(&m->number));
    buf_printf(out, ",\"Fee\":%d,\"SessionContext\":", code ? 0 : 1);
    buf_add_json(out, buf_str(&m->id));
    BUF_LIT(out, ",\"Code\":");
    buf_add_json(out, str_of(code ? code : "Ok"));
    buf_printf(out, ",\"Message\":\"%s\",\"IsoCode\":\"CN\"}],\"RequestId\":\"R%" PRIu64 "\"}}",
               code ? "refused" : "send success", serial);
}

/* --- one like many others: arguments in a query or a form --- */

static void read_form(const struct request *q, struct message *m)
{
    argument(q, "id", &m->id);
    argument(q, "to", &m->number);
    argument(q, "text", &m->text);
}

static void answer_form(const struct message *m, const char *code, uint64_t serial, struct buf *out)
{
    (void)m;
    BUF_LIT(out, "{\"status\":");
    buf_add_json(out, str_of(code ? code : "sent"));
    buf_printf(out, ",\"number\":%" PRIu64 "}", serial);
}

/* --- all of them --- */

static const struct gateway gateways[] = {
    {"/sms/kannel", {202, "text/plain"}, read_kannel, answer_kannel, false},
    {"/sms/aliyun", {200, "application/json"}, read_aliyun, answer_aliyun, true},
    {"/sms/tencent", {200, "application/json"}, read_tencent, answer_tencent, true},
    {"/sms/form", {200, "application/json"}, read_form, answer_form, true},
};

static const struct gateway *find(struct str path)
{
    for (size_t i = 0; i < sizeof gateways / sizeof *gateways; i++) {
        size_t n = strlen(gateways[i].path);
        if (path.n >= n && memcmp(path.p, gateways[i].path, n) == 0)
            return &gateways[i];
    }
    return NULL;
}

static void note(struct receiver *r, const struct request *q, const struct gateway *g, const struct message *m,
                 enum fate fate)
{
    struct counts *c = ledger_counts(r->ledger);
    char id[256], word[16];
    bool refused = fate == FATE_FAIL || fate == FATE_GONE || fate == FATE_REDIRECT;
    snprintf(id, sizeof id, "%.*s", (int)m->id.n, m->id.n ? m->id.p : "");
    uint32_t attempt = ledger_message(r->ledger, q->path, id, fate, refused);
    record_add(r->record, &(struct record_line){.time_ns = (int64_t)c->last_ns,
                                                .kind = "message",
                                                .id = buf_str(&m->id),
                                                .attempt = attempt,
                                                .answer = reply_word(r, fate, &g->success, word),
                                                .number = buf_str(&m->number),
                                                .text = buf_str(&m->text)});
    if (m->receipt_url.n && (fate_accepts(fate) || fate == FATE_RESET_AFTER))
        receipts_add(r->receipts, m->receipt_url.p, m->receipt_mask, &r->rng, clock_monotonic_ns());
}

bool handle_message(struct receiver *r, const struct request *q, struct reply *reply)
{
    const struct gateway *g = find(q->path);
    struct message m = {.receipt_mask = 0};
    if (!g)
        return false;
    enum fate fate = settings_draw(&r->settings, q->path, &r->rng);
    g->read(q, &m);
    note(r, q, g, &m, fate);
    bool by_code = fate == FATE_FAIL && g->has_codes && r->settings.code[0];
    buf_clear(&r->body);
    g->answer(&m, by_code ? r->settings.code : NULL, ledger_counts(r->ledger)->sms, &r->body);
    if (by_code) {
        ledger_fate(r->ledger, fate);
        fate = FATE_ACCEPT;
    }
    reply_fate(r, reply, q, fate, &g->success);
    message_done(&m);
    return true;
}
