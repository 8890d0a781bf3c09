/* CloudEvents 1.0 over HTTP: structured, binary or in batches, signed as Standard Webhooks are when there are keys. */
#include <inttypes.h>
#include <stdlib.h>

#include "adapter/handshake.h"
#include "adapter/sign.h"
#include "adapter/table.h"
#include "adapter/webhook.h"

#define EVENT_BYTES_MAX ((size_t)64 << 10) /* what every receiver must take */
#define BATCH_MAX 64

struct adapter_state {
    const struct endpoint *endpoint;
    struct str url, source;
    struct webhook_keys *keys;
    struct buf text; /* an attribute on its way into a header */
};

/* --- opening --- */

/* The characters of RFC 3986, which are also what may stand in a header and in a JSON string as they are. */
static bool is_uri(const char *s)
{
    static const char marks[] = "-._~:/?#[]@!$&'()*+,;=%";
    for (const char *p = s; *p; p++) {
        bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
        if (!letter && !(*p >= '0' && *p <= '9') && !strchr(marks, *p))
            return false;
    }
    return *s != '\0';
}

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    if (e->source && !is_uri(e->source))
        return err_set(msg, ERR_INVALID, "source: expected a URI, such as https://pensions.example/lifecertd");
    return webhook_check_url(e, msg);
}

static enum err state_new(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg)
{
    struct webhook_keys *keys;
    enum err err = webhook_keys_new(e, &keys, msg);
    if (err)
        return err;
    struct adapter_state *s = mem_alloc(sizeof *s);
    *s = (struct adapter_state){
        .endpoint = e,
        .url = str_of(e->url),
        .source = e->source ? str_of(e->source) : STR_LIT("/lifecertd"),
        .keys = keys,
    };
    *out = s;
    return ERR_OK;
}

static void state_free(struct adapter_state *s)
{
    if (!s)
        return;
    webhook_keys_free(s->keys);
    buf_done(&s->text);
    free(s);
}

/* --- what all modes have --- */

/* 20 digits, so that text sorts as numbers do. */
static void add_sequence(struct buf *b, uint64_t seq)
{
    char *p = buf_room(b, 20);
    for (int i = 19; i >= 0; i--, seq /= 10)
        p[i] = (char)('0' + seq % 10);
    b->n += 20;
}

static enum err check_size(const struct notice *v, size_t n, struct errmsg *msg)
{
    if (n > EVENT_BYTES_MAX)
        return err_set(msg, ERR_INVALID, "event %" PRIu64 " has %zu bytes as a CloudEvent, over the %zu allowed",
                       v->seq, n, EVENT_BYTES_MAX);
    return ERR_OK;
}

/* --- structured, and batches of that --- */

/* Types and times are words of the log's own, in which nothing needs an escape. */
static enum err add_event(struct adapter_state *s, struct buf *b, const struct notice *v, struct errmsg *msg)
{
    size_t start = b->n;
    BUF_LIT(b, "{\"specversion\":\"1.0\",\"id\":\"");
    buf_addstr(b, v->id);
    BUF_LIT(b, "\",\"source\":\"");
    buf_addstr(b, s->source);
    BUF_LIT(b, "\",\"type\":\"");
    buf_addstr(b, v->type);
    BUF_LIT(b, "\",\"time\":\"");
    buf_addstr(b, v->time);
    if (v->subject.p) {
        BUF_LIT(b, "\",\"subject\":");
        buf_add_json(b, v->subject);
        BUF_LIT(b, ",\"partitionkey\":");
        buf_add_json(b, v->subject);
    } else {
        buf_addc(b, '"');
    }
    BUF_LIT(b, ",\"datacontenttype\":\"application/json\",\"sequence\":\"");
    add_sequence(b, v->seq);
    BUF_LIT(b, "\",\"data\":");
    write_webhook_data(b, v);
    buf_addc(b, '}');
    return check_size(v, b->n - start, msg);
}

static enum err render_structured(struct adapter_state *s, const struct notice *v, unsigned n, struct call *out,
                                  struct errmsg *msg)
{
    (void)n;
    HEADER_LIT(out, "Content-Type: application/cloudevents+json");
    return add_event(s, &out->body, v, msg);
}

static enum err render_batch(struct adapter_state *s, const struct notice *v, unsigned n, struct call *out,
                             struct errmsg *msg)
{
    HEADER_LIT(out, "Content-Type: application/cloudevents-batch+json");
    for (unsigned i = 0; i < n; i++) {
        buf_addc(&out->body, i ? ',' : '[');
        enum err err = add_event(s, &out->body, &v[i], msg);
        if (err)
            return err;
    }
    buf_addc(&out->body, ']');
    return ERR_OK;
}

