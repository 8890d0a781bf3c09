/* A gateway or receiver that an operator describes in the configuration (lifecertd-adapters(7), "template"): method,
 * URL, headers and body with {{variables}}, and what in an answer means what. */
#include <stdlib.h>
#include <strings.h>

#include "adapter/sign.h"
#include "adapter/sms.h"
#include "adapter/table.h"
#include "adapter/template_rules.h"
#include "adapter/template_text.h"

struct header {
    char *name; /* owned */
    struct template_text *value;
};

struct adapter_state {
    const struct endpoint *endpoint;
    const char *method;               /* static */
    struct template_text *url, *body; /* body: NULL, none */
    struct header *headers;
    unsigned n_headers;
    struct template_rules failed, retry, sent;
    struct buf scratch;
};

/* --- settings --- */

static const struct method {
    const char *name;
    bool body;
} methods[] = {{"POST", true}, {"GET", false}, {"PUT", true}, {"PATCH", true}, {"DELETE", false}};

static const struct method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (!name || strcmp(name, methods[i].name) == 0)
            return &methods[i];
    return NULL;
}

/* "Name: value" taken apart; the value without blanks at its ends. */
static bool split_header(const char *line, struct str *name, struct str *value)
{
    const char *colon = strchr(line, ':');
    if (!colon || !is_token((struct str){line, (size_t)(colon - line)}, strlen(line)))
        return false;
    *name = (struct str){line, (size_t)(colon - line)};
    const char *from = colon + 1 + strspn(colon + 1, " \t");
    size_t n = strlen(from);
    while (n && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    *value = (struct str){from, n};
    return true;
}

static bool name_is(struct str name, const char *wanted)
{
    return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

static struct str content_type(const struct endpoint *e)
{
    struct str name, value;
    for (unsigned i = 0; i < e->headers.n; i++)
        if (split_header(e->headers.v[i], &name, &value) && name_is(name, "Content-Type"))
            return value;
    return STR_NONE;
}

static bool ends(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && strncasecmp(s.p + s.n - n, with, n) == 0;
}

/* By the media type, without its parameters. */
static enum template_place place_of_body(struct str type)
{
    const char *parameters = memchr(type.p, ';', type.n);
    if (parameters)
        type.n = (size_t)(parameters - type.p);
    while (type.n && type.p[type.n - 1] == ' ')
        type.n--;
    if (ends(type, "/json") || ends(type, "+json"))
        return PLACE_JSON;
    if (ends(type, "/xml") || ends(type, "+xml"))
        return PLACE_XML;
    return name_is(type, "application/x-www-form-urlencoded") ? PLACE_FORM : PLACE_TEXT;
}

/* --- opening --- */

/* No value may choose where a request goes: the variables of a URL stand behind its host. */
static enum err open_url(struct adapter_state *s, struct errmsg *msg)
{
    const char *url = s->endpoint->url, *scheme = strstr(url, "://"), *variable = strstr(url, "{{");
    if (!scheme || strncasecmp(url, "http", 4) != 0)
        return err_set(msg, ERR_INVALID, "url: expected http:// or https:// and a host");
    if (variable && variable < scheme + 3 + strcspn(scheme + 3, "/?"))
        return err_set(msg, ERR_INVALID, "url: variables may stand behind the host only");
    return template_text_new(str_of(url), "url", PLACE_URL, s->endpoint->messages, &s->url, msg);
}

static enum err open_header(struct adapter_state *s, const char *line, struct errmsg *msg)
{
    struct str name, value;
    if (!split_header(line, &name, &value))
        return err_set(msg, ERR_INVALID, "headers: expected \"Name: value\"");
    if (name_is(name, "Content-Length") || name_is(name, "Transfer-Encoding") || name_is(name, "Host"))
        return err_set(msg, ERR_INVALID, "headers: %.*s is written by the transport", (int)name.n, name.p);
    if (name_is(name, "Content-Type") && memmem(value.p, value.n, "{{", 2))
        return err_set(msg, ERR_INVALID, "headers: Content-Type decides how variables are escaped and holds none");
    struct template_text *text;
    enum err e = template_text_new(value, "headers", PLACE_HEADER, s->endpoint->messages, &text, msg);
    if (e)
        return e;
    s->headers = mem_resize(s->headers, s->n_headers + 1, sizeof *s->headers);
    s->headers[s->n_headers++] = (struct header){mem_strndup(name.p, name.n), text};
    return ERR_OK;
}

static enum err open_headers(struct adapter_state *s, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < s->endpoint->headers.n && !e; i++)
        e = open_header(s, s->endpoint->headers.v[i], msg);
    return e;
}

static enum err open_body(struct adapter_state *s, struct errmsg *msg)
{
    const struct endpoint *e = s->endpoint;
    const struct method *method = find_method(e->method);
    if (!method)
        return err_set(msg, ERR_INVALID, "method: expected POST, GET, PUT, PATCH or DELETE");
    s->method = method->name;
    if (!e->body)
        return ERR_OK;
    if (!method->body)
        return err_set(msg, ERR_INVALID, "body: %s has none", method->name);
    struct str type = content_type(e);
    if (!type.n)
        return err_set(msg, ERR_INVALID,
                       "headers: a body needs a Content-Type, which decides how variables are escaped");
    return template_text_new(str_of(e->body), "body", place_of_body(type), e->messages, &s->body, msg);
}

static enum err open_rules(struct adapter_state *s, struct errmsg *msg)
{
    const struct endpoint *e = s->endpoint;
    enum err r = template_rules_init(&s->failed, &e->failed_when, "failed_when", msg);
    if (!r)
        r = template_rules_init(&s->retry, &e->retry_when, "retry_when", msg);
    if (!r)
        r = template_rules_init(&s->sent, &e->sent_when, "sent_when", msg);
    return r;
}

static bool uses(const struct adapter_state *s, const char *variable)
{
    bool found = template_text_uses(s->url, variable) || template_text_uses(s->body, variable);
    for (unsigned i = 0; i < s->n_headers && !found; i++)
        found = template_text_uses(s->headers[i].value, variable);
    return found;
}

/* Variables whose values are keys of the endpoint. */
static enum err check_keys(const struct adapter_state *s, struct errmsg *msg)
{
    const struct endpoint *e = s->endpoint;
    const struct {
        const char *variable, *key, *value;
    } needed[] = {
        {"secret", "secret_file", e->secret_files.n ? e->secret_files.v[0] : NULL},
        {"username", "username", e->username},
        {"signature", "signature", e->signature},
        {"signed_text", "signature", e->signature},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (uses(s, needed[i].variable) && require_key(needed[i].value, needed[i].key, "a variable stands for it", msg))
            return ERR_INVALID;
    return ERR_OK;
}

static void state_free(struct adapter_state *s)
{
    if (!s)
        return;
    template_text_free(s->url);
    template_text_free(s->body);
    for (unsigned i = 0; i < s->n_headers; i++) {
        free(s->headers[i].name);
        template_text_free(s->headers[i].value);
    }
    free(s->headers);
    template_rules_done(&s->failed);
    template_rules_done(&s->retry);
    template_rules_done(&s->sent);
    secret_buf_done(&s->scratch);
    free(s);
}

static enum err state_new(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg)
{
    struct adapter_state *s = mem_zalloc(1, sizeof *s);
    s->endpoint = e;
    enum err r = open_url(s, msg);
    if (!r)
        r = open_headers(s, msg);
    if (!r)
        r = open_body(s, msg);
    if (!r)
        r = open_rules(s, msg);
    if (!r)
        r = check_keys(s, msg);
    if (r)
        state_free(s);
    else
        *out = s;
    return r;
}

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    struct adapter_state *s;
    enum err r = state_new(e, &s, msg);
    if (!r)
        state_free(s);
    return r;
}

/* --- render --- */

static enum err render_headers(struct adapter_state *s, const struct template_values *v, struct call *out,
                               struct errmsg *msg)
{
    struct buf value = BUF_INIT;
    enum err e = ERR_OK;
    for (unsigned i = 0; i < s->n_headers && !e; i++) {
        buf_clear(&value);
        e = template_text_render(s->headers[i].value, v, &s->scratch, &value, msg);
        if (!e)
            e = call_header(out, s->headers[i].name, buf_str(&value), msg);
    }
    secret_buf_done(&value);
    return e;
}

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)n, (void)nonce;
    const struct template_values values = {s->endpoint, v, sms, now};
    if (s->endpoint->messages && !sms)
        return err_set(msg, ERR_INVALID, "this endpoint takes messages only");
    enum err e = template_text_render(s->url, &values, &s->scratch, &out->url, msg);
    if (!e)
        e = render_headers(s, &values, out, msg);
    if (!e && s->body)
        e = template_text_render(s->body, &values, &s->scratch, &out->body, msg);
    buf_addc(&out->url, '\0');
    out->method = s->method;
    out->once = s->endpoint->messages;
    return e;
}

