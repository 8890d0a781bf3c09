#include "http/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/problem.h"
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

size_t exchange_collect(struct exchange *x, const char *p, size_t n)
{
    if (x->body.n + n > BODY_MAX)
        exchange_problem(x, 413, NULL, "the body is longer than %d bytes", BODY_MAX);
    else
        buf_add(&x->body, p, n);
    return n;
}

/* --- answers --- */

static void set_response(struct exchange *x, unsigned status, const char *type, struct MHD_Response *response)
{
    if (!response || x->response)
        abort(); /* out of memory, or a handler that answered twice */
    x->response = response;
    x->status = status;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (x->http->draining)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    exchange_go_on(x);
}

void exchange_answer(struct exchange *x, unsigned status, const char *type, struct buf *body)
{
    char *bytes = body->p ? body->p : mem_alloc(1);
    set_response(x, status, type, MHD_create_response_from_buffer(body->n, bytes, MHD_RESPMEM_MUST_FREE));
    *body = BUF_INIT;
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

void exchange_busy(struct exchange *x)
{
    exchange_problem(x, 503, NULL, "too much is queued already; try again in a second");
    exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

void exchange_answer_from(struct exchange *x, unsigned status, const char *type, MHD_ContentReaderCallback read,
                          void *arg, MHD_ContentReaderFreeCallback release)
{
    set_response(x, status, type, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64 * 1024, read, arg, release));
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
    MHD_add_response_header(x->response, name, value);
}

void exchange_go_on(struct exchange *x)
{
    if (x->resting)
        MHD_resume_connection(x->connection);
    x->resting = false;
}