/* --- binary --- */

/* What a header takes as it is: printable ASCII without the blank, the quote and the percent sign. */
static bool is_plain(unsigned char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '%';
}

static void add_attribute_text(struct buf *b, struct str s)
{
    char *start = buf_room(b, 3 * s.n), *p = start;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_plain(c)) {
            *p++ = (char)c;
            continue;
        }
        *p++ = '%';
        *p++ = "0123456789ABCDEF"[c >> 4];
        *p++ = "0123456789ABCDEF"[c & 15];
    }
    b->n += (size_t)(p - start);
}

static enum err add_attribute(struct adapter_state *s, const char *name, struct str value, struct call *out,
                              struct errmsg *msg)
{
    buf_clear(&s->text);
    add_attribute_text(&s->text, value);
    return call_header(out, name, buf_str(&s->text), msg);
}

static enum err render_binary(struct adapter_state *s, const struct notice *v, unsigned n, struct call *out,
                              struct errmsg *msg)
{
    (void)n;
    char digits[20];
    struct buf sequence = {digits, 0, sizeof digits};
    add_sequence(&sequence, v->seq);
    const struct {
        const char *name;
        struct str value;
    } attributes[] = {
        {"ce-specversion", STR_LIT("1.0")}, {"ce-id", v->id},
        {"ce-source", s->source},           {"ce-type", v->type},
        {"ce-time", v->time},               {"ce-subject", v->subject},
        {"ce-partitionkey", v->subject},    {"ce-sequence", {digits, sizeof digits}},
    };
    HEADER_LIT(out, "Content-Type: application/json");
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (!attributes[i].value.p)
            continue;
        enum err err = add_attribute(s, attributes[i].name, attributes[i].value, out, msg);
        if (err)
            return err;
    }
    write_webhook_data(&out->body, v);
    return check_size(v, out->headers.n + out->body.n, msg);
}

/* --- the adapter --- */

typedef enum err render_mode_fn(struct adapter_state *s, const struct notice *v, unsigned n, struct call *out,
                                struct errmsg *msg);

static render_mode_fn *const render_modes[] = {
    [CLOUDEVENTS_STRUCTURED] = render_structured,
    [CLOUDEVENTS_BINARY] = render_binary,
    [CLOUDEVENTS_BATCH] = render_batch,
};

/* Of a batch: the same for the same events and for no others, since a receiver passes over ids that it knows. */
static void add_batch_id(struct buf *b, const struct notice *v, unsigned n)
{
    size_t start = b->n;
    for (unsigned i = 0; i < n; i++) {
        buf_addstr(b, v[i].id);
        buf_addc(b, '.');
    }
    unsigned char hash[SHA256_BYTES];
    sha256((struct str){b->p + start, b->n - start}, hash);
    b->n = start;
    BUF_LIT(b, "batch_");
    add_hex(b, hash, SHA256_BYTES / 2);
}

static void sign(struct adapter_state *s, const struct notice *v, unsigned n, int64_t now, struct call *out)
{
    if (s->endpoint->mode != CLOUDEVENTS_BATCH) {
        webhook_sign(s->keys, v->id, now, out);
        return;
    }
    buf_clear(&s->text);
    add_batch_id(&s->text, v, n);
    webhook_sign(s->keys, buf_str(&s->text), now, out);
}

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)sms, (void)nonce;
    for (unsigned i = 0; i < n; i++)
        if (!webhook_id_valid(v[i].id))
            return err_set(msg, ERR_INVALID, "an event's id has other characters than letters, digits, - and _");
    out->method = "POST";
    call_url(out, s->url);
    enum err err = render_modes[s->endpoint->mode](s, v, n, out, msg);
    if (!err)
        sign(s, v, n, now, out);
    return err;
}

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    (void)s;
    judge_http(a, out);
}

static unsigned batch(const struct endpoint *e)
{
    return e->mode == CLOUDEVENTS_BATCH ? BATCH_MAX : 1;
}

static enum err hello(struct adapter_state *s, struct call *out, struct errmsg *msg)
{
    return handshake_ask(s->url, handshake_origin(s->source), s->endpoint->rate, out, msg);
}

static enum err consent(struct adapter_state *s, const struct answer *a, struct rate *granted, struct errmsg *msg)
{
    return handshake_read(a, handshake_origin(s->source), granted, msg);
}

const struct adapter adapter_cloudevents = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
    .batch = batch,
    .hello = hello,
    .consent = consent,
};