/* --- judge --- */

/* By the rules alone; false: none fits. What must not be repeated is looked for first. */
static bool judge_rules(const struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    if (template_rules_match(&s->failed, a))
        verdict_set(out, OUTCOME_FAILED, -1, "status %d, failed_when", a->status);
    else if (template_rules_match(&s->retry, a))
        verdict_set(out, a->status == 429 || a->status == 503 ? OUTCOME_THROTTLED : OUTCOME_RETRY, a->retry_after,
                    "status %d, retry_when", a->status);
    else if (template_rules_match(&s->sent, a))
        verdict_set(out, OUTCOME_DELIVERED, -1, "status %d, sent_when", a->status);
    else
        return false;
    return true;
}

static void judge_event(const struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    judge_http(a, out);
    if (out->outcome == OUTCOME_DELIVERED && s->sent.n > 0)
        verdict_set(out, OUTCOME_RETRY, -1, "status %d, but not as sent_when has it", a->status);
}

static void judge_message(const struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    if (judge_message_transport(a, out))
        return;
    if (s->sent.n == 0 && a->status >= 200 && a->status <= 299)
        verdict_set(out, OUTCOME_DELIVERED, -1, "status %d", a->status);
    else
        judge_message_status(a, out);
}

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    if (a->carried == CARRIED && judge_rules(s, a, out))
        return;
    if (s->endpoint->messages)
        judge_message(s, a, out);
    else
        judge_event(s, a, out);
}

const struct adapter adapter_template = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
};
