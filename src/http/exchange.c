#include "http/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/problem.h"
#include "http/server/headers.h"
#include "http/uri.h"

const char *exchange_header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

int exchange_argument(struct exchange *x, const char *name, struct buf *out)
{
    const char *value = MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, name);
    if (!value)
        return 0;
    if (uri_decode(str_of(value), out))
        return 1;
    exchange_problem(x, 400, name, "argument \"%s\" is not percent-encoded as it should be", name);
    return -1;
}

/* The library parts the query and makes every '+' a blank, which no request line can hold otherwise; escapes are kept
 * (site.c), so that what it has is put together again without loss. */
static enum MHD_Result add_argument(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct buf *out = arg;
    const char *parts[] = {out->n ? "&" : "", key, value ? "=" : "", value ? value : ""};
    (void)kind;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const char *p = parts[i]; *p; p++)
            buf_addc(out, *p == ' ' ? '+' : *p);
    return MHD_YES;
}

void exchange_query(const struct exchange *x, struct buf *out)
{
    MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, add_argument, out);
}

size_t exchange_collect(struct exchange *x, const char *p, size_t n)
{
    if (x->body.n + n > BODY_MAX)
        exchange_problem(x, 413, NULL, "the body is longer than %d bytes", BODY_MAX);
    else
        buf_add(&x->body, p, n);
    return n;
}

bool exchange_has_delivery(struct exchange *x)
{
    if (!x->http->options.desk)
        exchange_problem(x, 503, NULL, "this daemon delivers nothing");
    return x->http->options.desk != NULL;
}

/* --- answers --- */

/* Of memory for each answer by read() that only clients of HTTP/1.0 have a use for: what is sent in chunks is
 * written where the connection has its own. */
#define PIECE 4096

static void set_response(struct exchange *x, unsigned status, const char *type, struct MHD_Response *response)
{
    if (!response)
        mem_none("cannot make an answer");
    if (x->response)
        abort(); /* a handler that answered twice */
    x->response = response;
    x->status = status;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    for (size_t i = 0; i < EVERY_ANSWER_N; i++)
        MHD_add_response_header(response, every_answer[i].name, every_answer[i].value);
    if (x->http->draining || *site_peer(x->connection)->last_answer)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    exchange_go_on(x);
}

void exchange_answer(struct exchange *x, unsigned status, const char *type, struct buf *body)
{
    char *bytes = body->p ? body->p : mem_alloc(1);
    set_response(x, status, type, MHD_create_response_from_buffer(body->n, bytes, MHD_RESPMEM_MUST_FREE));
    *body = BUF_INIT;
}

void exchange_answer_line(struct exchange *x, const char *type, struct buf *body)
{
    if (body->n && body->p[body->n - 1] != '\n')
        buf_addc(body, '\n');
    exchange_answer(x, 200, type, body);
}

void exchange_problem(struct exchange *x, unsigned status, const char *member, const char *format, ...)
{
    char detail[1024];
    struct buf body = BUF_INIT;
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    problem_write(&body, status, member, detail);
    exchange_answer(x, status, PROBLEM_TYPE, &body);
}

void exchange_error(struct exchange *x, enum err e, const struct errmsg *msg)
{
    static const unsigned statuses[ERR_N] = {
        [ERR_ABSENT] = 404, [ERR_EXISTS] = 409, [ERR_LOCKED] = 409, [ERR_INVALID] = 400, [ERR_FULL] = 503,
        [ERR_ARCHIVED] = 410, [ERR_IO] = 503, /* whoever has to answer is gone, and will be there again */
    };
    exchange_problem(x, statuses[e] ? statuses[e] : 500, NULL, "%s", msg->text[0] ? msg->text : err_text(e));
    if (e == ERR_FULL || e == ERR_IO)
        exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

void exchange_busy(struct exchange *x)
{
    exchange_problem(x, 503, NULL, "too much is queued already; try again in a second");
    exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

void exchange_answer_from(struct exchange *x, unsigned status, const char *type, MHD_ContentReaderCallback read,
                          void *arg, MHD_ContentReaderFreeCallback release)
{
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read, arg, release);
    /* Behind the header of HEAD the library would send a last chunk, into the next answer. */
    if (r && x->head)
        MHD_set_response_options(r, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    set_response(x, status, type, r);
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
    MHD_add_response_header(x->response, name, value);
}

void exchange_rest(struct exchange *x)
{
    MHD_suspend_connection(x->connection);
    x->resting = true;
}

void exchange_go_on(struct exchange *x)
{
    if (x->resting)
        MHD_resume_connection(x->connection);
    x->resting = false;
}
