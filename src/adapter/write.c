#include "adapter/adapter.h"

/* --- calls --- */

enum err call_header(struct call *c, const char *name, struct str value, struct errmsg *msg)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0') /* the value may be a secret: not shown */
            return err_set(msg, ERR_INVALID, "the value of header %s holds a line break or a NUL", name);
    buf_adds(&c->headers, name);
    BUF_LIT(&c->headers, ": ");
    buf_addstr(&c->headers, value);
    buf_addc(&c->headers, '\0');
    c->n_headers++;
    return ERR_OK;
}

void call_url(struct call *c, struct str url)
{
    buf_clear(&c->url);
    buf_addstr(&c->url, url);
    buf_addc(&c->url, '\0');
}

void call_arg(struct call *c, struct str arg)
{
    uint32_t n = (uint32_t)arg.n; /* an argument is at most an event, far below 4 GiB */
    buf_add(&c->args, &n, sizeof n);
    buf_addstr(&c->args, arg);
    c->n_args++;
}

/* --- percent-encoding --- */

/* RFC 3986, 2.3 */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void add_percent(struct buf *b, struct str s)
{
    char *start = buf_room(b, 3 * s.n), *p = start;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_unreserved(c)) {
            *p++ = (char)c;
            continue;
        }
        *p++ = '%';
        *p++ = "0123456789ABCDEF"[c >> 4];
        *p++ = "0123456789ABCDEF"[c & 15];
    }
    b->n += (size_t)(p - start);
}

/* --- the webhook body --- */

/* More than the members' names, punctuation, true and the two numbers of 20 digits take together. */
#define FRAME_BYTES 256

/* The room for all of it at once, so that what follows only copies. A character of an id may become six. */
static void make_room(struct buf *b, const struct notice *v)
{
    buf_room(b, FRAME_BYTES + v->type.n + v->time.n + 6 * v->subject.n + v->data.n);
}

static void add_data(struct buf *b, const struct notice *v)
{
    BUF_LIT(b, "{\"subject\":");
    buf_add_json(b, v->subject);
    BUF_LIT(b, ",\"seq\":");
    buf_add_u64(b, v->seq);
    BUF_LIT(b, ",\"prev\":");
    buf_add_u64(b, v->prev);
    if (v->simulated)
        BUF_LIT(b, ",\"simulated\":true");
    if (v->replay)
        BUF_LIT(b, ",\"replay\":true");
    if (v->gap)
        BUF_LIT(b, ",\"gap\":true");
    BUF_LIT(b, ",\"event\":");
    buf_addstr(b, v->data);
    buf_addc(b, '}');
}

void write_webhook_data(struct buf *b, const struct notice *v)
{
    make_room(b, v);
    add_data(b, v);
}

/* Types and times are words of the log's own, in which nothing needs an escape. */
void write_webhook(struct buf *b, const struct notice *v)
{
    make_room(b, v);
    BUF_LIT(b, "{\"type\":\"");
    buf_addstr(b, v->type);
    BUF_LIT(b, "\",\"timestamp\":\"");
    buf_addstr(b, v->time);
    BUF_LIT(b, "\",\"data\":");
    add_data(b, v);
    buf_addc(b, '}');
}
