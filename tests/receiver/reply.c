#include "tests/receiver/receiver.h"

#include <stdio.h>

#define BIG_BODY ((size_t)1 << 20)
#define NOBODYS_PATH "/redirected"

static bool is_head(const struct request *q)
{
    return q && str_is(q->method, "HEAD");
}

void reply_write(struct receiver *r, struct reply *reply, const struct request *q, int status, const char *content_type,
                 const char *headers)
{
    struct buf *out = reply->out;
    buf_printf(out, "HTTP/1.1 %d %s\r\n%s", status, http_reason(status), headers);
    if (r->body.n)
        buf_printf(out, "Content-Type: %s\r\n", content_type);
    buf_printf(out, "Content-Length: %zu\r\n%s\r\n", r->body.n, q && q->keep_alive ? "" : "Connection: close\r\n");
    if (!is_head(q))
        buf_addstr(out, buf_str(&r->body));
    reply->ending = q && q->keep_alive ? END_KEEP : END_CLOSE;
}

/* Blanks behind it: JSON stays JSON, and Kannel's words stay at the beginning. */
static void make_big(struct buf *body)
{
    if (body->n >= BIG_BODY)
        return;
    memset(buf_room(body, BIG_BODY - body->n), ' ', BIG_BODY - body->n);
    body->n = BIG_BODY;
}

static void write_failure(struct receiver *r, struct reply *reply, const struct request *q)
{
    char headers[64] = "";
    if (r->settings.retry_after)
        snprintf(headers, sizeof headers, "Retry-After: %" PRId64 "\r\n", r->settings.retry_after);
    buf_clear(&r->body);
    BUF_LIT(&r->body, "it fails\n");
    reply_write(r, reply, q, (int)r->settings.status, "text/plain", headers);
}

void reply_fate(struct receiver *r, struct reply *reply, const struct request *q, enum fate fate,
                const struct success *success)
{
    static const char garbage[] = "\x01\x02 no protocol \xff\xfe\r\n\r\n";
    ledger_fate(r->ledger, fate);
    reply->delay_ms = settings_delay_ms(&r->settings, q->path, &r->rng);
    switch (fate) {
    case FATE_BIG: make_big(&r->body); /* fall through */
    case FATE_DRIP:
    case FATE_ACCEPT: reply_write(r, reply, q, success->status, success->content_type, ""); break;
    case FATE_FAIL: write_failure(r, reply, q); break;
    case FATE_GONE:
        buf_clear(&r->body);
        reply_write(r, reply, q, 410, "", "");
        break;
    case FATE_REDIRECT:
        buf_clear(&r->body);
        reply_write(r, reply, q, 302, "", "Location: " NOBODYS_PATH "\r\n");
        break;
    case FATE_GARBAGE:
        BUF_LIT(reply->out, garbage);
        reply->ending = END_CLOSE;
        break;
    case FATE_CLOSE: reply->ending = END_CLOSE; break;
    case FATE_HANG: reply->ending = END_HANG; break;
    case FATE_RESET:
    case FATE_RESET_AFTER: reply->ending = END_RESET; break;
    }
    if (fate == FATE_DRIP)
        reply->drip_ms = r->settings.drip_ms;
}

const char *reply_word(const struct receiver *r, enum fate fate, const struct success *success, char out[16])
{
    static const char *const words[FATE_N] = {
        [FATE_HANG] = "hang",   [FATE_RESET] = "reset",     [FATE_RESET_AFTER] = "reset_after",
        [FATE_CLOSE] = "close", [FATE_GARBAGE] = "garbage", [FATE_REDIRECT] = "302",
        [FATE_GONE] = "410",
    };
    if (fate < FATE_N && words[fate])
        return words[fate];
    snprintf(out, 16, "%d", fate == FATE_FAIL ? (int)r->settings.status : success->status);
    return out;
}
