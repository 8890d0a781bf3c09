/* Kannel (lifecertd-adapters(7)): a GET with everything in its query. Kannel gives no number of its own, so what its
 * receipts are known by is our id, which stands in the address that it calls for them. */
#include <stdlib.h>

#include "adapter/form.h"
#include "adapter/sign.h"
#include "adapter/sms.h"
#include "adapter/table.h"

struct adapter_state {
    const struct endpoint *endpoint;
    struct buf url;     /* with all that is the same for every message; the password is in it */
    struct buf receipt; /* the address for receipts up to the id, encoded for the query; empty: none are asked for */
};

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    enum err r = require_key(e->username, "username", "the name of one of Kannel's groups sendsms-user", msg);
    if (!r)
        r = require_key(e->signature, "signature", "every message carries the agency's", msg);
    if (!r && e->receipt_url)
        r = require_key(e->receipt_secret_file, "receipt_secret_file", "with receipt_url, as receipts are not signed",
                        msg);
    return r;
}

/* --- open --- */

static void add_field(struct buf *b, const char *name, struct str value)
{
    buf_addc(b, memchr(b->p, '?', b->n) ? '&' : '?');
    buf_adds(b, name);
    buf_addc(b, '=');
    add_percent(b, value);
}

static void add_optional(struct buf *b, const char *name, const char *value)
{
    if (value && value[0])
        add_field(b, name, str_of(value));
}

/* Kannel takes a '%' in this address for one of its own codes: each of ours is doubled. */
static void add_doubled(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%')
            buf_addc(b, '%');
        buf_addc(b, s.p[i]);
    }
}

/* Percent-encoded once for the path, once more for the query of our own request. */
static void make_receipt(struct adapter_state *s)
{
    const struct endpoint *e = s->endpoint;
    size_t n = strlen(e->receipt_url);
    while (n && e->receipt_url[n - 1] == '/')
        n--;
    struct buf path = BUF_INIT, doubled = BUF_INIT;
    buf_add(&path, e->receipt_url, n);
    BUF_LIT(&path, "/v1/receipts/");
    add_percent(&path, str_of(e->name));
    buf_addc(&path, '/');
    add_percent(&path, (struct str){e->receipt_secret.p, e->receipt_secret.n});
    BUF_LIT(&path, "?id=");
    add_doubled(&doubled, buf_str(&path));
    add_percent(&s->receipt, buf_str(&doubled));
    secret_buf_done(&path);
    secret_buf_done(&doubled);
}

static enum err state_new(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg)
{
    enum err r = require_secret(e, msg);
    if (r)
        return r;
    struct adapter_state *s = mem_zalloc(1, sizeof *s);
    s->endpoint = e;
    buf_adds(&s->url, e->url);
    add_field(&s->url, "username", str_of(e->username));
    add_field(&s->url, "password", first_secret(e));
    add_optional(&s->url, "from", e->sender);
    add_optional(&s->url, "smsc", e->smsc);
    BUF_LIT(&s->url, "&coding=2&charset=UTF-8");
    if (e->receipt_url && e->receipt_secret.p) {
        BUF_LIT(&s->url, "&dlr-mask=31");
        make_receipt(s);
    }
    *out = s;
    return ERR_OK;
}

static void state_free(struct adapter_state *s)
{
    if (!s)
        return;
    secret_buf_done(&s->url);
    secret_buf_done(&s->receipt);
    free(s);
}

/* --- render --- */

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)n, (void)now, (void)nonce;
    if (!sms)
        return err_set(msg, ERR_INVALID, "kannel takes messages only");
    struct buf text = BUF_INIT, *url = &out->url;
    add_signed_text(&text, sms);
    buf_addstr(url, buf_str(&s->url));
    add_field(url, "to", sms->phone);
    add_field(url, "text", buf_str(&text));
    buf_done(&text);
    if (s->receipt.n) {
        BUF_LIT(url, "&dlr-url=");
        buf_addstr(url, buf_str(&s->receipt));
        add_percent(url, v->id);
        add_percent(url, STR_LIT("&type=%d")); /* Kannel decodes the query, and then puts the number for %d */
    }
    buf_addc(url, '\0');
    out->method = "GET";
    out->once = true;
    return ERR_OK;
}

/* --- judge --- */

#define ACCEPTED "0: Accepted for delivery"

/* What an answer begins with when the message was taken. */
static const char *const taken[] = {ACCEPTED, "3: Queued for later delivery", "Sent."};

static bool begins(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* "0: Accepted for delivery: NUMBER" has Kannel's own number, where it keeps them. */
static struct str number_of(struct str body)
{
    static const char before[] = ACCEPTED ": ";
    if (!begins(body, before))
        return STR_NONE;
    struct str s = {body.p + sizeof before - 1, body.n - (sizeof before - 1)};
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == ' '))
        s.n--;
    return s;
}

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    (void)s;
    if (judge_message_transport(a, out))
        return;
    if (a->status >= 200 && a->status <= 299)
        for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
            if (begins(a->body, taken[i])) {
                verdict_set(out, OUTCOME_DELIVERED, -1, "status %d, %s", a->status, taken[i]);
                verdict_ref(out, number_of(a->body));
                return;
            }
    judge_message_status(a, out);
}

/* --- receipts --- */

struct report {
    const char *type;
    enum receipt_kind kind;
    const char *code;
};

static const struct report reports[] = {
    {"1", RECEIPT_DELIVERED, "delivered"}, {"2", RECEIPT_FAILED, "failed"},    {"4", RECEIPT_ACCEPTED, "buffered"},
    {"8", RECEIPT_ACCEPTED, "accepted"},   {"16", RECEIPT_FAILED, "rejected"}, {"32", RECEIPT_ACCEPTED, "intermediate"},
};

static enum err read_report(struct str query, struct buf *text, struct receipt *out, struct errmsg *msg)
{
    struct str id, type;
    buf_room(text, query.n + 2); /* nothing is longer decoded: both stay where they are */
    if (form_find(query, "id", text, &id) || !id.n)
        return err_set(msg, ERR_INVALID, "the receipt has not one id");
    if (form_find(query, "type", text, &type))
        return err_set(msg, ERR_INVALID, "the receipt has not one type");
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++)
        if (str_is(type, reports[i].type)) {
            *out = (struct receipt){id, STR_NONE, reports[i].kind, str_of(reports[i].code)};
            return ERR_OK;
        }
    return err_set(msg, ERR_INVALID, "the receipt's type is none of Kannel's");
}

static enum err receipts(struct adapter_state *s, const struct receipt_call *c, receipt_fn *each, void *arg,
                         struct buf *reply, struct errmsg *msg)
{
    (void)s, (void)reply; /* Kannel reads no answer */
    struct buf text = BUF_INIT;
    struct receipt r;
    enum err e = read_report(c->query, &text, &r, msg);
    if (!e)
        each(arg, &r);
    buf_done(&text);
    return e;
}

const struct adapter adapter_kannel = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
    .receipts = receipts,
};
